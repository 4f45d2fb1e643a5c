//! One agent hands the conversation over to another, which goes on with it under its own role.

use std::time::Duration;

use kontor_agents::{Decision, SessionPatch, UsageBy, UsageGroup, UsageQuery};
use kontor_core::{
    ids::SessionId,
    turn::{RoutedBy, TurnEvent},
};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};
use serde_json::{Value, json};

use crate::{
    definitions::{new, patch},
    house::{House, names, outcome, plan, settings, texts},
};

/// A front desk that reads alone, and a clerk who changes records; each may hand over to the other.
async fn office(house: &House) {
    let prompt = "You are {{ agent.label }}.";
    for agent in [
        json!({"name": "clerk", "role": "Member", "prompt": prompt, "operations": ["*.update", "*.get"]}),
        json!({"name": "front", "role": "Viewer", "prompt": prompt, "hand_to": ["clerk"]}),
    ] {
        house.first.agents.create_agent(&house.ada, new(agent)).await.unwrap();
    }
    house.first.agents.change_agent(&house.ada, "clerk", patch(json!({"hand_to": ["front"]}))).await.unwrap();
}

fn to(agent: &str) -> (&'static str, Value) {
    ("hand_over", json!({"agent": agent, "why": "It is a change.", "note": "The stage is PROPOSAL."}))
}

fn sent_to(house: &House, label: &str) -> Vec<Value> {
    let prompt = format!("You are {label}.");
    let is_its = |request: &Value| request["messages"][0]["content"].as_str().unwrap().starts_with(&prompt);
    house.server.requests().into_iter().filter(is_its).collect()
}

async fn agent_of(house: &House, session: SessionId) -> String {
    let session = house.first.agents.session(&house.ada, session).await.unwrap();
    serde_json::to_value(&session).unwrap()["agent"]["name"].as_str().unwrap().to_owned()
}

