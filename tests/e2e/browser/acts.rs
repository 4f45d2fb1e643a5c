//! What a person does to a turn: approve, deny with a reason, stop, take out of the queue.

use fantoccini::{Locator, key::Key};
use kontor_testkit::scripted::{Script, ScriptedModel};
use serde_json::json;

use super::{WAIT, browser, click, go, gone, picture, press, say, shown, sign_in};
use crate::fixture::{Engine, Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_approved_in_place_and_another_denied_with_a_reason() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let mut paths = Vec::new();
    for name in ["Ephemeral Ltd", "Sturdy Ltd"] {
        let account = ada.post("/api/records/accounts", json!({ "name": name })).await.unwrap().ok();
        paths.push(format!("/api/records/accounts/{}", account["id"].as_str().unwrap()));
    }
    sign_in(&page, &fixture).await;
    say(&page, "delete the account Ephemeral Ltd", &["waiting"]).await;
    let asked = shown(&page, ".call.waiting").await.text().await.unwrap();
    assert!(asked.contains("Ephemeral Ltd") && asked.contains("needs your approval"), "{asked}");
    assert!(ada.get(&paths[0]).await.unwrap().status.is_success(), "deleted without approval");
    click(&page, ".approval button[value='approve']").await;
    shown(&page, "#transcript > .turn:last-child[data-state='completed']").await;
    gone(&page, ".approval").await;
    assert_eq!(ada.get(&paths[0]).await.unwrap().status, 404, "approved, but not deleted");

    say(&page, "delete the account Sturdy Ltd", &["waiting"]).await;
    let reason = shown(&page, ".approval input[name='comment']").await;
    reason.send_keys("They renewed yesterday.").await.unwrap();
    // Enter in the field denies: what is done by accident must be what does nothing.
    press(&reason, Key::Enter).await;
    shown(&page, "#transcript > .turn:last-child[data-state='completed']").await;
    let denied = shown(&page, ".call.denied").await.text().await.unwrap();
    assert!(denied.contains("They renewed yesterday."), "{denied}");
    assert!(ada.get(&paths[1]).await.unwrap().status.is_success(), "denied, and deleted");
    picture(&page, "denied-light").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_turn_is_stopped_and_a_waiting_message_removed() {
    let Some(page) = browser(false).await else { return };
    let model = ScriptedModel::start().await.unwrap();
    model.push(Script::new().text("One moment, I am looking. ").stall());
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    sign_in(&page, &fixture).await;
    say(&page, "take your time", &["running"]).await;
    shown(&page, "#transcript .prose .block").await;
    say(&page, "never mind this one", &["queued"]).await;
    picture(&page, "queued-light").await;
    click(&page, ".turn[data-state='queued'] .foot button").await;
    gone(&page, ".turn[data-state='queued']").await;
    let stop = shown(&page, "#stop:not([hidden])").await;
    stop.click().await.unwrap();
    let stopped = shown(&page, "#transcript > .turn[data-state='cancelled']").await.text().await.unwrap();
    assert!(stopped.contains("One moment, I am looking.") && stopped.contains("Stopped"), "{stopped}");
    shown(&page, "#stop[hidden]").await;
    // What was removed never ran: the model was asked once.
    model.push(Script::new().text("Here I am again."));
    say(&page, "are you there?", &["completed"]).await;
    let asked = model.requests();
    assert_eq!(asked.len(), 2);
    assert!(!asked[1].to_string().contains("never mind this one"), "{}", asked[1]);
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_failed_after_a_write_is_gone_on_with_and_nothing_is_written_twice() {
    let Some(page) = browser(false).await else { return };
    let model = ScriptedModel::start().await.unwrap();
    model.push(Script::new().call("a", "task_create", r#"{"title": "Ring Bob"}"#));
    model.push(Script::status(400, "Function call is missing something"));
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    let failed = say(&page, "Remind me to ring Bob", &["failed"]).await;
    assert!(failed.contains("Done before it failed: created task “Ring Bob”."), "{failed}");
    picture(&page, "go-on-light").await;
    // A page that is opened again offers it as well.
    page.refresh().await.unwrap();
    model.push(Script::new().text("You will be reminded."));
    click(&page, ".turn[data-state='failed'] .go-on button").await;
    let went_on = shown(&page, "#transcript > .turn:nth-child(2)[data-state='completed']").await;
    let went_on = went_on.text().await.unwrap();
    assert!(went_on.contains("You will be reminded."), "{went_on}");
    let button = shown(&page, ".turn[data-state='failed'] .go-on").await;
    assert!(!button.is_displayed().await.unwrap(), "what went on is offered again");
    let filter = r#"/api/records/tasks?filter={"title":{"eq":"Ring Bob"}}"#;
    let tasks = ada.get(filter).await.unwrap().ok();
    assert_eq!(tasks["data"].as_array().unwrap().len(), 1, "{tasks}");
    assert!(model.requests()[2].to_string().contains("Ring Bob"), "what was done is known to it");
    assert_eq!(model.violations(), Vec::<String>::new());
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_asked_about_from_its_page() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let deal = ada.post("/api/records/deals", json!({"name": "Gravel for a year"})).await.unwrap().ok();
    let id = deal["id"].as_str().unwrap();
    sign_in(&page, &fixture).await;
    go(&page, &fixture, &format!("/records/deals/{id}")).await;
    click(&page, "a[href^='/chat?about=']").await;
    let about = shown(&page, ".chat-head .context").await.text().await.unwrap();
    assert!(about.starts_with("About") && about.ends_with("Gravel for a year"), "{about}");
    picture(&page, "ask-light").await;
    click(&page, "[data-suggestion]:last-child").await;
    shown(&page, "#transcript > .turn[data-state='completed']").await;
    let moved = ada.get(&format!("/api/records/deals/{id}")).await.unwrap().ok();
    assert_eq!(moved["stage"], "NEGOTIATION");
    click(&page, ".chat-head .context a").await;
    let timeline = shown(&page, ".timeline").await.text().await.unwrap();
    assert!(timeline.contains("on behalf of Ada Brandt"), "{timeline}");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_messages_are_put_above_those_that_are_read() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("analyst").await.unwrap();
    for number in 1..=53 {
        ada.chat(&session, &format!("who am i ({number})")).await.unwrap();
    }
    sign_in(&page, &fixture).await;
    go(&page, &fixture, &format!("/chat/{session}")).await;
    let turns = async || page.find_all(Locator::Css("#transcript > .turn")).await.unwrap().len();
    shown(&page, "#earlier a").await;
    assert_eq!(turns().await, 50);
    // Read from the top, where the link is.
    let first = shown(&page, "#transcript > .turn:first-child").await.text().await.unwrap();
    click(&page, "#earlier a").await;
    gone(&page, "#earlier a").await;
    assert_eq!(turns().await, 53);
    let same =
        page.find(Locator::Css("#transcript > .turn:nth-child(4)")).await.unwrap().text().await.unwrap();
    assert_eq!(same, first);
    // The page goes on following what happens.
    say(&page, "who am i (54)", &["completed"]).await;
    assert_eq!(turns().await, 54);
    let address = page.current_url().await.unwrap();
    assert_eq!(address.path(), format!("/chat/{session}"));
    assert!(page.wait().at_most(WAIT).for_element(Locator::Css("#composer")).await.is_ok());
    page.close().await.unwrap();
}
