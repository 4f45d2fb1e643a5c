use super::*;

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_door_and_back() {
    let server = Server::start().await;
    let request = Request::builder().uri("/records/deals?sort=-amount").body(Body::empty()).unwrap();
    let answer = server.send(request).await.expect(303);
    assert_eq!(answer.header("location"), "/sign-in?next=%2Frecords%2Fdeals%3Fsort%3D-amount");

    let form = [
        ("email", "ada@demo.test".to_owned()),
        ("password", PASSWORD.to_owned()),
        ("next", "/records/deals?sort=-amount".to_owned()),
    ];
    let answer = server.send(post("/sign-in").body(body(&form)).unwrap()).await.expect(303);
    assert_eq!(answer.header("location"), "/records/deals?sort=-amount");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("kontor_session=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");

    let script = Request::builder().uri("/palette?q=").header("accept", "application/json");
    server.send(script.body(Body::empty()).unwrap()).await.expect(401).shows("\"signed_out\"");
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let server = Server::start().await;
    let form = [
        ("email", "ada@demo.test".to_owned()),
        ("password", PASSWORD.to_owned()),
        ("next", "//evil.test/".to_owned()),
    ];
    let answer = server.send(post("/sign-in").body(body(&form)).unwrap()).await.expect(303);
    assert_eq!(answer.header("location"), "/");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_see_the_same_page() {
    let server = Server::start().await;
    let mut pages = Vec::new();
    for email in ["ada@demo.test", "nobody@demo.test"] {
        let form = [("email", email.to_owned()), ("password", "not the password".to_owned())];
        let answer = server.send(post("/sign-in").body(body(&form)).unwrap()).await.expect(422);
        pages.push(answer.body.replace(email, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn nothing_is_changed_without_the_pages_token_or_from_another_site() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let send = |csrf: &str, site: &str| {
        let form = [("name", "Acme".to_owned()), ("csrf", csrf.to_owned())];
        let request = Request::builder()
            .method("POST")
            .uri("/records/accounts")
            .header("cookie", &ada.cookie)
            .header("sec-fetch-site", site);
        server.send(request.body(body(&form)).unwrap())
    };
    send("", "same-origin").await.expect(403);
    send("guess", "same-origin").await.expect(403);
    send(&ada.csrf, "cross-site").await.expect(403);
    send(&ada.csrf, "same-site").await.expect(403);
    ada.get("/records/accounts").await.expect(200).shows("No accounts yet");
    send(&ada.csrf, "same-origin").await.expect(303);
    ada.get("/records/accounts").await.expect(200).shows("Acme");
}

#[tokio::test]
async fn a_form_that_is_too_large_is_told_so() {
    let server = Server::start().await;
    let large = [("email", "x".repeat(1_100_000))];
    server.send(post("/sign-in").body(body(&large)).unwrap()).await.expect(413).shows("too large");
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let answer = ada.post("/sign-out", &[]).await.expect(303);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    ada.get("/chat").await.expect(303);
}

#[tokio::test]
async fn every_page_carries_the_headers_that_bound_it() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for path in ["/sign-in", "/chat", "/records/deals", "/records/deals/new", "/nothing"] {
        let answer = ada.get(path).await;
        assert!(
            answer.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-request-id").len(), 36);
        answer.hides(" style=").hides("<script>").hides("onclick");
    }
    ada.get("/nothing").await.expect(404).shows("Not found");
}

#[tokio::test]
async fn assets_are_kept_for_good() {
    let server = Server::start().await;
    let page = server.send(Request::builder().uri("/sign-in").body(Body::empty()).unwrap()).await;
    let start = page.body.find("/assets/").unwrap();
    let path = page.body[start..].split('"').next().unwrap();
    for file in ["kontor.css", "app.js", "chat.js"] {
        let base = path.rsplit_once('/').unwrap().0;
        let request = Request::builder().uri(format!("{base}/{file}")).body(Body::empty()).unwrap();
        let answer = server.send(request).await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    let request = Request::builder().uri("/assets/x/..%2FCargo.toml").body(Body::empty()).unwrap();
    server.send(request).await.expect(404);
}

#[tokio::test]
async fn the_first_workspace_is_made_once_through_its_link() {
    let server = Server::empty().await;
    let token = server.services.identity.setup_token().await.unwrap();
    let get = |path: String| server.send(Request::builder().uri(path).body(Body::empty()).unwrap());
    get("/setup?token=guess".to_owned()).await.expect(401).shows("Sign-in required");
    get(format!("/setup?token={token}")).await.expect(200).shows("Welcome to Kontor");
    let form = |password: &str| {
        [
            ("token", token.clone()),
            ("workspace", "Hansen & Sons".to_owned()),
            ("name", "Ida Hansen".to_owned()),
            ("email", "ida@hansen.test".to_owned()),
            ("password", password.to_owned()),
        ]
    };
    let short = server.send(post("/setup").body(body(&form("short"))).unwrap()).await.expect(422);
    short.shows("Hansen &#38; Sons").shows("ida@hansen.test").shows("id=\"password-wrong\"");
    short.shows("aria-describedby=\"password-wrong\" autofocus").hides("value=\"short");
    let mut nothing = form("short");
    nothing[1..4].iter_mut().for_each(|(_, value)| " ".clone_into(value));
    let wrong = server.send(post("/setup").body(body(&nothing)).unwrap()).await.expect(422);
    for input in ["workspace", "name", "email", "password"] {
        wrong.shows(&format!("id=\"{input}-wrong\""));
    }
    assert_eq!(wrong.body.matches(" autofocus").count(), 1);
    let made = server.send(post("/setup").body(body(&form(PASSWORD))).unwrap()).await.expect(303);
    assert_eq!(made.header("location"), "/chat");
    assert!(made.header("set-cookie").starts_with("kontor_session="));
    get(format!("/setup?token={token}")).await.expect(401);
}

#[tokio::test]
async fn an_address_that_asks_too_often_without_signing_in_is_refused_and_nobody_is_signed_in_by_it() {
    let server =
        Server::with(RateLimitSettings { per_token: 0, per_member: 0, per_key: 0, per_address: 2 }).await;
    server.send(Request::get("/sign-in").body(Body::empty()).unwrap()).await.expect(200);
    let with_cookie =
        |path: &str| Request::get(path).header("cookie", "kontor_session=x").body(Body::empty());
    server.send(with_cookie("/sign-in").unwrap()).await.expect(200);
    let refused = server.send(with_cookie("/sign-in").unwrap()).await.expect(429);
    assert_eq!(refused.header("ratelimit-policy"), "\"address\";q=2;w=60");
    refused.shows("too many requests of one address");
    let form = [("email", "ada@demo.test".to_owned()), ("password", PASSWORD.to_owned())];
    let sent = server.send(post("/sign-in").body(body(&form)).unwrap()).await.expect(429);
    assert_eq!(sent.header("set-cookie"), "");
    let asset = &*crate::assets::BASE;
    server.send(Request::get(format!("{asset}/app.js")).body(Body::empty()).unwrap()).await.expect(200);
}
