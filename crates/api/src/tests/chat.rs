use futures::StreamExt as _;
use kontor_testkit::waiting::eventually;

use super::*;

#[tokio::test]
async fn a_turn_is_sent_once_and_its_events_are_streamed_and_replayed() {
    let server = Server::start().await;
    let worker = tokio_util::task::TaskTracker::new();
    worker.spawn(server.services.agents.worker().run(server.services.shutdown.clone()));
    let ada = server.sign_in("ada").await;
    ada.create("accounts", json!({"name": "Acme"})).await;

    let session = ada.post("/api/sessions", json!({"agent": "sales-assistant"})).await.expect(201);
    assert_eq!(session.header("location"), format!("/api/sessions/{}", session.id()));
    let turns = format!("/api/sessions/{}/turns", session.id());
    let key = [("idempotency-key", "once")];
    let turn = ada.send(Method::POST, &turns, json!({"message": "list accounts"}), &key).await.expect(202);
    let again = ada.send(Method::POST, &turns, json!({"message": "list accounts"}), &key).await.expect(202);
    assert_eq!(turn.id(), again.id());

    let events = format!("/api/sessions/{}/events", session.id());
    let whole = until_the_end(&ada, &events, None).await;
    assert!(whole.starts_with("retry: 1000\n\nid: 1\nevent: turn.started\ndata: {"), "{whole}");
    assert!(whole.contains("event: text.delta\n") && whole.contains("Acme"), "{whole}");
    let rest = until_the_end(&ada, &events, Some("1")).await;
    assert_eq!(
        rest.replacen("retry: 1000\n\n", "", 1),
        whole.split_once("\n\nid: 1\n").unwrap().1.split_once("\n\n").unwrap().1
    );

    let one = ada.get(&format!("/api/turns/{}", turn.id())).await.expect(200).body;
    assert_eq!(one["status"], "completed");
    ada.post(&format!("/api/turns/{}/cancel", turn.id()), json!({})).await.expect(409);
    let listed = ada.get("/api/sessions").await.expect(200).body;
    assert_eq!(listed["data"][0]["id"], session.body["id"]);
    let renamed = ada.patch(&format!("/api/sessions/{}", session.id()), json!({"title": "Accounts"})).await;
    assert_eq!(renamed.expect(200).body["title"], "Accounts");

    let vera = server.sign_in("vera").await;
    vera.get(&events).await.expect(404);
    vera.get(&format!("/api/turns/{}", turn.id())).await.expect(404);
    server.services.shutdown.cancel();
    worker.close();
    worker.wait().await;
    server.store.close().await;
}

/// Reads the stream until the turn has ended, and leaves.
async fn until_the_end(client: &Client<'_>, path: &str, last: Option<&str>) -> String {
    let mut request = client.request(Method::GET, path);
    if let Some(id) = last {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = client.server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    let limit = Duration::from_secs(20);
    while !text.contains("event: turn.completed") {
        let piece = tokio::time::timeout(limit, body.next()).await.expect(&text).expect(&text).unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    text
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let session = ada.post("/api/sessions", json!({"agent": "analyst"})).await.expect(201);
    let request = ada.request(Method::GET, &format!("/api/sessions/{}/events", session.id()));
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    server.services.shutdown.cancel();
    let rest = tokio::time::timeout(Duration::from_secs(5), to_bytes(response.into_body(), 1 << 20)).await;
    assert_eq!(rest.unwrap().unwrap(), "retry: 1000\n\n");
}

#[tokio::test]
async fn an_approval_is_answered_by_whom_it_was_asked() {
    let server = Server::start().await;
    let worker = tokio_util::task::TaskTracker::new();
    worker.spawn(server.services.agents.worker().run(server.services.shutdown.clone()));
    let ada = server.sign_in("ada").await;
    let account = ada.create("accounts", json!({"name": "Acme"})).await;
    let session = ada.post("/api/sessions", json!({"agent": "sales-assistant"})).await.expect(201);
    let turns = format!("/api/sessions/{}/turns", session.id());
    ada.post(&turns, json!({"message": "delete the account Acme"})).await.expect(202);
    let path = format!("/api/approvals?session={}", session.id());
    let approval = eventually(Duration::from_secs(20), || async {
        let listed = ada.get(&path).await.expect(200).body;
        listed["data"][0]["id"].as_str().map(str::to_owned)
    });
    let approval = approval.await.unwrap();
    // All that waits, whichever session it was asked in.
    let waiting = ada.get("/api/approvals?status=pending").await.expect(200).body;
    let listed = &waiting["data"][0];
    assert_eq!((listed["id"].as_str(), &listed["session"]), (Some(&*approval), &session.body["id"]));
    assert_eq!(
        (&listed["title"], &listed["agent"]["name"]),
        (&json!("Delete the account Acme"), &json!("sales-assistant"))
    );
    let one = format!("/api/approvals/{approval}");
    server.sign_in("vera").await.post(&one, json!({"decision": "approve"})).await.expect(404);
    assert_eq!(
        ada.post(&one, json!({"decision": "perhaps"})).await.expect(400).body["errors"][0]["path"],
        "decision"
    );
    let answered =
        ada.post(&one, json!({"decision": "deny", "comment": "we keep it"})).await.expect(200).body;
    assert_eq!(answered["status"], "denied");
    assert_eq!(ada.post(&one, json!({"decision": "approve"})).await.expect(409).code(), "approval_closed");
    // What is asked for without a status is what waits.
    for (status, count) in
        [("", 0), ("&status=pending", 0), ("&status=approved", 0), ("&status=denied", 1), ("&status=all", 1)]
    {
        let listed = ada.get(&format!("{path}{status}")).await.expect(200).body;
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(count), "{status}: {listed}");
    }
    assert_eq!(
        ada.get(&format!("{path}&status=maybe")).await.expect(400).body["errors"][0]["path"],
        "status"
    );
    ada.get(&format!("/api/records/accounts/{}", account.id())).await.expect(200);
    server.services.shutdown.cancel();
    worker.close();
    worker.wait().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_signs_out() {
    let server = Server::start().await;
    let (ada, other) = (server.sign_in("ada").await, server.sign_in("ada").await);
    let session = ada.post("/api/sessions", json!({"agent": "analyst"})).await.expect(201);
    let path = format!("/api/sessions/{}/events", session.id());
    let open = async |client: &Client<'_>| {
        let request = client.request(Method::GET, &path).body(Body::empty()).unwrap();
        server.router.clone().oneshot(request).await.unwrap().into_body()
    };
    let (left, stayed) = (open(&ada).await, open(&other).await);
    server.services.identity.sign_out(&ada.token).await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(5), to_bytes(left, 1 << 20)).await;
    assert_eq!(rest.unwrap().unwrap(), "retry: 1000\n\n");
    let rest = tokio::time::timeout(Duration::from_millis(500), to_bytes(stayed, 1 << 20)).await;
    assert!(rest.is_err(), "the other sign-in holds");
}
