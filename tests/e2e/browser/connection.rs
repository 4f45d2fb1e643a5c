//! What the chat shows of what is over: a lost connection, an approval that nobody can give any more.

use fantoccini::key::Key;

use super::{browser, click, gone, holds, picture, press, say, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_until_it_is_back_and_the_message_is_kept() {
    let Some(page) = browser(false).await else { return };
    let mut fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    say(&page, "who am i", &["completed"]).await;
    fixture.options.listen = fixture.server().address().to_owned();
    drop(fixture.server.take());
    let field = shown(&page, "#message").await;
    field.send_keys("help").await.unwrap();
    press(&field, Key::Enter).await;
    let bar = shown(&page, "#connection:not([hidden])").await.text().await.unwrap();
    assert_eq!(bar, "No connection. Trying again…");
    let problem = shown(&page, "#composer .problem:not([hidden])").await.text().await.unwrap();
    assert!(problem.starts_with("Not sent"), "{problem}");
    holds(&page, "#message", "help").await;
    // It stays while the browser tries again.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    shown(&page, "#connection:not([hidden])").await;
    picture(&page, "no-connection-light").await;
    fixture.launch();
    shown(&page, "#connection[hidden]").await;
    holds(&page, "#message", "help").await;
    press(&field, Key::Enter).await;
    shown(&page, "#transcript > .turn:nth-child(2)[data-state='completed']").await;
    holds(&page, "#message", "").await;
    shown(&page, "#composer .problem[hidden]").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_loses_its_buttons_with_the_turn_that_asked_for_it() {
    let Some(page) = browser(true).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let account = serde_json::json!({ "name": "Sturdy Ltd" });
    ada.post("/api/records/accounts", account).await.unwrap().ok();
    sign_in(&page, &fixture).await;
    say(&page, "delete the account Sturdy Ltd", &["waiting"]).await;
    let card = shown(&page, ".call.waiting").await.text().await.unwrap();
    assert!(card.contains("Sturdy Ltd") && card.contains("It can be restored afterwards."), "{card}");
    click(&page, "#stop").await;
    shown(&page, "#transcript > .turn[data-state='cancelled']").await;
    gone(&page, ".approval").await;
    let stopped = shown(&page, ".call.denied").await.text().await.unwrap();
    assert!(stopped.contains("not run: stopped first") && !stopped.contains("approval"), "{stopped}");
    let focused = "return document.activeElement.id";
    assert_eq!(page.execute(focused, Vec::new()).await.unwrap(), serde_json::json!("message"));
    picture(&page, "approval-stopped-dark").await;
    page.refresh().await.unwrap();
    let stopped = shown(&page, ".call.denied").await.text().await.unwrap();
    assert!(stopped.contains("not run: stopped first"), "{stopped}");
    gone(&page, ".approval").await;
    page.close().await.unwrap();
}
