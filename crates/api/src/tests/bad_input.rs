use super::*;

/// Sends it and checks that a problem comes back, whole and well-formed, and never a fault of ours.
async fn refused(client: &Client<'_>, request: Request<Body>, status: u16) -> Value {
    let shown = format!("{} {}", request.method(), request.uri());
    let answer = client.server.send(request).await;
    assert_eq!(answer.status.as_u16(), status, "{shown}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{shown}");
    assert_eq!(answer.header("cache-control"), "no-store", "{shown}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{shown}");
    assert!(answer.header("x-request-id").len() == 36, "{shown}");
    assert_eq!(answer.body["status"], status, "{shown}");
    assert!(!answer.code().is_empty() && answer.body["detail"].is_string(), "{shown}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn every_bad_request_is_answered_by_a_problem_with_a_code() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let deal = ada.create("deals", json!({"name": "Crane"})).await;
    let one = format!("/api/records/deals/{}", deal.id());
    let nobody = "018f2b6e-7c1a-7000-8000-000000000001";
    let mut deep = json!({"stage": {"eq": "LEAD"}});
    for _ in 0..100 {
        deep = json!({ "and": [deep] });
    }
    let posts = [
        ("/api/records/deals", json!({"name": 7}), 400),
        ("/api/records/deals", json!({}), 400),
        ("/api/records/deals", json!([1]), 400),
        ("/api/records/deals", json!(null), 400),
        ("/api/records/deals", json!({"name": "a\0b"}), 400),
        ("/api/records/deals", json!({"name": "x", "stagee": "LEAD"}), 400),
        ("/api/records/deals", json!({"name": "x", "id": nobody}), 400),
        ("/api/records/deals?x=1", json!({"name": "x"}), 400),
        ("/api/records/deals/batch?x=1", json!({"create": []}), 400),
        ("/api/operations/deal.find?x=1", json!({}), 400),
        ("/api/objects/deal/fields?x=1", json!({"name": "x", "kind": "text"}), 400),
        ("/api/sessions?x=1", json!({"agent": "sales-assistant"}), 400),
        ("/api/records/unicorns", json!({"name": "x"}), 404),
        ("/api/records/members", json!({"name": {"first": "x"}}), 403),
        ("/api/records/deals/batch", json!({"create": [{"name": "a"}, {"name": 7}]}), 400),
        ("/api/records/deals/batch", json!({"create": [], "delete": []}), 400),
        ("/api/records/deals/batch", json!({}), 400),
        ("/api/records/deals/batch", json!({"crate": []}), 400),
        ("/api/records/deals/batch", json!({"update": [{"name": "x"}]}), 400),
        ("/api/records/deals/batch", json!({"delete": ["x"]}), 400),
        ("/api/records/deals/batch", json!({"delete": vec![nobody; 201]}), 400),
        ("/api/objects/deal/fields", json!({"name": "Bad Name", "kind": "text"}), 400),
        ("/api/objects/deal/fields", json!({"name": "x", "kind": "blob"}), 400),
        ("/api/objects/unicorn/fields", json!({"name": "x", "kind": "text"}), 404),
        ("/api/operations/deal.find", json!({"filter": deep}), 400),
        ("/api/operations/deal.find", json!([]), 400),
        ("/api/operations/deal.explode", json!({}), 404),
        ("/api/sessions", json!({"agent": "nobody"}), 404),
        ("/api/sessions", json!({"agent": 7}), 400),
        ("/api/sessions/x/turns", json!({"message": "hi"}), 404),
        ("/api/turns/x/cancel", json!({}), 404),
        ("/api/approvals/x", json!({"decision": "approve"}), 404),
        ("/api/auth/login", json!({"email": "ada@demo.test"}), 400),
        ("/api/auth/refresh", json!({"refresh_token": ""}), 401),
        ("/api/nothing", json!({}), 404),
    ];
    for (path, body, status) in posts {
        let request = ada.request(Method::POST, path).header("content-type", "application/json");
        refused(&ada, request.body(Body::from(body.to_string())).unwrap(), status).await;
    }
    let deep =
        format!("/api/records/deals?filter={}{}", "%7B%22and%22:%5B".repeat(100), "%5D%7D".repeat(100));
    let missing = format!("/api/records/deals/{nobody}");
    let gets = [
        ("/api/records/deals?filter=%7B", 400),
        ("/api/records/deals?filter=[]", 400),
        ("/api/records/deals?filter=%7B%22x%22%3A1%7D", 400),
        ("/api/records/deals?sort=nothing", 400),
        ("/api/records/deals?limit=0", 400),
        ("/api/records/deals?limit=9999", 400),
        ("/api/records/deals?after=garbage", 400),
        ("/api/records/deals?after=%F0%9F%92%A9", 400),
        ("/api/records/deals?fields=nothing", 400),
        ("/api/records/deals?include=nothing", 400),
        ("/api/records/deals?total=maybe", 400),
        ("/api/records/deals?search=%00", 400),
        ("/api/records/deals?limit=1&limit=2", 400),
        ("/api/me?x=1", 400),
        ("/api/agents?x=1", 400),
        ("/api/models?x=1", 400),
        ("/api/objects?x=1", 400),
        ("/api/operations?x=1", 400),
        ("/api/records/deals/group?by=nothing", 400),
        ("/api/records/deals/group?aggregates=median:amount", 400),
        ("/api/records/deals/group?aggregates=sum:name", 400),
        ("/api/records/deals/not-an-id", 404),
        ("/api/records/deals/%ff", 404),
        ("/api/records/%00", 404),
        ("/api/search", 400),
        ("/api/search?q=x&objects=unicorn", 404),
        ("/api/approvals?session=x", 400),
        ("/api/sessions?after=x", 400),
        ("/api/sessions/018f2b6e-7c1a-7000-8000-000000000001/events", 404),
        ("/api/objects/%2e%2e", 404),
        (deep.as_str(), 400),
        (missing.as_str(), 404),
    ];
    for (path, status) in gets {
        refused(&ada, ada.request(Method::GET, path).body(Body::empty()).unwrap(), status).await;
    }
    for path in [
        format!("{one}/restore?x=1"),
        format!("{one}/destroy?x=1"),
        format!("/api/turns/{nobody}/cancel?x=1"),
    ] {
        refused(&ada, ada.request(Method::POST, &path).body(Body::empty()).unwrap(), 400).await;
    }
    let put = ada.request(Method::PUT, &one).body(Body::empty()).unwrap();
    refused(&ada, put, 405).await;
    let put = ada.request(Method::PUT, &one).body(Body::empty()).unwrap();
    assert!(server.send(put).await.header("allow").contains("PATCH"));
    let odd = ada.request(Method::DELETE, &one).header("if-match", "7").body(Body::empty()).unwrap();
    refused(&ada, odd, 400).await;
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_large_are_refused() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(3_000_000));
    for (body, kind, status) in [
        ("{\"name\": ", "application/json", 400),
        ("", "application/json", 400),
        ("name=x", "application/x-www-form-urlencoded", 415),
        ("{}", "", 415),
        (large.as_str(), "application/json", 413),
        (&"[".repeat(100_000), "application/json", 400),
    ] {
        let request = ada.request(Method::POST, "/api/records/deals").header("content-type", kind);
        refused(&ada, request.body(Body::from(body.to_owned())).unwrap(), status).await;
    }
    // JSON by another name is JSON, and a body that is not asked for does not matter.
    let patch = "application/merge-patch+json; charset=utf-8";
    let request = ada.request(Method::POST, "/api/records/deals").header("content-type", patch);
    server.send(request.body(Body::from("{\"name\": \"x\"}")).unwrap()).await.expect(201);
}

