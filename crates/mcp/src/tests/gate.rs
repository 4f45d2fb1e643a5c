use super::*;

fn ping() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})
}

#[tokio::test]
async fn who_does_not_sign_in_is_told_where_to() {
    let house = House::new().await;
    for (path, told) in [("/mcp", "/mcp\""), ("/mcp/read", "/mcp/read\"")] {
        let request =
            Request::post(path).header("host", "kontor.test").header("content-type", "application/json");
        let answer = house.send(request.body(Body::from(ping().to_string())).unwrap()).await;
        assert_eq!(answer.status, 401);
        let expected = format!(
            "Bearer resource_metadata=\"http://kontor.test/.well-known/oauth-protected-resource{told}"
        );
        assert_eq!(answer.header("www-authenticate"), expected);
    }
    let stranger = Client { house: &house, token: "not.a.token".into() };
    let answer = stranger.post("/mcp", &[], ping()).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").ends_with(", error=\"invalid_token\""));
}

#[tokio::test]
async fn a_request_that_is_not_safe_or_not_understood_is_refused() {
    let house = House::new().await;
    let ada = house.sign_in("ada").await;
    type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], u16);
    let cases: [Case<'_>; 8] = [
        ("/mcp", &[], 200),
        ("/mcp", &[("accept", "*/*")], 200),
        ("/mcp", &[("accept", "application/json")], 200),
        ("/mcp", &[("accept", "text/html")], 406),
        ("/mcp", &[("origin", "https://evil.example")], 403),
        ("/mcp", &[("origin", "http://kontor.test")], 200),
        ("/mcp", &[("mcp-protocol-version", "1999-01-01")], 400),
        ("/mcp?access_token=abc", &[], 400),
    ];
    for (path, headers, expected) in cases {
        let answer = ada.post(path, headers, ping()).await;
        assert_eq!(answer.status, expected, "{path} {headers:?}: {}", answer.body);
    }
    for method in [Method::GET, Method::DELETE] {
        let answer = house.send(ada.request(method, "/mcp").body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    }
    let long =
        json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "x".repeat(crate::MAX_BODY)}});
    assert_eq!(ada.post("/mcp", &[], long).await.status, 413);
    let plain = house.send(ada.request(Method::POST, "/mcp").body(Body::from("{")).unwrap()).await;
    assert!(matches!(plain.status, 400 | 415 | 422), "{}", plain.status);
}
