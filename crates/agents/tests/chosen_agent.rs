//! A session that is begun without an agent is given one when its first message is answered, and any session may go to
//! another.

use futures::StreamExt as _;
use kontor_agents::{
    BudgetScope, NewSession, NewShare, RoutedBy, Session, SessionPatch, SessionQuery, ShareAccess, UsageBy,
    UsageQuery,
};
use kontor_core::{caller::Caller, error::Fault as _, ids::SessionId, turn::TurnEvent};
use kontor_identity::NewRole;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

use crate::{
    definitions::patch,
    house::{House, names, patient, texts, until},
};

/// A session that is begun without an agent.
async fn open(house: &House, caller: &Caller) -> SessionId {
    let new: NewSession = serde_json::from_value(json!({})).unwrap();
    house.first.agents.create_session(caller, new).await.unwrap().id
}

async fn session(house: &House, id: SessionId) -> Session {
    house.first.agents.session(&house.ada, id).await.unwrap()
}

/// The name of the agent that a session has, by what and why.
async fn routed(house: &House, id: SessionId) -> (String, RoutedBy, String) {
    let session = session(house, id).await;
    let routing = session.routing.unwrap();
    (session.agent.unwrap().name, routing.by, routing.reason)
}

fn to(agent: &str) -> SessionPatch {
    serde_json::from_value(json!({"agent": agent})).unwrap()
}

/// The code with which a change to an agent is refused.
async fn refused(house: &House, caller: &Caller, id: SessionId, agent: &str) -> String {
    let changed = house.first.agents.update_session(caller, id, to(agent)).await;
    changed.unwrap_err().problem().code.into_owned()
}

fn choice(agent: &str, reason: &str) -> Script {
    let arguments = json!({"agent": agent, "reason": reason}).to_string();
    Script::new().call("c1", "choose_agent", &arguments).usage(30, 3)
}

/// Whether a request asks for an agent.
fn asks_for_agent(request: &Value) -> bool {
    request["tools"][0]["function"]["name"] == "choose_agent"
}

fn without_usage(events: &[TurnEvent]) -> Vec<&'static str> {
    names(events).into_iter().filter(|name| *name != "usage").collect()
}

const ANSWERED: [&str; 5] =
    ["turn.started", "step.started", "agent.changed", "message.completed", "turn.completed"];

