//! What travels compressed, and what does not.

use std::io::Read as _;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use flate2::read::GzDecoder;
use tower::ServiceExt as _;

use super::{Browser, Server};

/// What a browser that reads gzip is sent: the headers, the bytes, and what they say.
async fn sent(server: &Server, browser: &Browser<'_>, path: &str, site: &str) -> (HeaderMap, usize, String) {
    let request = Request::builder().uri(path).header("cookie", &browser.cookie);
    let request = request.header("accept-encoding", "gzip, deflate, br, zstd").header("sec-fetch-site", site);
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 8 << 20).await.unwrap();
    let mut text = String::new();
    if head.headers.contains_key("content-encoding") {
        GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes.to_vec()).unwrap();
    }
    (head.headers, bytes.len(), text)
}

#[tokio::test]
async fn pages_styles_and_scripts_are_compressed_and_say_the_same() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let page = ada.get("/records/deals").await.expect(200);
    let style = page.body.split('"').find(|text| text.ends_with("/kontor.css")).unwrap();
    let script = page.body.split('"').find(|text| text.ends_with("/list.js")).unwrap();
    for path in ["/records/deals", style, script, "/nothing-here"] {
        let (headers, bytes, text) = sent(&server, &ada, path, "same-origin").await;
        assert_eq!(headers["content-encoding"], "gzip", "{path}");
        let varies = headers.get_all("vary").iter().any(|value| value == "accept-encoding");
        assert!(varies, "{path}: {headers:?}");
        let plain = ada.get(path).await;
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(text, plain.body, "{path}");
        assert!(bytes * 2 < text.len(), "{path}: {bytes} of {}", text.len());
    }
}

#[tokio::test]
async fn what_another_site_asks_for_does_not_tell_by_its_length_what_is_in_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for site in ["cross-site", "same-site"] {
        let (headers, _, text) = sent(&server, &ada, "/records/deals?q=guess", site).await;
        assert!(!headers.contains_key("content-encoding") && text.contains("guess"), "{site}: {headers:?}");
    }
    let (headers, _, _) = sent(&server, &ada, "/records/deals?q=typed", "none").await;
    assert_eq!(headers["content-encoding"], "gzip");
}

#[tokio::test]
async fn a_stream_of_events_is_not_compressed() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let request = Request::builder().uri("/live").header("cookie", &ada.cookie);
    let request = request.header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(!response.headers().contains_key("content-encoding"), "{:?}", response.headers());
}
