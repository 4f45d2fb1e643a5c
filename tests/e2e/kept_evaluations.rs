//! Evaluations that a workspace keeps: datasets, runs of them, and what a crash leaves of a run.

use std::time::Duration;

use futures::StreamExt as _;
use kontor_testkit::{client::ApiClient, sse};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, PATIENCE, engines, eventually};

const YAML: &str = r#"
description: What a beginner asks.
tags: [basics]
fixture:
  clock: 2026-11-02T09:00:00Z
  members:
    - {id: mira, name: Mira Kolb, role: Member}
  records:
    - {id: hellwig, object: account, values: {name: Hellwig GmbH}}
defaults: {member: mira}
cases:
  - name: accounts are found
    turns: ["find account Hellwig"]
    expect:
      reply: {contains: ["Hellwig GmbH"]}
      state: {unchanged: true}
  - name: what is not there is not found
    turns: ["find account Quellwasser"]
    expect:
      reply: {contains: ["Hellwig GmbH"]}
"#;

/// A dataset of so many cases that each pass.
fn many(cases: usize) -> Value {
    let case = |number: usize| {
        json!({
            "name": format!("case {number}"),
            "turns": ["find account Hellwig"],
            "expect": {"reply": {"contains": ["Hellwig"]}},
        })
    };
    let fixture = json!({"records": [{"id": "h", "object": "account", "values": {"name": "Hellwig"}}]});
    json!({"name": "many", "fixture": fixture, "cases": (0..cases).map(case).collect::<Vec<_>>()})
}

async fn started(ada: &ApiClient, run: Value) -> String {
    let started = ada.post("/api/evals/runs", run).await.unwrap();
    assert_eq!(started.status, 202, "{}", started.body);
    format!("/api/evals/runs/{}", started.body["id"].as_str().unwrap())
}

/// A run when it has ended.
async fn ended(ada: &ApiClient, run: &str) -> Value {
    let found = eventually(PATIENCE, async || {
        let run = ada.get(run).await.unwrap().ok();
        let has_ended = !["queued", "running"].contains(&run["state"].as_str().unwrap());
        has_ended.then_some(run)
    });
    found.await.expect("the run does not end")
}

