//! Whatever is sent, the answer is a problem with a code, never a 500.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, engines};

#[tokio::test]
async fn every_bad_request_is_answered_by_a_problem_with_a_code() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let deal = ada.get("/api/records/deals?limit=1").await.unwrap().ok()["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let one = format!("/api/records/deals/{deal}");
        let mut deep = json!({"stage": {"eq": "LEAD"}});
        for _ in 0..30 {
            deep = json!({ "and": [deep] });
        }
        let bodies: Vec<(Method, String, Value, &str)> = vec![
            (Method::POST, "/api/records/deals".into(), json!({"name": 7}), "name"),
            (Method::POST, "/api/records/deals".into(), json!({}), "name"),
            (Method::POST, "/api/records/deals".into(), json!([1]), ""),
            (Method::POST, "/api/records/deals".into(), json!({"name": "a\0b"}), "name"),
            (Method::POST, "/api/records/deals".into(), json!({"name": "x", "stagee": "LEAD"}), "stagee"),
            (Method::POST, "/api/records/deals".into(), json!({"name": "x", "stage": "LEED"}), "stage"),
            (
                Method::POST,
                "/api/records/deals".into(),
                json!({"name": "x", "amount": {"amount": "lots"}}),
                "amount",
            ),
            (
                Method::POST,
                "/api/records/deals".into(),
                json!({"name": "x", "close_date": "tomorrow"}),
                "close_date",
            ),
            (Method::POST, "/api/records/deals".into(), json!({"name": "x", "account": "42"}), "account"),
            (Method::POST, "/api/records/deals".into(), json!({"name": "x", "account": deal}), "account"),
            (
                Method::POST,
                "/api/records/deals".into(),
                json!({"name": "x", "created_at": "2020-01-01T00:00:00Z"}),
                "created_at",
            ),
            (
                Method::POST,
                "/api/records/deals".into(),
                json!({"name": "x", "probability": 101}),
                "probability",
            ),
            (Method::PATCH, one.clone(), json!({"name": null}), "name"),
            (
                Method::POST,
                "/api/records/deals/batch".into(),
                json!({"create": [{"name": "a"}, {"name": 7}]}),
                "[1].name",
            ),
            (Method::POST, "/api/records/deals/batch".into(), json!({"crate": []}), ""),
            (
                Method::POST,
                "/api/objects/deal/fields".into(),
                json!({"name": "Bad Name", "kind": "text"}),
                "name",
            ),
            (
                Method::POST,
                "/api/objects/deal/fields".into(),
                json!({"name": "stage", "kind": "text"}),
                "name",
            ),
            (Method::POST, "/api/objects/deal/fields".into(), json!({"name": "x", "kind": "blob"}), "kind"),
            (Method::POST, "/api/sessions".into(), json!({"agent": "nobody"}), ""),
            (Method::POST, "/api/operations/deal.find".into(), json!({"limit": 0}), "limit"),
            (Method::POST, "/api/operations/deal.find".into(), json!({"filter": deep}), "filter"),
            (Method::POST, "/api/operations/deal.find".into(), json!({"search": "a\0b"}), ""),
            (Method::POST, "/api/auth/login".into(), json!({"email": "ada@demo.test"}), "password"),
        ];
        for (method, path, body, at) in bodies {
            let answer = ada.send(method, &path, Some(body.clone()), &[]).await.unwrap();
            let shown = format!("{engine:?} {path} {}: {} {}", short(&body), answer.status, answer.body);
            assert!(answer.status.is_client_error(), "{shown}");
            assert!(answer.body["code"].is_string(), "{shown}");
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{shown}");
            if !at.is_empty() {
                let paths = answer.body["errors"].to_string();
                assert!(paths.contains(at), "{shown}");
            }
        }
        let queries = [
            "filter=%7B",
            "filter=[]",
            "filter=%7B%22x%22%3A1%7D",
            "sort=nothing",
            "limit=0",
            "limit=9999",
            "limit=x",
            "after=garbage",
            "after=%00",
            "after=%F0%9F%92%A9",
            "fields=nothing",
            "nothing=1",
            "total=maybe",
            "search=%00",
            "include=nothing",
        ];
        for query in queries {
            let answer = ada.get(&format!("/api/records/deals?{query}")).await.unwrap();
            assert_eq!(answer.status, 400, "{engine:?} {query}: {}", answer.body);
            assert!(answer.body["code"].is_string(), "{engine:?} {query}: {}", answer.body);
        }
        let deep = format!("/api/records/deals?filter={}", deep_text());
        assert_eq!(ada.get(&deep).await.unwrap().status, 400);
        for (path, status) in [
            ("/api/records/unicorns", 404),
            ("/api/records/deals/not-an-id", 404),
            ("/api/records/deals/018f2b6e-7c1a-7000-8000-000000000001", 404),
            ("/api/nothing", 404),
            ("/api/sessions/018f2b6e-7c1a-7000-8000-000000000001/events", 404),
        ] {
            let answer = ada.get(path).await.unwrap();
            assert_eq!(answer.status, status, "{engine:?} {path}: {}", answer.body);
            assert!(answer.body["code"].is_string(), "{engine:?} {path}: {}", answer.body);
        }
        fixture.end().await;
    }
}

