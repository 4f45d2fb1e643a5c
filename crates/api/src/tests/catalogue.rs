use super::*;

#[tokio::test]
async fn objects_are_described_as_far_as_the_caller_may_use_them() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let objects = ada.get("/api/objects").await.expect(200).body;
    let names: Vec<_> =
        objects["data"].as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect();
    for name in ["contact", "account", "deal", "lead", "activity", "task", "note", "member"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let deal = ada.get("/api/objects/deals").await.expect(200).body;
    assert_eq!((&deal["can_create"], &deal["can_add_fields"]), (&json!(true), &json!(true)));
    let stage = deal["fields"].as_array().unwrap().iter().find(|field| field["name"] == "stage").unwrap();
    assert_eq!(stage["settings"]["options"][0]["value"], "LEAD");
    let seen = vera.get("/api/objects/deal").await.expect(200).body;
    assert_eq!((&seen["can_create"], &seen["can_add_fields"]), (&json!(false), &json!(false)));
    let answer = ada.get("/api/objects/deel").await.expect(404);
    assert!(answer.body["detail"].as_str().unwrap().ends_with("Did you mean deal?"), "{}", answer.body);
}

#[tokio::test]
async fn a_field_that_was_added_is_known_at_once() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let field = json!({"name": "region", "kind": "select", "settings": {"options": [{"value": "NORTH"}]}});
    let made = ada.post("/api/objects/deals/fields", field).await.expect(201).body;
    assert_eq!(
        (&made["name"], &made["kind"], &made["is_custom"]),
        (&json!("region"), &json!("select"), &json!(true))
    );
    let deal = ada.create("deals", json!({"name": "Crane", "region": "NORTH"})).await;
    assert_eq!(deal.body["region"], "NORTH");
    assert!(ada.get("/api/operations").await.expect(200).body.to_string().contains("NORTH"));
}

#[tokio::test]
async fn the_settings_of_a_field_read_as_they_were_written() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (name, settings) in [
        ("seats", json!({"decimals": 1, "min": 0.5, "max": 12})),
        ("share", json!({"decimals": 6, "min": -0.000_001})),
        ("rank", json!({"decimals": 0, "min": 5})),
    ] {
        let field = json!({"name": name, "kind": "number", "settings": settings});
        let made = ada.post("/api/objects/deals/fields", field).await.expect(201).body;
        assert_eq!(made["settings"], settings);
        let deal = ada.get("/api/objects/deal").await.expect(200).body;
        let known = deal["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap();
        assert_eq!(known["settings"], settings);
    }
    let low = ada.post("/api/records/deals", json!({"name": "Crane", "seats": 0.4})).await.expect(400);
    assert_eq!(low.body["errors"][0]["path"], "seats");
    ada.create("deals", json!({"name": "Crane", "seats": 0.5})).await;
}

#[tokio::test]
async fn an_operation_is_run_by_hand() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let made = ada.post("/api/operations/account.create", json!({"name": "Acme"})).await.expect(200).body;
    let id = made["record"]["id"].as_str().unwrap();
    let deleted = ada.post("/api/operations/account.delete", json!({"id": id})).await.expect(200).body;
    assert_eq!(deleted["deleted"], true);
    let refused = ada.post("/api/operations/account.find", json!({"limit": 0})).await.expect(400);
    assert_eq!(refused.body["errors"][0]["path"], "limit");
    let unknown = ada.post("/api/operations/acount.find", json!({})).await.expect(404);
    assert!(unknown.body["detail"].as_str().unwrap().contains("account.find"), "{}", unknown.body);
    // What fails half-way leaves nothing behind.
    let two = json!({"name": "Acme", "domain": "acme.test"});
    ada.post("/api/operations/account.create", two.clone()).await.expect(200);
    ada.post("/api/operations/account.create", two).await.expect(409);
    assert_eq!(ada.get("/api/records/accounts").await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn health_keys_and_metadata_need_no_one_to_sign_in() {
    let server = Server::start().await;
    let get = |path: &str| Request::builder().uri(path).body(Body::empty()).unwrap();
    server.send(get("/healthz")).await.expect(200);
    server.send(get("/readyz")).await.expect(200);
    let keys = server.send(get("/.well-known/jwks.json")).await.expect(200).body;
    assert!(keys["keys"][0]["kid"].is_string() && keys["keys"][0]["d"].is_null(), "{keys}");
    let metadata = server.send(get("/.well-known/oauth-authorization-server")).await.expect(200).body;
    assert_eq!(metadata["token_endpoint"], "http://kontor.test/oauth/token");
    server.send(get("/.well-known/oauth-protected-resource")).await.expect(200);
    let models = server.sign_in("vera").await.get("/api/models").await.expect(200).body;
    assert_eq!(models["data"][0]["id"], "builtin");
}
