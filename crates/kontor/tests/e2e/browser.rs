//! The main job in a real Chromium.

use std::{path::PathBuf, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, key::Key};
use kontor_testkit::{
    scripted::{Script, ScriptedModel},
    server::PASSWORD,
};
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture};

/// How long a page may take to show what is waited for, on a loaded machine.
const WAIT: Duration = Duration::from_secs(30);

/// A browser of the test's own, where there is one: `KONTOR_TEST_WEBDRIVER_URL` names the driver.
async fn browser(dark: bool) -> Option<Client> {
    let Ok(url) = std::env::var("KONTOR_TEST_WEBDRIVER_URL") else {
        let required = std::env::var("KONTOR_TEST_REQUIRE_BROWSER").is_ok();
        assert!(!required, "KONTOR_TEST_WEBDRIVER_URL names no driver");
        return None;
    };
    let mut arguments = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,860",
        "--hide-scrollbars",
    ];
    if dark {
        arguments.push("--blink-settings=preferredColorScheme=0");
    }
    let capabilities = json!({ "goog:chromeOptions": { "args": arguments } });
    let Value::Object(capabilities) = capabilities else { return None };
    Some(
        ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&url)
            .await
            .unwrap(),
    )
}

async fn sign_in(page: &Client, fixture: &Fixture) {
    page.goto(&format!("{}/chat", fixture.url())).await.unwrap();
    let find = |css: &'static str| page.wait().at_most(WAIT).for_element(Locator::Css(css));
    find("#email").await.unwrap().send_keys("ada@demo.test").await.unwrap();
    find("#password").await.unwrap().send_keys(PASSWORD).await.unwrap();
    find("form[action='/sign-in'] button").await.unwrap().click().await.unwrap();
    find("#composer").await.unwrap();
}

/// Sends a message and waits until its turn is in one of these states; the text of the turn.
async fn say(page: &Client, message: &str, states: &[&str]) -> String {
    let before = page.find_all(Locator::Css("#transcript > .turn")).await.unwrap().len();
    let field = page.wait().at_most(WAIT).for_element(Locator::Css("#message")).await.unwrap();
    field.send_keys(message).await.unwrap();
    field.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    let wanted = states
        .iter()
        .map(|state| format!("#transcript > .turn:nth-child({})[data-state='{state}']", before + 1));
    let wanted = wanted.collect::<Vec<_>>().join(", ");
    let turn = page.wait().at_most(WAIT).for_element(Locator::Css(&wanted)).await;
    match turn {
        Ok(turn) => turn.text().await.unwrap(),
        Err(error) => panic!(
            "{message:?}: {error}\n{}",
            page.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
        ),
    }
}

/// Keeps a picture of the page where `KONTOR_TEST_PICTURES` names a folder for them.
async fn picture(page: &Client, name: &str) {
    if let Some(folder) = std::env::var_os("KONTOR_TEST_PICTURES") {
        let png = page.screenshot().await.unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), png).unwrap();
    }
}