async fn events(ada: &ApiClient, run: &str, after: Option<&str>) -> Vec<sse::Event> {
    let mut request = ada.request(Method::GET, &format!("{run}/events"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let stream = request.send().await.unwrap().error_for_status().unwrap();
    let events = sse::events(stream.bytes_stream()).collect::<Vec<_>>();
    tokio::time::timeout(PATIENCE, events).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_written_run_and_compared() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let added = ada.post("/api/evals/datasets", json!({"name": "basics", "source": YAML})).await.unwrap();
        assert_eq!(added.status, 201, "{}", added.body);
        assert_eq!((&added.body["version"], &added.body["case_count"]), (&json!(1), &json!(2)));
        assert_eq!(added.body["cases"][0]["name"], "accounts are found");
        let again = ada.post("/api/evals/datasets", json!({"name": "basics", "source": YAML})).await.unwrap();
        assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("dataset_exists")));

        // What is wrong is told by line of a text, and by path of JSON.
        let wrong = YAML.replace("turns: [\"find account Hellwig\"]", "turnz: []");
        let wrong = ada.post("/api/evals/datasets", json!({"name": "wrong", "source": wrong})).await.unwrap();
        assert_eq!(
            (wrong.status.as_u16(), &wrong.body["code"]),
            (422, &json!("invalid_dataset")),
            "{}",
            wrong.body
        );
        let line = wrong.body["errors"][0]["line"].as_i64();
        assert!(matches!(line, Some(12 | 13)), "{}", wrong.body);
        let wrong =
            json!({"name": "wrong", "cases": [{"name": "x", "turns": ["x"], "expect": {"replay": {}}}]});
        let wrong = ada.post("/api/evals/datasets", wrong).await.unwrap();
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        assert!(
            wrong.body["errors"][0]["path"].as_str().unwrap().starts_with("cases[0].expect"),
            "{}",
            wrong.body
        );

        let run = json!({"dataset": "basics", "agent": "sales-assistant", "model": "builtin", "trials": 2});
        let first = started(&ada, run.clone()).await;
        let seen = events(&ada, &first, None).await;
        let names: Vec<_> = seen.iter().map(|event| &*event.name).collect();
        assert_eq!(names, ["trial.completed"; 4].into_iter().chain(["run.completed"]).collect::<Vec<_>>());
        assert_eq!(seen[3].data["progress"], json!({"total": 4, "done": 4, "passed": 2}));
        let rest = events(&ada, &first, Some("3")).await;
        assert_eq!(
            rest.iter().map(|event| event.id.clone()).collect::<Vec<_>>(),
            [seen[3].id.clone(), seen[4].id.clone()]
        );

        let result = ended(&ada, &first).await;
        assert_eq!((&result["state"], &result["passed"]), (&json!("completed"), &json!(false)), "{result}");
        assert_eq!(result["models"], json!(["builtin"]));
        assert_eq!(result["summary"]["pass_at_1"]["mean"], 0.5);
        assert_eq!(result["summary"]["pass_hat"]["2"], 0.5);
        assert_eq!(result["cases"][1]["summary"]["passed"], 0);
        assert_eq!(result["tag_summaries"]["basics"]["trials"], 4);
        assert!(result["remark"].as_str().unwrap().contains("builtin"));
        let trials = ada.get(&format!("{first}/cases?passed=false")).await.unwrap().ok();
        let trial = &trials["data"][0];
        assert_eq!(trial["case"], "what is not there is not found");
        assert_eq!(trial["grade"]["parts"][0]["part"], "reply");
        assert_eq!(trial["transcript"][0]["message"], "find account Quellwasser");

        // A changed dataset is its next version, and what somebody else changed is not lost.
        let mended = YAML.replace(
            "Quellwasser\"]\n    expect:\n      reply: {contains",
            "Quellwasser\"]\n    expect:\n      reply: {not_contains",
        );
        let change = json!({"source": mended, "version": 1});
        let put = async |body: &Value| {
            ada.send(Method::PUT, "/api/evals/datasets/basics", Some(body.clone()), &[]).await.unwrap()
        };
        let changed = put(&change).await;
        assert_eq!((changed.status.as_u16(), &changed.body["version"]), (200, &json!(2)), "{}", changed.body);
        let stale = put(&json!({"source": YAML, "version": 1})).await;
        assert_eq!(
            (stale.status.as_u16(), &stale.body["code"]),
            (409, &json!("dataset_changed")),
            "{}",
            stale.body
        );
        assert!(stale.body["detail"].as_str().unwrap().contains("Ada"), "{}", stale.body);
        let second = started(&ada, run).await;
        assert_eq!(ended(&ada, &second).await["passed"], true);
        let id = |run: &str| run.rsplit('/').next().unwrap().to_owned();
        let compared =
            ada.get(&format!("/api/evals/compare?a={}&b={}", id(&first), id(&second))).await.unwrap();
        let compared = compared.ok();
        assert_eq!(compared["fixed"], json!(["basics/what is not there is not found"]));
        assert_eq!((&compared["broke"], &compared["b"]["dataset_version"]), (&json!([]), &json!(2)));

        // Two prompts cannot be compared by what does not read them.
        let other = json!({"dataset": "basics", "agent": "sales-assistant", "model": "builtin", "prompt": "You are somebody else."});
        let third = started(&ada, other).await;
        ended(&ada, &third).await;
        let compared =
            ada.get(&format!("/api/evals/compare?a={}&b={}", id(&first), id(&third))).await.unwrap();
        assert_eq!((compared.status.as_u16(), &compared.body["code"]), (409, &json!("prompts_not_read")));

        let listed = ada.get("/api/evals/runs?limit=2").await.unwrap().ok();
        assert_eq!(
            (listed["data"].as_array().unwrap().len(), &listed["page"]["has_more"]),
            (2, &json!(true))
        );
        let next = listed["page"]["next"].as_str().unwrap();
        let rest = ada.get(&format!("/api/evals/runs?limit=2&after={next}")).await.unwrap().ok();
        assert_eq!(rest["data"][0]["id"].as_str().unwrap(), id(&first));
        assert_eq!(ada.delete("/api/evals/datasets/basics").await.unwrap().status, 204);
        assert_eq!(ada.get("/api/evals/datasets/basics").await.unwrap().status, 404);
        assert_eq!(ada.get(&first).await.unwrap().ok()["dataset"], "basics");
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_dataset_is_added_by_name_and_what_cannot_be_run_is_said() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let shipped = ada.get("/api/evals/shipped").await.unwrap().ok();
    assert!(shipped["data"].as_array().unwrap().len() > 5);
    let added =
        ada.post("/api/evals/datasets", json!({"name": "skills-finding", "shipped": true})).await.unwrap();
    assert_eq!(added.status, 201, "{}", added.body);
    let run =
        started(&ada, json!({"dataset": "skills-finding", "agent": "sales-assistant", "concurrency": 4}))
            .await;
    let result = ended(&ada, &run).await;
    assert_eq!(
        (&result["state"], &result["passed"]),
        (&json!("completed"), &json!(true)),
        "{:?}",
        result["cases"]
    );
    for (asked, status, code) in [
        (json!({"dataset": "none", "agent": "sales-assistant"}), 404, "dataset_not_found"),
        (json!({"dataset": "skills-finding", "agent": "nobody"}), 404, "agent_not_found"),
        (json!({"dataset": "skills-finding", "agent": "analyst", "version": 99}), 404, "prompt_not_found"),
        (json!({"dataset": "skills-finding", "agent": "analyst", "label": "none"}), 404, "label_not_found"),
        (json!({"dataset": "skills-finding", "agent": "analyst", "trials": 0}), 400, "invalid_input"),
        (
            json!({"dataset": "skills-finding", "agent": "analyst", "model": "none/such"}),
            400,
            "invalid_input",
        ),
        (json!({"dataset": "skills-finding", "agent": "analyst", "tags": ["none"]}), 422, "invalid_run"),
    ] {
        let refused = ada.post("/api/evals/runs", asked.clone()).await.unwrap();
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (status, &json!(code)),
            "{asked}: {}",
            refused.body
        );
    }
    let vera = fixture.sign_in("vera").await;
    for path in ["/api/evals/datasets", "/api/evals/runs", &run, &format!("{run}/cases")] {
        assert_eq!(vera.get(path).await.unwrap().status, 403, "{path}");
    }
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_goes_on_and_comes_to_the_same_numbers() {
    for engine in engines() {
        let mut fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        ada.post("/api/evals/datasets", many(40)).await.unwrap().ok();
        let asked = json!({"dataset": "many", "agent": "sales-assistant", "trials": 2, "concurrency": 2});
        let whole = started(&ada, asked.clone()).await;
        let whole = ended(&ada, &whole).await;
        let run = started(&ada, asked).await;
        let mut last = 0;
        for round in 0..4 {
            let ada = fixture.sign_in("ada").await;
            let done = eventually(PATIENCE, async || {
                let run = ada.get(&run).await.unwrap().ok();
                let done = run["progress"]["done"].as_i64().unwrap();
                (done > last || run["state"] == "completed").then_some(done)
            });
            last = done.await.expect("the run stands still");
            tokio::time::sleep(Duration::from_millis(7 * round)).await;
            // Without a word: `kill -9`.
            drop(fixture.server.take());
            fixture.launch();
        }
        let ada = fixture.sign_in("ada").await;
        let result = ended(&ada, &run).await;
        assert_eq!(
            (&result["state"], &result["progress"]),
            (&json!("completed"), &whole["progress"]),
            "{result}"
        );
        let without_times = |run: &Value| {
            let mut summary = run["summary"].clone();
            for name in ["latency_p50_ms", "latency_p95_ms"] {
                summary[name] = Value::Null;
            }
            summary
        };
        assert_eq!(without_times(&result), without_times(&whole), "{engine:?}");
        let trials = ada.get(&format!("{run}/cases?limit=500")).await.unwrap().ok();
        let mut keys: Vec<_> = trials["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|trial| (trial["case"].to_string(), trial["trial"].to_string()))
            .collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 80);
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_and_others_wait_their_turn() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/evals/datasets", many(200)).await.unwrap().ok();
    let asked = json!({"dataset": "many", "agent": "sales-assistant", "trials": 5, "concurrency": 1});
    let long = [started(&ada, asked.clone()).await, started(&ada, asked.clone()).await];
    eventually(PATIENCE, async || {
        let progress = ada.get(&long[1]).await.unwrap().ok();
        (progress["progress"]["done"].as_i64().unwrap() > 0).then_some(())
    })
    .await
    .expect("the second run does not begin");
    let short = json!({"dataset": "many", "agent": "sales-assistant", "concurrency": 8});
    let waits = started(&ada, short).await;
    assert_eq!(ada.get(&waits).await.unwrap().ok()["state"], "queued");
    for run in &long {
        let cancelled = ada.post(&format!("{run}/cancel"), json!({})).await.unwrap().ok();
        assert_eq!(cancelled["state"], "cancelled");
        let again = ada.post(&format!("{run}/cancel"), json!({})).await.unwrap();
        assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("run_ended")));
        assert_eq!(events(&ada, run, None).await.last().unwrap().name, "run.cancelled");
    }
    assert_eq!(ended(&ada, &waits).await["passed"], true);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_an_agent_that_changes_before_it_begins_fails() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/evals/datasets", many(300)).await.unwrap().ok();
    let slow = json!({"dataset": "many", "agent": "analyst", "trials": 5, "concurrency": 1});
    let slow = [started(&ada, slow.clone()).await, started(&ada, slow).await];
    let waits = started(&ada, json!({"dataset": "many", "agent": "sales-assistant"})).await;
    let agent = ada.get("/api/agents/sales-assistant").await.unwrap().ok();
    let change = json!({"version": agent["version"], "operations": ["*.find"]});
    ada.patch("/api/agents/sales-assistant", change).await.unwrap().ok();
    for run in slow {
        ada.post(&format!("{run}/cancel"), json!({})).await.unwrap().ok();
    }
    let result = ended(&ada, &waits).await;
    assert_eq!(
        (&result["state"], &result["problem"]["code"]),
        (&json!("failed"), &json!("invalid_run")),
        "{result}"
    );
    fixture.end().await;
}
