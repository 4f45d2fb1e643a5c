//! Datasets and runs of evaluations of another workspace.

use kontor_testkit::client::ApiClient;
use serde_json::json;

use super::{
    SECRET,
    routes::{Attempt, attempt},
    text,
};

/// A dataset and a run of Ada's; the run's id.
pub(super) async fn make(ada: &ApiClient) -> String {
    let case = json!({"name": SECRET, "turns": [SECRET], "expect": {"state": {"unchanged": true}}});
    ada.post("/api/evals/datasets", json!({"name": "hers", "cases": [case]})).await.unwrap().ok();
    let run = json!({"dataset": "hers", "agent": "sales-assistant", "model": "builtin"});
    text(&ada.post("/api/evals/runs", run).await.unwrap().ok()["id"])
}

/// The requests of a program.
pub(super) fn of_programs(run: &str) -> Vec<Attempt> {
    let (dataset, run) = ("/api/evals/datasets/hers".to_owned(), format!("/api/evals/runs/{run}"));
    let cases = json!({"cases": [{"name": "x", "turns": ["x"], "expect": {"state": {"unchanged": true}}}]});
    let gate = "/api/agents/hers/labels/production/gate".to_owned();
    vec![
        attempt("GET /api/agents/{name}/labels/{label}/gate", gate.clone(), None, &[404]),
        attempt(
            "PUT /api/agents/{name}/labels/{label}/gate",
            gate.clone(),
            Some(json!({"dataset": "x"})),
            &[404],
        ),
        attempt("DELETE /api/agents/{name}/labels/{label}/gate", gate, None, &[404]),
        attempt("GET /api/evals/datasets/{name}", dataset.clone(), None, &[404]),
        attempt("PUT /api/evals/datasets/{name}", dataset.clone(), Some(cases.clone()), &[404]),
        attempt("PATCH /api/evals/datasets/{name}", dataset.clone(), Some(cases), &[404]),
        attempt(
            "POST /api/evals/datasets/{name}/cases",
            format!("{dataset}/cases"),
            Some(json!({"turn": "00000000-0000-0000-0000-000000000000"})),
            &[404],
        ),
        attempt("DELETE /api/evals/datasets/{name}", dataset, None, &[404]),
        attempt("GET /api/evals/runs/{id}", run.clone(), None, &[404]),
        attempt("GET /api/evals/runs/{id}/cases", format!("{run}/cases"), None, &[404]),
        attempt("GET /api/evals/runs/{id}/events", format!("{run}/events"), None, &[404]),
        attempt("POST /api/evals/runs/{id}/cancel", format!("{run}/cancel"), Some(json!({})), &[404]),
    ]
}

/// The requests of a browser.
pub(super) fn of_people(run: &str, turn: &str) -> Vec<Attempt> {
    let (dataset, run) = ("/settings/evaluations/datasets/hers", format!("/settings/evaluations/runs/{run}"));
    let none = &[404];
    let agent = "/settings/agents/hers/prompt";
    vec![
        attempt("GET /settings/evaluations/datasets/{name}", dataset.to_owned(), None, none),
        attempt(
            "POST /settings/evaluations/datasets/{name}",
            dataset.to_owned(),
            Some(json!({"source": "cases: [{name: x, turns: [x], expect: {state: {unchanged: true}}}]"})),
            none,
        ),
        attempt(
            "POST /settings/evaluations/datasets/{name}/remove",
            format!("{dataset}/remove"),
            Some(json!({})),
            none,
        ),
        attempt(
            "POST /turns/{turn}/case",
            format!("/turns/{turn}/case"),
            Some(json!({"dataset": "hers"})),
            none,
        ),
        attempt("GET /settings/evaluations/runs/{id}", run.clone(), None, none),
        attempt("GET /settings/evaluations/runs/{id}/events", format!("{run}/events"), None, none),
        attempt(
            "POST /settings/evaluations/runs/{id}/cancel",
            format!("{run}/cancel"),
            Some(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/prompt/evaluate",
            format!("{agent}/evaluate"),
            Some(json!({"evaluated_on": "hers", "body": "x"})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/prompt/gates/{label}",
            format!("{agent}/gates/production"),
            Some(json!({"dataset": "hers"})),
            none,
        ),
    ]
}
