use futures::StreamExt as _;
use kontor_agents::{SessionPatch, SessionStatus};
use sea_query::{Expr, ExprTrait as _, Query};

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

/// Makes a deal called Crane and begins a chat about it; the deal's id and the chat's page.
async fn chat_about_a_deal(server: &Server, person: &Browser<'_>, message: &str) -> (String, String) {
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let about = format!("deal:{deal}");
    let form = [("agent", "sales-assistant"), ("message", message), ("about", about.as_str())];
    let page = person.post("/chat", &form).await.expect(303).header("location").to_owned();
    (deal, page)
}

#[tokio::test]
async fn a_deletion_waits_for_approval_in_place() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let (deal, page) = chat_about_a_deal(&server, &ada, "delete deal Crane").await;
    ada.get(&format!("/chat?about=deal:{deal}")).await.expect(200).shows("Crane");
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
async fn what_waits_in_any_chat_is_on_one_page_and_answered_there() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    ada.get("/approvals")
        .await
        .expect(200)
        .shows("Nothing waits for you")
        .hides("<span class=\"badge orange\">");
    let (deal, page) = chat_about_a_deal(&server, &ada, "delete deal Crane").await;
    stream_until(&ada, &format!("{page}/events?after=0"), None, "\"state\":\"waiting\"").await;

    // Every page says how many wait.
    ada.get("/settings").await.expect(200).shows("<span class=\"badge orange\">1<");
    let waiting = ada.get("/approvals").await.expect(200);
    waiting.shows("Delete deal").shows("Crane").shows(&format!("href=\"{page}\"")).shows("Deny: Delete deal");
    server.sign_in("vera").await.get("/approvals").await.expect(200).hides("Crane");
    let start = waiting.body.find("/chat/approvals/").unwrap();
    let approval = waiting.body[start..].split('"').next().unwrap().to_owned();
    let form = [("decision", "deny"), ("comment", "we keep it"), ("back", "approvals")];
    let answered = ada.post(&approval, &form).await.expect(303);
    assert_eq!(answered.header("location"), "/approvals?done=denied");
    let after = ada.get("/approvals?done=denied").await.expect(200);
    after.shows("Nothing waits for you").hides("Delete deal").hides("<span class=\"badge orange\">");
    ada.get("/approvals?status=all").await.expect(200).shows(">denied</span>").shows("we keep it");
    ada.get(&format!("/records/deals/{deal}")).await.expect(200).hides("Deleted");
    let found = ada.get("/palette?q=approv").await.expect(200);
    found.shows("/approvals");
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

#[tokio::test]
async fn the_reason_of_a_denial_is_asked_for_in_the_chat_and_kept() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let form = [("agent", "sales-assistant"), ("message", "delete deal Crane")];
    let page = ada.post("/chat", &form).await.expect(303).header("location").to_owned();
    stream_until(&ada, &format!("{page}/events?after=0"), None, "\"state\":\"waiting\"").await;
    let loaded = ada.get(&page).await.expect(200);
    loaded.shows("name=\"comment\" maxlength=\"2000\"");
    let start = loaded.body.find("/chat/approvals/").unwrap();
    let approval = loaded.body[start..].split('"').next().unwrap().to_owned();
    ada.post(&approval, &[("decision", "deny"), ("comment", &"x".repeat(2_001))]).await.expect(400);
    ada.post(&approval, &[("decision", "deny"), ("comment", "We still need it.")]).await.expect(303);
    let settled = server.settled(&ada, &page).await;
    settled.shows("call denied").shows("We still need it.");
    server.stop().await;
}

