//! What is done with chats and with answers: found, pinned, renamed, forked, rated, shared, deleted.

use fantoccini::Locator;
use serde_json::{Value, json};

use super::{WAIT, browser, click, gone, picture, say, says, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_renamed_pinned_found_forked_rated_and_deleted() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    say(&page, "list accounts in segment enterprise", &["completed"]).await;
    let chat = page.current_url().await.unwrap();

    // Below the answer stand its agent and when it came, and what can be done with it.
    let answer = shown(&page, "#transcript .turn:last-child .answer").await;
    let told = answer.text().await.unwrap();
    assert!(told.contains("Sales assistant") && told.contains("just now"), "{told}");
    click(&page, ".answer button[value='down']").await;
    shown(&page, ".answer button[value='down'][aria-pressed='true']").await;
    click(&page, ".answer details.above summary").await;
    let comment = shown(&page, ".answer textarea[name='comment']").await;
    comment.send_keys("Too long").await.unwrap();
    click(&page, ".answer .panel button[value='down']").await;
    // It closes when it is kept.
    gone(&page, ".answer details[open]").await;
    let given = ada.get("/api/feedback").await.unwrap().ok();
    let first: &Value = &given["data"][0];
    assert_eq!((&first["rating"], &first["comment"]), (&json!("down"), &json!("Too long")));
    picture(&page, "chat-answer-light").await;

    // Renamed and pinned, it is found by its new title and stands first.
    click(&page, ".manage summary").await;
    picture(&page, "chat-menu-light").await;
    let title = shown(&page, "#chat-title").await;
    title.clear().await.unwrap();
    title.send_keys("Zanzibar plans").await.unwrap();
    click(&page, ".manage form[action$='/rename'] button").await;
    says(&page, ".chat-head h1", "Zanzibar plans").await;
    click(&page, ".manage summary").await;
    click(&page, ".manage form[action$='/pin'] button").await;
    shown(&page, ".sessions .pinned").await;
    page.goto(&format!("{}/chat", fixture.url())).await.unwrap();
    say(&page, "total deal amount by stage", &["completed"]).await;
    says(&page, ".sessions li:first-child a span", "Zanzibar plans").await;
    let search = shown(&page, ".sessions input[name='find']").await;
    search.send_keys("zanzib").await.unwrap();
    click(&page, ".sessions form button").await;
    says(&page, ".sessions li:first-child a span", "Zanzibar plans").await;
    assert_eq!(page.find_all(Locator::Css(".sessions li a span")).await.unwrap().len(), 1);

    // A message that is sent changed begins a chat of its own, and the first stays as it was.
    page.goto(chat.as_str()).await.unwrap();
    click(&page, ".answer details.above:nth-of-type(2) summary").await;
    let message = shown(&page, ".answer textarea[name='message']").await;
    message.clear().await.unwrap();
    message.send_keys("list accounts in segment startup").await.unwrap();
    click(&page, ".answer form[action$='/resend'] button").await;
    says(&page, ".said", "segment startup").await;
    assert_ne!(page.current_url().await.unwrap(), chat);
    page.goto(chat.as_str()).await.unwrap();
    click(&page, ".manage summary").await;
    click(&page, ".manage form[action$='/fork'] button").await;
    says(&page, ".chat-head h1", "Zanzibar plans (fork)").await;
    says(&page, ".said", "segment enterprise").await;

    // Looked into, and deleted and taken back.
    click(&page, ".answer a[href^='/turns/']").await;
    says(&page, ".page-head h1", "Turn 1").await;
    says(&page, ".call-trace code", "account.find").await;
    picture(&page, "trace-light").await;
    page.goto(chat.as_str()).await.unwrap();
    click(&page, ".manage summary").await;
    click(&page, ".manage form[action$='/delete'] button").await;
    click(&page, ".notice form[action$='/restore'] button").await;
    page.wait().at_most(WAIT).for_url(&chat).await.unwrap();
    for (place, name) in [("settings/feedback", "feedback"), ("settings/turns", "turns")] {
        page.goto(&format!("{}/{place}", fixture.url())).await.unwrap();
        shown(&page, ".page-head h1").await;
        picture(&page, &format!("{name}-light")).await;
    }
    let session = chat.path().trim_start_matches("/chat/");
    page.goto(&format!("{}/chat/{session}/share", fixture.url())).await.unwrap();
    click(&page, "#member option:nth-child(2)").await;
    click(&page, ".form .button.primary").await;
    shown(&page, ".records form[action$='/unshare']").await;
    picture(&page, "share-light").await;
    let shares = ada.get(&format!("/api/sessions/{session}/shares")).await.unwrap().ok();
    assert_eq!(shares["data"][0]["access"], "read");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_says_which_agent_was_chosen_and_goes_to_another() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    click(&page, ".agents label:last-child input").await;
    say(&page, "Analyst: total deal amount by stage", &["completed"]).await;
    says(&page, ".turn .note .arrival", "Analyst was chosen for you. The message asks for it by name.").await;
    says(&page, "#chat-agent", "Analyst").await;
    says(&page, ".turn:last-child .answer .by", "Analyst").await;
    click(&page, ".with-agent summary").await;
    says(&page, "#chat-routing", "The message asks for it by name.").await;
    picture(&page, "chat-agent-light").await;

    // Another is chosen: from here on it answers, and what was answered keeps its name.
    click(&page, "#chat-agent-choice option[value='sales-assistant']").await;
    click(&page, ".with-agent form button").await;
    says(&page, "#chat-agent", "Sales assistant").await;
    says(&page, ".turn .after .arrival", "Sales assistant answers from here on. Ada Brandt chose it.").await;
    say(&page, "list accounts in segment enterprise", &["completed"]).await;
    says(&page, ".turn:first-child .answer .by", "Analyst").await;
    says(&page, ".turn:last-child .answer .by", "Sales assistant").await;

    // A page that is open hears of a change that is made elsewhere.
    let chat = page.current_url().await.unwrap();
    let session = chat.path().trim_start_matches("/chat/");
    let to = json!({"agent": "data-steward"});
    let changed = ada.patch(&format!("/api/sessions/{session}"), to).await.unwrap();
    assert_eq!(changed.status, 200, "{}", changed.body);
    says(&page, "#chat-agent", "Data steward").await;
    says(&page, ".turn:last-child .after .arrival", "Data steward answers from here on.").await;
    says(&page, ".turn:last-child .answer .by", "Sales assistant").await;
    page.close().await.unwrap();
}
