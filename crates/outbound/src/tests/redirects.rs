use reqwest::{
    Method, Request,
    header::{AUTHORIZATION, HeaderValue},
};

use super::{
    client, client_with, get, limits,
    server::{Server, whole},
    text,
};
use crate::{Error, Limits, MAX_REDIRECTS, RedirectFault, tests::Names};

fn following(redirects: u8) -> Limits {
    Limits { redirects, ..limits() }
}

/// Redirects to what stands behind `/to/` in the path, and says `hello` to everything else.
async fn redirecting() -> Server {
    Server::start(|path| match path.strip_prefix("/to/") {
        Some(target) => whole("302 Found", &format!("location: {target}\r\n"), ""),
        None => whole("200 OK", "", "hello"),
    })
    .await
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_redirects_are_followed() {
    let server = redirecting().await;
    let url = server.url("127.0.0.1", "/to//there");
    let answer = get(&client("127.0.0.1", limits()), &url).await.unwrap();
    assert_eq!((answer.status().as_u16(), server.heads().len()), (302, 1));
    assert_eq!(text(get(&client("127.0.0.1", following(1)), &url).await).await, "hello");
    let posted = Request::new(Method::POST, url.parse().unwrap());
    assert_eq!(client("127.0.0.1", following(1)).execute(posted).await.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn where_a_redirect_leads_is_judged_as_the_first_url_is() {
    let server = redirecting().await;
    let client = client("127.0.0.1", following(5));
    for target in [
        "http://127.0.0.2/",
        "http://0x7f000002/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "//2130706434/",
    ] {
        let refused = get(&client, &server.url("127.0.0.1", &format!("/to/{target}"))).await.err().unwrap();
        assert!(matches!(refused, Error::Refused { .. }), "{target}: {refused:?}");
    }
    for target in ["file:///etc/hostname", "ftp://files.example/", "data:,a"] {
        let refused = get(&client, &server.url("127.0.0.1", &format!("/to/{target}"))).await.err().unwrap();
        assert!(matches!(refused, Error::Scheme { .. }), "{target}: {refused:?}");
    }
    let names = Names::answering(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let client = client_with("127.0.0.1", &names, following(5));
    let url = server.url("files.example", "/to/http://other.example/");
    let refused = get(&client, &url).await.err().unwrap();
    assert!(matches!(&refused, Error::Refused { host, .. } if host == "other.example"), "{refused:?}");
}

#[tokio::test]
async fn what_was_meant_for_the_first_host_is_not_sent_to_another() {
    let (first, second) = (redirecting().await, Server::greeting().await);
    let names = Names::answering(&[&["127.0.0.1"]]);
    let client = client_with("127.0.0.1", &names, following(5));
    let ask = async |target: &str| {
        let url = first.url("files.example", &format!("/to/{target}"));
        let mut request = Request::new(Method::GET, url.parse().unwrap());
        let mut key = HeaderValue::from_static("key-0123456789");
        key.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer key-0123456789"));
        headers.insert("cookie", HeaderValue::from_static("a=key-0123456789"));
        headers.insert("x-api-key", key);
        headers.insert("accept", HeaderValue::from_static("text/plain"));
        assert_eq!(text(client.execute(request).await).await, "hello");
    };
    ask(&second.url("ada:secret@other.example", "/there")).await;
    let head = second.heads().remove(0);
    assert!(head.contains("accept: text/plain") && head.contains("host: other.example"), "{head}");
    assert!(!head.contains("key-0123456789") && !head.contains("authorization"), "{head}");
    ask("/there").await;
    let again = first.heads().pop().unwrap();
    assert!(again.contains("/there") && again.matches("key-0123456789").count() == 3, "{again}");
}

#[tokio::test]
async fn redirects_end() {
    let endless = Server::start(|_| whole("302 Found", "location: /again\r\n", "")).await;
    let url = endless.url("127.0.0.1", "/");
    for (allowed, asked) in [(1, 2), (u8::MAX, usize::from(MAX_REDIRECTS) + 1)] {
        let before = endless.heads().len();
        let refused = get(&client("127.0.0.1", following(allowed)), &url).await.err().unwrap();
        assert!(matches!(refused, Error::Redirect { fault: RedirectFault::TooMany, .. }), "{refused:?}");
        assert_eq!(endless.heads().len() - before, asked);
    }
    for headers in ["", "location: http://[::\r\n"] {
        let server = Server::start(move |_| whole("302 Found", headers, "")).await;
        let refused =
            get(&client("127.0.0.1", following(5)), &server.url("127.0.0.1", "/")).await.err().unwrap();
        assert!(matches!(refused, Error::Redirect { fault: RedirectFault::Unreadable, .. }), "{refused:?}");
    }
}
