//! How many requests a client may send, as it meets that over a real connection.

use reqwest::StatusCode;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_behind_a_trusted_proxy_is_bounded_by_its_own_address_and_health_never() {
    let settings = [("TRUSTED_PROXIES", "127.0.0.1"), ("RATE_LIMITS__PER_ADDRESS", "3")];
    let fixture = Fixture::with(&settings).await;
    let http = reqwest::Client::new();
    let ask = async |path: &str, from: &str| {
        let request = http.get(format!("{}{path}", fixture.url())).header("x-forwarded-for", from);
        let answer = request.send().await.unwrap();
        let left = answer.headers().get("ratelimit").map(|value| value.to_str().unwrap().to_owned());
        (answer.status(), left.unwrap_or_default())
    };
    for left in ["r=2", "r=1", "r=0"] {
        let (status, told) = ask("/sign-in", "192.0.2.1").await;
        assert_eq!(status, StatusCode::OK);
        assert!(told.contains(left), "{told}");
    }
    for path in ["/sign-in", "/api/me", "/openapi.json"] {
        assert_eq!(ask(path, "192.0.2.1").await.0, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(path, "192.0.2.1").await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(ask("/sign-in", "192.0.2.2").await.0, StatusCode::OK, "another client");
    fixture.end().await;
}
