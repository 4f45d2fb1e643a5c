//! The routes, and what each takes of its caller.

use serde_json::{Value, json};

/// What a request takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// Nothing but being there: signing in, and what is open to all.
    Nothing,
    /// Being a member: it shows what is one's own, and is tried where it only reads.
    Membership,
    /// One of these permissions.
    One(&'static [&'static str]),
    /// All of these.
    All(&'static [&'static str]),
    /// An action on the records of an object; tried by `of_records`.
    Record,
}
use Takes::{All, Membership, Nothing, One, Record};

const AGENTS_OR_PROMPTS: Takes = One(&["agents", "prompts"]);
const ROLES_OR_MEMBERS: Takes = One(&["roles", "members"]);
const PROMPTS: Takes = One(&["prompts"]);
const SEES_GATES: Takes = One(&["prompts", "evaluations", "publishing"]);
const EVALUATIONS: Takes = One(&["evaluations"]);
const MEMBERS: Takes = One(&["members"]);
const KEYS: Takes = One(&["api_keys"]);
const SETTINGS: Takes = One(&["settings"]);
const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// Each route with what it takes, an address to try it at and the body that is sent.
pub(super) fn rows() -> Vec<(&'static str, Takes, String, Value)> {
    let row = |route: &'static str, takes: Takes, body: Value| {
        let path = route.split(' ').nth(1).unwrap();
        let path = path.replace("{scope}/{subject}", &format!("member/{NIL}")).replace("{scope}", "turn");
        let path = path.replace("/api/agents/{name}", "/api/agents/nobody").replace("{label}", "staging");
        let path = path.replace("/api/roles/{name}", "/api/roles/Nobody").replace("{version}", "1");
        let path = path.replace("/api/objects/{name}", "/api/objects/deal").replace("{name}", "nothing");
        let path = path.replace("{tryout}", NIL).replace("{turn}", NIL).replace("{approval}", NIL);
        (route, takes, path.replace("{id}", NIL).replace("{plural}", "deals"), body)
    };
    let at = |route, takes, path: &str, body| (route, takes, path.to_owned(), body);
    let (none, agent) = (Value::Null, json!({"name": "nobody"}));
    let (prompt, tokens) = (json!({"body": "You are."}), json!({"tokens": 1_000_000}));
    vec![
        row("GET /healthz", Nothing, none.clone()),
        row("GET /readyz", Nothing, none.clone()),
        row("POST /api/auth/login", Nothing, none.clone()),
        row("POST /api/auth/refresh", Nothing, none.clone()),
        row("POST /api/auth/logout", Nothing, none.clone()),
        row("POST /oauth/token", Nothing, none.clone()),
        row("GET /.well-known/jwks.json", Nothing, none.clone()),
        row("GET /.well-known/oauth-authorization-server", Nothing, none.clone()),
        row("GET /.well-known/oauth-protected-resource", Nothing, none.clone()),
        row("GET /.well-known/oauth-protected-resource/mcp", Nothing, none.clone()),
        row("GET /.well-known/oauth-protected-resource/mcp/read", Nothing, none.clone()),
        row("GET /api/keys", KEYS, none.clone()),
        row("POST /api/keys", KEYS, json!({})),
        row("GET /api/keys/{id}", KEYS, none.clone()),
        row("DELETE /api/keys/{id}", KEYS, none.clone()),
        row("POST /oauth/revoke", Nothing, none.clone()),
        row("POST /oauth/register", Nothing, none.clone()),
        row("GET /.well-known/oauth-protected-resource/mcp", Nothing, none.clone()),
        row("GET /api/me/delegations", Membership, none.clone()),
        row("DELETE /api/me/delegations/{delegation}", Membership, none.clone()),
        row("GET /api/me", Membership, none.clone()),
        row("PATCH /api/me", Membership, none.clone()),
        at("GET /api/search", Membership, "/api/search?q=acme", none.clone()),
        row("GET /api/objects", Membership, none.clone()),
        row("GET /api/operations", Membership, none.clone()),
        row("GET /api/views", Membership, none.clone()),
        row("POST /api/views", Membership, none.clone()),
        row("GET /api/views/{id}", Membership, none.clone()),
        row("PATCH /api/views/{id}", Membership, none.clone()),
        row("DELETE /api/views/{id}", Membership, none.clone()),
        row("GET /api/settings", Membership, none.clone()),
        row("GET /api/models", Membership, none.clone()),
        at("GET /api/usage", Membership, "/api/usage?by=day", none.clone()),
        row("GET /api/agents", Membership, none.clone()),
        row("GET /api/agents/{name}", Membership, none.clone()),
        row("GET /api/agents/variables", Membership, none.clone()),
        row("GET /api/sessions", Membership, none.clone()),
        row("POST /api/sessions", Membership, none.clone()),
        row("GET /api/sessions/{id}", Membership, none.clone()),
        row("PATCH /api/sessions/{id}", Membership, none.clone()),
        row("POST /api/sessions/{id}/turns", Membership, none.clone()),
        row("GET /api/sessions/{id}/events", Membership, none.clone()),
        row("GET /api/turns/{id}", Membership, none.clone()),
        row("POST /api/turns/{id}/cancel", Membership, none.clone()),
        row("POST /api/turns/{id}/go_on", Membership, none.clone()),
        row("DELETE /api/sessions/{id}", Membership, none.clone()),
        row("POST /api/sessions/{id}/restore", Membership, none.clone()),
        row("POST /api/sessions/{id}/fork", Membership, none.clone()),
        row("GET /api/sessions/{id}/shares", Membership, none.clone()),
        row("PUT /api/sessions/{id}/shares/{member}", Membership, none.clone()),
        row("DELETE /api/sessions/{id}/shares/{member}", Membership, none.clone()),
        row("GET /api/sessions/{id}/export", Membership, none.clone()),
        row("GET /api/turns", Membership, none.clone()),
        row("GET /api/turns/{id}/trace", Membership, none.clone()),
        row("PUT /api/turns/{id}/feedback", Membership, none.clone()),
        row("DELETE /api/turns/{id}/feedback", Membership, none.clone()),
        row("GET /api/feedback", One(&["conversations"]), none.clone()),
        row("GET /api/approvals", Membership, none.clone()),
        at("GET /api/events", Membership, "/api/events?after=x", none.clone()),
        row("GET /api/invitations/{invitation}", Nothing, none.clone()),
        row("POST /api/invitations/{invitation}/accept", Nothing, none.clone()),
        row("GET /api/password-resets/{token}", Nothing, none.clone()),
        row("POST /api/password-resets/{token}", Nothing, none.clone()),
        row("GET /api/me/sign-ins", Membership, none.clone()),
        row("DELETE /api/me/sign-ins", Membership, none.clone()),
        row("DELETE /api/me/sign-ins/{sign_in}", Membership, none.clone()),
        row("POST /api/me/password", Membership, none.clone()),
        row("GET /api/members", MEMBERS, none.clone()),
        row(
            "POST /api/members",
            MEMBERS,
            json!({"name": "X", "email": "x", "role": "Nobody", "password": "x"}),
        ),
        row("GET /api/members/{id}", MEMBERS, none.clone()),
        row("PATCH /api/members/{id}", MEMBERS, json!({})),
        row("GET /api/members/{id}/sign-ins", MEMBERS, none.clone()),
        row("DELETE /api/members/{id}/sign-ins", MEMBERS, none.clone()),
        at(
            "DELETE /api/members/{id}/sign-ins/{sign_in}",
            MEMBERS,
            &format!("/api/members/{NIL}/sign-ins/{NIL}"),
            none.clone(),
        ),
        row("POST /api/members/{id}/reset-link", MEMBERS, none.clone()),
        row("GET /api/invitations", MEMBERS, none.clone()),
        row("POST /api/invitations", MEMBERS, json!({"email": "x", "role": "Nobody"})),
        at("DELETE /api/invitations/{invitation}", MEMBERS, &format!("/api/invitations/{NIL}"), none.clone()),
        row("POST /api/approvals/{id}", Membership, none.clone()),
        row("GET /api/records/{plural}", Record, none.clone()),
        row("POST /api/records/{plural}", Record, none.clone()),
        row("POST /api/records/{plural}/batch", Record, none.clone()),
        row("GET /api/records/{plural}/group", Record, none.clone()),
        row("GET /api/records/{plural}/duplicates", Record, none.clone()),
        row("POST /api/records/{plural}/duplicates", Record, none.clone()),
        row("GET /api/records/{plural}/{id}", Record, none.clone()),
        row("PATCH /api/records/{plural}/{id}", Record, none.clone()),
        row("DELETE /api/records/{plural}/{id}", Record, none.clone()),
        row("POST /api/records/{plural}/{id}/restore", Record, none.clone()),
        row("POST /api/records/{plural}/{id}/destroy", Record, none.clone()),
        row("GET /api/records/{plural}/{id}/timeline", Record, none.clone()),
        row("GET /api/objects/{name}", Record, none.clone()),
        row("POST /api/operations/{name}", Record, none.clone()),
        row("POST /api/objects/{name}/fields", One(&["data_model"]), json!({"name": "id", "kind": "text"})),
        row("GET /api/agents/{name}/labels/{label}/gate", SEES_GATES, none.clone()),
        row("PUT /api/agents/{name}/labels/{label}/gate", One(&["publishing"]), json!({"dataset": "x"})),
        row("DELETE /api/agents/{name}/labels/{label}/gate", One(&["publishing"]), none.clone()),
        row("GET /api/evals/datasets", EVALUATIONS, none.clone()),
        row("POST /api/evals/datasets", EVALUATIONS, json!({"name": "x", "cases": []})),
        row("GET /api/evals/datasets/{name}", EVALUATIONS, none.clone()),
        row("PUT /api/evals/datasets/{name}", EVALUATIONS, json!({"cases": []})),
        row("PATCH /api/evals/datasets/{name}", EVALUATIONS, json!({"cases": []})),
        row("DELETE /api/evals/datasets/{name}", EVALUATIONS, none.clone()),
        row("POST /api/evals/datasets/{name}/cases", EVALUATIONS, json!({"turn": NIL})),
        row("GET /api/evals/shipped", EVALUATIONS, none.clone()),
        row("GET /api/evals/runs", EVALUATIONS, none.clone()),
        row("POST /api/evals/runs", EVALUATIONS, json!({"dataset": "nothing", "agent": "nobody"})),
        row("GET /api/evals/runs/{id}", EVALUATIONS, none.clone()),
        row("GET /api/evals/runs/{id}/cases", EVALUATIONS, none.clone()),
        row("GET /api/evals/runs/{id}/events", EVALUATIONS, none.clone()),
        row("POST /api/evals/runs/{id}/cancel", EVALUATIONS, none.clone()),
        row("GET /api/evals/compare", EVALUATIONS, none.clone()),
        row("GET /api/jobs", One(&["jobs"]), none.clone()),
        row("GET /api/jobs/planned", One(&["jobs"]), none.clone()),
        row("POST /api/jobs/{id}/run", One(&["jobs"]), none.clone()),
        row("GET /api/audit", One(&["audit"]), none.clone()),
        row("PATCH /api/settings", SETTINGS, json!({"nothing": 1})),
        row("GET /api/models/settings", SETTINGS, none.clone()),
        row("PUT /api/models/settings", SETTINGS, json!({})),
        row("GET /api/models/overrides", SETTINGS, none.clone()),
        at(
            "PUT /api/models/overrides",
            SETTINGS,
            "/api/models/overrides?model=a/b",
            json!({"context_window": 8192}),
        ),
        at("DELETE /api/models/overrides", SETTINGS, "/api/models/overrides?model=a/b", none.clone()),
        row("GET /api/models/providers", SETTINGS, none.clone()),
        row("PUT /api/models/providers/{name}", SETTINGS, json!({"kind": "mistral"})),
        row("DELETE /api/models/providers/{name}", SETTINGS, none.clone()),
        row("POST /api/models/providers/{name}/test", SETTINGS, none.clone()),
        row("GET /api/budgets", SETTINGS, none.clone()),
        row("PUT /api/budgets/{scope}", SETTINGS, tokens.clone()),
        row("DELETE /api/budgets/{scope}", SETTINGS, none.clone()),
        row("PUT /api/budgets/{scope}/{subject}", SETTINGS, tokens),
        row("DELETE /api/budgets/{scope}/{subject}", SETTINGS, none.clone()),
        row("POST /api/agents", One(&["agents"]), json!({"name": "n/o"})),
        row("PATCH /api/agents/{name}", One(&["agents"]), json!({"label": "x"})),
        row("DELETE /api/agents/{name}", One(&["agents"]), none.clone()),
        row("POST /api/agents/{name}/restore", One(&["agents"]), none.clone()),
        row("POST /api/agents/{name}/reset", All(&["agents", "prompts"]), json!({})),
        row("GET /api/agents/{name}/versions", AGENTS_OR_PROMPTS, none.clone()),
        row("GET /api/agents/{name}/prompts", AGENTS_OR_PROMPTS, none.clone()),
        row("POST /api/agents/{name}/prompts", PROMPTS, prompt.clone()),
        at(
            "GET /api/agents/{name}/prompts/diff",
            AGENTS_OR_PROMPTS,
            "/api/agents/nobody/prompts/diff?from=1&to=1",
            none.clone(),
        ),
        row("GET /api/agents/{name}/prompts/{version}", AGENTS_OR_PROMPTS, none.clone()),
        row("GET /api/agents/{name}/draft", PROMPTS, none.clone()),
        row("PUT /api/agents/{name}/draft", PROMPTS, prompt),
        row("DELETE /api/agents/{name}/draft", PROMPTS, none.clone()),
        row("POST /api/agents/{name}/preview", AGENTS_OR_PROMPTS, json!({})),
        row("GET /api/agents/{name}/labels", AGENTS_OR_PROMPTS, none.clone()),
        row("PUT /api/agents/{name}/labels/{label}", PROMPTS, json!({"version": 1, "expected": 1})),
        row("DELETE /api/agents/{name}/labels/{label}", PROMPTS, none.clone()),
        row("GET /api/agents/{name}/reviews", AGENTS_OR_PROMPTS, none.clone()),
        row("POST /api/agents/{name}/reviews", PROMPTS, json!({"label": "production", "version": 1})),
        row("POST /api/agents/{name}/reviews/{id}", PROMPTS, json!({"decision": "approve"})),
        row("GET /api/agents/{name}/tryouts", PROMPTS, none.clone()),
        row("POST /api/agents/{name}/tryouts", PROMPTS, json!({})),
        row("GET /api/agents/{name}/tryouts/{tryout}", PROMPTS, none.clone()),
        row("DELETE /api/agents/{name}/tryouts/{tryout}", PROMPTS, none.clone()),
        row("POST /api/agents/{name}/tryouts/{tryout}/turns", PROMPTS, json!({"message": "x"})),
        row("GET /api/agents/{name}/tryouts/{tryout}/turns/{turn}", PROMPTS, none.clone()),
        row("POST /api/agents/{name}/tryouts/{tryout}/turns/{turn}/cancel", PROMPTS, none.clone()),
        row("GET /api/agents/{name}/tryouts/{tryout}/events", PROMPTS, none.clone()),
        row("GET /api/agents/{name}/tryouts/{tryout}/approvals", PROMPTS, none.clone()),
        row(
            "POST /api/agents/{name}/tryouts/{tryout}/approvals/{approval}",
            PROMPTS,
            json!({"decision": "deny"}),
        ),
        row("GET /api/roles", ROLES_OR_MEMBERS, none.clone()),
        row("POST /api/roles", One(&["roles"]), agent),
        row("GET /api/roles/{name}", ROLES_OR_MEMBERS, none.clone()),
        row("PATCH /api/roles/{name}", One(&["roles"]), json!({})),
        row("DELETE /api/roles/{name}", One(&["roles"]), none.clone()),
        row("POST /api/roles/{name}/reset", One(&["roles"]), none.clone()),
        row(
            "POST /api/authority/explain",
            ROLES_OR_MEMBERS,
            json!({"caller": {"role": "Viewer"}, "request": {"object": "deal", "action": "read"}}),
        ),
        row("GET /api/members/{id}/authority", ROLES_OR_MEMBERS, none),
    ]
}
