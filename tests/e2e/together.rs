//! Agents that ask one another and hand over, over HTTP and on the built-in commands.

use kontor_testkit::sse::text_of;
use serde_json::json;

use crate::fixture::{Fixture, PATIENCE, engines, eventually};

#[tokio::test]
async fn an_agent_asks_another_and_hands_over_to_it() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let front = json!({
            "name": "front", "label": "Front desk", "role": "Viewer", "operations": ["contact.find"],
            "ask": ["analyst", "data-steward"], "hand_to": ["analyst"],
        });
        let made = ada.post("/api/agents", front).await.unwrap().ok();
        assert_eq!((&made["ask"][0], &made["hand_to"][0]), (&json!("analyst"), &json!("analyst")));
        let wrong = ada.patch("/api/agents/front", json!({"ask": ["front", "nobody"]})).await.unwrap();
        assert_eq!(wrong.status, 400);
        let paths: Vec<_> =
            wrong.body["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        assert_eq!(paths, ["ask[0]", "ask[1]"], "{}", wrong.body);

        let session = ada.session("front").await.unwrap();
        let events = ada.chat(&session, "ask analyst: how many deals are there?").await.unwrap();
        let text = text_of(&events);
        assert!(text.starts_with("Analyst answers:"), "{engine:?}: {text}");
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert!(names.contains(&"agent.asked") && names.contains(&"agent.event"), "{names:?}");
        let turn = events[0].data["turn"].as_str().unwrap();
        let trace = ada.get(&format!("/api/turns/{turn}/trace")).await.unwrap().ok();
        let asked = &trace["steps"][0]["calls"][0]["asked"];
        assert_eq!((&asked["name"], &asked["version"]), (&json!("analyst"), &json!(1)), "{trace}");
        assert_eq!(asked["steps"][0]["calls"][0]["operation"], "deal.group", "{trace}");

        // What the other deletes waits for the member, in the same chat.
        let deal = ada.post("/api/records/deals", json!({"name": "Old one"})).await.unwrap().ok();
        let steward = json!({"operations": ["deal.*"]});
        ada.patch("/api/agents/data-steward", steward).await.unwrap().ok();
        let sent = json!({"message": "ask data-steward: delete deal \"Old one\""});
        let turn = ada.post(&format!("/api/sessions/{session}/turns"), sent).await.unwrap().ok();
        let approval = eventually(PATIENCE, || async {
            let waiting = ada.get("/api/approvals?status=pending").await.unwrap().ok();
            waiting["data"].as_array().and_then(|all| all.first()).cloned()
        });
        let approval = approval.await.expect("nothing waits for an approval");
        assert_eq!(
            (&approval["operation"], &approval["asked_agent"]["label"]),
            (&json!("deal.delete"), &json!("Data steward"))
        );
        let path = format!("/api/approvals/{}", approval["id"].as_str().unwrap());
        ada.post(&path, json!({"decision": "approve"})).await.unwrap().ok();
        let id = turn["id"].as_str().unwrap();
        let ended = eventually(PATIENCE, || async {
            let turn = ada.get(&format!("/api/turns/{id}")).await.unwrap().ok();
            assert_ne!(turn["status"], "failed", "{turn}");
            (turn["status"] == "completed").then_some(())
        });
        ended.await.expect("the turn does not end");
        let gone = ada.get(&format!("/api/records/deals/{}", deal["id"].as_str().unwrap())).await.unwrap();
        assert_eq!(gone.status, 404);

        let events = ada.chat(&session, "hand over to analyst: how many deals are there?").await.unwrap();
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        assert!(names.contains(&"agent.changed"), "{names:?}");
        assert_eq!(events.last().unwrap().name, "turn.completed");
        let after = ada.get(&format!("/api/sessions/{session}")).await.unwrap().ok();
        assert_eq!(after["agent"]["name"], "analyst");
        assert!(text_of(&events).contains("deals"), "{}", text_of(&events));
        fixture.end().await;
    }
}
