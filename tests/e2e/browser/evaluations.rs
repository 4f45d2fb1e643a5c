//! An admin's day with a prompt: edited, previewed, run on a dataset as a draft, mended, compared, published through
//! its gate, and rolled back.

use fantoccini::{Client, Locator};
use kontor_testkit::scripted::{Script, ScriptedModel};
use reqwest::Method;
use serde_json::{Value, json};

use super::{DESK, PHONE, browser, click, go, picture, shown, sign_in, window, write};
use crate::fixture::{Engine, Fixture, PATIENCE, eventually};

/// A model that is as polite as its prompt says.
async fn model() -> ScriptedModel {
    let answer = |request: &Value| {
        let system = request["messages"][0]["content"].to_string();
        let is_polite = system.contains("Be polite") || !system.contains("Be brief");
        Script::new().text(if is_polite { "Good day to you." } else { "What?" })
    };
    ScriptedModel::with_rule(answer).await.unwrap()
}

/// What the page of a run says when it has ended, which it shows by itself.
async fn ended(page: &Client) -> String {
    shown(page, ".figures").await;
    shown(page, ".page-head .badge").await.text().await.unwrap()
}

async fn body(page: &Client) -> String {
    page.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
}

async fn at(page: &Client) -> String {
    page.current_url().await.unwrap().path().rsplit('/').next().unwrap().to_owned()
}

const PROMPT: &str = "/settings/agents/analyst/prompt";

/// Runs what stands in the editor on the dataset.
async fn evaluated(page: &Client, fixture: &Fixture, prompt: &str) -> (String, String) {
    go(page, fixture, PROMPT).await;
    write(page, "#body", prompt).await;
    write(page, "[name=trials]", "2").await;
    click(page, "button[formaction$='/prompt/evaluate']").await;
    let state = ended(page).await;
    (state, at(page).await)
}