both_engines! {
    async fn the_turn_goes_on_with_the_other_agent_under_its_role(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let deal = house.deal("Acme renewal").await;
        let message = json!({"by": {
            "Front": plan(
                &[
                    &[("deal.find", json!({})), ("deal.update", json!({"id": deal, "stage": "WON"}))],
                    &[to("clerk"), ("account.find", json!({}))],
                ],
                "Never said.",
            ),
            "Clerk": plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "It is moved."),
        }});
        let session = house.first.session(&house.ada, "front").await;
        let events = house.first.ask(&house.ada, session, message).await;
        let all = names(&events);
        let at = all.iter().position(|name| *name == "agent.changed").unwrap();
        assert_eq!(
            all[at - 1..],
            [
                "tool.result", "agent.changed", "step.started", "usage", "tool.called", "tool.result",
                "step.started", "message.completed", "usage", "turn.completed",
            ]
        );
        let TurnEvent::AgentChanged { agent, from, routing, .. } = &events[at] else { panic!() };
        assert_eq!((agent.name.as_str(), from.as_ref().unwrap().name.as_str()), ("clerk", "front"));
        assert_eq!((routing.by, routing.reason.as_str()), (RoutedBy::Agent, "It is a change."));
        // The front desk may not change it; the clerk may.
        assert_eq!(outcome(&events, 1, 1)["status"], "failed");
        assert_eq!(outcome(&events, 2, 0)["result"], json!({"agent": "clerk"}));
        assert_eq!(outcome(&events, 2, 1)["status"], "succeeded");
        assert_eq!(house.stage(deal).await, "PROPOSAL");
        assert_eq!(texts(&events), ["It is moved."]);
        assert!(house.timeline(deal).await[0].1.starts_with("Clerk"));
        assert_eq!(agent_of(&house, session).await, "clerk");

        // The clerk sees why it has the conversation, and nothing of what the front desk looked up.
        let first = &sent_to(&house, "Clerk")[0];
        let shown = first["messages"].to_string();
        assert!(shown.contains("The stage is PROPOSAL.") && shown.contains("It is a change."), "{shown}");
        assert!(!shown.contains("Acme renewal"), "{shown}");
        let roles: Vec<_> =
            first["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);

        let more = house.first.ask(&house.ada, session, plan(&[], "Still the clerk.")).await;
        assert_eq!(texts(&more), ["Still the clerk."]);
        let next = sent_to(&house, "Clerk").pop().unwrap()["messages"].to_string();
        assert!(next.contains("It is moved.") && !next.contains("call_0_0\",\"function\":{\"arguments\":\"{}"), "{next}");

        let usage = house.first.agents.usage(&house.ada, UsageQuery::by(UsageBy::Agent)).await.unwrap();
        let steps = |of: &str| {
            let label = |group: &&UsageGroup| group.agent.as_ref().unwrap().label.as_deref() == Some(of);
            usage.groups.iter().find(label).map(|group| group.figures.steps)
        };
        assert_eq!((steps("Front"), steps("Clerk")), (Some(2), Some(3)));
        let trace = house.first.agents.trace(&house.ada, events[0].turn()).await.unwrap();
        assert_eq!((trace.agent.as_ref().unwrap().name.as_str(), trace.agent_changes.len()), ("clerk", 1));
        house.check();
    }

    async fn given_back_the_first_agent_sees_nothing_of_what_the_other_looked_up(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let deal = house.deal("Acme renewal").await;
        let message = json!({"by": {
            "Front": plan(&[&[to("clerk")]], ""),
            "Clerk": plan(&[&[("deal.get", json!({"id": deal}))]], "I looked."),
        }});
        let session = house.first.session(&house.ada, "front").await;
        house.first.ask(&house.ada, session, message).await;
        let back: SessionPatch = serde_json::from_value(json!({"agent": "front"})).unwrap();
        house.first.agents.update_session(&house.ada, session, back).await.unwrap();
        house.first.ask(&house.ada, session, plan(&[], "Hello again.")).await;
        let shown = sent_to(&house, "Front").pop().unwrap()["messages"].to_string();
        assert!(shown.contains("I looked.") && !shown.contains("Acme renewal"), "{shown}");
        house.check();
    }

    async fn a_conversation_is_handed_over_so_often_for_a_message(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let message = json!({"by": {
            "Front": plan(&[&[to("clerk")], &[to("clerk")]], "I stay with it."),
            "Clerk": plan(&[&[to("front")]], "Never said."),
        }});
        let session = house.first.session(&house.ada, "front").await;
        let events = house.first.ask(&house.ada, session, message).await;
        assert_eq!(names(&events).iter().filter(|name| **name == "agent.changed").count(), 2);
        assert_eq!(texts(&events), ["I stay with it."]);
        assert_eq!(agent_of(&house, session).await, "front");
        assert!(!sent_to(&house, "Front").pop().unwrap()["tools"].to_string().contains("hand_over"));
        house.check();
    }

    async fn the_other_has_the_time_of_its_own_limits_also_after_a_kill(store: TestStore) {
        let slowly = |request: &Value| {
            let prompt = request["messages"][0]["content"].as_str().unwrap();
            let (name, arguments) = to("clerk");
            match prompt.starts_with("You are Front.") {
                true => Script::new().pause(Duration::from_millis(4_200)).call("c", name, &arguments.to_string()),
                false => Script::new().pause(Duration::from_millis(100)).text("It is moved."),
            }
        };
        let mut house = House::on(store, ScriptedModel::with_rule(slowly).await.unwrap(), settings()).await;
        office(&house).await;
        let ada = house.ada.clone();
        let hasty = patch(json!({"limits": {"deadline_seconds": 4}}));
        house.first.agents.change_agent(&ada, "clerk", hasty).await.unwrap();
        let session = house.first.session(&ada, "front").await;
        let turn = house.first.say(&ada, session, "Move it.").await;
        house.kill_after(&ada, session, 7).await;
        let events = house.first.until_ended(&ada, session, turn).await;
        assert!(names(&events).contains(&"agent.changed"));
        assert_eq!(texts(&events), ["It is moved."], "{:?}", names(&events));
        house.check();
    }

    async fn a_turn_without_a_step_left_is_not_handed_over_and_ends_with_the_agent_that_has_it(store: TestStore) {
        let mut settings = settings();
        settings.limits.steps = 2;
        let house = House::with(store, settings).await;
        office(&house).await;
        let message = json!({"by": {
            "Front": plan(&[&[("deal.find", json!({}))], &[to("clerk")]], "Never said."),
            "Clerk": plan(&[], "Never said."),
        }});
        let session = house.first.session(&house.ada, "front").await;
        let events = house.first.ask(&house.ada, session, message).await;
        assert_eq!(outcome(&events, 2, 0)["problem"]["code"], "too_many_steps");
        assert!(!names(&events).contains(&"agent.changed"));
        assert_eq!(agent_of(&house, session).await, "front");
    }

    async fn an_approval_tells_who_asked_for_it_after_the_chat_is_another_s(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let agents = &house.first.agents;
        agents.change_agent(&house.ada, "front", patch(json!({"role": "Admin", "operations": ["*"]}))).await.unwrap();
        let deal = house.deal("Acme renewal").await;
        let message = json!({"by": {
            "Front": plan(&[&[("deal.delete", json!({"id": deal}))], &[to("clerk")]], "Never said."),
            "Clerk": plan(&[], "It stays."),
        }});
        let session = house.first.session(&house.ada, "front").await;
        let turn = house.first.say(&house.ada, session, message).await;
        let is_asked = |event: &TurnEvent| matches!(event, TurnEvent::ApprovalRequested { .. });
        house.first.until(&house.ada, session, is_asked).await;
        let waiting = agents.approvals(&house.ada, Some(session), None).await.unwrap();
        let deny = Decision { approved: false, comment: String::new() };
        agents.resolve_approval(&house.ada, waiting[0].approval.id, deny).await.unwrap();
        house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(agent_of(&house, session).await, "clerk");
        let listed = agents.approvals(&house.ada, Some(session), None).await.unwrap();
        assert_eq!(listed[0].agent.name, "front");
        let told = agents.export_session(&house.ada, session).await.unwrap().markdown();
        let (by_front, by_clerk) = told.split_once("### Clerk").unwrap();
        assert!(by_front.contains("### Front") && by_front.contains("deal.delete") && by_clerk.contains("It stays."));
        house.check();
    }

    async fn a_kill_after_any_event_hands_over_once(store: TestStore) {
        let mut house = House::new(store).await;
        office(&house).await;
        let ada = house.ada.clone();
        for killed_after in 2..=13 {
            let deal = house.deal(&format!("Deal {killed_after}")).await;
            let message = json!({"by": {
                "Front": plan(&[&[("deal.find", json!({}))], &[to("clerk")]], "Never said."),
                "Clerk": plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "It is moved."),
            }});
            let session = house.first.session(&ada, "front").await;
            let turn = house.first.say(&ada, session, message).await;
            house.kill_after(&ada, session, killed_after).await;
            let events = house.first.until_ended(&ada, session, turn).await;
            assert_eq!(events.last().unwrap().name(), "turn.completed", "{:?}", names(&events));
            assert_eq!(texts(&events), ["It is moved."]);
            assert_eq!(names(&events).iter().filter(|name| **name == "agent.changed").count(), 1);
            assert_eq!(agent_of(&house, session).await, "clerk");
            let updates = house.timeline(deal).await.iter().filter(|(name, _)| name == "deal.updated").count();
            assert_eq!(updates, 1);
        }
        // A step that was asked for twice was asked for in the same words.
        let mut bodies: Vec<String> = house.server.requests().iter().map(Value::to_string).collect();
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), 12 * 4);
        house.check();
    }
}