#[tokio::test]
async fn an_approval_that_nobody_can_give_any_more_has_no_buttons_and_says_what_happened() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let form = [("agent", "sales-assistant"), ("message", "delete deal Crane")];
    let page = ada.post("/chat", &form).await.expect(303).header("location").to_owned();
    let events = format!("{page}/events?after=0");
    stream_until(&ada, &events, None, "\"state\":\"waiting\"").await;
    let loaded = ada.get(&page).await.expect(200);
    loaded.shows("It can be restored afterwards.");
    let cut = |page: &Answer, before: &str| {
        let start = page.body.find(before).unwrap() + before.len();
        page.body[start..].split('"').next().unwrap().to_owned()
    };
    let approval = format!("/chat/approvals/{}", cut(&loaded, "/chat/approvals/"));
    let turn = cut(&loaded, "data-turn=\"");
    ada.post(&format!("/chat/turns/{turn}/cancel"), &[]).await.expect(303);
    // In the stream and after a reload alike.
    let read = stream_until(&ada, &events, None, "\"state\":\"cancelled\"").await;
    let card = read.rsplit("event: call").next().unwrap();
    assert!(card.contains("not run: stopped first") && !card.contains("approve"), "{card}");
    let settled = server.settled(&ada, &page).await;
    settled.shows("not run: stopped first").hides("/chat/approvals/").hides("needs your approval");
    for decision in ["approve", "deny"] {
        let answer = ada.post(&approval, &[("decision", decision)]).await.expect(409);
        answer.shows("This did not run: the reply was stopped before you answered.");
    }
    ada.get("/records/deals").await.expect(200).shows("Crane");

    // One that was answered says how.
    let form = [("message", "delete deal Crane")];
    ada.post(&format!("{page}/turns"), &form).await.expect(303);
    let since = cut(&settled, "data-events=\"");
    stream_until(&ada, &since, None, "needs your approval").await;
    let loaded = ada.get(&page).await.expect(200);
    let last = format!("/chat/approvals/{}", cut(&loaded, "/chat/approvals/"));
    ada.post(&last, &[("decision", "deny"), ("comment", "not yet")]).await.expect(303);
    ada.post(&last, &[("decision", "approve")]).await.expect(409).shows("You denied this already.");
    let settled = server.settled(&ada, &page).await;
    settled.shows("not run: you denied it").shows("You said: “not yet”").hides("unasked</p>");
    server.stop().await;
}

#[tokio::test]
async fn a_card_names_the_record_that_was_only_read() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let (deal, page) = chat_about_a_deal(&server, &ada, "what changed on it?").await;
    let settled = server.settled(&ada, &page).await;
    settled
        .shows("Read timeline of deal")
        .shows(&format!("<dt>Record</dt><dd><a href=\"/records/deals/{deal}\">Crane</a>"));
    server.stop().await;
}

#[tokio::test]
async fn the_longest_message_that_the_page_takes_is_the_longest_that_an_agent_takes() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let longest = server.services.agents.limits().message_characters;
    let begun = ada.post("/chat", &[("agent", "analyst"), ("message", &"x".repeat(longest))]).await;
    let page = begun.expect(303).header("location").to_owned();
    for path in ["/chat", page.as_str()] {
        ada.get(path).await.expect(200).shows(&format!("maxlength=\"{longest}\""));
    }
    ada.post(&format!("{page}/turns"), &[("message", &"x".repeat(longest + 1))]).await.expect(422);
}

/// Sets the column of a session.
async fn set(server: &Server, session: &str, column: &'static str, value: i64) {
    let id: uuid::Uuid = session.parse().unwrap();
    let namespace = server.store.workspace(server.workspace).await.unwrap();
    let changed = namespace.write((value, column, id), |tx, &(value, column, id)| {
        let update = Query::update()
            .table(tx.table("sessions"))
            .value(column, value)
            .and_where(Expr::col("id").eq(id))
            .take();
        Box::pin(async move { tx.execute(&update).await })
    });
    assert_eq!(changed.await.unwrap(), 1);
}

#[tokio::test]
async fn a_chat_that_takes_no_messages_says_why_and_one_that_is_paused_goes_on() {
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let caller = server.caller("ada").await;
    let begun = ada.post("/chat", &[("agent", "analyst"), ("message", "help")]).await.expect(303);
    let page = begun.header("location").to_owned();
    server.settled(&ada, &page).await.shows("<textarea id=\"message\"").hides("id=\"closed\"");
    let id = page.strip_prefix("/chat/").unwrap();
    let patch = |status| SessionPatch { status: Some(status), ..SessionPatch::default() };
    let session = id.parse().unwrap();

    server.services.agents.update_session(&caller, session, patch(SessionStatus::Paused)).await.unwrap();
    let paused = ada.get(&page).await.expect(200);
    paused
        .shows("This chat is paused")
        .hides("<textarea id=\"message\"")
        .shows(">Paused</span>")
        .shows(" · Paused</small>");
    ada.post(&format!("{page}/turns"), &[("message", "help")]).await.expect(409);
    ada.post(&format!("{page}/resume"), &[]).await.expect(303);
    ada.get(&page).await.expect(200).shows("<textarea id=\"message\"").hides("Paused");
    server.sign_in("vera").await.post(&format!("{page}/resume"), &[]).await.expect(404);

    set(&server, id, "expires_at", 1).await;
    ada.get(&page)
        .await
        .expect(200)
        .shows("was not used for long")
        .hides("<textarea id=\"message\"")
        .shows(" · Expired</small>");
    set(&server, id, "expires_at", i64::MAX / 2).await;
    server.services.agents.update_session(&caller, session, patch(SessionStatus::Completed)).await.unwrap();
    let completed = ada.get(&page).await.expect(200);
    completed
        .shows("This chat is completed")
        .hides("<textarea id=\"message\"")
        .shows(" · Completed</small>")
        .hides("/resume\"");
    server.stop().await;
}

