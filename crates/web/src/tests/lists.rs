//! Lists as each member left them.

use axum::{body::Body, http::Request};
use serde_json::json;

use super::{Browser, Server};

/// Where the list leads that is asked for without a query; nothing where it is shown as it comes.
async fn left(browser: &Browser<'_>, list: &str) -> String {
    browser.get(list).await.header("location").to_owned()
}

#[tokio::test]
async fn a_list_is_as_its_member_left_it_until_it_is_reset() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    for (name, stage) in [("Gravel", "LEAD"), ("Sand", "PROPOSAL")] {
        server.create("deal", json!({"name": name, "stage": stage})).await;
    }
    ada.get("/records/deals").await.expect(200).shows("Gravel").hides("reset-form");

    let narrowed = "/records/deals?f=stage&o=is&v=LEAD&sort=-amount&c=stage&c=owner";
    let shown = ada.get(&format!("{narrowed}&q=gra&after=")).await.expect(200);
    shown.shows("Gravel").hides("Sand").shows("reset-form");
    assert_eq!(left(&ada, "/records/deals").await, narrowed, "neither the search nor the page is remembered");
    ada.get("/records/deals").await.expect(303);
    vera.get("/records/deals").await.expect(200).shows("Sand");
    ada.get("/records/contacts").await.expect(200);

    // Filters are taken away and the rest stays; the address says so.
    let cleared = "/records/deals?q=&sort=-amount&c=stage&c=owner";
    shown.shows(&cleared.replace('&', "&#38;"));
    ada.get(cleared).await.expect(200).shows("Sand");
    assert_eq!(left(&ada, "/records/deals").await, "/records/deals?sort=-amount&c=stage&c=owner");

    let reset = ada.post("/records/deals/reset", &[]).await.expect(303);
    assert_eq!(reset.header("location"), "/records/deals");
    ada.get("/records/deals").await.expect(200).shows("Sand").hides("reset-form");
}

#[tokio::test]
async fn what_is_looked_at_in_passing_or_by_no_person_is_not_how_a_list_was_left() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let account = server.create("account", json!({"name": "Acme"})).await;
    for passing in [
        format!("/records/deals?f=account&o=is&v={account}&passing=yes"),
        "/records/deals?deleted=yes&sort=name".to_owned(),
        "/records/deals?f=amount&o=least&v=much".to_owned(),
        "/records/deals?q=gravel&sort=name".to_owned(),
        "/records/deals?x=y".to_owned(),
    ] {
        ada.get(&passing).await.expect(200);
        assert_eq!(left(&ada, "/records/deals").await, "", "{passing}");
    }
    for (header, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors"), ("sec-purpose", "prefetch")]
    {
        let request = Request::builder().uri("/records/deals?sort=name").header("cookie", &ada.cookie);
        let request = request.header(header, value).body(Body::empty()).unwrap();
        server.send(request).await.expect(200);
        assert_eq!(left(&ada, "/records/deals").await, "", "{header}: {value}");
    }
    // What is sorted within it stays in passing.
    server.create("deal", json!({"name": "Gravel"})).await;
    let passing = ada.get("/records/deals?sort=name&passing=yes").await.expect(200);
    passing.shows("passing=yes&#38;sort=-amount").hides("reset-form");
}

#[tokio::test]
async fn the_columns_that_a_list_has_by_itself_are_not_a_choice() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let page = ada.get("/records/contacts").await.expect(200);
    let boxes = page.body.split("name=\"c\" value=\"").skip(1);
    let shown = boxes.filter(|rest| rest.split('>').next().is_some_and(|tag| tag.ends_with("checked")));
    let columns: String = shown.map(|rest| format!("&c={}", rest.split('"').next().unwrap())).collect();
    assert!(columns.matches("&c=").count() > 3, "{columns}");
    ada.get(&format!("/records/contacts?q={columns}")).await.expect(200).hides("reset-form");
    assert_eq!(left(&ada, "/records/contacts").await, "");
}
