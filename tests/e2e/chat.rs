//! The main job without a model: ask, change, log, and find it in the timeline.

use kontor_core::{environment::Environment, locale::TimeZone};
use kontor_testkit::{client::ApiClient, sse::text_of};
use serde_json::{Value, json};

use crate::fixture::{Fixture, engines};

async fn list(client: &ApiClient, path: &str, filter: Value) -> Vec<Value> {
    let query = [("filter", filter.to_string()), ("limit", "200".to_owned())];
    let response = client.request(reqwest::Method::GET, path).query(&query).send().await.unwrap();
    let answer: Value = response.json().await.unwrap();
    answer["data"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

#[tokio::test]
async fn an_agent_on_the_builtin_commands_lists_moves_and_logs_on_the_members_behalf() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let open = list(
            &ada,
            "/api/records/deals?sort=-amount",
            json!({"stage": {"not_in": ["CLOSED_WON", "CLOSED_LOST"]}, "amount": {"gt": 10_000}}),
        )
        .await;

        let session = ada.session("sales-assistant").await.unwrap();
        let events = ada.chat(&session, "show open deals over 10k by amount").await.unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
        let text = text_of(&events);
        let places: Vec<_> =
            open.iter().take(10).map(|deal| text.find(deal["name"].as_str().unwrap())).collect();
        assert!(places.iter().all(Option::is_some), "{engine:?}: a deal is missing in {text}");
        assert!(places.is_sorted(), "{engine:?}: not by amount: {text}");

        let second = open[1]["id"].as_str().unwrap();
        let events = ada.chat(&session, "move the second one to negotiation").await.unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
        let deal = ada.get(&format!("/api/records/deals/{second}")).await.unwrap().ok();
        assert_eq!(deal["stage"], "NEGOTIATION", "{engine:?}: {}", text_of(&events));

        let timeline = ada.get(&format!("/api/records/deals/{second}/timeline")).await.unwrap().ok();
        if open[1]["stage"] != "NEGOTIATION" {
            let entry = &timeline["data"][0];
            assert_eq!(entry["name"], "deal.updated", "{timeline}");
            assert_eq!(entry["actor"]["kind"], "agent");
            assert_eq!(entry["actor"]["member_name"], "Ada Brandt");
            assert_eq!(entry["changes"]["stage"]["before"], open[1]["stage"]);
            assert_eq!(entry["changes"]["stage"]["after"], "NEGOTIATION");
        }

        let contact = &list(&ada, "/api/records/contacts", json!({})).await[0];
        let name = format!(
            "{} {}",
            contact["name"]["first"].as_str().unwrap(),
            contact["name"]["last"].as_str().unwrap()
        );
        let events = ada.chat(&session, &format!("log a call with {name}: discussed renewal")).await.unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
        let calls =
            list(&ada, "/api/records/activities", json!({"subject": {"contains": "discussed renewal"}}))
                .await;
        assert_eq!(calls.len(), 1, "{engine:?}: {}", text_of(&events));
        assert_eq!(calls[0]["type"], "CALL");
        assert_eq!(calls[0]["target"]["id"], contact["id"]);
        assert_eq!(calls[0]["created_by"]["kind"], "agent");
        fixture.end().await;
    }
}

#[tokio::test]
async fn a_field_added_at_run_time_is_known_to_the_next_call_and_command() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let field = json!({"name": "region", "label": "Region", "kind": "select", "settings": {"options": [
        {"value": "NORTH", "label": "North", "color": "blue"}, {"value": "SOUTH", "label": "South", "color": "green"}]}});
    ada.post("/api/objects/deal/fields", field).await.unwrap().ok();
    let deal = ada
        .post("/api/records/deals", json!({"name": "Northern lights", "region": "NORTH"}))
        .await
        .unwrap()
        .ok();
    assert_eq!(deal["region"], "NORTH");
    let operations = ada.get("/api/operations").await.unwrap().ok();
    assert!(operations.to_string().contains("SOUTH"), "the tool schema does not know the field");
    let session = ada.session("sales-assistant").await.unwrap();
    let events = ada.chat(&session, "list deals with region North").await.unwrap();
    assert!(text_of(&events).contains("Northern lights"), "{}", text_of(&events));
}

#[tokio::test]
async fn deletion_waits_for_approval_and_survives_a_restart() {
    for engine in engines() {
        let mut fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let account = ada.post("/api/records/accounts", json!({"name": "Ephemeral Ltd"})).await.unwrap().ok();
        let path = format!("/api/records/accounts/{}", account["id"].as_str().unwrap());
        let session = ada.session("sales-assistant").await.unwrap();
        let turn = ada.turn(&session, "delete the account Ephemeral Ltd").await.unwrap();
        let approval = awaited_approval(&ada, &session).await;
        assert!(ada.get(&path).await.unwrap().status.is_success(), "deleted without approval");

        fixture.server.take().unwrap().kill().unwrap();
        fixture.launch();
        let ada = fixture.sign_in("ada").await;
        let approvals = ada.get("/api/approvals").await.unwrap().ok();
        assert!(approvals.to_string().contains(&approval), "{engine:?}: the approval is gone: {approvals}");
        ada.post(&format!("/api/approvals/{approval}"), json!({"decision": "approve"})).await.unwrap().ok();
        let events = ada.turn_events(&session, &turn).await.unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
        assert_eq!(ada.get(&path).await.unwrap().status, 404, "{engine:?}: approved, but not deleted");
        fixture.end().await;
    }
}

