use super::*;

fn json_request(path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

fn form_request() -> axum::http::request::Builder {
    let request = Request::builder().method("POST").uri("/oauth/token");
    request.header("content-type", "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn bodies_that_are_no_objects_or_of_another_type_are_refused() {
    let server = Server::start().await;
    for list in
        [json!(["ada@demo.test", PASSWORD]), json!([["email", "ada@demo.test"]]), json!("ada"), json!(null)]
    {
        let refused = server.send(json_request("/api/auth/login", &list)).await.expect(400);
        assert!(refused.body["detail"].as_str().unwrap().contains("object is expected"), "{}", refused.body);
    }
    let context = json!({"agent": "analyst", "context": ["deal", "018f2b6e-7c1a-7000-8000-000000000001"]});
    let ada = server.sign_in("ada").await;
    let refused = ada.post("/api/sessions", context).await.expect(400);
    assert_eq!(refused.body["errors"][0]["path"], "context", "{}", refused.body);
    let body = json!({"email": "ada@demo.test", "password": PASSWORD}).to_string();
    for (name, value) in [("content-type", "text/plain"), ("content-encoding", "gzip")] {
        let mut request = json_request("/api/auth/login", &Value::Null);
        request.headers_mut().insert(name, value.parse().unwrap());
        *request.body_mut() = Body::from(body.clone());
        assert_eq!(server.send(request).await.expect(415).code(), "unsupported_media_type", "{name}");
    }
    let mut token = form_request();
    token.headers_mut().unwrap().insert("content-type", "application/json".parse().unwrap());
    let refused = server.send(token.body(Body::from("grant_type=refresh_token")).unwrap()).await.expect(400);
    assert_eq!(refused.body["error"], "invalid_request");
}

#[tokio::test]
async fn a_person_signs_in_refreshes_and_signs_out() {
    let server = Server::start().await;
    let body = json!({"email": "ada@demo.test", "password": PASSWORD});
    let tokens = server.send(json_request("/api/auth/login", &body)).await.expect(200).body;
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["expires_in"].as_u64().unwrap() > 0);

    let client = Client { server: &server, token: tokens["access_token"].as_str().unwrap().into() };
    let me = client.get("/api/me").await.expect(200).body;
    assert_eq!(me["user"]["email"], "ada@demo.test");
    assert_eq!(me["member"]["role"], "Admin");

    let form =
        format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    let refresh = |form: String| form_request().body(Body::from(form)).unwrap();
    let second = server.send(refresh(form)).await.expect(200).body;
    let again = json!({"refresh_token": second["refresh_token"]});
    let third = server.send(json_request("/api/auth/refresh", &again)).await.expect(200).body;
    let last = json!({"refresh_token": third["refresh_token"]});
    server.send(json_request("/api/auth/logout", &last)).await.expect(204);
    let ended = server.send(json_request("/api/auth/refresh", &last)).await.expect(401);
    assert!(ended.header("www-authenticate").starts_with("Bearer"));
    let refused = server.send(refresh("grant_type=refresh_token&refresh_token=x".into())).await.expect(400);
    assert_eq!(refused.body["error"], "invalid_grant");
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_how() {
    let server = Server::start().await;
    let request = |headers: &[(&str, &str)]| {
        let mut request = Request::builder().uri("/api/me");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    };
    let answer = server.send(request(&[])).await.expect(401);
    let metadata = "resource_metadata=\"http://kontor.test/.well-known/oauth-protected-resource\"";
    assert_eq!(answer.header("www-authenticate"), format!("Bearer realm=\"kontor\", {metadata}"));
    insta::assert_json_snapshot!(answer.body);
    let answer = server.send(request(&[("authorization", "Bearer nonsense")])).await.expect(401);
    let expected = format!("Bearer realm=\"kontor\", error=\"invalid_token\", {metadata}");
    assert_eq!(answer.header("www-authenticate"), expected);
    let both = [("authorization", "Bearer x"), ("cookie", "kontor_session=y")];
    let answer = server.send(request(&both)).await.expect(400);
    assert_eq!(answer.code(), "ambiguous_credentials");
    // A cookie of another name is nobody's credential.
    server.send(request(&[("cookie", "__Host-kontor_session=y")])).await.expect(401);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_answered_alike() {
    let server = Server::start().await;
    let mut answers = Vec::new();
    for email in ["ada@demo.test", "nobody@demo.test"] {
        let body = json!({"email": email, "password": "not the password"});
        answers.push(server.send(json_request("/api/auth/login", &body)).await.expect(401).body);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_cookie_changes_something_only_with_the_pages_token() {
    let server = Server::start().await;
    let session = server.services.identity.start_browser_session(sign_in("ada")).await.unwrap();
    let request = |method: &str, csrf: Option<&str>| {
        let mut request = Request::builder()
            .method(method)
            .uri("/api/records/accounts")
            .header("content-type", "application/json")
            .header("cookie", format!("kontor_session={}", session.cookie));
        if let Some(token) = csrf {
            request = request.header("x-csrf-token", token);
        }
        request.body(Body::from(json!({"name": "Acme"}).to_string())).unwrap()
    };
    server.send(request("GET", None)).await.expect(200);
    for wrong in [None, Some(""), Some("guess")] {
        let answer = server.send(request("POST", wrong)).await.expect(403);
        assert_eq!(answer.code(), "csrf_token_invalid");
    }
    server.send(request("POST", Some(session.csrf.token()))).await.expect(201);
}