/// Whoever may not make a request is not told what is wrong with it.
#[tokio::test]
async fn a_permission_is_asked_for_before_what_is_sent_is_looked_at() {
    let fixture = Fixture::builtin().await;
    let vera = fixture.sign_in("vera").await;
    for (method, path) in [
        (Method::POST, "/api/agents"),
        (Method::PATCH, "/api/agents/analyst"),
        (Method::POST, "/api/agents/analyst/prompts"),
        (Method::PUT, "/api/agents/analyst/draft"),
        (Method::PUT, "/api/agents/analyst/labels/production"),
        (Method::POST, "/api/agents/analyst/preview"),
        (Method::POST, "/api/agents/analyst/tryouts"),
        (Method::POST, "/api/roles"),
        (Method::POST, "/api/invitations"),
        (Method::POST, "/api/objects/deal/fields"),
    ] {
        let answer = vera.send(method, path, Some(json!({"nonsense": 7})), &[]).await.unwrap();
        let shown = format!("{path}: {}", answer.body);
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (403, &json!("not_permitted")), "{shown}");
    }
    // Nor which agents there are, of a session that is another's.
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("analyst").await.unwrap();
    for agent in ["analyst", "nobody"] {
        let patch = json!({ "agent": agent });
        let answer = vera.patch(&format!("/api/sessions/{session}"), patch).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (404, &json!("session_not_found")));
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_large_are_refused() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let send = |body: Vec<u8>, kind: &'static str| {
        let request = ada.request(Method::POST, "/api/records/deals").header("content-type", kind).body(body);
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap_or_default())
        }
    };
    for (body, kind, status) in [
        (b"{\"name\": ".to_vec(), "application/json", 400),
        (b"\xff\xfe".to_vec(), "application/json", 400),
        (b"name=x".to_vec(), "application/x-www-form-urlencoded", 415),
        (format!("{{\"name\": \"{}\"}}", "x".repeat(3_000_000)).into_bytes(), "application/json", 413),
        ("[".repeat(100_000).into_bytes(), "application/json", 400),
    ] {
        let (given, problem) = send(body, kind).await;
        assert_eq!(given, status, "{problem}");
        assert!(problem["code"].is_string(), "{status}: {problem}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_alike() {
    let fixture = Fixture::builtin().await;
    let mut client = fixture.sign_in("ada").await;
    let good = client.token.clone();
    let (header, rest) = good.split_once('.').unwrap();
    let (payload, signature) = rest.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for token in [
        "nonsense".to_owned(),
        format!("{header}.{payload}."),
        format!("{none}.{payload}."),
        format!("{header}.{payload}.{}", signature.chars().rev().collect::<String>()),
        "a".repeat(100_000),
    ] {
        client.token = token;
        let answer = client.get("/api/me").await.unwrap();
        assert!(matches!(answer.status.as_u16(), 401 | 431), "{}: {}", answer.status, answer.body);
    }
    client.token = String::new();
    let wrong = |email: &str| json!({ "email": email, "password": "not the password" });
    let known = client.post("/api/auth/login", wrong("max@demo.test")).await.unwrap();
    let unknown = client.post("/api/auth/login", wrong("nobody@demo.test")).await.unwrap();
    assert_eq!(known.status, 401);
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.body["detail"], unknown.body["detail"]);
    let answer = client.get("/api/me").await.unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.headers.contains_key("www-authenticate"));
}

fn deep_text() -> String {
    format!("{}{{}}{}", "%7B%22and%22%3A[".repeat(30), "]%7D".repeat(30))
}

fn short(body: &Value) -> String {
    body.to_string().chars().take(80).collect()
}