/// Saves a prompt as a version and has production move to it; what the page says then.
async fn published(page: &Client, fixture: &Fixture, version: &str) -> String {
    go(page, fixture, PROMPT).await;
    let choice =
        shown(page, "form[action$='/prompt/label'] select[aria-label='Version for production']").await;
    choice.select_by_label(&format!("version {version}")).await.unwrap();
    click(page, "form[action$='/prompt/label']:has([aria-label='Version for production']) button").await;
    shown(page, ".notice").await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_proved_before_it_is_published_and_rolled_back() {
    let Some(page) = browser(false).await else { return };
    let model = model().await;
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;

    // A dataset, with a mistake at first, which is told by its line.
    go(&page, &fixture, "/settings/evaluations/datasets/new").await;
    write(&page, "#name", "manners").await;
    write(&page, "#source", "cases:\n- name: greets\n  turnz: [Hello!]\n").await;
    click(&page, ".form .button.primary").await;
    let faults = shown(&page, "#faults").await.text().await.unwrap();
    assert!(faults.contains("Line 2") || faults.contains("Line 3"), "{faults}");
    let cases = "cases:\n- name: greets\n  tags: [manners]\n  turns: [Hello!]\n  expect: {reply: {contains: [Good day]}}\n";
    write(&page, "#source", cases).await;
    click(&page, ".form .button.primary").await;
    shown(&page, "#cases").await;
    picture(&page, "dataset").await;

    // What is published now, as it is.
    go(&page, &fixture, "/settings/evaluations").await;
    shown(&page, "#agent").await.select_by_value("analyst").await.unwrap();
    write(&page, "#trials", "2").await;
    click(&page, "form[action$='/evaluations/runs'] .button.primary").await;
    assert_eq!(ended(&page).await, "Passed");
    let first = at(&page).await;

    // What production takes.
    go(&page, &fixture, PROMPT).await;
    click(&page, "tr:has([aria-label='Version for production']) summary").await;
    write(&page, "[aria-label^='Least score for production']", "1").await;
    write(&page, "[aria-label^='Tags for production']", "manners").await;
    click(&page, "tr:has([aria-label='Version for production']) [name=no_regression]").await;
    click(&page, "form[action$='/gates/production'] button:not([name])").await;
    assert!(body(&page).await.contains("Needs a run of manners"));

    // A draft is previewed and run: it breaks the case.
    let rude = "You are an analyst. Be brief.";
    go(&page, &fixture, PROMPT).await;
    write(&page, "#body", rude).await;
    click(&page, "button[formaction$='/prompt/preview']").await;
    let previewed = eventually(PATIENCE, async || {
        let text = page.find(Locator::Css("#seen pre")).await.ok()?.text().await.ok()?;
        text.contains("Be brief").then_some(())
    });
    previewed.await.expect("there is no preview");
    let (state, broken) = evaluated(&page, &fixture, rude).await;
    assert_eq!(state, "Not passed");
    click(&page, "#cases ~ .records a").await;
    let trials = shown(&page, "#trials ~ details").await.text().await.unwrap();
    assert!(trials.contains("What?") && trials.contains("reply"), "{trials}");
    picture(&page, "evaluation-run").await;

    // It is mended, and better than what broke.
    let polite = "You are an analyst. Be brief. Be polite.";
    let (state, mended) = evaluated(&page, &fixture, polite).await;
    assert_eq!(state, "Passed");
    go(&page, &fixture, &format!("/settings/evaluations/compare?a={broken}&b={mended}")).await;
    let told = body(&page).await;
    assert!(told.contains("Fixed") && told.contains("manners/greets"), "{told}");
    picture(&page, "evaluation-compare").await;

    // What was not proved does not pass; what was does.
    for prompt in [rude, polite] {
        ada.post("/api/agents/analyst/prompts", json!({"body": prompt})).await.unwrap().ok();
    }
    let refused = published(&page, &fixture, "2").await;
    assert!(refused.contains("does not move yet"), "{refused}");
    picture(&page, "gate").await;
    let moved = published(&page, &fixture, "3").await;
    assert!(moved.contains("The label has moved"), "{moved}");
    // Back, which the first run has shown already.
    let moved = published(&page, &fixture, "1").await;
    assert!(moved.contains("The label has moved"), "{moved}");
    let agent = ada.get("/api/agents/analyst").await.unwrap().ok();
    assert_eq!(agent["prompt_version"], 1);
    page.close().await.unwrap();

    for (name, dark, size) in [("dark", true, DESK), ("phone", false, PHONE), ("phone-dark", true, PHONE)] {
        let Some(page) = window(dark, size).await else { return };
        sign_in(&page, &fixture).await;
        for (what, path) in [
            ("evaluations", "/settings/evaluations".to_owned()),
            ("evaluation-run", format!("/settings/evaluations/runs/{broken}?case=greets")),
            ("evaluation-compare", format!("/settings/evaluations/compare?a={first}&b={broken}")),
            ("prompt", PROMPT.to_owned()),
        ] {
            go(&page, &fixture, &path).await;
            shown(&page, "h1").await;
            picture(&page, &format!("{what}-{name}")).await;
        }
        page.close().await.unwrap();
    }
    assert_eq!(model.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_how_far_it_is_while_it_is_looked_at() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let case = |number: usize| json!({"name": format!("case {number}"), "turns": ["count contacts"], "expect": {"state": {"unchanged": true}}});
    let cases: Vec<_> = (0..60).map(case).collect();
    ada.post("/api/evals/datasets", json!({"name": "many", "cases": cases})).await.unwrap().ok();
    sign_in(&page, &fixture).await;
    let run =
        json!({"dataset": "many", "agent": "analyst", "model": "builtin", "trials": 5, "concurrency": 1});
    let run = ada.post("/api/evals/runs", run).await.unwrap().ok()["id"].as_str().unwrap().to_owned();
    go(&page, &fixture, &format!("/settings/evaluations/runs/{run}")).await;
    let seen = eventually(PATIENCE, async || {
        let words = page.find(Locator::Css("[data-progress]")).await.ok()?.text().await.ok()?;
        (!words.starts_with("0 of 300")).then_some(words)
    });
    let seen = seen.await.expect("nothing moves");
    assert!(seen.contains("of 300 trials"), "{seen}");
    click(&page, "form[action$='/cancel'] button").await;
    let badge = eventually(PATIENCE, async || {
        let text = page.find(Locator::Css(".page-head .badge")).await.ok()?.text().await.ok()?;
        (text == "Cancelled").then_some(())
    });
    badge.await.expect("it is not cancelled");
    let again =
        ada.send(Method::POST, &format!("/api/evals/runs/{run}/cancel"), Some(json!({})), &[]).await.unwrap();
    assert_eq!(again.status.as_u16(), 409);
    page.close().await.unwrap();
}
