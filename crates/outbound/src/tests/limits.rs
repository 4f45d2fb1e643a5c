use std::time::Duration;

use reqwest::{Method, Request, header::HeaderValue};

use super::{
    client, get, limits,
    server::{Script, Server, whole},
};
use crate::{Bounded, Error, Limits, Wait};

/// So long that a test that waited for it would be found out.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(100);

fn waited_for(error: Error) -> Wait {
    match error {
        Error::Timeout { wait, .. } => wait,
        other => panic!("{other:?}"),
    }
}

/// A head and then pieces of a body of no length that is said, each after a pause.
fn pieces(count: usize, pause: Duration, piece: &[u8]) -> Script {
    let head = (Duration::ZERO, b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec());
    std::iter::once(head).chain(std::iter::repeat_n((pause, piece.to_vec()), count)).collect()
}

#[tokio::test]
async fn every_wait_ends_by_the_limit_that_fits() {
    let silent = Server::start(|_| vec![(LONG, Vec::new())]).await;
    let url = silent.url("127.0.0.1", "/");
    let head = Limits { head: SHORT, ..limits() };
    assert_eq!(waited_for(get(&client("127.0.0.1", head), &url).await.err().unwrap()), Wait::Head);
    let total = Limits { total: SHORT, ..limits() };
    assert_eq!(waited_for(get(&client("127.0.0.1", total), &url).await.err().unwrap()), Wait::Total);
    let mut own = Request::new(Method::GET, url.parse().unwrap());
    *own.timeout_mut() = Some(SHORT);
    assert_eq!(waited_for(client("127.0.0.1", limits()).execute(own).await.err().unwrap()), Wait::Total);

    let slow_head = Server::start(|_| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-slow: ".chunks(1);
        head.map(|byte| (SHORT / 2, byte.to_vec())).collect()
    })
    .await;
    let head = client("127.0.0.1", Limits { head: SHORT * 3, ..limits() });
    let answer = get(&head, &slow_head.url("127.0.0.1", "/")).await;
    assert_eq!(waited_for(answer.err().unwrap()), Wait::Head);
}

#[tokio::test]
async fn a_body_that_stops_or_never_ends_is_given_up() {
    let stopping =
        Server::start(|_| [pieces(1, Duration::ZERO, b"half"), vec![(LONG, Vec::new())]].concat()).await;
    let idle = client("127.0.0.1", Limits { idle: SHORT, ..limits() });
    let answer = get(&idle, &stopping.url("127.0.0.1", "/")).await.unwrap();
    assert_eq!(waited_for(answer.bytes().await.unwrap_err()), Wait::Idle);
    let answer = get(&idle, &stopping.url("127.0.0.1", "/")).await.unwrap();
    assert_eq!(answer.beginning(1_000).await, b"half");

    let dripping = Server::start(|_| pieces(1_000, SHORT / 4, b"drop")).await;
    let total = client("127.0.0.1", Limits { idle: SHORT * 20, total: SHORT * 3, ..limits() });
    let answer = get(&total, &dripping.url("127.0.0.1", "/")).await.unwrap();
    assert_eq!(waited_for(answer.bytes().await.unwrap_err()), Wait::Total);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_bound() {
    let server = Server::start(|path| match path {
        "/said" => whole("200 OK", "", &"x".repeat(1_001)),
        "/fitting" => whole("200 OK", "", &"x".repeat(1_000)),
        _ => pieces(11, Duration::ZERO, &[b'x'; 100]),
    })
    .await;
    let client = client("127.0.0.1", Limits { body: 1_000, ..limits() });
    let ask = async |path| get(&client, &server.url("127.0.0.1", path)).await.unwrap();
    assert_eq!(ask("/fitting").await.bytes().await.unwrap().len(), 1_000);
    for path in ["/said", "/unsaid"] {
        let refused = ask(path).await.bytes().await.unwrap_err();
        let expected = matches!(refused, Error::TooLarge { what: Bounded::ResponseBody, limit: 1_000, .. });
        assert!(expected, "{path}: {refused:?}");
        assert_eq!(ask(path).await.beginning(300).await.len(), 300);
    }
}

#[tokio::test]
async fn the_head_of_a_request_is_bounded() {
    let server = Server::greeting().await;
    let client = client("127.0.0.1", Limits { request_head: 200, ..limits() });
    let long_url = server.url("127.0.0.1", &format!("/{}", "x".repeat(200)));
    let mut long_header = Request::new(Method::GET, server.url("127.0.0.1", "/").parse().unwrap());
    long_header.headers_mut().insert("x-long", HeaderValue::from_str(&"x".repeat(200)).unwrap());
    for refused in [get(&client, &long_url).await, client.execute(long_header).await] {
        let refused = refused.err().unwrap();
        assert!(matches!(refused, Error::TooLarge { what: Bounded::RequestHead, .. }), "{refused:?}");
    }
    assert_eq!(server.heads().len(), 0);
}

#[tokio::test]
async fn a_head_of_a_response_without_end_and_what_is_no_http_are_told_as_such() {
    let endless = || {
        let line = format!("x-more: {}\r\n", "x".repeat(8_000));
        let head = (Duration::ZERO, b"HTTP/1.1 200 OK\r\n".to_vec());
        std::iter::once(head).chain(std::iter::repeat_n((Duration::ZERO, line.into_bytes()), 100)).collect()
    };
    let server = Server::start(move |path| match path {
        "/endless" => endless(),
        "/cut" => vec![(Duration::ZERO, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec())],
        _ => vec![(Duration::ZERO, b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())],
    })
    .await;
    let client = client("127.0.0.1", limits());
    for path in ["/endless", "/other"] {
        let refused = get(&client, &server.url("127.0.0.1", path)).await.err().unwrap();
        assert!(matches!(refused, Error::Protocol { .. }), "{path}: {refused:?}");
    }
    let cut = get(&client, &server.url("127.0.0.1", "/cut")).await.unwrap().bytes().await.unwrap_err();
    assert!(matches!(cut, Error::Protocol { .. }), "{cut:?}");
}

#[tokio::test]
async fn a_request_that_is_put_together_goes_through_the_guard() {
    let server = Server::start(|_| whole("200 OK", "", "hello")).await;
    let url = server.url("127.0.0.1", "/");
    let client = client("127.0.0.1", limits());
    assert_eq!(super::text(client.request(Method::GET, &url).send().await).await, "hello");
    let metadata = client.request(Method::GET, "http://169.254.169.254/").send().await;
    assert!(matches!(metadata, Err(Error::Refused { .. })));
    assert!(matches!(client.request(Method::GET, "::").send().await, Err(Error::Unsendable { .. })));
}
