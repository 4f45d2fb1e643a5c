//! The addresses of one workspace's trials, tried from another.

use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use super::{
    routes::{Attempt, Prey, attempt},
    text,
};

/// A trial of Ada's; its id.
pub(super) async fn make(ada: &ApiClient) -> String {
    let trial = ada.post("/api/agents/analyst/trials", json!({"body": "You are."})).await.unwrap().ok();
    text(&trial["id"])
}

/// The requests of a program. There is an agent of the same name in both workspaces.
pub(super) fn of_programs(prey: &Prey) -> Vec<Attempt> {
    let none = &[404];
    let at = |end: &str| format!("/api/agents/analyst/trials/{}{end}", prey.trial);
    let body = |body: Value| Some(body);
    let (turn, approval) = (format!("/turns/{}", prey.turn), format!("/approvals/{}", prey.approval));
    vec![
        attempt("GET /api/agents/{name}/trials", "/api/agents/hers/trials".to_owned(), None, none),
        attempt(
            "POST /api/agents/{name}/trials",
            "/api/agents/hers/trials".to_owned(),
            body(json!({})),
            none,
        ),
        attempt("GET /api/agents/{name}/trials/{trial}", at(""), None, none),
        attempt("DELETE /api/agents/{name}/trials/{trial}", at(""), None, none),
        attempt(
            "POST /api/agents/{name}/trials/{trial}/turns",
            at("/turns"),
            body(json!({"message": "show deals"})),
            none,
        ),
        attempt("GET /api/agents/{name}/trials/{trial}/turns/{turn}", at(&turn), None, none),
        attempt(
            "POST /api/agents/{name}/trials/{trial}/turns/{turn}/cancel",
            at(&format!("{turn}/cancel")),
            None,
            none,
        ),
        attempt("GET /api/agents/{name}/trials/{trial}/events", at("/events"), None, none),
        attempt("GET /api/agents/{name}/trials/{trial}/approvals", at("/approvals"), None, none),
        attempt(
            "POST /api/agents/{name}/trials/{trial}/approvals/{approval}",
            at(&approval),
            body(json!({"decision": "approve"})),
            none,
        ),
    ]
}

/// The requests of a browser.
pub(super) fn of_people(prey: &Prey) -> Vec<Attempt> {
    let none = &[404];
    let at = |end: &str| format!("/settings/agents/analyst/trials/{}{end}", prey.trial);
    let form = |fields: Value| Some(fields);
    let turn = format!("/turns/{}", prey.turn);
    vec![
        attempt(
            "POST /settings/agents/{name}/prompt/try",
            "/settings/agents/hers/prompt/try".to_owned(),
            form(json!({"body": "x"})),
            none,
        ),
        attempt("GET /settings/agents/{name}/trials/{trial}", at(""), None, none),
        attempt(
            "POST /settings/agents/{name}/trials/{trial}/turns",
            at("/turns"),
            form(json!({"message": "show deals"})),
            none,
        ),
        attempt("GET /settings/agents/{name}/trials/{trial}/events", at("/events"), None, none),
        attempt("POST /settings/agents/{name}/trials/{trial}/end", at("/end"), form(json!({})), none),
        attempt(
            "POST /settings/agents/{name}/trials/{trial}/turns/{turn}/cancel",
            at(&format!("{turn}/cancel")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/trials/{trial}/turns/{turn}/go_on",
            at(&format!("{turn}/go_on")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/trials/{trial}/turns/{turn}/retry",
            at(&format!("{turn}/retry")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/trials/{trial}/approvals/{approval}",
            at(&format!("/approvals/{}", prey.approval)),
            form(json!({"decision": "approve"})),
            none,
        ),
    ]
}