async fn main_job(dark: bool) {
    let Some(page) = browser(dark).await else { return };
    let theme = if dark { "dark" } else { "light" };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let query = [
        (
            "filter",
            json!({"stage": {"not_in": ["CLOSED_WON", "CLOSED_LOST"]}, "amount": {"gt": 10_000}}).to_string(),
        ),
        ("sort", "-amount".to_owned()),
    ];
    let deals: Value = ada
        .request(reqwest::Method::GET, "/api/records/deals")
        .query(&query)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let deals = deals["data"].as_array().unwrap();

    sign_in(&page, &fixture).await;
    picture(&page, &format!("start-{theme}")).await;
    let text = say(&page, "show open deals over 10k by amount", &["completed"]).await;
    let rows =
        page.find_all(Locator::Css("#transcript .turn:first-child .prose table tbody tr")).await.unwrap();
    for (row, deal) in rows.iter().zip(deals) {
        let shown = row.text().await.unwrap();
        assert!(shown.contains(deal["name"].as_str().unwrap()), "{shown} is not {deal}\n{text}");
    }
    assert!(rows.len() >= 10, "{text}");
    picture(&page, &format!("chat-list-{theme}")).await;

    let text = say(&page, "move the second one to negotiation", &["completed"]).await;
    let second = deals[1]["id"].as_str().unwrap();
    let moved = ada.get(&format!("/api/records/deals/{second}")).await.unwrap().ok();
    assert_eq!(moved["stage"], "NEGOTIATION", "{text}");
    picture(&page, &format!("chat-{theme}")).await;

    let contact = &ada.get("/api/records/contacts?limit=1").await.unwrap().ok()["data"][0];
    let name = contact["label"].as_str().unwrap();
    say(&page, &format!("log a call with {name}: discussed renewal"), &["completed"]).await;
    say(&page, "delete it", &["waiting"]).await;
    picture(&page, &format!("chat-approval-{theme}")).await;
    let deny = Locator::Css(".approval button[value='deny']");
    page.wait().at_most(WAIT).for_element(deny).await.unwrap().click().await.unwrap();
    let settled = Locator::Css("#transcript > .turn:last-child[data-state='completed']");
    page.wait().at_most(WAIT).for_element(settled).await.unwrap();

    page.goto(&format!("{}/records/deals/{second}", fixture.url())).await.unwrap();
    let timeline =
        page.wait().at_most(WAIT).for_element(Locator::Css(".timeline")).await.unwrap().text().await.unwrap();
    assert!(timeline.contains("on behalf of Ada Brandt"), "{timeline}");
    picture(&page, &format!("record-{theme}")).await;
    page.goto(&format!("{}/records/contacts/{}", fixture.url(), contact["id"].as_str().unwrap()))
        .await
        .unwrap();
    let timeline =
        page.wait().at_most(WAIT).for_element(Locator::Css(".timeline")).await.unwrap().text().await.unwrap();
    assert!(
        timeline.contains("discussed renewal") && timeline.contains("on behalf of Ada Brandt"),
        "{timeline}"
    );
    page.goto(&format!("{}/records/deals", fixture.url())).await.unwrap();
    page.wait().at_most(WAIT).for_element(Locator::Css(".records table")).await.unwrap();
    picture(&page, &format!("list-{theme}")).await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_moves_logs_and_denies_in_the_chat_in_light() {
    main_job(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_asks_moves_logs_and_denies_in_the_chat_in_dark() {
    main_job(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reloaded_in_mid_reply_loses_and_repeats_no_word() {
    let Some(page) = browser(false).await else { return };
    let words: Vec<_> = (1..=60).map(|number| format!("word{number}")).collect();
    let model = ScriptedModel::start().await.unwrap();
    let mut script = Script::new();
    for word in &words {
        script = script.text(&format!("{word} ")).pause(Duration::from_millis(50));
    }
    model.push(script);
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    sign_in(&page, &fixture).await;
    let field = page.find(Locator::Css("#message")).await.unwrap();
    field.send_keys("count for me").await.unwrap();
    field.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    let block = Locator::Css("#transcript .turn .prose .block");
    page.wait().at_most(WAIT).for_element(block).await.unwrap();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        page.refresh().await.unwrap();
    }
    let done = Locator::Css("#transcript > .turn[data-state='completed']");
    page.wait().at_most(WAIT).for_element(done).await.unwrap();
    let text = page.find(Locator::Css("#transcript .turn .prose")).await.unwrap().text().await.unwrap();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), words);
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_created_and_edited_by_hand() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    let find = |css: &'static str| page.wait().at_most(WAIT).for_element(Locator::Css(css));
    page.goto(&format!("{}/records/accounts/new", fixture.url())).await.unwrap();
    find("#name").await.unwrap().send_keys("Lighthouse GmbH").await.unwrap();
    find("#domain").await.unwrap().send_keys("not a domain").await.unwrap();
    find("main form button.primary, form .button.primary").await.unwrap().click().await.unwrap();
    let wrong = find("#domain-wrong").await.unwrap().text().await.unwrap();
    assert!(wrong.contains("not a domain"), "{wrong}");
    let kept = find("#name").await.unwrap().prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Lighthouse GmbH"), "the input was lost");
    let domain = find("#domain").await.unwrap();
    domain.clear().await.unwrap();
    domain.send_keys("lighthouse.example").await.unwrap();
    picture(&page, "edit-light").await;
    find("main form button.primary, form .button.primary").await.unwrap().click().await.unwrap();
    let timeline = find(".timeline").await.unwrap().text().await.unwrap();
    assert!(timeline.contains("Ada Brandt"), "{timeline}");
    page.close().await.unwrap();
}
