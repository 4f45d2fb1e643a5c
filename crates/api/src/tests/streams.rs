//! How many event streams one member may have.

use super::*;

async fn session(client: &Client<'_>) -> String {
    let session = client.post("/api/sessions", json!({"agent": "analyst"})).await.expect(201);
    format!("/api/sessions/{}/events", session.id())
}

async fn open(client: &Client<'_>, path: &str) -> axum::response::Response {
    let request = client.request(Method::GET, path).body(Body::empty()).unwrap();
    client.server.router.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn streams_are_bounded_by_token_and_member_and_one_that_is_closed_makes_room() {
    let server = Server::start().await;
    let (ada, again) = (server.sign_in("ada").await, server.sign_in("ada").await);
    let (path, vera) = (session(&ada).await, server.sign_in("vera").await);
    let mut streams = vec![open(&ada, &path).await, open(&ada, &path).await];
    let refused = ada.get(&path).await.expect(429);
    assert_eq!(refused.code(), "too_many_streams");
    assert!(refused.body["detail"].as_str().unwrap().contains("Close one"), "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());
    streams.push(open(&again, &path).await);
    assert_eq!(again.get(&path).await.expect(429).code(), "too_many_streams", "a fourth of one member");
    let hers = session(&vera).await;
    streams.push(open(&vera, &hers).await);
    assert!(streams.iter().all(|stream| stream.status() == StatusCode::OK));
    assert_eq!(vera.get(&hers).await.expect(503).code(), "streams_busy", "the server has no more");
    vera.get("/api/me").await.expect(200);
    streams.remove(0);
    assert_eq!(open(&ada, &path).await.status(), StatusCode::OK);
}
