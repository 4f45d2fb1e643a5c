//! One agent asks another: under its own role, for the same member, once whatever happens.

use kontor_agents::{BudgetScope, Decision, NewBudget, TurnStatus, UsageBy, UsageGroup, UsageQuery};
use kontor_core::{
    caller::Caller,
    error::Fault as _,
    ids::SessionId,
    turn::{ToolOutcome, TurnEvent},
};
use kontor_identity::NewRole;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::{
    definitions::{new, patch},
    house::{House, names, outcome, plan, texts, until},
};

/// A front desk that reads alone and may ask a clerk, who may change records and ask an analyst.
async fn office(house: &House) {
    for agent in [
        json!({"name": "clerk", "role": "Member", "description": "Changes records.", "ask": ["analyst"]}),
        json!({"name": "front", "role": "Viewer", "ask": ["clerk"]}),
    ] {
        house.first.agents.create_agent(&house.ada, new(agent)).await.unwrap();
    }
}

/// A call that asks an agent to follow a plan.
fn ask(agent: &str, plan: &Value) -> (&'static str, Value) {
    ("ask_agent", json!({"agent": agent, "question": plan.to_string()}))
}

/// The events of agents that were asked, each with the agent's name.
fn parts(events: &[TurnEvent]) -> Vec<String> {
    let of_part = |event: &TurnEvent| match event {
        TurnEvent::AgentEvent { agent, event, .. } => Some(format!("{}: {}", agent.name, event.name())),
        _ => None,
    };
    events.iter().filter_map(of_part).collect()
}

/// The result of a call of an agent that was asked.
fn inner_outcome(events: &[TurnEvent], step: u32, index: u32) -> Value {
    let inner: Vec<TurnEvent> = events.iter().map(|event| event.inner().clone()).collect();
    outcome(&inner, step, index)
}

