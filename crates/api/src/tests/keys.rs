//! API keys: what a program may do by one, door by door.

use super::*;

async fn key_of<'s>(
    server: &'s Server,
    ada: &Client<'_>,
    role: &str,
    scopes: &[&str],
) -> (String, Client<'s>) {
    let body = json!({"name": "Website", "role": role, "scopes": scopes, "expires_in_days": 30});
    let made = ada.post("/api/keys", body).await.expect(201);
    assert_eq!(made.header("location"), format!("/api/keys/{}", made.id()));
    let token = made.body["key"].as_str().unwrap().to_owned();
    (made.id().to_owned(), Client { server, token })
}

#[tokio::test]
async fn a_key_is_made_told_once_and_revoked() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let (id, program) = key_of(&server, &ada, "Member", &["deal.find"]).await;
    assert!(program.token.starts_with("kontor_"));
    program.get("/api/records/deals").await.expect(200);
    let one = ada.get(&format!("/api/keys/{id}")).await.expect(200).body;
    assert_eq!((&one["role"], &one["scopes"]), (&json!("Member"), &json!(["deal.find"])));
    assert!(one["last_used_at"].is_string() && one["expires_at"].is_string() && one.get("key").is_none());
    assert_eq!(one["created_by"]["name"], "Ada Brandt");
    let listed = ada.get("/api/keys").await.expect(200).body;
    assert_eq!(listed["data"][0]["id"], id.as_str());
    let audit = ada.get("/api/audit").await.expect(200).body.to_string();
    assert!(
        audit.contains("api_key.made")
            && !audit.contains(&program.token)
            && !listed.to_string().contains(&program.token)
    );
    assert_eq!(vera.get("/api/keys").await.expect(403).code(), "not_permitted");
    assert_eq!(vera.post("/api/keys", json!({})).await.expect(403).code(), "not_permitted");
    assert_eq!(
        ada.post("/api/keys", json!({"name": "x"})).await.expect(400).body["errors"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    ada.delete(&format!("/api/keys/{id}")).await.expect(204);
    assert_eq!(program.get("/api/records/deals").await.expect(401).code(), "invalid_token");
    ada.get(&format!("/api/keys/{id}")).await.expect(404);
    ada.delete(&format!("/api/keys/{id}")).await.expect(404);
}

/// Scope escalation (OWASP Agentic 2026, ASI03; pgEdge/ai-dba-workbench #28: doors outside the table of rights were
/// open to all): every door asks the scope, those beside the one that was meant among them.
#[tokio::test]
async fn a_key_reaches_by_no_door_what_its_scopes_lack() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let account = ada.create("accounts", json!({"name": "Brightwater", "industry": "ENERGY"})).await;
    let deal = ada.create("deals", json!({"name": "Pumps", "account": account.id()})).await;
    let (_, program) = key_of(&server, &ada, "Admin", &["deal.find", "deal.update"]).await;
    let one = format!("/api/records/deals/{}", deal.id());
    assert_eq!(program.get(&one).await.expect(200).body["account"]["label"], "Brightwater");
    program.patch(&one, json!({"name": "More pumps"})).await.expect(200);
    let lacking = |answer: Answer, scope: &str| {
        assert_eq!(
            (answer.code(), answer.body["scope"].as_str()),
            ("insufficient_scope", Some(scope)),
            "{}",
            answer.body
        );
        let told = answer.header("www-authenticate").to_owned();
        assert!(
            told.contains("error=\"insufficient_scope\"") && told.contains(&format!("scope=\"{scope}\"")),
            "{told}"
        );
    };
    lacking(program.get("/api/records/accounts").await.expect(403), "account.find");
    lacking(program.get(&format!("/api/records/accounts/{}", account.id())).await.expect(403), "account.get");
    lacking(program.post("/api/records/deals", json!({"name": "x"})).await.expect(403), "deal.create");
    lacking(program.delete(&one).await.expect(403), "deal.delete");
    lacking(program.post(&format!("{one}/destroy"), json!({})).await.expect(403), "deal.destroy");
    lacking(program.post(&format!("{one}/restore"), json!({})).await.expect(403), "deal.restore");
    lacking(program.get(&format!("{one}/timeline")).await.expect(403), "deal.timeline");
    lacking(program.get("/api/records/deals/group?by=stage").await.expect(403), "deal.group");
    lacking(program.get("/api/search?q=bright").await.expect(403), "search");
    lacking(
        program.post("/api/records/deals/batch", json!({"delete": [deal.id()]})).await.expect(403),
        "deal.delete",
    );
    lacking(
        program.post("/api/operations/deal.delete", json!({"id": deal.id()})).await.expect(403),
        "deal.delete",
    );
    lacking(program.post("/api/operations/nothing.such", json!({})).await.expect(403), "nothing.such");
    // What a relation leads to is told by its name alone, and cannot be filtered or sorted by.
    let included = program.get("/api/records/deals?include=account").await.expect(200).body;
    assert!(!included.to_string().contains("ENERGY"), "{included}");
    let filter = "/api/records/deals?filter=%7B%22account.industry%22:%7B%22eq%22:%22ENERGY%22%7D%7D";
    program.get(filter).await.expect(400);
    let listed = program.get("/api/operations").await.expect(200).body;
    let names: Vec<_> = listed["data"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["deal.find", "deal.update"]);
    // What no operation stands for takes a scope of everything, whatever the role allows.
    for door in ["/api/members", "/api/roles", "/api/audit", "/api/jobs", "/api/keys", "/api/invitations"] {
        assert_eq!(program.get(door).await.expect(403).code(), "not_permitted", "{door}");
    }
}

