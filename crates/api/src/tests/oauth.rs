//! The endpoints of OAuth, as programs meet them.

use super::*;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn form(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    server.send(request.body(Body::from(body)).unwrap()).await
}

async fn exchange(server: &Server, token: &str, scope: &str) -> Answer {
    let fields = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
        ("scope", scope),
    ];
    form(server, "/oauth/token", &fields).await
}

#[tokio::test]
async fn a_member_gives_software_a_narrower_token_and_takes_it_back() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = ada.create("deals", json!({"name": "Pumps"})).await;
    let made = exchange(&server, &ada.token, "deal.find deal.update").await.expect(200);
    assert_eq!(
        (&made.body["issued_token_type"], &made.body["token_type"]),
        (&json!(ACCESS_TOKEN), &json!("Bearer"))
    );
    assert_eq!(
        (&made.body["scope"], &made.body["expires_in"]),
        (&json!("deal.find deal.update"), &json!(600))
    );
    let agent = Client { server: &server, token: made.body["access_token"].as_str().unwrap().to_owned() };
    let me = agent.get("/api/me").await.expect(200).body;
    assert_eq!(
        (&me["type"], &me["user"]["email"], &me["scopes"]),
        (&json!("agent"), &json!("ada@demo.test"), &json!(["deal.find", "deal.update"]))
    );
    assert_eq!((&me["agent"]["act"]["kind"], &me["permissions"]), (&json!("software"), &json!([])));
    assert!(me["agent"]["expires_at"].is_string());
    assert_eq!(me["objects"], json!([{"object": "deal", "label": "Deal", "actions": ["read", "update"]}]));
    let one = format!("/api/records/deals/{}", deal.id());
    let changed = agent.patch(&one, json!({"name": "More pumps"})).await.expect(200).body;
    assert_eq!(
        (&changed["updated_by"]["kind"], &changed["updated_by"]["member_name"]),
        (&json!("agent"), &json!("Ada Brandt"))
    );
    assert_eq!(agent.get("/api/records/contacts").await.expect(403).code(), "insufficient_scope");
    for refused in [
        agent.patch("/api/me", json!({"name": "x"})).await,
        agent.get("/api/approvals").await,
        agent.get("/api/me/delegations").await,
    ] {
        assert_eq!(refused.expect(403).code(), "in_person_only");
    }
    let silent = agent.post("/api/sessions", json!({"agent": "analyst"})).await.expect(403);
    assert_eq!((silent.code(), &silent.body["scope"]), ("insufficient_scope", &json!("chat")));
    let wider = exchange(&server, &agent.token, "contact.find").await.expect(400);
    assert_eq!(wider.body["error"], "invalid_scope");
    let listed = ada.get("/api/me/delegations").await.expect(200).body;
    let id = listed["data"][0]["id"].as_str().unwrap();
    assert_eq!(listed["data"][0]["scopes"], json!(["deal.find", "deal.update"]));
    ada.delete(&format!("/api/me/delegations/{id}")).await.expect(204);
    let gone = agent.get("/api/me").await.expect(401);
    assert!(
        gone.header("www-authenticate")
            .contains("resource_metadata=\"http://kontor.test/.well-known/oauth-protected-resource\"")
    );
}

#[tokio::test]
async fn refusals_are_told_in_oauths_words() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (fields, expected) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", EXCHANGE)], "invalid_request"),
        (
            vec![("grant_type", EXCHANGE), ("subject_token", "x"), ("subject_token_type", "x")],
            "invalid_request",
        ),
        (
            vec![
                ("grant_type", EXCHANGE),
                ("subject_token", "x"),
                ("subject_token_type", ACCESS_TOKEN),
                ("scope", "*"),
            ],
            "invalid_grant",
        ),
        (
            vec![
                ("grant_type", EXCHANGE),
                ("subject_token", ada.token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
            ],
            "invalid_scope",
        ),
        (
            vec![
                ("grant_type", EXCHANGE),
                ("subject_token", ada.token.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
                ("scope", "*"),
                ("audience", "https://other.test"),
            ],
            "invalid_target",
        ),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")],
            "invalid_request",
        ),
        (
            vec![
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("client_id", "x"),
                ("redirect_uri", "x"),
                ("code_verifier", "x"),
            ],
            "invalid_grant",
        ),
    ] {
        let refused = form(&server, "/oauth/token", &fields).await.expect(400);
        assert_eq!(refused.body["error"], expected, "{fields:?}: {}", refused.body);
    }
    let refused =
        form(&server, "/oauth/token", &[("grant_type", "client_credentials"), ("client_secret", "x")]).await;
    assert_eq!(refused.expect(401).body["error"], "invalid_client");
}

#[tokio::test]
async fn what_there_is_is_told_under_well_known_addresses_and_programs_register_themselves() {
    let server = Server::start().await;
    let get = async |path: &str| {
        server.send(Request::get(path).body(Body::empty()).unwrap()).await.expect(200).body
    };
    let told = get("/.well-known/oauth-authorization-server").await;
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
    assert_eq!(get("/.well-known/oauth-protected-resource/mcp").await["resource"], "http://kontor.test/mcp");
    let register = async |body: Value| {
        let request = Request::post("/oauth/register").header("content-type", "application/json");
        server.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let made =
        register(json!({"client_name": "Helper", "redirect_uris": ["http://localhost/cb"], "logo_uri": "x"}))
            .await
            .expect(201);
    assert_eq!(made.body["token_endpoint_auth_method"], "none");
    assert!(made.body["client_id"].as_str().unwrap().starts_with("kontor_client_"));
    for wrong in [
        json!({}),
        json!({"redirect_uris": ["javascript:alert(1)"]}),
        json!({"redirect_uris": ["http://evil.test/"]}),
    ] {
        assert_eq!(register(wrong).await.expect(400).body["error"], "invalid_redirect_uri");
    }
    // Whoever registers without end is slowed.
    let mut refused = None;
    for _ in 0..20 {
        refused = Some(register(json!({"redirect_uris": ["https://a.test/"]})).await);
    }
    assert_eq!(refused.unwrap().expect(429).code(), "too_many_requests");
}
