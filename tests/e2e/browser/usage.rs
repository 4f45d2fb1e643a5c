//! What a chat costs, and a budget that ends a reply.

use kontor_testkit::scripted::{Script, ScriptedModel};

use super::{browser, click, go, picture, say, shown, sign_in};
use crate::fixture::Fixture;

async fn cost_and_budget(dark: bool) {
    let Some(page) = browser(dark).await else { return };
    let theme = if dark { "dark" } else { "light" };
    let model = ScriptedModel::start().await.unwrap();
    for (words, input, output) in [("Good day.", 1_200, 40), ("And a good evening.", 90_000, 900)] {
        model.push(Script::new().text(words).usage(input, output));
    }
    let address = model.base_url();
    let fixture = Fixture::with(&[
        ("MODELS__DEFAULT", "scripted/scripted"),
        ("MODELS__PROVIDERS__SCRIPTED__BASE_URL", &address),
        ("MODELS__PROVIDERS__SCRIPTED__API_KEY", "sk-scripted-model-key"),
        ("MODELS__PROVIDERS__SCRIPTED__MODELS", r#"[{name="scripted",price={input=3,output=15}}]"#),
    ])
    .await;
    sign_in(&page, &fixture).await;
    // 1,200 tokens at three dollars a million and 40 at fifteen.
    let text = say(&page, "hello", &["completed"]).await;
    assert!(text.contains("1,240 tokens · $0.0042"), "{text}");
    say(&page, "and again", &["completed"]).await;
    picture(&page, &format!("usage-chat-{theme}")).await;

    go(&page, &fixture, "/settings/budgets").await;
    shown(&page, "#of option[value='workspace']").await.click().await.unwrap();
    shown(&page, "#dollars").await.send_keys("0.25").await.unwrap();
    click(&page, "form[action='/settings/budgets'] button").await;
    shown(&page, ".notice[role='status']").await;
    let listed = shown(&page, "table").await.text().await.unwrap();
    assert!(listed.contains("The workspace, a day") && listed.contains("$0.25"), "{listed}");
    assert!(listed.contains("$0.2877"), "what is used up already counts: {listed}");
    picture(&page, &format!("budgets-{theme}")).await;

    go(&page, &fixture, "/chat").await;
    let text = say(&page, "one more", &["failed"]).await;
    assert!(text.contains("The workspace has used up the budget of this day: $0.2877 of $0.25."), "{text}");
    assert_eq!(model.requests().len(), 2, "the model is not asked");
    picture(&page, &format!("budget-reached-{theme}")).await;

    go(&page, &fixture, "/settings/usage").await;
    shown(&page, "figure.chart svg[role='img'] rect").await;
    let text = shown(&page, "#room").await.text().await.unwrap();
    for figure in ["$0.2877", "92,140", "Sales assistant", "Ada Brandt", "scripted/scripted"] {
        assert!(text.contains(figure), "{figure} is not in {text}");
    }
    picture(&page, &format!("usage-{theme}")).await;
    page.close().await.unwrap();
}

#[tokio::test]
async fn the_cost_of_a_chat_is_seen_and_a_budget_ends_a_reply() {
    cost_and_budget(false).await;
}

#[tokio::test]
async fn the_cost_of_a_chat_is_seen_in_the_dark_as_well() {
    cost_and_budget(true).await;
}
