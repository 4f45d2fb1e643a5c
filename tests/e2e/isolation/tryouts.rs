//! The addresses of one workspace's tryouts, tried from another.

use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use super::{
    routes::{Attempt, Prey, attempt},
    text,
};

/// A tryout of Ada's; its id.
pub(super) async fn make(ada: &ApiClient) -> String {
    let tryout = ada.post("/api/agents/analyst/tryouts", json!({"body": "You are."})).await.unwrap().ok();
    text(&tryout["id"])
}

/// The requests of a program. There is an agent of the same name in both workspaces.
pub(super) fn of_programs(prey: &Prey) -> Vec<Attempt> {
    let none = &[404];
    let at = |end: &str| format!("/api/agents/analyst/tryouts/{}{end}", prey.tryout);
    let body = |body: Value| Some(body);
    let (turn, approval) = (format!("/turns/{}", prey.turn), format!("/approvals/{}", prey.approval));
    vec![
        attempt("GET /api/agents/{name}/tryouts", "/api/agents/hers/tryouts".to_owned(), None, none),
        attempt(
            "POST /api/agents/{name}/tryouts",
            "/api/agents/hers/tryouts".to_owned(),
            body(json!({})),
            none,
        ),
        attempt("GET /api/agents/{name}/tryouts/{tryout}", at(""), None, none),
        attempt("DELETE /api/agents/{name}/tryouts/{tryout}", at(""), None, none),
        attempt(
            "POST /api/agents/{name}/tryouts/{tryout}/turns",
            at("/turns"),
            body(json!({"message": "show deals"})),
            none,
        ),
        attempt("GET /api/agents/{name}/tryouts/{tryout}/turns/{turn}", at(&turn), None, none),
        attempt(
            "POST /api/agents/{name}/tryouts/{tryout}/turns/{turn}/cancel",
            at(&format!("{turn}/cancel")),
            None,
            none,
        ),
        attempt("GET /api/agents/{name}/tryouts/{tryout}/events", at("/events"), None, none),
        attempt("GET /api/agents/{name}/tryouts/{tryout}/approvals", at("/approvals"), None, none),
        attempt(
            "POST /api/agents/{name}/tryouts/{tryout}/approvals/{approval}",
            at(&approval),
            body(json!({"decision": "approve"})),
            none,
        ),
    ]
}

/// The requests of a browser.
pub(super) fn of_people(prey: &Prey) -> Vec<Attempt> {
    let none = &[404];
    let at = |end: &str| format!("/settings/agents/analyst/tryouts/{}{end}", prey.tryout);
    let form = |fields: Value| Some(fields);
    let turn = format!("/turns/{}", prey.turn);
    vec![
        attempt(
            "POST /settings/agents/{name}/prompt/try",
            "/settings/agents/hers/prompt/try".to_owned(),
            form(json!({"body": "x"})),
            none,
        ),
        attempt("GET /settings/agents/{name}/tryouts/{tryout}", at(""), None, none),
        attempt(
            "POST /settings/agents/{name}/tryouts/{tryout}/turns",
            at("/turns"),
            form(json!({"message": "show deals"})),
            none,
        ),
        attempt("GET /settings/agents/{name}/tryouts/{tryout}/events", at("/events"), None, none),
        attempt("POST /settings/agents/{name}/tryouts/{tryout}/end", at("/end"), form(json!({})), none),
        attempt(
            "POST /settings/agents/{name}/tryouts/{tryout}/turns/{turn}/cancel",
            at(&format!("{turn}/cancel")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/tryouts/{tryout}/turns/{turn}/go_on",
            at(&format!("{turn}/go_on")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/tryouts/{tryout}/turns/{turn}/retry",
            at(&format!("{turn}/retry")),
            form(json!({})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/tryouts/{tryout}/approvals/{approval}",
            at(&format!("/approvals/{}", prey.approval)),
            form(json!({"decision": "approve"})),
            none,
        ),
    ]
}
