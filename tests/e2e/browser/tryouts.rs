//! A prompt tried on its page.

use fantoccini::{Client, Locator};
use serde_json::json;

use super::{DESK, PHONE, browser, click, go, picture, say, shown, sign_in, window, write};
use crate::fixture::Fixture;

const TRIED: &str = "You try things for {{ member.name }}.";

/// The editor with a prompt in it that is tried.
async fn tried(page: &Client, fixture: &Fixture) {
    go(page, fixture, "/settings/agents/sales-assistant/prompt").await;
    write(page, "#body", TRIED).await;
    write(page, "#note", "It tries").await;
    click(page, "button[formaction$='/prompt/try']").await;
    shown(page, ".tried").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_tried_and_nothing_of_the_workspace_changes() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let before = ada.get("/api/records/contacts?limit=100&total=true").await.unwrap().ok();
    sign_in(&page, &fixture).await;
    tried(&page, &fixture).await;
    say(&page, "create contact Zoe Quellwasser", &["completed"]).await;
    // What it would have changed is shown without the page being loaded anew.
    let change = shown(&page, ".sessions [data-changed] li").await.text().await.unwrap();
    assert!(change.contains("Created Zoe Quellwasser"), "{change}");
    say(&page, "show open deals over 10k by amount", &["completed"]).await;
    picture(&page, "tryout").await;
    // An approval is asked for and given as in any chat.
    // What is made in the copy leads nowhere: no page shows it.
    let made = "return [...document.querySelectorAll('a')].filter((link) => link.textContent === 'Zoe Quellwasser')\
                .map((link) => link.hasAttribute('href'))";
    let made = page.execute(made, vec![]).await.unwrap();
    assert!(made.as_array().is_some_and(|links| links.iter().all(|leads| *leads == json!(false))), "{made}");
    assert!(page.find(Locator::Css("#transcript a[href^='/records/deals/']")).await.is_ok());
    say(&page, "delete the contact Zoe Quellwasser", &["waiting"]).await;
    click(&page, ".call.waiting button[value=approve]").await;
    shown(&page, ".turn:nth-of-type(3)[data-state=completed]").await;
    shown(&page, ".sessions [data-changed] ol > li:nth-child(2)").await;
    // It is there after loading anew.
    page.refresh().await.unwrap();
    shown(&page, ".turn:nth-of-type(3)[data-state=completed]").await;

    assert_eq!(ada.get("/api/records/contacts?limit=100&total=true").await.unwrap().ok(), before);
    let sessions = ada.get("/api/sessions").await.unwrap().ok();
    assert_eq!(sessions["data"], json!([]));
    let prompts = ada.get("/api/agents/sales-assistant/prompts").await.unwrap().ok();
    assert_eq!(prompts["data"].as_array().unwrap().len(), 1);

    // Ended, it leads back to the prompt as it was tried, and so does its address.
    let address = page.current_url().await.unwrap();
    click(&page, ".sessions.tried form button").await;
    shown(&page, "#editor").await;
    let told = shown(&page, "main").await.text().await.unwrap();
    assert!(told.contains("The tryout has ended"), "{told}");
    assert_eq!(shown(&page, "#body").await.prop("value").await.unwrap().as_deref(), Some(TRIED));
    assert_eq!(shown(&page, "#note").await.prop("value").await.unwrap().as_deref(), Some("It tries"));
    page.goto(address.as_str()).await.unwrap();
    let told = shown(&page, "main").await.text().await.unwrap();
    assert!(told.contains("There is no such tryout"), "{told}");
    assert_eq!(shown(&page, "#body").await.prop("value").await.unwrap().as_deref(), Some(TRIED));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_prompt_is_told_in_the_editor_and_a_telephone_shows_the_tryout() {
    for (dark, size) in [(true, DESK), (false, PHONE), (true, PHONE)] {
        let Some(page) = window(dark, size).await else { return };
        let fixture = Fixture::builtin().await;
        sign_in(&page, &fixture).await;
        if size == DESK {
            go(&page, &fixture, "/settings/agents/sales-assistant/prompt").await;
            write(&page, "#body", "You {{ membr }}.").await;
            click(&page, "button[formaction$='/prompt/try']").await;
            let problem = shown(&page, "#problem").await.text().await.unwrap();
            assert!(problem.contains("Line 1"), "{problem}");
        }
        tried(&page, &fixture).await;
        say(&page, "create contact Zoe Quellwasser", &["completed"]).await;
        if size == PHONE {
            click(&page, ".chat-head .chats summary").await;
            let told = shown(&page, ".panel.tried [data-changed] li").await.text().await.unwrap();
            assert!(told.contains("Zoe Quellwasser"), "{told}");
            let wide = page.execute("return document.documentElement.scrollWidth", vec![]).await.unwrap();
            assert_eq!(wide, json!(PHONE.0));
        }
        let told = page.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
        assert!(told.contains("Nothing here is changed."), "{told}");
        picture(&page, &format!("tryout-{}-{}", if dark { "dark" } else { "light" }, size.0)).await;
        page.close().await.unwrap();
    }
}
