//! Whatever a browser sends, the answer is a page or a problem of the sender's, never a fault of ours.

use super::*;

/// Texts that a person, a broken link or an attacker may send in any place, encoded as in a query.
fn nasty() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "%00",
        "a%00b",
        "%FF%FE",
        "%F0%9F%92%A9",
        "nonsense",
        "-1",
        "99999999999999999999",
        "9223372036854775807",
        "deal:",
        ":",
        "deal:nonsense",
        "unicorn:018f2b6e-7c1a-7000-8000-000000000001",
        "deal:018f2b6e-7c1a-7000-8000-000000000001",
        "%2E%2E%2F%2E%2E",
        "%27%3B--",
        "%25",
        "1e400",
        "2026-02-31",
        "2026-13-01T25:61",
        "000000_018f2b6e-7c1a-7000-8000-000000000001",
        "-9223372036854775808_018f2b6e-7c1a-7000-8000-000000000001",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(50_000));
    texts.push("word+".repeat(2_000));
    texts
}

/// Every field of every form.
const FIELDS: [&str; 29] = [
    "agent",
    "message",
    "about",
    "key",
    "decision",
    "comment",
    "version",
    "name",
    "name.first",
    "name.last",
    "domain",
    "employees",
    "amount.amount",
    "amount.currency",
    "stage",
    "close_date",
    "probability",
    "account",
    "owner",
    "emails.primary",
    "emails.additional",
    "address.city",
    "social_links.website",
    "due_at",
    "account.label",
    "account.picked",
    "account.choice",
    "amount.choice",
    "from",
];

/// The head alone: a stream has no end.
async fn status(browser: &Browser<'_>, path: &str, last: Option<&str>) -> u16 {
    let mut request = Request::builder().uri(path).header("cookie", &browser.cookie);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let request = request.body(Body::empty()).unwrap();
    browser.server.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

async fn begin(server: &Server, browser: &Browser<'_>) -> (String, String) {
    let deal = server.create("deal", json!({"name": "Crane", "stage": "LEAD"})).await;
    let begun = browser.post("/chat", &[("agent", "analyst"), ("message", "help")]).await.expect(303);
    (deal, begun.header("location").to_owned())
}

#[tokio::test]
async fn no_address_and_no_query_is_answered_by_a_fault_of_ours() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (deal, chat) = begin(&server, &ada).await;
    let pages = [
        ("/sign-in".to_owned(), vec!["next"]),
        ("/setup".to_owned(), vec!["token"]),
        ("/chat".to_owned(), vec!["about", "message", "chats"]),
        (chat.clone(), vec!["before", "chats"]),
        (format!("{chat}/events"), vec!["after"]),
        ("/palette".to_owned(), vec!["q"]),
        ("/records/choices".to_owned(), vec!["q", "objects", "q=a&objects"]),
        (
            "/records/deals".to_owned(),
            vec![
                "q",
                "sort",
                "after",
                "p",
                "c",
                "deleted",
                "f=amount&o=least&v",
                "f=close_date&o=until&v",
                "f=created_at&o=before&v",
                "f=stage&o=is&v",
                "f=account.name&o=contains&v",
                "o=is&v=x&f",
                "f=name&v=x&o",
            ],
        ),
        ("/records/deals/new".to_owned(), vec!["account", "stage"]),
        ("/records/notes/new".to_owned(), vec!["target"]),
        (format!("/records/deals/{deal}"), vec!["before", "done"]),
        (format!("/records/deals/{deal}/edit"), vec!["version"]),
    ];
    for (path, names) in &pages {
        for name in names {
            for text in nasty() {
                let asked = format!("{path}?{name}={text}");
                let status = status(&ada, &asked, None).await;
                assert!(status < 500, "{status}: {}", asked.chars().take(120).collect::<String>());
            }
        }
    }
    for last in ["nonsense", "-1", "99999999999999999999", "5.9", "9223372036854775807"] {
        assert_eq!(status(&ada, &format!("{chat}/events"), Some(last)).await, 200, "{last}");
    }
    for text in nasty() {
        for path in [
            format!("/chat/{text}"),
            format!("/chat/{text}/events"),
            format!("/records/{text}"),
            format!("/records/{text}/new"),
            format!("/records/deals/{text}"),
            format!("/records/deals/{text}/edit"),
            format!("/assets/{text}/app.js"),
            format!("/{text}"),
        ] {
            let status = status(&ada, &path, None).await;
            assert!(status < 500, "{status}: {}", path.chars().take(120).collect::<String>());
        }
    }
    // A place that is none begins the list anew, or is said to be none.
    ada.get("/chat?chats=nonsense").await.expect(200);
    ada.get("/records/deals?after=nonsense").await.expect(200).shows("role=\"alert\"");
    ada.get(&format!("/records/deals/{deal}?before=nonsense")).await.expect(400);
}

