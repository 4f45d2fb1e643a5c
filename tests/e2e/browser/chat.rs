//! The main job: asking, changing, logging, and a reply that survives a reload.

use std::time::Duration;

use fantoccini::{Locator, key::Key};
use kontor_testkit::scripted::{Script, ScriptedModel};
use serde_json::{Value, json};

use super::{WAIT, browser, picture, say, sign_in};
use crate::fixture::{Engine, Fixture};

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