both_engines! {
    async fn rules_choose_without_asking_a_model_and_once(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let id = open(&house, ada).await;
        let begun = session(&house, id).await;
        assert_eq!((begun.agent, begun.routing), (None, None));
        let listed = |agent: Option<&str>| SessionQuery {
            agent: agent.map(str::to_owned), ..SessionQuery::first(5)
        };
        let agents = &house.first.agents;
        assert!(agents.sessions(ada, listed(None)).await.unwrap().sessions[0].agent.is_none());
        assert!(agents.sessions(ada, listed(Some("sales-assistant"))).await.unwrap().sessions.is_empty());

        house.server.push(Script::new().text("Made.").usage(10, 1));
        let events = house.first.ask(ada, id, "Create a task to ring Bob").await;
        assert_eq!(without_usage(&events), ANSWERED);
        let reason = "It is the only agent here that can create tasks.".to_owned();
        assert_eq!(routed(&house, id).await, ("sales-assistant".to_owned(), RoutedBy::Rules, reason.clone()));
        assert_eq!(house.server.requests().len(), 1);
        let TurnEvent::AgentChanged { agent, from, routing, .. } = &events[2] else { panic!("{events:?}") };
        assert_eq!((agent.label.as_str(), from, &routing.reason), ("Sales assistant", &None, &reason));
        let trace = agents.trace(ada, events[0].turn()).await.unwrap();
        assert_eq!((trace.agent.unwrap().name.as_str(), trace.agent_version), ("sales-assistant", Some(1)));
        assert_eq!(trace.agent_changes[0].routing.reason, reason);
        assert_eq!(agents.sessions(ada, listed(Some("sales-assistant"))).await.unwrap().sessions.len(), 1);

        house.server.push(Script::new().text("Yes."));
        let again = house.first.ask(ada, id, "Analyst: is that so?").await;
        assert!(!names(&again).contains(&"agent.changed"), "{again:?}");
        house.check();
    }

    async fn the_fast_model_chooses_where_rules_tell_nothing_and_is_accounted_for(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let id = open(&house, ada).await;
        house.server.push(choice("analyst", "It asks for a figure."));
        house.server.push(Script::new().text("Seven.").usage(50, 5));
        let events = house.first.ask(ada, id, "How many deals are there?").await;
        assert_eq!(without_usage(&events), ANSWERED);
        let why = ("analyst".to_owned(), RoutedBy::Model, "It asks for a figure.".to_owned());
        assert_eq!(routed(&house, id).await, why);
        let requests = house.server.requests();
        assert_eq!(requests.iter().map(asks_for_agent).collect::<Vec<_>>(), [true, false]);
        let asked = requests[0]["messages"][1]["content"].as_str().unwrap();
        let asked: Value = serde_json::from_str(asked).unwrap();
        assert_eq!(asked["message"], "How many deals are there?");
        assert_eq!(asked["agents"].as_array().unwrap().len(), 3);
        assert!(requests[1]["messages"][0]["content"].as_str().unwrap().contains("You are Analyst"));
        let usage = house.first.agents.usage(ada, UsageQuery::by(UsageBy::Agent)).await.unwrap();
        let figures = &usage.groups[0].figures;
        assert_eq!((usage.groups.len(), figures.input_tokens, figures.output_tokens), (1, 80, 8));
        assert_eq!(usage.groups[0].agent.as_ref().unwrap().label.as_deref(), Some("Analyst"));
        house.check();
    }

    async fn the_first_agent_is_taken_where_the_fast_model_does_not_choose(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let broken = || Script::status(500, "broken");
        let cases = [
            (vec![broken(), broken()], "the fast model gave no answer"),
            (vec![choice("root", "told to")], "the fast model named none of the agents"),
            (vec![Script::new().text("I would ask somebody.")], "the fast model named none of the agents"),
        ];
        for (scripts, because) in cases {
            let id = open(&house, ada).await;
            scripts.into_iter().for_each(|script| house.server.push(script));
            house.server.push(Script::new().text("Well."));
            let events = house.first.ask(ada, id, "How many deals are there?").await;
            assert_eq!(without_usage(&events), ANSWERED, "{because}");
            let (agent, by, reason) = routed(&house, id).await;
            assert_eq!((agent.as_str(), by), ("sales-assistant", RoutedBy::Default));
            assert!(reason.contains(because), "{reason}");
        }
        // Nothing is left of the member's budget: no model is asked for an agent.
        let budget = serde_json::from_value(json!({"tokens": 1})).unwrap();
        house.first.agents.set_budget(ada, BudgetScope::Workspace, None, budget).await.unwrap();
        let asked = house.server.requests().len();
        let id = open(&house, ada).await;
        let events = house.first.ask(ada, id, "How many deals are there?").await;
        assert_eq!(names(&events).last(), Some(&"turn.failed"));
        assert_eq!(house.server.requests().len(), asked);
        assert!(routed(&house, id).await.2.contains("budget"));
    }

    async fn only_agents_that_the_member_may_use_are_chosen(store: TestStore) {
        let house = House::scripted(store).await;
        let grants = json!({"default": {"actions": ["read", "create", "delete"]}, "agents": ["analyst"]});
        let role = |name: &str, grants| NewRole { name: name.to_owned(), grants: Some(grants), ..NewRole::default() };
        house.first.identity.create_role(&house.ada, role("Asker", grants)).await.unwrap();
        let max = house.member("Max Okafor", "Asker").await;
        let id = open(&house, &max).await;
        house.server.push(Script::new().text("I only read."));
        let events = house.first.ask(&max, id, "Delete the deal Acme").await;
        assert_eq!(without_usage(&events), ANSWERED);
        let session = house.first.agents.session(&max, id).await.unwrap();
        assert_eq!(session.routing.unwrap().by, RoutedBy::Only);
        assert_eq!(session.agent.unwrap().name, "analyst");
        assert_eq!(refused(&house, &max, id, "sales-assistant").await, "agent_not_allowed");

        let nobody = json!({"default": {"actions": ["read"]}, "agents": []});
        house.first.identity.create_role(&house.ada, role("Nobody", nobody)).await.unwrap();
        let eve = house.member("Eve Adler", "Nobody").await;
        let new: NewSession = serde_json::from_value(json!({"agent": null})).unwrap();
        let problem = house.first.agents.create_session(&eve, new).await.unwrap_err().problem();
        assert_eq!(problem.code, "no_agent");

        // The last one goes before the first message is answered.
        let late = open(&house, &max).await;
        house.first.agents.change_agent(&house.ada, "analyst", patch(json!({"active": false}))).await.unwrap();
        let events = house.first.ask(&max, late, "Hello?").await;
        assert!(matches!(&events[..], [.., TurnEvent::TurnFailed { problem, .. }] if problem.code == "no_agent"), "{events:?}");
        house.first.agents.change_agent(&house.ada, "analyst", patch(json!({"active": true}))).await.unwrap();
        house.server.push(Script::new().text("Here again."));
        assert_eq!(texts(&house.first.ask(&max, late, "Hello?").await), ["Here again."]);
    }

    async fn in_another_s_chat_only_agents_are_chosen_that_its_member_may_use_too(store: TestStore) {
        let house = House::scripted(store).await;
        let grants = |agents: Value| json!({"default": {"actions": ["read", "create", "delete"]}, "agents": agents});
        let role = |name: &str, grants| NewRole { name: name.to_owned(), grants: Some(grants), ..NewRole::default() };
        house.first.identity.create_role(&house.ada, role("Asker", grants(json!(["analyst"])))).await.unwrap();
        let max = house.member("Max Okafor", "Asker").await;
        let id = open(&house, &max).await;
        let share = NewShare { access: ShareAccess::TakePart };
        house.first.agents.share_session(&max, id, house.ada.member().unwrap(), share).await.unwrap();
        house.server.push(Script::new().text("I only read."));
        house.first.ask(&house.ada, id, "Delete the deal Acme").await;
        assert_eq!(routed(&house, id).await.0, "analyst");
    }

    async fn what_goes_on_before_an_agent_was_chosen_is_given_one_by_what_was_said(store: TestStore) {
        let house = House::scripted(store).await;
        let (id, agents) = (open(&house, &house.ada).await, &house.first.agents);
        let all = ["analyst", "data-steward", "sales-assistant"];
        for agent in all {
            agents.change_agent(&house.ada, agent, patch(json!({"active": false}))).await.unwrap();
        }
        let events = house.first.ask(&house.ada, id, "Create a task to ring Bob").await;
        let Some(TurnEvent::TurnFailed { turn, problem, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(problem.code, "no_agent");
        for agent in all {
            agents.change_agent(&house.ada, agent, patch(json!({"active": true}))).await.unwrap();
        }
        house.server.push(Script::new().text("Made."));
        let next = agents.go_on(&house.ada, *turn).await.unwrap().id;
        house.first.until_ended(&house.ada, id, next).await;
        let (agent, by, reason) = routed(&house, id).await;
        assert_eq!((agent.as_str(), by), ("sales-assistant", RoutedBy::Rules), "{reason}");
    }

    async fn a_choice_survives_a_kill_and_is_made_once(store: TestStore) {
        let mut house = House::scripted(store).await;
        let ada = house.ada.clone();
        // While the fast model is asked.
        let id = open(&house, &ada).await;
        house.server.push(Script::new().stall());
        let turn = house.first.say(&ada, id, "How many deals are there?").await;
        until(|| !house.server.requests().is_empty()).await;
        house.kill().await;
        house.server.push(choice("analyst", "It asks for a figure."));
        house.server.push(Script::new().text("Sev").stall());
        house.first.until(&ada, id, |event| event.name() == "agent.changed").await;
        assert_eq!(routed(&house, id).await.0, "analyst");
        // After it has chosen.
        until(|| house.server.requests().len() >= 3).await;
        house.kill().await;
        house.server.push(Script::new().text("Seven."));
        let events = house.first.until_ended(&ada, id, turn).await;
        assert_eq!(texts(&events), ["Seven."], "{events:?}");
        assert_eq!(names(&events).iter().filter(|name| **name == "agent.changed").count(), 1);
        let asked = house.server.requests().iter().filter(|request| asks_for_agent(request)).count();
        assert_eq!(asked, 2);
        let row = house.first.agents.turn(&ada, turn).await.unwrap();
        assert_eq!(row.agent_version, Some(1));
        assert_eq!(row.agent, session(&house, id).await.agent.map(|agent| agent.id));
    }

    async fn a_message_that_is_stopped_while_an_agent_is_chosen_leaves_the_choice_open(store: TestStore) {
        let house = House::scripted(store).await;
        let ada = &house.ada;
        let id = open(&house, ada).await;
        house.server.push(Script::new().stall());
        let turn = house.first.say(ada, id, "How many deals are there?").await;
        until(|| !house.server.requests().is_empty()).await;
        assert_eq!(refused(&house, ada, id, "analyst").await, "turns_open");
        house.first.agents.cancel_turn(ada, turn).await.unwrap();
        let events = house.first.until_ended(ada, id, turn).await;
        assert_eq!(names(&events), ["turn.started", "step.started", "turn.cancelled"]);
        assert!(session(&house, id).await.agent.is_none());
        let trace = house.first.agents.trace(ada, turn).await.unwrap();
        assert!(trace.agent.is_none() && trace.agent_changes.is_empty());
        house.server.push(Script::new().text("Made."));
        house.first.ask(ada, id, "Create a task").await;
        assert_eq!(routed(&house, id).await.0, "sales-assistant");
    }

    async fn builtin_needs_no_model_to_choose(store: TestStore) {
        let house = House::with_builtin(store).await;
        let ada = &house.ada;
        let id = open(&house, ada).await;
        let events = house.first.ask(ada, id, "Show open deals").await;
        assert_eq!(names(&events).last(), Some(&"turn.completed"), "{events:?}");
        let (agent, by, reason) = routed(&house, id).await;
        assert_eq!((agent.as_str(), by), ("sales-assistant", RoutedBy::Default));
        assert!(reason.contains("there is no language model to choose"), "{reason}");
        assert!(house.server.requests().is_empty());
    }

    async fn a_member_gives_a_session_to_another_agent_and_earlier_turns_keep_theirs(store: TestStore) {
        let house = House::scripted(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        house.deal("Unmistakable renewal").await;
        let id = house.first.session(ada, "analyst").await;
        house.server.push(Script::new().call("c1", "deal_find", "{}"));
        house.server.push(Script::new().text("One deal."));
        let first = house.first.ask(ada, id, "How many deals?").await;
        assert!(house.server.requests()[1].to_string().contains("Unmistakable"));
        let mut followed = house.first.follow(ada, id, None).await;

        let changed = agents.update_session(ada, id, to("sales-assistant")).await.unwrap();
        assert_eq!(changed.agent.unwrap().name, "sales-assistant");
        let routing = changed.routing.unwrap();
        assert_eq!((routing.by, routing.reason.as_str()), (RoutedBy::Member, "Ada Brandt chose it."));
        let told = patient(async {
            loop {
                let event = followed.next().await.unwrap();
                if let Some(TurnEvent::AgentChanged { turn, agent, from, .. }) = event.logged() {
                    return (*turn, agent.name.clone(), from.as_ref().unwrap().name.clone());
                }
            }
        }).await;
        assert_eq!(told, (first[0].turn(), "sales-assistant".to_owned(), "analyst".to_owned()));
        // The same once more changes nothing.
        let last = changed.last_seq;
        let same = agents.update_session(ada, id, to("sales-assistant")).await.unwrap();
        assert_eq!(same.last_seq, last);

        house.server.push(Script::new().text("Made."));
        let second = house.first.ask(ada, id, "Create a task for it").await;
        let sent = house.server.requests().pop().unwrap();
        let messages = sent["messages"].as_array().unwrap();
        assert!(messages[0]["content"].as_str().unwrap().contains("You are Sales assistant"));
        // What tools answered the other agent is not this one's to read; what it said is.
        assert!(!sent.to_string().contains("Unmistakable"), "{sent}");
        assert_eq!(messages[1]["content"], "How many deals?");
        assert!(messages[2]["content"].as_str().unwrap().ends_with("One deal."), "{messages:?}");
        for (events, name) in [(&first, "analyst"), (&second, "sales-assistant")] {
            assert_eq!(agents.trace(ada, events[0].turn()).await.unwrap().agent.unwrap().name, name);
        }
        let export = agents.export_session(ada, id).await.unwrap();
        let answered: Vec<_> = export.turns.iter().map(|turn| turn.agent.as_ref().unwrap().label.as_str()).collect();
        assert_eq!(answered, ["Analyst", "Sales assistant"]);
        let text = export.markdown();
        for part in ["### Analyst\n", "### Sales assistant\n", "Why Sales assistant: Ada Brandt chose it."] {
            assert!(text.contains(part), "{text}");
        }
        let others = agents.turns_of_other_agents(ada, id).await.unwrap();
        assert_eq!(others[&first[0].turn()].label, "Analyst");

        // Back again, it reads what it was answered before.
        agents.update_session(ada, id, to("analyst")).await.unwrap();
        house.server.push(Script::new().text("As I said."));
        house.first.ask(ada, id, "And now?").await;
        assert!(house.server.requests().pop().unwrap().to_string().contains("Unmistakable"));
        house.check();
    }

    async fn what_is_no_agent_of_the_member_is_refused_and_a_session_of_a_deleted_one_goes_on(store: TestStore) {
        let house = House::scripted(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let id = house.first.session(ada, "analyst").await;
        assert_eq!(refused(&house, ada, id, "nobody").await, "agent_not_found");
        let max = house.member("Max Okafor", "Member").await;
        assert_eq!(refused(&house, &max, id, "sales-assistant").await, "session_not_found");
        let null: Result<SessionPatch, _> = serde_json::from_value(json!({"agent": null}));
        assert!(null.is_err());
        agents.change_agent(ada, "data-steward", patch(json!({"active": false}))).await.unwrap();
        assert_eq!(refused(&house, ada, id, "data-steward").await, "agent_inactive");

        agents.delete_agent(ada, "analyst", None).await.unwrap();
        let said = agents.start_turn(ada, id, "Hello?".to_owned(), None).await;
        assert_eq!(said.unwrap_err().problem().code, "agent_deleted");
        agents.update_session(ada, id, to("sales-assistant")).await.unwrap();
        assert!(house.first.log(ada, id).await.is_empty());
        house.server.push(Script::new().text("Here."));
        assert_eq!(texts(&house.first.ask(ada, id, "Hello?").await), ["Here."]);

        // One that was begun without an agent is its member's to choose for, too.
        let open = open(&house, ada).await;
        agents.update_session(ada, open, to("sales-assistant")).await.unwrap();
        house.server.push(Script::new().text("Good day."));
        let events = house.first.ask(ada, open, "Hello?").await;
        assert!(!names(&events).contains(&"agent.changed"));
        let done: SessionPatch = serde_json::from_value(json!({"status": "completed"})).unwrap();
        agents.update_session(ada, open, done).await.unwrap();
        agents.change_agent(ada, "data-steward", patch(json!({"active": true}))).await.unwrap();
        assert_eq!(refused(&house, ada, open, "data-steward").await, "session_completed");
    }
}
