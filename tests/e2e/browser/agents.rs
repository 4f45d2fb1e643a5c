//! What an admin does with agents and their prompts.

use super::{browser, click, go, picture, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_copies_an_agent_writes_its_prompt_and_has_it_used() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/settings/agents/new?copy_of=analyst").await;
    shown(&page, "#name").await.send_keys("counter").await.unwrap();
    let label = shown(&page, "#label").await;
    label.clear().await.unwrap();
    label.send_keys("Counter").await.unwrap();
    picture(&page, "agent-new").await;
    click(&page, ".form .button.primary").await;
    shown(&page, "input[name=version][value='1']").await;
    picture(&page, "agent").await;

    // As it is written, what is wrong is said with its place, and what is right is shown.
    click(&page, "a[href='/settings/agents/counter/prompt']").await;
    let body = shown(&page, "#body").await;
    body.clear().await.unwrap();
    body.send_keys("You count for {{ membr.name }}.").await.unwrap();
    let problem = shown(&page, "#seen #problem").await.text().await.unwrap();
    assert!(problem.contains("Line 1, column 18"), "{problem}");
    body.clear().await.unwrap();
    body.send_keys("You count for {{ member.name }}.").await.unwrap();
    shown(&page, "#seen .diff .added").await;
    let sent = shown(&page, "#seen pre.text").await.text().await.unwrap();
    assert_eq!(sent, "You count for Ada Brandt.");
    picture(&page, "agent-prompt").await;
    shown(&page, "#note").await.send_keys("Shorter.").await.unwrap();
    click(&page, "#editor .button.primary").await;

    // Saved is not used; the label says what is.
    shown(&page, "a[href='/settings/agents/counter/prompt?version=2']").await;
    click(&page, "form[action$='/prompt/label'] select option[value='2']").await;
    click(&page, "form[action$='/prompt/label']:has(input[value=production]) button").await;
    let standing = shown(&page, ".page-head .badge").await.text().await.unwrap();
    assert_eq!(standing, "production: version 2");
    page.close().await.unwrap();
}
