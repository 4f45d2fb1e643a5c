//! What the server says of itself.

use super::*;

async fn asked(server: &Server, path: &str) -> Answer {
    server.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_server_whose_services_are_down_lives_and_is_not_ready() {
    let server = Server::start().await;
    asked(&server, "/readyz").await.expect(200);
    server.services.health.down("agents");
    let told = asked(&server, "/readyz").await.expect(503);
    assert_eq!(told.code(), "not_ready");
    assert!(told.body["detail"].as_str().unwrap().contains("agents"), "{}", told.body);
    asked(&server, "/healthz").await.expect(200);
    server.services.health.up("agents");
    asked(&server, "/readyz").await.expect(200);
}

#[tokio::test]
async fn a_server_whose_database_does_not_answer_is_not_ready() {
    let server = Server::start().await;
    server.store.close().await;
    asked(&server, "/readyz").await.expect(503);
    asked(&server, "/healthz").await.expect(200);
}
