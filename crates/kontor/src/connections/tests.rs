use axum::{
    body::Bytes,
    http::StatusCode,
    response::IntoResponse as _,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinHandle,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    address: SocketAddr,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
}

fn limits(connections: usize) -> Limits {
    Limits { connections, head: PATIENCE * 2, stall: PATIENCE * 2 }
}

fn refuse(problem: Problem) -> Response {
    let status = kontor_http::status(&problem);
    (status, problem.code.into_owned()).into_response()
}

#[expect(clippy::disallowed_methods, reason = "a test waits for what it begins")]
async fn served(limits: Limits, proxies: &str) -> Served {
    let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        "slow"
    };
    let large = || async { vec![b'x'; 64 << 20] };
    let router = Router::new()
        .route("/peer", get(peer))
        .route("/slow", get(slow))
        .route("/large", get(large))
        .route("/never", get(std::future::pending::<StatusCode>))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/healthz", get(|| async { "well" }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let proxies = Arc::new(TrustedProxies::parse(proxies).unwrap());
    let answers = Answers { router, proxies, refuse };
    let serving = serve(listener, answers, limits, shutdown.clone());
    Served { address, shutdown, ended: tokio::spawn(serving) }
}

async fn connect(served: &Served, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server ends the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await;
    // One that is cut off may be reset.
    let _ = read.expect("the server ends the connection");
    String::from_utf8_lossy(&text).into_owned()
}

async fn answer(served: &Served, text: &str) -> String {
    rest(connect(served, text).await).await
}

fn ask(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_client_that_sends_half_a_head_is_left_and_one_that_asks_knows_its_address() {
    let served = served(Limits { head: Duration::from_millis(200), ..limits(10) }, "").await;
    for half in ["", "GET /peer HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let left = answer(&served, half).await;
        assert!(!left.contains("200 OK"), "{left}");
    }
    let answer = answer(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_left() {
    let served = served(Limits { stall: Duration::from_millis(200), ..limits(1) }, "").await;
    let deaf = connect(&served, &ask("/large")).await;
    deaf.readable().await.unwrap();
    let place = answer(&served, &ask("/peer")).await;
    assert!(place.ends_with("127.0.0.1"), "its place is free again: {place}");
    assert!(rest(deaf).await.len() < 64 << 20, "it is not given the whole answer");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_has_to_wait_for_a_place() {
    let served = served(limits(1), "").await;
    let first = connect(&served, &ask("/slow")).await;
    // Taken in the order in which they came.
    let second = connect(&served, &ask("/peer")).await;
    second.readable().await.unwrap();
    assert!(rest(first).await.ends_with("slow"), "the first was answered before");
    assert!(rest(second).await.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn whoever_asks_nothing_gives_way_to_whoever_asks() {
    let served = served(limits(2), "").await;
    let silent = connect(&served, "").await;
    let half = connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    for _ in 0..2 {
        let answer = answer(&served, &ask("/peer")).await;
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
    }
    drop(half);
    assert_eq!(rest(silent).await, "", "the one that was silent for longest gave way");
}

#[tokio::test]
async fn health_is_told_when_every_place_is_taken_and_all_else_is_refused_in_words() {
    let served = served(limits(3), "").await;
    let mut busy = Vec::new();
    for _ in 0..3 {
        busy.push(connect(&served, &ask("/never")).await);
    }
    // More than the lane holds, which say nothing.
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(connect(&served, "").await);
    }
    let told = answer(&served, &ask("/healthz")).await;
    assert!(told.starts_with("HTTP/1.1 200 OK") && told.ends_with("well"), "{told}");
    let refused = answer(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.ends_with("server_busy"), "{refused}");
    assert!(refused.contains("connection: close"), "{refused}");
}

#[tokio::test]
async fn a_request_in_progress_is_answered_while_the_server_stops() {
    let served = served(limits(10), "").await;
    let idle = connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
    idle.readable().await.unwrap();
    let busy = connect(&served, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    // Taken in the order in which they came: when this one is answered, that one is in progress.
    connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.readable().await.unwrap();
    served.shutdown.cancel();
    assert!(rest(busy).await.ends_with("slow"));
    rest(idle).await;
    tokio::time::timeout(PATIENCE, served.ended).await.expect("the server ends").unwrap();
}

#[tokio::test]
async fn the_clients_address_is_taken_from_trusted_proxies_alone() {
    let request =
        "GET /peer HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n";
    for (proxies, expected) in [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9")] {
        let served = served(limits(10), proxies).await;
        let answer = answer(&served, request).await;
        assert!(answer.ends_with(expected), "{proxies:?}: {answer}");
    }
}

#[tokio::test]
async fn a_request_without_one_valid_host_is_refused_and_its_connection_ends() {
    let served = served(limits(10), "").await;
    for head in [
        "GET /peer HTTP/1.1\r\n\r\n",
        "GET /peer HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /peer HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /peer HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET http://x/peer HTTP/1.1\r\n\r\n",
    ] {
        let answer = answer(&served, &format!("{head}{}", ask("/peer"))).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("invalid_host"),
            "{head:?}: {answer}"
        );
    }
    let absolute = answer(&served, &ask("http://elsewhere.test/peer")).await;
    assert!(absolute.ends_with("127.0.0.1"), "a target in absolute form is its path: {absolute}");
    let old = answer(&served, "GET /peer HTTP/1.0\r\n\r\n").await;
    assert!(old.ends_with("127.0.0.1"), "HTTP/1.0 asks for no host: {old}");
}

#[tokio::test]
async fn a_body_whose_length_is_told_in_two_ways_hides_no_second_request() {
    let served = served(limits(10), "").await;
    let hidden = "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n";
    let head = "POST /length HTTP/1.1\r\nHost: x\r\n";
    for (lengths, body, expected) in [
        ("Content-Length: 5\r\nContent-Length: 6\r\n", "aaaaa", "HTTP/1.1 400 "),
        ("Content-Length: 5, 6\r\n", "aaaaa", "HTTP/1.1 400 "),
        ("Content-Length: +5\r\n", "aaaaa", "HTTP/1.1 400 "),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "HTTP/1.1 200 "),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n", "HTTP/1.1 200 "),
        ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", "HTTP/1.1 400 "),
        ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", "HTTP/1.1 400 "),
    ] {
        let answer = answer(&served, &format!("{head}{lengths}\r\n{body}{hidden}")).await;
        assert!(answer.starts_with(expected), "{lengths:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{lengths:?}: {answer}");
    }
}
