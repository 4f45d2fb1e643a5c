//! Nobody can take the server's connections from all others.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use kontor_testkit::client::ApiClient;
use serde_json::json;

use crate::fixture::Fixture;

/// A server with few connections.
async fn small() -> Fixture {
    let mut fixture = Fixture::builtin().await;
    fixture.server = None;
    for (name, value) in [("KONTOR_MAX_CONNECTIONS", "40"), ("KONTOR_MAX_STREAMS_PER_MEMBER", "12")] {
        fixture.options.environment.push((name.to_owned(), value.to_owned()));
    }
    fixture.launch();
    fixture
}

/// What one short request is answered, by a client that comes from outside.
fn ask(fixture: &Fixture, path: &str) -> String {
    let mut stream = TcpStream::connect(fixture.server().address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn one_members_streams_are_bounded_and_leave_places_to_others() {
    let fixture = small().await;
    let vera = fixture.sign_in("vera").await;
    let path = format!("/api/sessions/{}/events", vera.session("analyst").await.unwrap());
    let (mut open, mut refused) = (Vec::new(), Vec::new());
    // One sign-in, then others of the same member.
    let others = [fixture.sign_in("vera").await, fixture.sign_in("vera").await];
    for client in [&vera, &others[0], &others[1]] {
        for _ in 0..15 {
            let response = client.request(reqwest::Method::GET, &path).send().await.unwrap();
            if response.status() == 200 { open.push(response) } else { refused.push(response) }
        }
    }
    assert_eq!(open.len(), 12, "as many as one member may have");
    let refused = refused.pop().unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_streams");
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/records/accounts", json!({"name": "Acme"})).await.unwrap().ok();
    drop(open);
    let again = tokio::time::timeout(Duration::from_secs(20), async {
        while vera.request(reqwest::Method::GET, &path).send().await.unwrap().status() != 200 {}
    });
    again.await.expect("a stream that was closed makes room");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_whatever_is_open_and_whoever_asks_nothing_gives_way() {
    let fixture = small().await;
    let address = fixture.server().address();
    let mut silent = Vec::new();
    for number in 0..120 {
        let mut stream = TcpStream::connect(address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
        }
        silent.push(stream);
    }
    for path in ["/healthz", "/readyz"] {
        let told = ask(&fixture, path);
        assert!(told.starts_with("HTTP/1.1 200"), "{path}: {told}");
    }
    let ada = ApiClient::sign_in(fixture.url(), "ada@demo.test").await.unwrap();
    ada.get("/api/me").await.unwrap().ok();
    // As many requests as there are places, which take their time to say what they want.
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        slow.push(stream);
    }
    for _ in 0..3 {
        for path in ["/healthz", "/readyz"] {
            let told = ask(&fixture, path);
            assert!(told.starts_with("HTTP/1.1 200"), "{path}: {told}");
        }
    }
}

#[tokio::test]
async fn a_missing_or_repeated_host_is_refused_by_a_problem() {
    let fixture = Fixture::builtin().await;
    for head in ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n"] {
        let mut stream = TcpStream::connect(fixture.server().address()).unwrap();
        write!(stream, "GET /api/me HTTP/1.1\r\n{head}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{head:?}: {answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("invalid_host"), "{answer}");
    }
}
