//! What an admin sets: providers of models with their keys.

use fantoccini::{Client, Locator, key::Key};
use kontor_testkit::scripted::ScriptedModel;

use reqwest::Method;
use serde_json::json;

use super::{
    WAIT, browser, click, go, go_by_palette, gone, holds, picture, press, shown, sign_in, sign_in_as,
    source_holds, write,
};
use crate::fixture::Fixture;

const RIGHT_KEY: &str = "sk-right-0123456789-beta";
const WRONG_KEY: &str = "sk-wrong-0123456789-alfa";

/// A server that may reach model servers of its own machine.
async fn fixture() -> Fixture {
    Fixture::with(&[("OUTBOUND__ALLOW", "127.0.0.1")]).await
}

/// What a test of the provider says.
async fn tested(page: &Client, name: &str) -> String {
    click(page, &format!("#provider-{name} form[data-test] button")).await;
    let told = shown(page, &format!("#told-{name}:has(svg)")).await;
    told.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_adds_a_key_tests_a_wrong_one_and_a_right_one_and_removes_it() {
    let Some(page) = browser(false).await else { return };
    let model = ScriptedModel::start().await.unwrap();
    model.take_only(RIGHT_KEY);
    let fixture = fixture().await;
    sign_in(&page, &fixture).await;

    go_by_palette(&page, "provider", "/settings/models").await;
    click(&page, "a[href='/settings/models/new']").await;
    click(&page, "a[href='/settings/models/new?kind=openai-compatible']").await;

    // What is wrong is said at its field, and nothing but the key is lost.
    write(&page, "#name", "Own Server").await;
    write(&page, "#api_key", WRONG_KEY).await;
    click(&page, ".form .button.primary").await;
    let wrong = shown(&page, "#name-wrong").await.text().await.unwrap();
    assert!(wrong.contains("small letters"), "{wrong}");
    let wrong = shown(&page, "#base_url-wrong").await.text().await.unwrap();
    assert!(wrong.contains("needs an address"), "{wrong}");
    assert_eq!(shown(&page, "#name").await.prop("value").await.unwrap().as_deref(), Some("Own Server"));
    assert!(!source_holds(&page, WRONG_KEY).await);
    picture(&page, "provider-wrong-light").await;

    write(&page, "#name", "own").await;
    write(&page, "#base_url", &model.base_url()).await;
    write(&page, "#api_key", WRONG_KEY).await;
    click(&page, ".form .button.primary").await;
    let listed = shown(&page, "#provider-own").await.text().await.unwrap();
    assert!(listed.contains(&model.base_url()) && listed.contains("ends in alfa"), "{listed}");
    assert!(listed.contains("Ada Brandt"), "{listed}");
    let address = page.current_url().await.unwrap();
    let told = tested(&page, "own").await;
    assert!(told.contains("refused the API key") && told.contains("Incorrect API key"), "{told}");
    assert_eq!(page.current_url().await.unwrap(), address, "the page was not left");
    picture(&page, "models-wrong-key-light").await;

    click(&page, "#provider-own a").await;
    write(&page, "#api_key", RIGHT_KEY).await;
    click(&page, ".form .button.primary").await;
    let told = tested(&page, "own").await;
    assert!(told.contains("answers") && told.contains("1 model"), "{told}");
    for key in [RIGHT_KEY, WRONG_KEY] {
        assert!(!source_holds(&page, key).await, "a key stands in the page");
    }
    picture(&page, "models-right-key-light").await;

    // A change without a key keeps it.
    click(&page, "#provider-own a").await;
    click(&page, ".form .button.primary").await;
    assert!(tested(&page, "own").await.contains("answers"));

    click(&page, "#provider-own [data-opens]").await;
    picture(&page, "models-remove-light").await;
    let cancel = shown(&page, "#remove-own[open] [data-closes]").await;
    press(&cancel, Key::Escape).await;
    gone(&page, "#remove-own[open]").await;
    click(&page, "#provider-own [data-opens]").await;
    click(&page, "#remove-own[open] .danger").await;
    gone(&page, "#provider-own").await;
    assert_eq!(model.violations(), Vec::<String>::new());
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_chooses_fast_smart_and_the_order_of_fallbacks_by_keyboard() {
    let Some(page) = browser(true).await else { return };
    let fixture = fixture().await;
    let ada = fixture.sign_in("ada").await;
    let provider = json!({"kind": "mistral", "api_key": RIGHT_KEY});
    ada.send(Method::PUT, "/api/models/providers/own", Some(provider), &[]).await.unwrap().ok();
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/settings/models").await;
    write(&page, "#fast", "own/mistral-medium").await;
    write(&page, "#smart", "own/mistral-larg").await;
    assert!(!shown(&page, "#fallback-1").await.is_displayed().await.unwrap(), "one empty row is enough");
    for (input, model) in [("#fallback-0", "own/mistral-medium"), ("#fallback-1", "own/mistral-large-4")] {
        write(&page, input, model).await;
    }
    press(&shown(&page, "#fallback-1").await, Key::Tab).await;
    let up = page.active_element().await.unwrap();
    assert_eq!(up.attr("aria-label").await.unwrap().as_deref(), Some("Move up"));
    press(&up, Key::Enter).await;
    holds(&page, "#fallback-0", "own/mistral-large-4").await;
    picture(&page, "models-choices-dark").await;
    press(&shown(&page, "#smart").await, Key::Enter).await;
    // Any name is passed on to a provider that lists no models, so that this one is taken too.
    shown(&page, ".notice").await;
    let set = ada.get("/api/models/settings").await.unwrap().ok();
    let expected = json!({
        "fast": "own/mistral-medium", "smart": "own/mistral-larg",
        "fallbacks": ["own/mistral-large-4", "own/mistral-medium"],
    });
    assert_eq!(set, expected);
    write(&page, "#smart", "owm/mistral-large-4").await;
    press(&shown(&page, "#smart").await, Key::Enter).await;
    let wrong = shown(&page, "#smart-wrong").await.text().await.unwrap();
    assert!(wrong.contains("no model owm/mistral-large-4"), "{wrong}");
    picture(&page, "models-choices-wrong-dark").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_no_settings_of_the_workspace_and_is_told_so_at_their_address() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in_as(&page, &fixture, "max").await;
    go(&page, &fixture, "/settings").await;
    shown(&page, "#own_time_zone").await;
    for hidden in ["a[href^='/settings/models']", "form[action='/settings/workspace']"] {
        assert!(page.find_all(Locator::Css(hidden)).await.unwrap().is_empty(), "{hidden}");
    }
    for path in ["/settings/models", "/settings/models/new", "/settings/models/providers/own"] {
        go(&page, &fixture, path).await;
        let refusal = page.wait().at_most(WAIT).for_element(Locator::Css("#failure")).await.unwrap();
        let refusal = refusal.text().await.unwrap();
        assert!(refusal.contains("You may not do this") && refusal.contains("settings"), "{refusal}");
    }
    picture(&page, "settings-refused-light").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_settings_is_reached_by_keyboard() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/settings").await;
    let all = "return [...document.querySelectorAll('.places a')].map((link) => \
               [link.querySelector('strong').textContent, link.getAttribute('href')])";
    let all = page.execute(all, Vec::new()).await.unwrap();
    let all: Vec<(String, String)> = serde_json::from_value(all).unwrap();
    assert!(all.len() > 10, "{all:?}");
    for (label, path) in &all {
        go_by_palette(&page, label, path).await;
        let title = shown(&page, "h1").await.text().await.unwrap();
        assert_eq!(&title, label);
        // And back to the others, from wherever one is.
        shown(&page, ".crumb a[href='/settings']").await;
    }
    // Each is a stop of the Tab key where they stand together.
    go(&page, &fixture, "/settings").await;
    for (_, path) in &all {
        let link = super::tab_to(&page, &format!(".places a[href='{path}']")).await;
        assert!(link.is_displayed().await.unwrap(), "{path}");
    }
    page.close().await.unwrap();
}
