//! Every page in the window of a desk and of a telephone, in light and dark.

use fantoccini::{Client, Locator};
use reqwest::Method;
use serde_json::{Value, json};

use super::{DESK, PHONE, click, go, picture, say, shown, sign_in, window};
use crate::fixture::Fixture;

/// A page that is wider than its window hides something, and moves when it is touched. The picture shows the
/// rest.
async fn fits(page: &Client, name: &str) {
    let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let surplus = page.execute(wider, Vec::new()).await.unwrap();
    picture(page, name).await;
    assert_eq!(surplus, Value::from(0), "{name} is wider than its window");
}

async fn every_page_fits(dark: bool, size: (u32, u32)) {
    let Some(page) = window(dark, size).await else { return };
    let theme = if dark { "dark" } else { "light" };
    let named = |what: &str| format!("{what}-{}-{theme}", if size == PHONE { "phone" } else { "desk" });
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    go(&page, &fixture, "/sign-in").await;
    shown(&page, "#email").await;
    fits(&page, &named("0-sign-in")).await;
    sign_in(&page, &fixture).await;
    fits(&page, &named("1-start")).await;
    say(&page, "show open deals over 10k by amount", &["completed"]).await;
    fits(&page, &named("2-chat-list")).await;
    say(&page, "set the amount of the second one to 45k and its close date to next friday", &["completed"])
        .await;
    click(&page, ".turn:last-child .call summary").await;
    fits(&page, &named("3-chat-change")).await;
    say(&page, "delete it", &["waiting"]).await;
    fits(&page, &named("4-chat-approval")).await;
    let link = page.find(Locator::Css(".turn:nth-child(2) .prose a")).await.unwrap();
    let record = link.attr("href").await.unwrap().unwrap();
    go(&page, &fixture, &record).await;
    shown(&page, ".timeline").await;
    fits(&page, &named("5-record")).await;
    go(&page, &fixture, &format!("{record}/edit")).await;
    shown(&page, "#name").await;
    fits(&page, &named("6-edit")).await;
    go(&page, &fixture, "/records/deals?f=stage&o=is&v=PROPOSAL&sort=-amount").await;
    shown(&page, ".records table").await;
    fits(&page, &named("7-list")).await;
    let contact = ada.get("/api/records/contacts?limit=1").await.unwrap().ok()["data"][0]["id"].clone();
    go(&page, &fixture, &format!("/records/contacts/{}", contact.as_str().unwrap())).await;
    shown(&page, ".timeline").await;
    fits(&page, &named("8-contact")).await;
    go(&page, &fixture, "/records/deals?q=nothing+of+this+name").await;
    shown(&page, ".empty").await;
    fits(&page, &named("9-empty")).await;
    let provider = json!({"kind": "mistral", "api_key": "k-0123456789-abcdef"});
    ada.send(Method::PUT, "/api/models/providers/mistral", Some(provider), &[]).await.unwrap().ok();
    let pages = [
        ("/settings", "10-settings"),
        ("/audit", "11-audit"),
        ("/jobs", "12-jobs"),
        ("/settings/models", "13-models"),
        ("/settings/models/new", "14-kinds"),
        ("/settings/models/new?kind=azure", "15-provider"),
        ("/settings/models/providers/mistral", "16-provider-change"),
        ("/settings/models/facts?model=mistral%2Fmistral-large-4", "17-model"),
        ("/settings/usage", "18-usage"),
        ("/settings/budgets", "19-budgets"),
    ];
    for (path, name) in pages {
        go(&page, &fixture, path).await;
        shown(&page, "h1").await;
        fits(&page, &named(name)).await;
    }
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_the_window_of_a_desk() {
    every_page_fits(false, DESK).await;
    every_page_fits(true, DESK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_the_window_of_a_telephone() {
    every_page_fits(false, PHONE).await;
    every_page_fits(true, PHONE).await;
}
