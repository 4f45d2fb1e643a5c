use futures::StreamExt as _;

use super::*;

/// Reads the stream until a text is in it, and leaves.
async fn stream_until(browser: &Browser<'_>, path: &str, last: Option<&str>, text: &str) -> String {
    let mut request = Request::builder().uri(path).header("cookie", &browser.cookie);
    if let Some(id) = last {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = browser.server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut read = String::new();
    while !read.contains(text) {
        let piece = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect(&read);
        read.push_str(std::str::from_utf8(&piece.expect(&read).unwrap()).unwrap());
    }
    read
}

#[tokio::test]
async fn a_message_is_answered_in_the_stream_and_after_a_reload() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let account = server.create("account", json!({"name": "Acme"})).await;

    ada.get("/chat").await.expect(200).shows("Built-in commands, no language model").shows("Ada");
    let begun = ada.post("/chat", &[("agent", "sales-assistant"), ("message", "list accounts")]).await;
    let page = begun.expect(303).header("location").to_owned();
    let events = format!("{page}/events?after=0");
    let read = stream_until(&ada, &events, None, "\"state\":\"completed\"").await;
    assert!(read.contains("event: call") && read.contains("event: blocks"), "{read}");
    assert!(read.contains(&format!("/records/accounts/{account}")), "{read}");

    let loaded = ada.get(&page).await.expect(200);
    loaded.shows("list accounts").shows("data-state=\"completed\"").shows("Find accounts");
    loaded.shows(&format!("<a href=\"/records/accounts/{account}\""));
    // What is on the page is not sent again.
    let last = loaded.body.split("events?after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let more = ada.post(&format!("{page}/turns"), &[("message", "help"), ("key", "once")]).await;
    more.expect(303);
    let read = stream_until(&ada, &events, Some(&last), "\"state\":\"completed\"").await;
    assert!(!read.contains("list accounts") && read.contains("help"), "{read}");

    let vera = server.sign_in("vera").await;
    vera.get(&page).await.expect(404);
    vera.get(&events).await.expect(404);
    vera.post(&format!("{page}/turns"), &[("message", "help")]).await.expect(404);
    ada.get("/chat/nonsense").await.expect(404);
    server.stop().await;
}

#[tokio::test]
async fn a_deletion_waits_for_approval_in_place() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let about = format!("deal:{deal}");
    ada.get(&format!("/chat?about={about}")).await.expect(200).shows("Crane");
    let form = [("agent", "sales-assistant"), ("message", "delete deal Crane"), ("about", about.as_str())];
    let page = ada.post("/chat", &form).await.expect(303).header("location").to_owned();
    let events = format!("{page}/events?after=0");
    stream_until(&ada, &events, None, "\"state\":\"waiting\"").await;

    let loaded = ada.get(&page).await.expect(200);
    loaded.shows("Delete deal").shows("value=\"approve\"").shows("About <a");
    let start = loaded.body.find("/chat/approvals/").unwrap();
    let approval = loaded.body[start..].split('"').next().unwrap().to_owned();
    ada.post(&approval, &[("decision", "perhaps")]).await.expect(400);
    ada.post(&approval, &[("decision", "approve")]).await.expect(303);
    stream_until(&ada, &events, None, "\"state\":\"completed\"").await;
    ada.get(&format!("/records/deals/{deal}"))
        .await
        .expect(200)
        .shows("Deleted")
        .shows("on behalf of Ada Brandt");
    server.stop().await;
}

#[tokio::test]
async fn a_stream_ends_when_its_reader_signs_out() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let form = [("agent", "analyst"), ("message", "help")];
    let page = ada.post("/chat", &form).await.expect(303).header("location").to_owned();
    let request = Request::builder().uri(format!("{page}/events?after=0")).header("cookie", &ada.cookie);
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    ada.post("/sign-out", &[]).await.expect(303);
    let rest = tokio::time::timeout(Duration::from_secs(5), to_bytes(response.into_body(), 1 << 20)).await;
    rest.expect("the stream ends").unwrap();
    server.stop().await;
}
