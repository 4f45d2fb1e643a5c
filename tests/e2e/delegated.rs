//! Agents that software asks: what a member lets software do bounds what an agent does for it.

use kontor_testkit::sse::Event;
use serde_json::json;

use crate::fixture::{Fixture, engines};

fn succeeded(events: &[Event]) -> Vec<&str> {
    let results = events.iter().filter(|event| event.name == "tool.result");
    let done = results.filter(|event| event.data["outcome"]["status"] == "succeeded");
    done.map(|event| event.data["operation"].as_str().unwrap()).collect()
}

/// Scope escalation by asking somebody greater (the confused deputy; OWASP Agentic 2026, ASI03; the rule of Inngest and
/// Gravitee: token and account and role, all three).
#[tokio::test]
async fn an_agent_does_for_software_no_more_than_its_member_let_that_do() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let own = ada.session("sales-assistant").await.unwrap();
        let create = |name: &str| format!("create account {name}");
        let events = ada.chat(&own, &create("Openly")).await.unwrap();
        assert!(succeeded(&events).contains(&"account.create"), "{events:?}");

        let made = ada.exchange("chat deal.find deal.get").await.unwrap().ok();
        let software = ada.with_token(made["access_token"].as_str().unwrap());
        let session = software.session("sales-assistant").await.unwrap();
        let events = software.chat(&session, "show open deals").await.unwrap();
        assert_eq!(succeeded(&events), ["deal.find"], "{events:?}");
        let events = software.chat(&session, &create("Sneaky")).await.unwrap();
        assert!(succeeded(&events).is_empty(), "{events:?}");
        let found = ada.get("/api/search?q=sneaky").await.unwrap().ok();
        assert_eq!(found["data"], json!([]));
        // What was said elsewhere is not told.
        let elsewhere = software.get(&format!("/api/sessions/{own}/events?after=0")).await.unwrap();
        assert_eq!(elsewhere.status, 404);
        let asked =
            software.post(&format!("/api/sessions/{own}/turns"), json!({"message": "hi"})).await.unwrap();
        assert_eq!(asked.status, 404, "{}", asked.body);
        // A token for something else talks to nobody.
        let silent = ada.exchange("deal.find").await.unwrap().ok();
        let silent = ada.with_token(silent["access_token"].as_str().unwrap());
        let refused = silent.post("/api/sessions", json!({"agent": "sales-assistant"})).await.unwrap();
        assert_eq!((refused.status.as_u16(), &refused.body["scope"]), (403, &json!("chat")));
        // What is withdrawn has nothing done any more, also by an agent.
        let listed = ada.get("/api/me/delegations").await.unwrap().ok();
        for one in listed["data"].as_array().unwrap() {
            ada.delete(&format!("/api/me/delegations/{}", one["id"].as_str().unwrap())).await.unwrap().ok();
        }
        assert_eq!(software.get("/api/me").await.unwrap().status, 401);
        fixture.end().await;
    }
}
