//! What is tried at the addresses for people.

use serde_json::{Value, json};

use super::routes::{Attempt, Prey, attempt};

/// The requests of a person's browser; a body is a form.
pub(super) fn of_people(prey: &Prey, own_session: &str) -> Vec<Attempt> {
    let Prey { deal, session, turn, approval, job, member, .. } = prey;
    let one = format!("/records/deals/{deal}");
    let form = |value: Value| Some(value);
    vec![
        attempt("GET /chat/{session}", format!("/chat/{session}"), None, &[404]),
        attempt("GET /chat/{session}", format!("/chat/{own_session}?before=999"), None, &[200]),
        attempt(
            "POST /chat/{session}/turns",
            format!("/chat/{session}/turns"),
            form(json!({"message": "hi"})),
            &[404],
        ),
        attempt("GET /chat/{session}/events", format!("/chat/{session}/events"), None, &[404]),
        attempt("POST /chat/{session}/resume", format!("/chat/{session}/resume"), form(json!({})), &[404]),
        attempt(
            "POST /chat/turns/{turn}/cancel",
            format!("/chat/turns/{turn}/cancel"),
            form(json!({})),
            &[404],
        ),
        attempt(
            "POST /chat/turns/{turn}/go_on",
            format!("/chat/turns/{turn}/go_on"),
            form(json!({})),
            &[404],
        ),
        attempt(
            "POST /chat/{session}/rename",
            format!("/chat/{session}/rename"),
            form(json!({"title": "x"})),
            &[404],
        ),
        attempt(
            "POST /chat/{session}/agent",
            format!("/chat/{session}/agent"),
            form(json!({"agent": "analyst"})),
            &[404],
        ),
        attempt(
            "POST /chat/{session}/pin",
            format!("/chat/{session}/pin"),
            form(json!({"pinned": "true"})),
            &[404],
        ),
        attempt("POST /chat/{session}/fork", format!("/chat/{session}/fork"), form(json!({})), &[404]),
        attempt("POST /chat/{session}/delete", format!("/chat/{session}/delete"), form(json!({})), &[404]),
        attempt("POST /chat/{session}/restore", format!("/chat/{session}/restore"), form(json!({})), &[404]),
        attempt("GET /chat/{session}/export", format!("/chat/{session}/export"), None, &[404]),
        attempt("GET /chat/{session}/share", format!("/chat/{session}/share"), None, &[404]),
        attempt(
            "POST /chat/{session}/share",
            format!("/chat/{session}/share"),
            form(json!({"member": member})),
            &[404],
        ),
        attempt(
            "POST /chat/{session}/unshare",
            format!("/chat/{session}/unshare"),
            form(json!({"member": member})),
            &[404],
        ),
        attempt(
            "POST /chat/turns/{turn}/feedback",
            format!("/chat/turns/{turn}/feedback"),
            form(json!({"rating": "up"})),
            &[404],
        ),
        attempt(
            "POST /chat/turns/{turn}/resend",
            format!("/chat/turns/{turn}/resend"),
            form(json!({"message": "hi"})),
            &[404],
        ),
        attempt(
            "POST /chat/turns/{turn}/retry",
            format!("/chat/turns/{turn}/retry"),
            form(json!({})),
            &[404],
        ),
        attempt("GET /turns/{turn}", format!("/turns/{turn}"), None, &[404]),
        attempt(
            "POST /settings/turns/{turn}/stop",
            format!("/settings/turns/{turn}/stop"),
            form(json!({})),
            &[404],
        ),
        attempt("GET /approvals", "/approvals?status=all".into(), None, &[200]),
        attempt("GET /settings/turns", "/settings/turns".into(), None, &[200]),
        attempt("GET /settings/feedback", "/settings/feedback".into(), None, &[200]),
        attempt("POST /jobs/{id}/run", format!("/jobs/{job}/run"), form(json!({})), &[404]),
        attempt("GET /settings/models", "/settings/models".into(), None, &[200]),
        attempt(
            "GET /settings/models/providers/{name}",
            "/settings/models/providers/hers".into(),
            None,
            &[404],
        ),
        attempt(
            "POST /settings/models/providers/{name}",
            "/settings/models/providers/hers".into(),
            form(json!({"kind": "mistral", "api_key": "k-1234567890"})),
            &[404],
        ),
        attempt(
            "POST /settings/models/providers/{name}/remove",
            "/settings/models/providers/hers/remove".into(),
            form(json!({})),
            &[404],
        ),
        attempt(
            "POST /settings/models/providers/{name}/test",
            "/settings/models/providers/hers/test".into(),
            form(json!({})),
            &[404],
        ),
        attempt(
            "POST /chat/approvals/{approval}",
            format!("/chat/approvals/{approval}"),
            form(json!({"decision": "approve"})),
            &[404],
        ),
        attempt("GET /records/{plural}", "/records/deals".into(), None, &[200]),
        attempt("GET /records/{plural}", "/records/deals?deleted=yes".into(), None, &[200]),
        attempt("GET /records/{plural}", "/records/deals?q=quellwasser".into(), None, &[200]),
        attempt(
            "POST /records/{plural}",
            "/records/notes".into(),
            form(json!({"title": "x", "target": format!("deal:{deal}")})),
            &[422],
        ),
        attempt("POST /records/{plural}/reset", "/records/deals/reset".into(), form(json!({})), &[303]),
        attempt("GET /records/{plural}/new", format!("/records/notes/new?target=deal:{deal}"), None, &[200]),
        attempt("GET /records/{plural}/{id}", one.clone(), None, &[404]),
        attempt(
            "POST /records/{plural}/{id}",
            one.clone(),
            form(json!({"version": "1", "name": "stolen"})),
            &[404],
        ),
        attempt("GET /records/{plural}/{id}/edit", format!("{one}/edit"), None, &[404]),
        attempt("POST /records/{plural}/{id}/delete", format!("{one}/delete"), form(json!({})), &[404]),
        attempt("POST /records/{plural}/{id}/restore", format!("{one}/restore"), form(json!({})), &[404]),
        attempt("GET /assets/{digest}/{file}", "/assets/x/app.js".into(), None, &[200, 404]),
        attempt("GET /chat", format!("/chat?about=deal:{deal}"), None, &[200]),
        attempt("GET /settings/usage", format!("/settings/usage?member={member}"), None, &[200]),
        attempt("GET /settings/budgets", format!("/settings/budgets?of=member/{member}"), None, &[200]),
        attempt(
            "POST /settings/budgets/remove",
            "/settings/budgets/remove".into(),
            form(json!({"of": format!("member/{member}")})),
            &[404],
        ),
        attempt("GET /settings/roles/{name}", "/settings/roles/Keepers".into(), None, &[404]),
        attempt("POST /settings/roles/{name}", "/settings/roles/Keepers".into(), form(json!({})), &[404]),
        attempt(
            "POST /settings/roles/{name}/reset",
            "/settings/roles/Keepers/reset".into(),
            form(json!({})),
            &[404],
        ),
        attempt(
            "POST /settings/roles/{name}/delete",
            "/settings/roles/Keepers/delete".into(),
            form(json!({})),
            &[404],
        ),
        attempt(
            "GET /settings/authority",
            format!("/settings/authority?object=deal&action=read&record={deal}"),
            None,
            &[200],
        ),
        attempt("GET /palette", "/palette?q=quellwasser".into(), None, &[200]),
        attempt(
            "GET /records/choices",
            "/records/choices?q=quellwasser&objects=deal,contact".into(),
            None,
            &[200],
        ),
        attempt("GET /records/choices", "/records/choices?q=&objects=deal".into(), None, &[200]),
    ]
}