#[tokio::test]
async fn what_a_member_does_in_person_no_key_does() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (_, program) = key_of(&server, &ada, "Admin", &["*"]).await;
    program.get("/api/members").await.expect(200);
    let nil = uuid::Uuid::nil();
    for refused in [
        program.get("/api/me/sign-ins").await,
        program.patch("/api/me", json!({"name": "x"})).await,
        program.get("/api/approvals").await,
        program.post(&format!("/api/approvals/{nil}"), json!({"decision": "approve"})).await,
        program.post("/api/sessions", json!({"agent": "analyst"})).await,
        program.post("/api/keys", json!({"name": "x", "role": "Viewer", "scopes": ["*"]})).await,
    ] {
        assert_eq!(refused.expect(403).code(), "in_person_only");
    }
}

#[tokio::test]
async fn what_a_key_writes_says_so() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (id, program) = key_of(&server, &ada, "Member", &["lead.*"]).await;
    let made = program.create("leads", json!({"name": {"first": "Lou", "last": "Lee"}})).await;
    assert_eq!(made.body["created_by"], json!({"kind": "api_key", "id": id, "name": "Website"}));
    let timeline = program.get(&format!("/api/records/leads/{}/timeline", made.id())).await.expect(200).body;
    assert_eq!(timeline["data"][0]["actor"]["kind"], "api_key");
    let audit = ada.get("/api/audit").await.expect(200).body;
    assert_eq!(
        (&audit["data"][0]["action"], &audit["data"][0]["actor"]["id"]),
        (&json!("lead.created"), &json!(id))
    );
    let me = program.get("/api/me").await.expect(200).body;
    assert_eq!(
        (&me["type"], &me["api_key"]["name"], &me["scopes"]),
        (&json!("api_key"), &json!("Website"), &json!(["lead.*"]))
    );
    assert_eq!(me["objects"].as_array().unwrap().len(), 1, "{me}");
    assert_eq!(me["objects"][0]["actions"], json!(["read", "create", "update", "delete", "restore"]));
    let own = ada.get("/api/me").await.expect(200).body;
    assert_eq!(
        (&own["type"], own.get("scopes"), &own["member"]["role"]),
        (&json!("member"), None, &json!("Admin"))
    );
}

#[tokio::test]
async fn a_key_has_a_limit_of_its_own_which_headers_tell() {
    let limits = RateLimitSettings { per_token: 0, per_member: 0, per_key: 2, per_address: 0 };
    let server = Server::with(limits).await;
    let ada = server.sign_in("ada").await;
    let (_, program) = key_of(&server, &ada, "Member", &["deal.find"]).await;
    let told = program.get("/api/records/deals").await.expect(200);
    assert_eq!(
        (told.header("ratelimit-policy"), told.header("ratelimit")),
        ("\"key\";q=2;w=60", "\"key\";r=1;t=30")
    );
    program.get("/api/records/deals").await.expect(200);
    let refused = program.get("/api/records/deals").await.expect(429);
    assert_eq!(refused.code(), "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    ada.get("/api/me").await.expect(200);
}

/// A token in a query string ends in logs and histories (RFC 6750, section 5.3; MCP authorization, "Access Token
/// Usage": it must not be there).
#[tokio::test]
async fn a_key_in_a_query_string_signs_nobody_in() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (_, program) = key_of(&server, &ada, "Member", &["deal.find"]).await;
    for name in ["access_token", "token", "key", "api_key"] {
        let path = format!("/api/records/deals?{name}={}", program.token);
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(server.send(request).await.status, 401, "{name}");
    }
}
