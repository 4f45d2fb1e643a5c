//! The addresses of one workspace's agents, tried from another.

use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use super::{
    SECRET,
    routes::{Attempt, attempt},
    text,
};

/// An agent of Ada's with a prompt and a review that only her workspace has; the review's id.
pub(super) async fn make(ada: &ApiClient) -> String {
    let agent = json!({
        "name": "hers", "label": SECRET, "role": "Viewer", "prompt": format!("You keep {SECRET}."),
    });
    ada.post("/api/agents", agent).await.unwrap().ok();
    let review = json!({"label": "production", "version": 1, "expected": 1, "note": SECRET});
    text(&ada.post("/api/agents/hers/reviews", review).await.unwrap().ok()["id"])
}

/// The requests of a program.
pub(super) fn of_programs(review: &str) -> Vec<Attempt> {
    let at = |end: &str| format!("/api/agents/hers{end}");
    let none = &[404];
    vec![
        attempt("GET /api/agents/{name}", at(""), None, none),
        attempt("PATCH /api/agents/{name}", at(""), Some(json!({"label": "x"})), none),
        attempt("DELETE /api/agents/{name}", at(""), None, none),
        attempt("POST /api/agents/{name}/restore", at("/restore"), None, none),
        attempt("POST /api/agents/{name}/reset", at("/reset"), None, none),
        attempt("GET /api/agents/{name}/versions", at("/versions"), None, none),
        attempt("GET /api/agents/{name}/prompts", at("/prompts"), None, none),
        attempt("POST /api/agents/{name}/prompts", at("/prompts"), Some(json!({"body": "x"})), none),
        attempt("GET /api/agents/{name}/prompts/diff", at("/prompts/diff?from=1&to=1"), None, none),
        attempt("GET /api/agents/{name}/prompts/{version}", at("/prompts/1"), None, none),
        attempt("GET /api/agents/{name}/draft", at("/draft"), None, none),
        attempt("PUT /api/agents/{name}/draft", at("/draft"), Some(json!({"body": "x"})), none),
        attempt("DELETE /api/agents/{name}/draft", at("/draft"), None, none),
        attempt("POST /api/agents/{name}/preview", at("/preview"), Some(json!({})), none),
        attempt("GET /api/agents/{name}/labels", at("/labels"), None, none),
        attempt(
            "PUT /api/agents/{name}/labels/{label}",
            at("/labels/production"),
            Some(json!({"version": 1, "expected": 1})),
            none,
        ),
        attempt("DELETE /api/agents/{name}/labels/{label}", at("/labels/staging"), None, none),
        attempt("GET /api/agents/{name}/reviews", at("/reviews"), None, none),
        attempt(
            "POST /api/agents/{name}/reviews",
            at("/reviews"),
            Some(json!({"label": "production", "version": 1})),
            none,
        ),
        attempt(
            "POST /api/agents/{name}/reviews/{id}",
            at(&format!("/reviews/{review}")),
            Some(json!({"decision": "approve"})),
            none,
        ),
        // His own agent has no review of this id.
        attempt(
            "POST /api/agents/{name}/reviews/{id}",
            format!("/api/agents/analyst/reviews/{review}"),
            Some(json!({"decision": "approve"})),
            none,
        ),
    ]
}

/// The requests of a browser.
pub(super) fn of_people(review: &str) -> Vec<Attempt> {
    let at = |end: &str| format!("/settings/agents/hers{end}");
    let form = |fields: Value| Some(fields);
    let none = &[404];
    vec![
        attempt("GET /settings/agents/{name}", at(""), None, none),
        attempt("POST /settings/agents/{name}", at(""), form(json!({"label": "x"})), none),
        attempt("POST /settings/agents/{name}/active", at("/active"), form(json!({"active": "no"})), none),
        attempt("POST /settings/agents/{name}/reset", at("/reset"), form(json!({})), none),
        attempt("POST /settings/agents/{name}/delete", at("/delete"), form(json!({})), none),
        attempt("POST /settings/agents/{name}/restore", at("/restore"), form(json!({})), none),
        attempt("GET /settings/agents/{name}/prompt", at("/prompt"), None, none),
        attempt("POST /settings/agents/{name}/prompt", at("/prompt"), form(json!({"body": "x"})), none),
        attempt(
            "POST /settings/agents/{name}/prompt/draft",
            at("/prompt/draft"),
            form(json!({"body": "x"})),
            none,
        ),
        attempt("POST /settings/agents/{name}/prompt/discard", at("/prompt/discard"), form(json!({})), none),
        attempt(
            "POST /settings/agents/{name}/prompt/preview",
            at("/prompt/preview"),
            form(json!({"body": "x"})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/prompt/label",
            at("/prompt/label"),
            form(json!({"label": "production", "version": "1", "expected": "1"})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/prompt/reviews",
            at("/prompt/reviews"),
            form(json!({"label": "production", "version": "1"})),
            none,
        ),
        attempt(
            "POST /settings/agents/{name}/prompt/reviews/{id}",
            at(&format!("/prompt/reviews/{review}")),
            form(json!({"decision": "approve"})),
            none,
        ),
    ]
}
