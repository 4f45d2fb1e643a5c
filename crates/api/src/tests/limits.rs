use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use kontor_http::RateLimitSettings;

use super::*;

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_what_is_left_and_when_to_come_back() {
    let server =
        Server::with(RateLimitSettings { per_token: 3, per_member: 0, per_key: 0, per_address: 0 }).await;
    let ada = server.sign_in("ada").await;
    let told = ada.get("/api/me").await.expect(200);
    assert_eq!(told.header("ratelimit-policy"), "\"token\";q=3;w=60");
    assert_eq!(told.header("ratelimit"), "\"token\";r=2;t=20");
    ada.get("/api/me").await.expect(200);
    ada.get("/api/me").await.expect(200);
    let refused = ada.get("/api/me").await.expect(429);
    assert_eq!(refused.code(), "too_many_requests");
    assert_eq!(refused.header("ratelimit"), "\"token\";r=0;t=60");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    server.sign_in("vera").await.get("/api/me").await.expect(200);
}

#[tokio::test]
async fn what_signs_nobody_in_is_counted_for_its_address_and_slows_nobody_who_is_signed_in() {
    let server =
        Server::with(RateLimitSettings { per_token: 0, per_member: 0, per_key: 0, per_address: 3 }).await;
    let ada = server.sign_in("ada").await;
    let from = |address: &str, token: Option<&str>| {
        let mut request = Request::get("/api/me");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let address: SocketAddr = format!("{address}:5000").parse().unwrap();
        request.extension(ConnectInfo(address)).body(Body::empty()).unwrap()
    };
    for (token, status) in [(None, 401), (Some("wrong"), 401), (None, 401), (None, 429), (Some("wrong"), 429)]
    {
        let answer = server.send(from("192.0.2.1", token)).await.expect(status);
        assert_eq!(answer.header("ratelimit-policy"), "\"address\";q=3;w=60");
    }
    server.send(from("192.0.2.1", Some(&ada.token))).await.expect(200);
    server.send(from("192.0.2.2", None)).await.expect(401);
}

#[tokio::test]
async fn no_credential_of_ones_own_invention_passes_the_bound_of_an_address() {
    let server =
        Server::with(RateLimitSettings { per_token: 0, per_member: 0, per_key: 0, per_address: 2 }).await;
    let from = |path: &str, headers: &[(&str, &str)]| {
        let address: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.extension(ConnectInfo(address)).body(Body::empty()).unwrap()
    };
    let both = [("authorization", "Bearer x"), ("cookie", "kontor_session=x")];
    server.send(from("/api/me", &both)).await.expect(400);
    server.send(from("/openapi.json", &both[1..])).await.expect(200);
    for headers in [&both[..], &both[..1], &both[1..], &[]] {
        server.send(from("/openapi.json", headers)).await.expect(429);
    }
    for path in ["/healthz", "/readyz"] {
        server.send(from(path, &[])).await.expect(200);
    }
}