/// Where forms are sent to.
fn forms(deal: &str, chat: &str) -> Vec<String> {
    let none = "018f2b6e-7c1a-7000-8000-000000000001";
    vec![
        "/sign-in".to_owned(),
        "/setup".to_owned(),
        "/chat".to_owned(),
        format!("{chat}/turns"),
        format!("{chat}/resume"),
        "/chat/nonsense/turns".to_owned(),
        "/chat/nonsense/resume".to_owned(),
        format!("/chat/turns/{none}/cancel"),
        "/chat/turns/nonsense/cancel".to_owned(),
        format!("/chat/approvals/{none}"),
        "/chat/approvals/nonsense".to_owned(),
        "/records/deals".to_owned(),
        "/records/contacts".to_owned(),
        "/records/tasks".to_owned(),
        "/records/unicorns".to_owned(),
        format!("/records/deals/{deal}"),
        "/records/deals/nonsense".to_owned(),
        format!("/records/deals/{none}/delete"),
        format!("/records/deals/{none}/restore"),
    ]
}

#[tokio::test]
async fn no_form_is_answered_by_a_fault_of_ours() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (deal, chat) = begin(&server, &ada).await;
    for path in forms(&deal, &chat) {
        for text in nasty() {
            // Each text in every field at once, and beside what the form needs.
            let all: Vec<_> = FIELDS.iter().map(|field| format!("{field}={text}")).collect();
            let sound = "name=Crane&title=Task&version=1&decision=approve&message=help&agent=analyst";
            for rest in [all.join("&"), sound.to_owned() + "&" + &all[14..].join("&")] {
                let request = post(&path).header("cookie", &ada.cookie);
                let form = format!("csrf={}&{rest}", ada.csrf);
                let answer = server.send(request.body(Body::from(form)).unwrap()).await;
                let shown: String = rest.chars().take(120).collect();
                assert!(answer.status.as_u16() < 500, "{path} {shown}: {} {}", answer.status, answer.body);
            }
        }
    }
    // NUL is in no text.
    let answer = ada.post("/records/deals", &[("name", "a\0b")]).await.expect(422);
    answer.shows("id=\"name-wrong\"");
    ada.post(&format!("{chat}/turns"), &[("message", "a\0b")]).await.expect(422).shows("NUL");
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_as_such() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let (deal, chat) = begin(&server, &ada).await;
    let large = format!("csrf={}&name={}", ada.csrf, "x".repeat(crate::BODY_LIMIT));
    for path in forms(&deal, &chat) {
        let request = post(&path).header("cookie", &ada.cookie).body(Body::from(large.clone())).unwrap();
        server.send(request).await.expect(413).shows("1 MB");
        let script = post(&path).header("cookie", &ada.cookie).header("accept", "application/json");
        let answer = server.send(script.body(Body::from(large.clone())).unwrap()).await.expect(413);
        answer.shows("\"body_too_large\"");
    }
}
