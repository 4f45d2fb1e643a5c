//! A label that moves only when a run has shown what its gate requires.

use kontor_testkit::{
    client::{Answer, ApiClient},
    scripted::{Script, ScriptedModel},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, PATIENCE, engines, eventually, kontor, said};

const GATE: &str = "/api/agents/analyst/labels/production/gate";

/// A model that is as polite as its prompt says.
async fn model() -> ScriptedModel {
    let answer = |request: &Value| {
        let system = request["messages"][0]["content"].to_string();
        let is_polite = system.contains("Be polite") || !system.contains("Be brief");
        Script::new().text(if is_polite { "Good day to you." } else { "What?" })
    };
    ScriptedModel::with_rule(answer).await.unwrap()
}

fn dataset() -> Value {
    let case = |name: &str, contains: &str| json!({"name": name, "tags": ["manners"], "turns": ["Hello!"], "expect": {"reply": {"contains": [contains]}}});
    json!({"name": "manners", "cases": [case("greets", "Good day"), case("says nothing of the weather", "day")]})
}

async fn ran(ada: &ApiClient, mut asked: Value) -> Value {
    asked["dataset"] = "manners".into();
    asked["agent"] = "analyst".into();
    let started = ada.post("/api/evals/runs", asked).await.unwrap();
    assert_eq!(started.status, 202, "{}", started.body);
    let run = format!("/api/evals/runs/{}", started.body["id"].as_str().unwrap());
    eventually(PATIENCE, async || {
        let run = ada.get(&run).await.unwrap().ok();
        (!run["ended_at"].is_null()).then_some(run)
    })
    .await
    .expect("the run does not end")
}

async fn saved(ada: &ApiClient, body: &str) -> i64 {
    let saved = ada.post("/api/agents/analyst/prompts", json!({"body": body})).await.unwrap();
    saved.ok()["version"].as_i64().unwrap()
}

async fn published(ada: &ApiClient, version: i64, expected: i64, reason: Option<&str>) -> Answer {
    let to = json!({"version": version, "expected": expected, "reason": reason});
    ada.send(Method::PUT, "/api/agents/analyst/labels/production", Some(to), &[]).await.unwrap()
}

fn codes(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gate_requires_is_shown_before_the_label_moves() {
    for engine in engines() {
        let model = model().await;
        let fixture = Fixture::start(engine, Some(&model.base_url())).await;
        let ada = fixture.sign_in("ada").await;
        let present = ada.get("/api/agents/analyst").await.unwrap().ok()["prompt_version"].as_i64().unwrap();
        ada.post("/api/evals/datasets", dataset()).await.unwrap().ok();
        let gate = json!({"dataset": "manners", "min_score": 1.0, "no_regression": true, "no_flaky_tags": ["manners"]});
        let wrong = json!({"dataset": "none", "min_score": 2});
        let put = async |gate: &Value| ada.send(Method::PUT, GATE, Some(gate.clone()), &[]).await.unwrap();
        let wrong = put(&wrong).await;
        assert_eq!(
            (wrong.status.as_u16(), codes(&wrong)),
            (400, vec!["unknown_dataset".to_owned(), "out_of_range".to_owned()])
        );
        assert_eq!(put(&gate).await.ok()["version"], 1);
        let mut stale = gate.clone();
        stale["version"] = 7.into();
        assert_eq!(put(&stale).await.status.as_u16(), 409);

        let rude = saved(&ada, "You are an analyst. Be brief.").await;
        let refused = published(&ada, rude, present, None).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (409, &json!("gate_not_passed")),
            "{}",
            refused.body
        );
        assert_eq!(codes(&refused), ["no_run"]);
        // The built-in commands read no prompt: their run counts for nothing.
        ran(&ada, json!({"version": rude, "model": "builtin", "trials": 2})).await;
        assert_eq!(codes(&published(&ada, rude, present, None).await), ["no_run"]);
        let before = ran(&ada, json!({"label": "production", "trials": 2})).await;
        assert_eq!(
            (&before["passed"], &before["prompt_version"]),
            (&json!(true), &json!(present)),
            "{before}"
        );
        let after = ran(&ada, json!({"version": rude, "trials": 2})).await;
        assert_eq!(after["passed"], false);
        let refused = published(&ada, rude, present, None).await;
        assert_eq!(codes(&refused), ["score_too_low", "regression"], "{}", refused.body);
        assert!(
            refused.body["errors"][1]["message"].as_str().unwrap().contains("manners/greets"),
            "{}",
            refused.body
        );

        // A prompt that was tried before it was saved is the same prompt.
        let polite = "You are an analyst. Be brief. Be polite.";
        let draft = ran(&ada, json!({"prompt": polite, "trials": 2})).await;
        assert_eq!((&draft["passed"], &draft["prompt_version"]), (&json!(true), &Value::Null));
        let polite = saved(&ada, polite).await;
        let standing = ada.get(&format!("{GATE}?version={polite}")).await.unwrap().ok();
        assert_eq!(
            (&standing["standing"]["passed"], &standing["standing"]["run"]),
            (&json!(true), &draft["id"])
        );
        // All that is published counts: with other operations it is another agent.
        let agent = ada.get("/api/agents/analyst").await.unwrap().ok();
        let narrowed = json!({"version": agent["version"], "operations": ["deal.find"]});
        ada.patch("/api/agents/analyst", narrowed).await.unwrap().ok();
        assert_eq!(codes(&published(&ada, polite, present, None).await), ["no_run"]);
        let back =
            json!({"version": agent["version"].as_i64().unwrap() + 1, "operations": agent["operations"]});
        ada.patch("/api/agents/analyst", back).await.unwrap().ok();
        assert_eq!(published(&ada, polite, present, None).await.status.as_u16(), 200);

        // Without what is required it takes the permission, and a reason that the audit keeps.
        let role = json!({"name": "Writer", "copy_of": "Member"});
        ada.post("/api/roles", role).await.unwrap().ok();
        let mut grants = ada.get("/api/roles/Writer").await.unwrap().ok()["grants"].clone();
        grants["platform"] = json!(["prompts", "evaluations"]);
        ada.patch("/api/roles/Writer", json!({"grants": grants})).await.unwrap().ok();
        let added = kontor(&fixture, &["user", "add", "wim@demo.test", "--name", "Wim", "--role", "Writer"]);
        assert!(added.status.success(), "{}", said(&added));
        let wim = fixture.sign_in("wim").await;
        let refused = published(&wim, rude, polite, Some("I like it.")).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (403, &json!("not_permitted")),
            "{}",
            refused.body
        );
        assert_eq!(wim.delete(GATE).await.unwrap().status, 403);
        assert_eq!(published(&ada, rude, polite, Some("The board wants it.")).await.status.as_u16(), 200);
        let audit = ada.get("/api/audit?action=gate.*").await.unwrap().ok();
        let entry = &audit["data"][0];
        assert_eq!(
            (&entry["action"], &entry["details"]["reason"]),
            (&json!("gate.bypassed"), &json!("The board wants it."))
        );
        assert_eq!(ada.delete(GATE).await.unwrap().status, 204);
        assert_eq!(published(&ada, polite, rude, None).await.status.as_u16(), 200);
        assert_eq!(model.violations(), Vec::<String>::new());
        fixture.end().await;
    }
}
