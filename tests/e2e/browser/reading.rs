//! Reading an answer from its beginning, what a model thought, and choices that are made by a click.

use std::time::Duration;

use fantoccini::{Client, key::Key};
use kontor_testkit::scripted::{Script, ScriptedModel};
use serde_json::{Value, json};

use super::{WAIT, browser, click, go, picture, press, say, shown, sign_in};
use crate::fixture::{Engine, Fixture, eventually};

async fn told(page: &Client, script: &str) -> Value {
    page.execute(script, Vec::new()).await.unwrap()
}

/// How far below the top of what is scrolled the newest message stands, in pixels.
async fn newest_from_top(page: &Client) -> f64 {
    let script = "const top = (css) => document.querySelector(css).getBoundingClientRect().top; \
                  return top('#transcript > .turn:last-child .said') - top('.scroll')";
    told(page, script).await.as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_read_from_its_beginning_and_its_end_is_a_click_away() {
    let Some(page) = browser(false).await else { return };
    let model = ScriptedModel::start().await.unwrap();
    let long = |words: &str| {
        (1..=60).fold(Script::new(), |script, number| {
            script.text(&format!("{words} {number}\n\n")).pause(Duration::from_millis(15))
        })
    };
    model.push(long("First"));
    model.push(long("Second"));
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    sign_in(&page, &fixture).await;
    say(&page, "tell me much", &["completed"]).await;
    say(&page, "and more", &["completed"]).await;
    let top = newest_from_top(&page).await;
    assert!((0.0..60.0).contains(&top), "the question is {top} px from the top");
    picture(&page, "answer-begins-light").await;
    let from_end = "const scroll = document.querySelector('.scroll'); \
                    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight";
    assert!(told(&page, from_end).await.as_f64().unwrap() > 500.0);
    click(&page, "#to-end").await;
    assert!(told(&page, from_end).await.as_f64().unwrap() < 2.0);
    shown(&page, "#to-end[hidden]").await;

    // Whoever comes back begins where the newest message stands.
    page.refresh().await.unwrap();
    shown(&page, "#to-end:not([hidden])").await;
    let top = newest_from_top(&page).await;
    assert!((0.0..60.0).contains(&top), "the question is {top} px from the top");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_thinks_can_be_read_while_it_does_and_afterwards() {
    let Some(page) = browser(true).await else { return };
    let model = ScriptedModel::start().await.unwrap();
    let thinks = Script::new().reasoning("The person greets. ").pause(Duration::from_millis(300));
    model.push(thinks.reasoning("I greet <b>back</b>.").pause(Duration::from_millis(1500)).text("Hello!"));
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    sign_in(&page, &fixture).await;
    let field = shown(&page, "#message").await;
    field.send_keys("hi").await.unwrap();
    press(&field, Key::Enter).await;
    // Folded, until somebody wants to read it; it stays open when the answer comes.
    click(&page, ".turn[data-state=running] .thought:not([open]) > summary").await;
    shown(&page, ".turn[data-state=completed] .thought[open]").await;
    let thought = "return document.querySelector('.thought .inside').textContent";
    assert_eq!(told(&page, thought).await, json!("The person greets. I greet <b>back</b>."));
    picture(&page, "reasoning-dark").await;
    page.refresh().await.unwrap();
    shown(&page, ".thought:not([open])").await;
    assert_eq!(told(&page, thought).await, json!("The person greets. I greet <b>back</b>."));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_made_by_a_click_and_says_what_it_is() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    for due in ["2031-05-06T09:00:00Z", "2032-05-06T09:00:00Z"] {
        let task = json!({"title": "Sweep the yard", "due_at": due});
        ada.post("/api/records/tasks", task).await.unwrap().ok();
    }
    sign_in(&page, &fixture).await;
    say(&page, "mark the task Sweep the yard as done", &["completed"]).await;
    shown(&page, "button[data-choice='2']").await;
    let named =
        "return [...document.querySelectorAll('button[data-choice]')].map((choice) => choice.ariaLabel)";
    let named = told(&page, named).await;
    let named: Vec<_> = named.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(named.len(), 2, "{named:?}");
    for year in ["2031", "2032"] {
        let is_one = |name: &&str| name.contains("Sweep the yard, To do, ") && name.contains(year);
        assert_eq!(named.iter().copied().filter(is_one).count(), 1, "{named:?}");
    }
    picture(&page, "choices-light").await;
    // What is being written is not sent with it.
    shown(&page, "#message").await.send_keys("half a thought").await.unwrap();
    click(&page, "button[data-choice='2']").await;
    let settled = shown(&page, "#transcript > .turn:nth-child(2)[data-state=completed]").await;
    let settled = settled.text().await.unwrap();
    assert!(settled.contains("Sweep the yard"), "{settled}");
    super::holds(&page, "#message", "half a thought").await;
    let done = ada.get(r#"/api/records/tasks?filter={"title":{"eq":"Sweep the yard"}}"#).await.unwrap().ok();
    let states = done["data"].as_array().unwrap().iter().filter(|task| task["status"] == "DONE").count();
    assert_eq!(states, 1, "{done}");
    // An answer that is not the newest offers nothing any more.
    super::gone(&page, "#transcript > .turn:first-child button[data-choice]").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_keeps_its_headings_in_sight_its_columns_in_place_and_how_it_was_left() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/deals").await;
    let widths = "return [...document.querySelectorAll('.records th')].map((head) => head.offsetWidth)";
    let before = told(&page, widths).await;
    click(&page, "th a[href*='sort=-amount']").await;
    shown(&page, "th[aria-sort=descending]").await;
    assert_eq!(told(&page, widths).await, before, "a list that is sorted does not move");
    click(&page, "a[rel=next]").await;
    shown(&page, "a[rel=prev]").await;
    assert_eq!(told(&page, widths).await, before, "nor one that is turned over");
    click(&page, "a[rel=prev]").await;
    shown(&page, "a[rel=next]").await;

    let scrolled = "const list = document.querySelector('.records'); list.scrollTop = 600; \
                    const top = (css) => document.querySelector(css).getBoundingClientRect().top; \
                    return [list.scrollTop, top('.records th') - top('.records')]";
    assert_eq!(told(&page, scrolled).await, json!([600, 0]), "the headings went out of sight");
    picture(&page, "list-scrolled-light").await;
    // The place is kept a moment after the list comes to rest.
    let kept = eventually(WAIT, || async {
        (told(&page, "return history.state?.listTop ?? null").await == json!(600)).then_some(())
    });
    kept.await.expect("the place in the list is not kept");

    // A record leads back to the list as it was left, and Back to the place in it.
    let open = "const shown = [...document.querySelectorAll('.records td a')]; \
                shown.find((link) => link.getBoundingClientRect().top > 400).click()";
    told(&page, open).await;
    shown(&page, ".happened").await;
    page.back().await.unwrap();
    shown(&page, "th[aria-sort=descending]").await;
    assert_eq!(told(&page, "return document.querySelector('.records').scrollTop").await, json!(600));
    told(&page, open).await;
    shown(&page, ".happened").await;
    click(&page, ".crumb a").await;
    shown(&page, "th[aria-sort=descending]").await;

    // So does the navigation, in another tab and after signing in anew, until it is reset.
    page.delete_all_cookies().await.unwrap();
    sign_in(&page, &fixture).await;
    click(&page, ".rail a[href='/records/deals']").await;
    shown(&page, "th[aria-sort=descending]").await;
    click(&page, "button[form=reset-form]").await;
    shown(&page, "th:first-child:not([aria-sort])").await;
    super::gone(&page, "th[aria-sort=descending]").await;
    assert_eq!(told(&page, "return location.search").await, json!(""));
    page.close().await.unwrap();
}
