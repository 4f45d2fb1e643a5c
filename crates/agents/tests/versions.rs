//! A turn ends under the version of its agent that it began with, in the form and within the limits of that version.

use std::time::Duration;

use kontor_agents::TurnStatus;
use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::json;

use crate::{
    definitions::{new, patch},
    house::{House, names, plan, texts},
};

fn failure(events: &[TurnEvent]) -> (&str, &str) {
    match events.last() {
        Some(TurnEvent::TurnFailed { problem, .. }) => (&problem.code, &problem.message),
        other => panic!("the turn ended with {other:?}"),
    }
}

both_engines! {
    async fn a_turn_ends_under_the_version_it_began_with_also_after_a_restart(store: TestStore) {
        let mut house = House::scripted(store).await;
        let ada = house.ada.clone();
        let session = house.first.session(&ada, "analyst").await;
        house.server.push(Script::new().call("c1", "deal_find", "{}"));
        house.server.push(Script::new().text("Half").stall());
        let turn = house.first.say(&ada, session, "How many?").await;
        house.first.until(&ada, session, |event| matches!(event, TurnEvent::StepStarted { step: 2, .. })).await;
        let before = house.server.requests().pop().unwrap();
        // All that it is changes, and it is deleted, while the turn runs.
        let agents = &house.first.agents;
        let body = serde_json::from_value(json!({"body": "Say nothing."})).unwrap();
        agents.save_prompt(&ada, "analyst", body).await.unwrap();
        let to = serde_json::from_value(json!({"version": 2, "expected": 1})).unwrap();
        agents.move_label(&ada, "analyst", "production", to).await.unwrap();
        let changed = patch(json!({
            "operations": ["search"], "settings": {"temperature": 1}, "label": "Other",
            "format": {"schema": {"type": "object"}}, "limits": {"steps": 1},
        }));
        agents.change_agent(&ada, "analyst", changed).await.unwrap();
        agents.delete_agent(&ada, "analyst", None).await.unwrap();

        house.kill().await;
        house.server.push(Script::new().text("Seven."));
        let events = house.first.until_ended(&ada, session, turn).await;
        assert_eq!(events.last().map(TurnEvent::name), Some("turn.completed"), "{events:?}");
        let after = house.server.requests().pop().unwrap();
        assert_eq!(after["messages"][0], before["messages"][0]);
        assert_eq!((&after["tools"], &after["temperature"]), (&before["tools"], &before["temperature"]));
        let row = house.first.agents.turn(&ada, turn).await.unwrap();
        assert_eq!((row.status, row.agent_version), (TurnStatus::Completed, Some(1)));
    }

    async fn an_answer_of_another_form_is_asked_for_once_more(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let schema = json!({"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}});
        let made = new(json!({"name": "counter", "role": "Viewer", "format": {"schema": schema}}));
        house.first.agents.create_agent(ada, made).await.unwrap();
        let session = house.first.session(ada, "counter").await;
        house.server.push(Script::new().text("There are 7."));
        house.server.push(Script::new().text("{\"total\": 7}"));
        let events = house.first.ask(ada, session, "How many deals?").await;
        let expected = [
            "turn.started", "step.started", "message.completed", "answer.refused", "step.started",
            "message.completed", "turn.completed",
        ];
        let seen: Vec<_> = names(&events).into_iter().filter(|name| *name != "usage").collect();
        assert_eq!(seen, expected);
        assert_eq!(texts(&events).last(), Some(&"{\"total\": 7}"));
        let sent = house.server.requests().pop().unwrap();
        let messages = sent["messages"].as_array().unwrap();
        assert!(messages[0]["content"].as_str().unwrap().contains("\"required\":[\"total\"]"));
        let told = messages.last().unwrap();
        assert_eq!(told["role"], "user");
        assert!(told["content"].as_str().unwrap().contains("It is not JSON alone"), "{told}");

        house.server.push(Script::new().text("{\"total\": \"seven\"}"));
        house.server.push(Script::new().text("{\"totals\": 7}"));
        let events = house.first.ask(ada, session, "And now?").await;
        let (code, message) = failure(&events);
        assert_eq!(code, "answer_not_in_format");
        assert!(message.contains("total"), "{message}");
        house.check();
    }

    async fn an_agent_s_own_limits_are_less_than_the_installation_s(store: TestStore) {
        let house = House::new(store).await;
        let ada = &house.ada;
        let brief = new(json!({"name": "brief", "copy_of": "analyst", "limits": {"steps": 2, "tool_calls": 1}}));
        house.first.agents.create_agent(ada, brief).await.unwrap();
        let session = house.first.session(ada, "brief").await;
        let call: &[(&str, serde_json::Value)] = &[("deal.find", json!({}))];
        let events = house.first.ask(ada, session, plan(&[call, call], "Done.")).await;
        assert_eq!(failure(&events).0, "too_many_calls");
        let patience = patch(json!({"limits": {"steps": 1}}));
        house.first.agents.change_agent(ada, "brief", patience).await.unwrap();
        let events = house.first.ask(ada, session, plan(&[call], "Done.")).await;
        assert_eq!(failure(&events).0, "too_many_steps");
        let hasty = patch(json!({"limits": {"deadline_seconds": 1}}));
        house.first.agents.change_agent(ada, "brief", hasty).await.unwrap();
        let mut slow = plan(&[], "Never said to its end");
        slow["stall"] = json!(true);
        let begun = std::time::Instant::now();
        let events = house.first.ask(ada, session, slow).await;
        assert_eq!(failure(&events).0, "turn_too_long");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    async fn an_agent_s_own_fallbacks_are_asked_in_the_place_of_the_workspace_s(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let agents = &house.first.agents;
        let settings = serde_json::from_value(json!({"fallbacks": ["builtin"]})).unwrap();
        agents.set_model_settings(ada, settings).await.unwrap();
        let made = new(json!({
            "name": "steady", "copy_of": "analyst", "model": "scripted/scripted", "fallbacks": ["scripted/small"],
        }));
        agents.create_agent(ada, made).await.unwrap();
        let session = house.first.session(ada, "steady").await;
        house.server.push(Script::status(401, "invalid api key"));
        house.server.push(Script::new().text("From the small one."));
        let events = house.first.ask(ada, session, "Well?").await;
        assert_eq!(texts(&events), ["From the small one."], "{events:?}");
    }
}