#[tokio::test]
async fn earlier_turns_and_chats_are_reached_page_by_page() {
    const TURNS: usize = 56;
    let server = Server::start().await;
    server.work();
    let ada = server.sign_in("ada").await;
    let caller = server.caller("ada").await;
    let begun = ada.post("/chat", &[("agent", "analyst"), ("message", "who am i (1)")]).await.expect(303);
    let page = begun.header("location").to_owned();
    let session = page.strip_prefix("/chat/").unwrap().parse().unwrap();
    for number in 2..=TURNS {
        server
            .services
            .agents
            .start_turn(&caller, session, format!("who am i ({number})"), None)
            .await
            .unwrap();
        if number % 15 == 0 {
            server.settled(&ada, &page).await;
        }
    }
    let last = server.settled(&ada, &page).await;
    last.shows("who am i (7)").shows("who am i (56)").hides("who am i (6)").shows("events?after=");
    let link = |answer: &Answer, text: &str| {
        let end = answer.body.find(&format!(">{text}</a>")).unwrap();
        let start = answer.body[..end].rfind("href=\"").unwrap() + 6;
        answer.body[start..end].split('"').next().unwrap().replace("&#38;", "&")
    };
    let earlier = ada.get(&link(&last, "Earlier messages")).await.expect(200);
    earlier.shows("who am i (1)").shows("who am i (6)").hides("who am i (7)").hides("Earlier messages");
    earlier.hides("events?after=");
    ada.get(&link(&earlier, "Latest messages")).await.expect(200).shows("who am i (56)");

    // What is before the turns that are shown is not read, neither by the page nor by its stream.
    let events = link(&last, "Earlier messages");
    let shown_from: i64 = events.split('=').nth(1).unwrap().parse().unwrap();
    let namespace = server.store.workspace(server.workspace).await.unwrap();
    let spoiled = namespace.write(shown_from, |tx, &shown_from| {
        let update = Query::update()
            .table(tx.table("session_events"))
            .value("data", "spoiled")
            .and_where(Expr::col("seq").lt(shown_from))
            .take();
        Box::pin(async move { tx.execute(&update).await })
    });
    assert!(spoiled.await.unwrap() > 20);
    let again = ada.get(&page).await.expect(200);
    again.shows("who am i (56)");
    let stream = again.body.split("data-events=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ada.post(&format!("{page}/turns"), &[("message", "who am i (57)")]).await.expect(303);
    let read = stream_until(&ada, &stream, None, "\"state\":\"completed\"").await;
    assert!(read.contains("who am i (57)") && !read.contains("who am i (56)"), "{read}");

    for number in 1..=51 {
        let new = json!({"agent": "analyst", "title": format!("Chat number {number}.")});
        server.services.agents.create_session(&caller, serde_json::from_value(new).unwrap()).await.unwrap();
    }
    let newest = ada.get("/chat").await.expect(200);
    newest.shows("Chat number 51.").shows("Chat number 2.").hides("Chat number 1.").hides(">Latest<");
    let older = ada.get(&link(&newest, "Older chats")).await.expect(200);
    older.shows("Chat number 1.").shows("Who am i (1)").hides("Chat number 2.").shows(">Latest<");
    server.stop().await;
}

#[tokio::test]
async fn an_object_that_may_not_be_read_is_unknown_in_a_chat_about_it() {
    let server = Server::start().await;
    server.keep_from_viewers("lead").await;
    let vera = server.sign_in("vera").await;
    let lead = server.create("lead", json!({"name": {"first": "Crane", "last": "Rental"}})).await;
    let deal = server.create("deal", json!({"name": "Crane"})).await;
    let gone = server.workspace;
    vera.get(&format!("/chat?about=deal:{deal}")).await.expect(200).shows("About");
    vera.get(&format!("/chat?about=deal:{gone}")).await.expect(200).shows("a deal that is gone");
    vera.get(&format!("/chat?about=lead:{lead}"))
        .await
        .expect(200)
        .hides("lead that is gone")
        .hides("Crane Rental");

    // A chat that was begun when it could be read.
    let members = server.services.identity.members(&Caller::system(server.workspace)).await.unwrap();
    let member = members.iter().find(|member| member.email == "vera@demo.test").unwrap().id;
    let caller = server.services.identity.caller_of_member(server.workspace, member).await.unwrap();
    let before = Caller { grants: Arc::new(Grants::everything()), ..caller };
    let new = json!({"agent": "analyst", "context": {"object": "lead", "id": lead}});
    let session =
        server.services.agents.create_session(&before, serde_json::from_value(new).unwrap()).await.unwrap();
    let page = vera.get(&format!("/chat/{}", session.id)).await.expect(200);
    page.hides("lead that is gone").hides("Crane Rental");
    server.stop().await;
}