fn tools(request: &Value) -> Vec<&str> {
    let tools = request["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect()
}

async fn asked(house: &House, caller: &Caller, plan: Value) -> (SessionId, Vec<TurnEvent>) {
    let session = house.first.session(caller, "front").await;
    let events = house.first.ask(caller, session, plan).await;
    (session, events)
}

both_engines! {
    async fn an_agent_asks_another_which_answers_under_its_own_role(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let deal = house.deal("Acme renewal").await;
        let question = plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "It is moved.");
        let message = plan(&[&[ask("clerk", &question)]], "The clerk moved it.");
        let (session, events) = asked(&house, &house.ada, message).await;
        assert_eq!(
            names(&events),
            [
                "turn.started", "step.started", "usage", "tool.called", "agent.asked", "agent.event",
                "agent.event", "agent.event", "agent.event", "agent.event", "agent.event", "agent.event",
                "tool.result", "step.started", "message.completed", "usage", "turn.completed",
            ]
        );
        assert_eq!(
            parts(&events),
            [
                "clerk: step.started", "clerk: usage", "clerk: tool.called", "clerk: tool.result",
                "clerk: step.started", "clerk: message.completed", "clerk: usage",
            ]
        );
        assert_eq!(texts(&events), ["The clerk moved it."]);
        let told = json!({"status": "succeeded", "result": {"agent": "clerk", "answer": "It is moved."}});
        assert_eq!(outcome(&events, 1, 0), told);
        assert_eq!(house.stage(deal).await, "PROPOSAL");
        let (name, actor) = house.timeline(deal).await.remove(0);
        assert_eq!(name, "deal.updated");
        assert!(actor.starts_with("Clerk"), "{actor}");

        let requests = house.server.requests();
        assert_eq!(requests.len(), 4);
        let system = |request: &Value| request["messages"][0]["content"].as_str().unwrap().to_owned();
        assert!(tools(&requests[0]).contains(&"ask_agent") && tools(&requests[1]).contains(&"ask_agent"));
        assert!(tools(&requests[1]).iter().any(|tool| tool.contains("update")), "{:?}", tools(&requests[1]));
        assert!(!tools(&requests[0]).iter().any(|tool| tool.contains("update")), "{:?}", tools(&requests[0]));
        assert!(system(&requests[1]).contains("Another agent of this workspace asks you"));
        assert!(!system(&requests[0]).contains("Another agent of this workspace asks you"));
        // It is shown nothing but what it was asked.
        assert_eq!(requests[1]["messages"].as_array().unwrap().len(), 2);
        // What it did is not shown to the one that asked, but for its answer.
        let shown = requests[3]["messages"].to_string();
        assert!(shown.contains("It is moved.") && !shown.contains("PROPOSAL\\\",\\\"name"), "{shown}");
        assert_eq!(requests[3]["messages"].as_array().unwrap().len(), 4);

        let next = house.first.ask(&house.ada, session, plan(&[], "Next.")).await;
        assert_eq!(texts(&next), ["Next."]);
        let again = house.server.requests().pop().unwrap();
        assert_eq!(again["messages"].as_array().unwrap().len(), 6, "{}", again["messages"]);

        let usage = house.first.agents.usage(&house.ada, UsageQuery::by(UsageBy::Agent)).await.unwrap();
        let steps = |of: &str| {
            let label = |group: &&UsageGroup| group.agent.as_ref().unwrap().label.as_deref() == Some(of);
            usage.groups.iter().find(label).map(|group| group.figures.steps)
        };
        assert_eq!((steps("Clerk"), steps("Front")), (Some(2), Some(3)));
        house.check();
    }

    async fn nobody_asks_beyond_what_their_member_may_do(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let deal = house.deal("Acme renewal").await;
        let vera = house.member("Vera Lund", "Viewer").await;
        let question = plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "I tried.");
        let (_, events) = asked(&house, &vera, plan(&[&[ask("clerk", &question)]], "Well.")).await;
        assert_eq!(inner_outcome(&events, 2, 0)["status"], "failed");
        assert_eq!(outcome(&events, 1, 0)["result"]["answer"], "I tried.");
        assert_ne!(house.stage(deal).await, "PROPOSAL");

        // Who may not use the clerk is not offered it, and is told so.
        let grants = json!({"default": {"actions": ["read", "update"]}, "agents": ["front"]});
        let role = NewRole { name: "Narrow".to_owned(), grants: Some(grants), ..NewRole::default() };
        house.first.identity.create_role(&house.ada, role).await.unwrap();
        let nora = house.member("Nora Vik", "Narrow").await;
        let (_, events) = asked(&house, &nora, plan(&[&[ask("clerk", &question)]], "Alone then.")).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "failed");
        assert_eq!(texts(&events), ["Alone then."]);
        assert!(!tools(&house.server.requests().pop().unwrap()).contains(&"ask_agent"));
        assert!(parts(&events).is_empty());
        house.check();
    }

    async fn what_is_hidden_stays_so_for_the_member_and_for_the_agent_that_asks(store: TestStore) {
        let house = House::new(store).await;
        let blind = json!({
            "objects": {"deal": {"actions": ["read"], "read_fields": {"except": ["amount"]}}},
            "agents": ["*"],
        });
        let role = NewRole { name: "Blind".to_owned(), grants: Some(blind), ..NewRole::default() };
        house.first.identity.create_role(&house.ada, role).await.unwrap();
        for agent in [
            json!({"name": "clerk", "role": "Admin"}),
            json!({"name": "front", "role": "Blind", "ask": ["clerk"]}),
        ] {
            house.first.agents.create_agent(&house.ada, new(agent)).await.unwrap();
        }
        let deal = house.deal("Acme renewal").await;
        let question = plan(&[&[("deal.get", json!({"id": deal}))]], "It is worth something.");
        let message = plan(&[&[ask("clerk", &question)]], "So it is.");
        let is_front = |request: &&Value| !request["messages"][0].to_string().contains("asks you");
        let tells = |request: &Value| request["messages"].to_string().contains("12000");

        // Who may not see the amount sees it by no agent.
        let bo = house.member("Bo Lind", "Blind").await;
        let (_, events) = asked(&house, &bo, message.clone()).await;
        assert_eq!(inner_outcome(&events, 2, 0)["status"], "succeeded");
        assert!(!serde_json::to_string(&events).unwrap().contains("12000"));
        assert!(!house.server.requests().iter().any(tells));

        // For who may, the clerk reads it, and the front desk is told what the clerk says and no more.
        let (_, events) = asked(&house, &house.ada, message).await;
        assert!(inner_outcome(&events, 2, 0).to_string().contains("12000"));
        let requests = house.server.requests();
        assert!(requests.iter().any(tells));
        assert!(!requests.iter().filter(is_front).any(tells));
        house.check();
    }

    async fn a_call_of_an_agent_that_was_asked_waits_for_the_member(store: TestStore) {
        let mut house = House::new(store).await;
        office(&house).await;
        let ada = house.ada.clone();
        for (approved, answer) in [(true, "succeeded"), (false, "denied")] {
            let deal = house.deal("Doomed").await;
            let question = plan(&[&[("deal.delete", json!({"id": deal}))]], "That is that.");
            let session = house.first.session(&ada, "front").await;
            let turn = house.first.say(&ada, session, plan(&[&[ask("clerk", &question)]], "So.")).await;
            let is_question = |event: &TurnEvent| matches!(event, TurnEvent::ApprovalRequested { .. });
            let events = house.first.until(&ada, session, is_question).await;
            let Some(TurnEvent::ApprovalRequested { step, question, .. }) = events.last() else { panic!() };
            assert_eq!((*step, question.asked_agent.as_ref().map(|agent| &*agent.label)), (2, Some("Clerk")));
            house.kill().await;
            let pending = house.first.agents.approvals(&ada, Some(session), None).await.unwrap();
            assert_eq!(pending.len(), 1);
            let decision = Decision { approved, comment: String::new() };
            house.first.agents.resolve_approval(&ada, pending[0].approval.id, decision).await.unwrap();
            let events = house.first.until_ended(&ada, session, turn).await;
            assert_eq!(inner_outcome(&events, 2, 0)["status"], answer);
            assert_eq!(outcome(&events, 1, 0)["result"]["answer"], "That is that.");
            assert_eq!(texts(&events), ["So."]);
            let there = house.first.crm.get(&ada, "deal", deal, None, vec![]).await.is_ok();
            assert_eq!(there, !approved);
        }
        house.check();
    }

    async fn agents_ask_one_another_so_deep_and_in_no_circle(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let agents = &house.first.agents;
        agents
            .change_agent(&house.ada, "analyst", patch(json!({"ask": ["front", "data-steward"]})))
            .await
            .unwrap();
        agents.change_agent(&house.ada, "clerk", patch(json!({"ask": ["analyst", "front"]}))).await.unwrap();
        let deepest = plan(&[&[ask("data-steward", &plan(&[], "Too deep."))]], "Nobody to ask.");
        let circle = plan(
            &[&[ask("front", &plan(&[], "A circle.")), ask("analyst", &deepest)]],
            "The analyst has nobody.",
        );
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &circle)]], "Told.")).await;
        // The clerk may not ask who waits for it.
        assert_eq!(inner_outcome(&events, 2, 0)["problem"]["issues"][0]["path"], "agent");
        assert_eq!(inner_outcome(&events, 2, 1)["result"]["answer"], "Nobody to ask.");
        assert_eq!(inner_outcome(&events, 3, 0)["status"], "failed");
        assert_eq!(outcome(&events, 1, 0)["result"]["answer"], "The analyst has nobody.");
        assert_eq!(texts(&events), ["Told."]);
        let asked: Vec<_> = events.iter().filter(|event| event.name() == "agent.asked").collect();
        assert_eq!(asked.len(), 2);
        house.check();
    }

    async fn what_an_agent_takes_up_is_taken_from_what_the_one_that_asked_has(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let agents = &house.first.agents;
        agents.change_agent(&house.ada, "front", patch(json!({"limits": {"steps": 4}}))).await.unwrap();
        let find = ("deal.find", json!({}));
        let endless = plan(&[&[find][..]; 9], "Never said.");
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &endless)]], "It got nowhere.")).await;
        let failed = outcome(&events, 1, 0);
        assert_eq!(failed["problem"]["code"], "agent_failed", "{failed}");
        assert!(failed["problem"]["message"].as_str().unwrap().contains("within 2 steps"), "{failed}");
        // A step stays for who asked.
        assert_eq!(texts(&events), ["It got nowhere."]);

        // The clerk's own limit is less.
        agents.change_agent(&house.ada, "clerk", patch(json!({"limits": {"steps": 1}}))).await.unwrap();
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &endless)]], "Nor now.")).await;
        assert!(outcome(&events, 1, 0)["problem"]["message"].as_str().unwrap().contains("within 1 steps"));
        assert_eq!(texts(&events), ["Nor now."]);

        // Where no step is left, nobody is asked.
        agents.change_agent(&house.ada, "front", patch(json!({"limits": {"steps": 2}}))).await.unwrap();
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &endless)]], "Alone.")).await;
        assert_eq!(outcome(&events, 1, 0)["problem"]["code"], "no_steps_left");
        assert_eq!(texts(&events), ["Alone."]);
        house.check();
    }

    async fn an_agent_that_was_asked_may_use_up_half_of_what_is_left_of_a_budget(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let budget = NewBudget { cost_micros: None, tokens: Some(500) };
        house.first.agents.set_budget(&house.ada, BudgetScope::Turn, None, budget).await.unwrap();
        let find = ("deal.find", json!({}));
        let endless = plan(&[&[find][..]; 9], "Never said.");
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &endless)]], "It used up its share.")).await;
        let failed = outcome(&events, 1, 0);
        assert!(failed["problem"]["message"].as_str().unwrap().contains("its share"), "{failed}");
        assert_eq!(texts(&events), ["It used up its share."]);
        house.check();
    }

    async fn a_kill_after_any_event_of_an_agent_that_was_asked_loses_and_repeats_nothing(store: TestStore) {
        let mut house = House::new(store).await;
        office(&house).await;
        let ada = house.ada.clone();
        for killed_after in 3..=24 {
            let deal = house.deal(&format!("Deal {killed_after}")).await;
            let name = format!("Account {killed_after}");
            let session = house.first.session(&ada, "front").await;
            let mut question = plan(
                &[
                    &[
                        ("account.create", json!({"name": name})),
                        ask("analyst", &plan(&[&[("deal.find", json!({}))]], "One.")),
                        ("deal.update", json!({"id": deal, "stage": "PROPOSAL"})),
                    ],
                ],
                "Made and moved.",
            );
            question["wait"] = json!(10);
            let message = plan(&[&[("deal.find", json!({})), ask("clerk", &question)]], "All done.");
            let turn = house.first.say(&ada, session, message).await;
            house.kill_after(&ada, session, killed_after).await;
            let events = house.first.until_ended(&ada, session, turn).await;
            assert_eq!(events.last().unwrap().name(), "turn.completed", "{:?}", names(&events));
            assert_eq!(texts(&events).last(), Some(&"All done."));
            assert_eq!(outcome(&events, 1, 1)["result"]["answer"], "Made and moved.");
            let calls: Vec<_> = events.iter().filter(|event| event.inner().name() == "tool.called").collect();
            let results: Vec<_> = events.iter().filter(|event| event.inner().name() == "tool.result").collect();
            // Of what a restart voided nothing counts; what ran has one result.
            assert_eq!(results.len(), 6, "{:?}", parts(&events));
            assert_eq!(calls.len(), 6, "{:?}", parts(&events));
            let query = kontor_crm::records::ListQuery {
                filter: Some(json!({"name": {"eq": name}})),
                ..Default::default()
            };
            assert_eq!(house.first.crm.list(&ada, "account", query).await.unwrap().records.len(), 1);
            let updates = house.timeline(deal).await.iter().filter(|(name, _)| name == "deal.updated").count();
            assert_eq!(updates, 1);
        }
        // A step that was asked for twice was asked for in the same words.
        let mut bodies: Vec<String> = house.server.requests().iter().map(Value::to_string).collect();
        let all = bodies.len();
        bodies.sort();
        bodies.dedup();
        // The analyst is asked the same by all conversations, first.
        assert_eq!(bodies.len(), 22 * 5 + 1, "of {all} requests each is one of six of a conversation");
        house.check();
    }

    async fn a_cancelled_turn_ends_whoever_answers_and_tells_what_was_done(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let deal = house.deal("Secret name").await;
        let mut question = plan(&[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]], "It takes long.");
        question["stall"] = json!(true);
        let session = house.first.session(&house.ada, "front").await;
        let turn = house.first.say(&house.ada, session, plan(&[&[ask("clerk", &question)]], "No.")).await;
        let is_second = |event: &TurnEvent| matches!(event.inner(), TurnEvent::StepStarted { step: 3, .. });
        house.first.until(&house.ada, session, is_second).await;
        // The clerk is being answered.
        until(|| house.server.requests().len() >= 3).await;
        house.first.agents.cancel_turn(&house.ada, turn).await.unwrap();
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(events.last().unwrap().name(), "turn.cancelled");
        let status = house.first.agents.turn(&house.ada, turn).await.unwrap().status;
        assert_eq!(status, TurnStatus::Cancelled);
        // What it did is told to the one that asked without the names of records.
        house.first.ask(&house.ada, session, plan(&[], "On we go.")).await;
        let shown = house.server.requests().pop().unwrap()["messages"].to_string();
        assert!(shown.contains("the agent had answered") && !shown.contains("Secret name"), "{shown}");
        house.check();
    }

    async fn what_one_agent_was_answered_is_not_read_on_by_another(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        for number in 0..40 {
            house.deal(&format!("Deal number {number} with a name of some length")).await;
        }
        let session = house.first.session(&house.ada, "front").await;
        let question = plan(&[&[("deal.find", json!({"limit": 60}))]], "There are forty.");
        let turn = house.first.say(&house.ada, session, plan(&[&[ask("clerk", &question)]], "Forty.")).await;
        house.first.until_ended(&house.ada, session, turn).await;
        // The clerk's list is call 0 of step 2.
        let handle = format!("{turn}.2.0.0");
        let message = plan(&[&[("read_more", json!({"handle": handle}))]], "Not for me.");
        let events = house.first.ask(&house.ada, session, message).await;
        assert_eq!(outcome(&events, 1, 0)["problem"]["issues"][0]["code"], "unknown_handle");
        house.check();
    }

    async fn a_trace_nests_the_steps_of_agents_that_were_asked(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let question = plan(&[&[ask("analyst", &plan(&[&[("deal.find", json!({}))]], "None."))]], "No deals.");
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &question)]], "There are none.")).await;
        let trace = house.first.agents.trace(&house.ada, events[0].turn()).await.unwrap();
        assert_eq!(trace.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 6]);
        let clerk = trace.steps[0].calls[0].asked.as_ref().unwrap();
        assert_eq!((clerk.name.as_str(), clerk.version), ("clerk", 1));
        assert_eq!(clerk.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [2, 5]);
        let analyst = clerk.steps[0].calls[0].asked.as_ref().unwrap();
        assert_eq!(analyst.label, "Analyst");
        assert_eq!(analyst.steps.iter().map(|step| step.number).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(trace.usage.answers, 6);
        assert!(analyst.steps[0].sent.as_ref().unwrap().prompt.as_ref().unwrap().contains("asks you"));
        house.check();
    }

    async fn an_agent_that_asks_nobody_is_sent_what_it_always_was(store: TestStore) {
        let house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        house.first.ask(&house.ada, session, plan(&[], "Hello.")).await;
        assert!(!house.server.requests().pop().unwrap().to_string().contains("ask_agent"));
    }

    async fn whom_an_agent_may_ask_is_checked_where_it_is_said(store: TestStore) {
        let house = House::new(store).await;
        office(&house).await;
        let agents = &house.first.agents;
        let wrong = patch(json!({"ask": ["analist", "front", "analyst", "analyst"], "hand_to": ["nobody"]}));
        let refused = agents.change_agent(&house.ada, "front", wrong).await.unwrap_err().problem();
        let told: Vec<_> =
            refused.issues.iter().map(|issue| (issue.path.as_str(), issue.code.as_ref())).collect();
        assert_eq!(
            told,
            [
                ("ask[0]", "unknown_agent"), ("ask[1]", "itself"), ("ask[3]", "twice"),
                ("hand_to[0]", "unknown_agent"),
            ]
        );
        assert!(refused.issues[0].message.contains("Did you mean analyst?"), "{refused:?}");

        // One that is gone stays named, and is not asked.
        agents.delete_agent(&house.ada, "clerk", None).await.unwrap();
        let front = agents.change_agent(&house.ada, "front", patch(json!({"label": "Desk"}))).await.unwrap();
        assert_eq!(front.definition.ask, ["clerk"]);
        let (_, events) = asked(&house, &house.ada, plan(&[&[ask("clerk", &plan(&[], "Boo."))]], "Gone.")).await;
        assert!(matches!(&events[4], TurnEvent::ToolResult { outcome: ToolOutcome::Failed { .. }, .. }));
        house.check();
    }
}
