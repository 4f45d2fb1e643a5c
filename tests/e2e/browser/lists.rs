//! Finding one's way: lists and the palette.

use fantoccini::{Locator, key::Key};
use serde_json::json;

use super::{browser, click, go, picture, press, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_sorted_and_paged() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/deals").await;
    click(&page, "#add-filter").await;
    let choose = async |css: &str, value: &str| {
        shown(&page, css).await.select_by_value(value).await.unwrap();
    };
    choose(".filter [name=f]", "stage").await;
    choose(".filter [name=o]", "is").await;
    choose(".filter select[name=v]", "PROPOSAL").await;
    picture(&page, "filter-light").await;
    click(&page, "#apply").await;
    shown(&page, ".filter[data-applied]").await;
    // There is nothing to apply until something is changed.
    shown(&page, "#apply[hidden]").await;
    let query = json!({"stage": {"eq": "PROPOSAL"}}).to_string();
    let request = ada.request(reqwest::Method::GET, "/api/records/deals");
    let request = request.query(&[("filter", query.as_str()), ("sort", "-amount"), ("limit", "50")]);
    let expected: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    let expected: Vec<String> = expected["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deal| deal["name"].as_str().unwrap().to_owned())
        .collect();
    let names = async || {
        let mut names = Vec::new();
        for cell in page.find_all(Locator::Css(".records tbody td:first-child")).await.unwrap() {
            names.push(cell.text().await.unwrap());
        }
        names
    };
    assert_eq!(names().await.len(), expected.len());
    assert!(expected.len() > 3, "{expected:?}");
    // The filter stays when a head is clicked.
    click(&page, "th a[href*='sort=-amount']").await;
    shown(&page, "th[aria-sort='descending']").await;
    assert_eq!(names().await, expected);
    click(&page, "th[aria-sort='descending'] a").await;
    shown(&page, "th[aria-sort='ascending']").await;
    let turned = names().await;
    assert_eq!(turned.last(), expected.first());
    click(&page, ".filter [data-remove]").await;
    super::gone(&page, ".filter").await;
    assert_eq!(names().await.len(), 50);

    go(&page, &fixture, "/records/contacts?sort=name").await;
    let first = names().await;
    click(&page, "a[rel=next]").await;
    shown(&page, "a[rel=prev]").await;
    let second = names().await;
    assert!(first.iter().all(|name| !second.contains(name)), "{first:?} {second:?}");
    click(&page, "a[rel=prev]").await;
    shown(&page, "a[rel=next]").await;
    assert_eq!(names().await, first);
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_palette_goes_anywhere_by_keyboard() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/records/deals", json!({"name": "Gravel for a year"})).await.unwrap().ok();
    sign_in(&page, &fixture).await;
    let open = async || {
        let chord = format!("{}k", char::from(Key::Control));
        shown(&page, "body").await.send_keys(&chord).await.unwrap();
        shown(&page, "#palette[open]").await;
        shown(&page, "#palette-input").await
    };
    let input = open().await;
    input.send_keys("gravel").await.unwrap();
    let found =
        Locator::XPath("//ul[@id='palette-list']/li[@aria-selected='true']/span[.='Gravel for a year']");
    page.wait().at_most(super::WAIT).for_element(found).await.unwrap();
    picture(&page, "palette-light").await;
    press(&input, Key::Enter).await;
    let title = shown(&page, ".page h1").await.text().await.unwrap();
    assert_eq!(title, "Gravel for a year");

    let input = open().await;
    press(&input, Key::Escape).await;
    super::gone(&page, "#palette[open]").await;
    let input = open().await;
    input.send_keys("tasks").await.unwrap();
    let found = Locator::XPath("//ul[@id='palette-list']/li[@aria-selected='true']/span[.='Tasks']");
    page.wait().at_most(super::WAIT).for_element(found).await.unwrap();
    press(&input, Key::Enter).await;
    shown(&page, "a[href='/records/tasks/new']").await;
    assert_eq!(page.current_url().await.unwrap().path(), "/records/tasks");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_in_the_palette_opens_what_answers_the_text_that_is_written() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/records/deals", json!({"name": "Gravel for a year"})).await.unwrap().ok();
    sign_in(&page, &fixture).await;
    // Answers come late, and the one to the first letter last of all.
    let slow = "const ask = window.fetch; window.fetch = async (address, options) => { \
                const answer = await ask(address, options); const text = String(address); \
                const late = text.includes('/palette') ? (text.endsWith('q=g') ? 1500 : 400) : 0; \
                await new Promise((done) => setTimeout(done, late)); return answer; };";
    page.execute(slow, Vec::new()).await.unwrap();
    let chord = format!("{}k", char::from(Key::Control));
    shown(&page, "body").await.send_keys(&chord).await.unwrap();
    // The empty text has its answer: a new chat stands first.
    shown(&page, "#palette-list li[aria-selected=true]").await;
    let input = shown(&page, "#palette-input").await;
    input.send_keys(&format!("gravel{}", char::from(Key::Enter))).await.unwrap();
    assert_eq!(shown(&page, ".page h1").await.text().await.unwrap(), "Gravel for a year");

    page.refresh().await.unwrap();
    shown(&page, "body").await.send_keys(&chord).await.unwrap();
    let input = shown(&page, "#palette-input").await;
    input.send_keys("zzzzqx").await.unwrap();
    let none = shown(&page, "#palette [role=status]:not(:empty)").await.text().await.unwrap();
    assert_eq!(none, "Nothing found for “zzzzqx”.");
    picture(&page, "palette-nothing-light").await;
    press(&input, Key::Enter).await;
    shown(&page, "#palette[open]").await;
    press(&input, Key::Tab).await;
    let focused = "return document.activeElement.textContent";
    assert_eq!(page.execute(focused, Vec::new()).await.unwrap(), json!("Ask about it in a new chat"));
    page.close().await.unwrap();
}