#[tokio::test]
async fn problems_read_well() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let unknown = ada.get("/api/records/deel").await.expect(404).body;
    let parameter = ada.get("/api/records/deals?filtr=1&limit=1").await.expect(400).body;
    let field = ada.post("/api/records/deals", json!({"nme": "x"})).await.expect(400).body;
    insta::assert_json_snapshot!([unknown, parameter, field]);
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let request = ada.request(Method::HEAD, "/api/objects").body(Body::empty()).unwrap();
    assert_eq!(server.send(request).await.expect(200).body, Value::Null);
}

#[tokio::test]
async fn who_lacks_the_permission_is_not_told_what_is_wrong_with_the_body() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let nobody = "018f2b6e-7c1a-7000-8000-000000000001";
    let (member, review) =
        (format!("/api/members/{nobody}"), format!("/api/agents/analyst/reviews/{nobody}"));
    let requests = [
        (Method::POST, "/api/agents"),
        (Method::PATCH, "/api/agents/analyst"),
        (Method::POST, "/api/agents/analyst/prompts"),
        (Method::PUT, "/api/agents/analyst/draft"),
        (Method::POST, "/api/agents/analyst/preview"),
        (Method::PUT, "/api/agents/analyst/labels/staging"),
        (Method::POST, "/api/agents/analyst/reviews"),
        (Method::POST, review.as_str()),
        (Method::POST, "/api/roles"),
        (Method::PATCH, "/api/roles/Viewer"),
        (Method::POST, "/api/members"),
        (Method::PATCH, member.as_str()),
        (Method::POST, "/api/invitations"),
        (Method::PATCH, "/api/settings"),
        (Method::PUT, "/api/budgets/workspace"),
        (Method::PUT, "/api/models/providers/ours"),
        (Method::PUT, "/api/models/settings"),
        (Method::POST, "/api/objects/deal/fields"),
    ];
    for (method, path) in requests {
        for (client, status) in [(&vera, 403), (&ada, 400)] {
            let request = client.request(method.clone(), path).header("content-type", "application/json");
            refused(client, request.body(Body::from("{\"name\": ")).unwrap(), status).await;
        }
    }
}

#[tokio::test]
async fn what_may_have_several_forms_is_asked_for_in_plain_words() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let session = ada.post("/api/sessions", json!({"agent": "analyst"})).await.expect(201);
    let fork = format!("/api/sessions/{}/fork", session.id());
    for (path, body, place) in [
        (fork.as_str(), json!({"at": {"turn": 1}}), "at"),
        ("/api/agents/analyst/preview", json!({"record": 7}), "record"),
    ] {
        let told = ada.post(path, body).await.expect(400).body;
        assert_eq!(told["errors"][0]["path"], place, "{told}");
        let words = told["detail"].as_str().unwrap();
        assert!(words.contains("expected here") && !words.contains("enum"), "{words}");
    }
}