#[tokio::test]
async fn a_denied_deletion_does_nothing() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let account = ada.post("/api/records/accounts", json!({"name": "Sturdy Ltd"})).await.unwrap().ok();
    let session = ada.session("sales-assistant").await.unwrap();
    let turn = ada.turn(&session, "delete the account Sturdy Ltd").await.unwrap();
    let approval = awaited_approval(&ada, &session).await;
    ada.post(&format!("/api/approvals/{approval}"), json!({"decision": "deny", "comment": "we keep it"}))
        .await
        .unwrap()
        .ok();
    let events = ada.turn_events(&session, &turn).await.unwrap();
    assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
    let path = format!("/api/records/accounts/{}", account["id"].as_str().unwrap());
    assert!(ada.get(&path).await.unwrap().status.is_success());
    let again =
        ada.post(&format!("/api/approvals/{approval}"), json!({"decision": "approve"})).await.unwrap();
    assert_eq!(again.status, 409, "an answered approval was answered again");
}

/// The id of the approval a session waits for.
async fn awaited_approval(client: &ApiClient, session: &str) -> String {
    use futures::StreamExt as _;
    let mut events = client.events(session, None).await.unwrap();
    let wait = std::time::Duration::from_secs(30);
    while let Ok(Some(event)) = tokio::time::timeout(wait, events.next()).await {
        if event.name == "approval.requested" {
            return event.data["approval"].as_str().unwrap().to_owned();
        }
        assert!(!event.ends_turn(), "the turn ended without asking: {event:?}");
    }
    panic!("no approval was asked for");
}

#[tokio::test]
async fn ten_o_clock_tomorrow_is_the_members_own() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    for zone in ["UTC", "Asia/Tokyo", "America/Los_Angeles"] {
        let me = ada.patch("/api/me", json!({ "time_zone": zone })).await.unwrap().ok();
        assert_eq!((&me["time_zone"], &me["is_time_zone_set"]), (&json!(zone), &json!(true)));
        let session = ada.session("sales-assistant").await.unwrap();
        let events = ada.chat(&session, "remind me to call Greta tomorrow at 10").await.unwrap();
        let zone: TimeZone = zone.parse().unwrap();
        let tomorrow = zone.date(Environment::system().now()).plus_days(1);
        let due = zone.parse_local(&format!("{tomorrow}T10:00")).unwrap();
        let task =
            ada.get("/api/records/tasks?sort=-created_at&limit=1").await.unwrap().ok()["data"][0].clone();
        assert_eq!(task["due_at"], json!(due), "{zone}: {events:?}");
        // What the agent says of it is what the member's clocks show.
        let shown = text_of(&ada.chat(&session, "show it").await.unwrap());
        assert!(shown.contains(&format!("{tomorrow} 10:00")), "{zone}: {shown}");
    }
}

#[tokio::test]
async fn a_session_without_an_agent_gets_one_and_goes_to_another() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let begun = ada.post("/api/sessions", json!({})).await.unwrap();
        assert_eq!(begun.status, 201, "{}", begun.body);
        assert_eq!((&begun.body["agent"], &begun.body["routing"]), (&Value::Null, &Value::Null));
        let id = begun.body["id"].as_str().unwrap().to_owned();
        let path = format!("/api/sessions/{id}");

        // Analyst is the one that it speaks to; no model is there to be asked.
        let events = ada.chat(&id, "Analyst: total deal amount by stage").await.unwrap();
        let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
        let chosen = events.iter().find(|event| event.name == "agent.changed").unwrap();
        assert_eq!((&chosen.data["agent"]["name"], &chosen.data["by"]), (&json!("analyst"), &json!("rules")));
        assert!(chosen.data.get("from").is_none(), "{}", chosen.data);
        assert_eq!(names.last(), Some(&"turn.completed"));
        let session = ada.get(&path).await.unwrap().ok();
        assert_eq!(session["agent"]["name"], "analyst");
        let routing = json!({"by": "rules", "reason": "The message asks for it by name."});
        assert_eq!(session["routing"], routing);

        let patch = |body: Value| ada.patch(&path, body);
        let changed = patch(json!({"agent": "sales-assistant"})).await.unwrap();
        assert_eq!(
            (changed.status.as_u16(), &changed.body["agent"]["label"]),
            (200, &json!("Sales assistant"))
        );
        assert_eq!(changed.body["routing"]["by"], "member");
        assert_eq!(patch(json!({"agent": "nobody"})).await.unwrap().status, 404);
        let null = patch(json!({"agent": null})).await.unwrap();
        assert_eq!(null.status.as_u16() / 100, 4, "{}", null.body);
        let turn = chosen.data["turn"].as_str().unwrap();
        let trace = ada.get(&format!("/api/turns/{turn}/trace")).await.unwrap().ok();
        assert_eq!(
            (&trace["agent"]["name"], trace["agent_changes"].as_array().unwrap().len()),
            (&json!("analyst"), 1)
        );
        let events = ada.chat(&id, "show open deals").await.unwrap();
        assert!(events.iter().all(|event| event.name != "agent.changed"));
        let export = ada.get(&format!("{path}/export")).await.unwrap().ok();
        let agents: Vec<_> =
            export["turns"].as_array().unwrap().iter().map(|turn| &turn["agent"]["name"]).collect();
        assert_eq!(agents, ["analyst", "sales-assistant"]);
        fixture.end().await;
    }
}
