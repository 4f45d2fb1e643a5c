//! A conversation that goes beyond what its model can read goes on.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::StreamExt as _;
use kontor_core::{caller::Caller, ids::SessionId, turn::TurnEvent};
use kontor_models::tokens::estimate;
use kontor_store::{Tx, both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::{Value, json};

use crate::{
    definitions::new,
    house::{House, NARROW, Process, names, outcome, patient},
};

/// What the member says at first, and must not be lost.
const FACT: &str = "The code word is Heligoland";

/// Whether a summary is asked for: of a conversation as JSON, without tools.
fn is_for_summary(request: &Value) -> bool {
    request.get("tools").is_none() && request["messages"][0]["role"] == "system"
}

/// Sums up as a model would that keeps what matters: the code word, and how many messages it was given.
fn sum_up(request: &Value) -> Script {
    let told: Value = serde_json::from_str(request["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert!(!told["messages"].as_array().unwrap().is_empty());
    let knows = told.to_string().contains(FACT);
    let text =
        if knows { format!("{FACT}. They looked at deals.") } else { "They looked at deals.".to_owned() };
    Script::new().text(&text).usage(700, 20)
}

/// A member's question is answered after one look at a long list.
fn look_and_answer(request: &Value) -> Script {
    let messages = request["messages"].as_array().unwrap();
    match messages.last().unwrap()["role"].as_str().unwrap() {
        "user" => Script::new().call("call", "deal.find", "{}"),
        _ => Script::new().text(&"That is what there is, told at some length. ".repeat(6)),
    }
}

/// Tokens of what a request says, about.
fn tokens(request: &Value) -> usize {
    let texts = |value: &Value| value.as_str().map_or(0, estimate);
    let messages = request["messages"].as_array().unwrap().iter().map(|message| {
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls =
            calls.map(|call| texts(&call["function"]["name"]) + texts(&call["function"]["arguments"]));
        texts(&message["content"]) + calls.sum::<usize>()
    });
    let tools = request["tools"].as_array().into_iter().flatten().map(|tool| {
        let tool = &tool["function"];
        texts(&tool["name"]) + texts(&tool["description"]) + estimate(&tool["parameters"].to_string())
    });
    messages.sum::<usize>() + tools.sum::<usize>()
}

async fn deals(house: &House) {
    for number in 0..20 {
        house.deal(&format!("Renewal of the contract of customer {number}")).await;
    }
}

/// The texts of the summaries in a session's log.
async fn summaries(process: &Process, caller: &Caller, session: SessionId) -> Vec<String> {
    let log = process.log(caller, session).await;
    let texts = log.iter().filter_map(|logged| match &*logged.event {
        TurnEvent::HistorySummarized { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

/// The warnings of a model for an agent, in words.
async fn warned(house: &House, model: &str, agent: &str) -> Vec<String> {
    let warnings = house.first.agents.window_warnings(&house.ada).await.unwrap();
    let of_it =
        warnings.iter().filter(|warning| (warning.model.as_str(), warning.agent.as_str()) == (model, agent));
    of_it.map(kontor_agents::WindowWarning::words).collect()
}

both_engines! {
    async fn a_window_too_small_for_an_agent_is_told_with_numbers(store: TestStore) {
        let house = House::narrow(store, look_and_answer).await;
        assert_eq!(warned(&house, "scripted/narrow", "sales-assistant").await, Vec::<String>::new());
        let told = warned(&house, "scripted/tiny", "sales-assistant").await;
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("scripted/tiny holds 2,048 tokens. Sales assistant needs 4,"), "{told:?}");
        assert!(warned(&house, "scripted/scripted", "sales-assistant").await.is_empty(), "nothing is known of it");
    }

    async fn an_agent_without_its_role_keeps_no_warnings_of_others_back(store: TestStore) {
        let mut house = House::narrow(store, look_and_answer).await;
        assert!(!warned(&house, "scripted/tiny", "analyst").await.is_empty());
        let without_role = |tx: &Tx<'_>| {
            let of_analyst = Expr::col("label").eq("Analyst");
            Query::update().table(tx.table("agent_versions")).value("role", "Gone").and_where(of_analyst).take()
        };
        house.after_a_kill(without_role).await;
        assert!(warned(&house, "scripted/tiny", "analyst").await.is_empty());
        assert_eq!(warned(&house, "scripted/tiny", "sales-assistant").await.len(), 1);
    }

    async fn a_conversation_of_200_turns_stays_within_8192_tokens_and_answers_from_its_beginning(store: TestStore) {
        let rule = |request: &Value| if is_for_summary(request) { sum_up(request) } else { look_and_answer(request) };
        let house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let mut stream = house.first.follow(&house.ada, session, None).await;
        for number in 0..200 {
            let question = format!("And what of customer {number}?");
            let message = if number == 0 { FACT } else { &question };
            house.first.say(&house.ada, session, message).await;
            let ended = loop {
                let event = patient(stream.next()).await.unwrap();
                if event.logged().is_some_and(TurnEvent::ends_turn) {
                    break event;
                }
            };
            assert_eq!(ended.name(), "turn.completed", "{number}: {ended:?}");
        }
        let requests = house.server.requests();
        for request in &requests {
            assert!(tokens(request) <= NARROW * 3 / 4, "{} tokens", tokens(request));
        }
        assert!(requests.last().unwrap()["messages"].to_string().contains(FACT));
        let made = requests.iter().filter(|request| is_for_summary(request)).count();
        // Each stands for some turns, so that what precedes the newest is the same in most requests.
        assert!((10..70).contains(&made), "{made} summaries");
        house.check();
    }

    async fn a_summary_that_is_committed_is_not_asked_for_again_after_a_crash(store: TestStore) {
        let asked = AtomicU32::new(0);
        // The answer that follows the first summary never comes to its end.
        let rule = move |request: &Value| {
            if is_for_summary(request) {
                asked.fetch_add(1, Ordering::SeqCst);
                return sum_up(request);
            }
            match asked.load(Ordering::SeqCst) {
                1 if asked.fetch_add(100, Ordering::SeqCst) == 1 => Script::new().text("Well").stall(),
                _ => look_and_answer(request),
            }
        };
        let mut house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let mut stream = house.first.follow(&house.ada, session, None).await;
        let mut message = format!("{FACT}.");
        let mut is_summed_up = false;
        let turn = loop {
            let turn = house.first.say(&house.ada, session, &message).await;
            let is_answering = loop {
                let event = patient(stream.next()).await.unwrap();
                is_summed_up |= event.name() == "history.summarized";
                if event.name() == "turn.completed" {
                    break false;
                } else if is_summed_up && event.name() == "text.delta" {
                    break true;
                }
            };
            if is_answering {
                break turn;
            }
            "And what else?".clone_into(&mut message);
        };
        drop(stream);
        let before = house.server.requests().len();
        let next = Process::narrow(&house.store, &house.server).await;
        std::mem::replace(&mut house.first, next).kill();
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        let made = ["history.summarized", "usage", "step.restarted"];
        assert!(names(&events).windows(3).any(|three| three == made), "{:?}", names(&events));
        let requests = house.server.requests();
        assert_eq!(requests[before], requests[before - 1], "what is sent again is the same");
        assert_eq!(summaries(&house.first, &house.ada, session).await.len(), 1);
        house.check();
    }

    async fn a_crash_while_a_summary_is_made_asks_for_it_once_more(store: TestStore) {
        let asked = AtomicU32::new(0);
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let rule = move |request: &Value| match is_for_summary(request) {
            true if asked.fetch_add(1, Ordering::SeqCst) == 0 => {
                tell.send(()).unwrap();
                Script::new().text("The mem").stall()
            }
            true => sum_up(request),
            false => look_and_answer(request),
        };
        let mut house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, format!("{FACT}.")).await;
        let turn = loop {
            let turn = house.first.say(&house.ada, session, "And what else?").await;
            tokio::select! {
                _ = house.first.until_ended(&house.ada, session, turn) => {}
                _ = told.recv() => break turn,
            }
        };
        assert!(is_for_summary(house.server.requests().last().unwrap()));
        let next = Process::narrow(&house.store, &house.server).await;
        std::mem::replace(&mut house.first, next).kill();
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert!(names(&events).windows(2).any(|pair| pair == ["step.restarted", "history.summarized"]), "{:?}", names(&events));
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        assert!(summaries(&house.first, &house.ada, session).await[0].contains(FACT));
        house.check();
    }

    async fn a_summary_that_comes_to_nothing_is_paid_for(store: TestStore) {
        let rule = |request: &Value| match is_for_summary(request) {
            true => Script::new().text("No.").finish("content_filter").usage(700, 20),
            false => look_and_answer(request),
        };
        let house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = loop {
            let events = house.first.ask(&house.ada, session, "What is there?").await;
            if names(&events).contains(&"history.dropped") {
                break events;
            }
        };
        let is_paid_for = names(&events).windows(2).any(|pair| pair == ["history.dropped", "usage"]);
        assert!(is_paid_for, "{:?}", names(&events));
        house.check();
    }

    async fn without_a_summary_the_turn_goes_on_with_the_newest_messages(store: TestStore) {
        let rule = |request: &Value| match is_for_summary(request) {
            true => Script::status(500, "out of memory"),
            false => look_and_answer(request),
        };
        let house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let (mut dropped, mut told_again) = (0, 0);
        for number in 0..14 {
            let events = house.first.ask(&house.ada, session, format!("What of customer {number}?")).await;
            assert_eq!(events.last().unwrap().name(), "turn.completed");
            let told = events.iter().filter_map(|event| match event {
                TurnEvent::HistoryDropped { again, .. } => Some(*again),
                _ => None,
            });
            let told: Vec<bool> = told.collect();
            // Whoever asks knows in each turn that something is left out.
            assert_eq!(told.len(), usize::from(dropped > 0 || told == [false]), "{number}: {told:?}");
            dropped += usize::from(told == [false]);
            told_again += usize::from(told == [true]);
        }
        // Asked for again after some turns, and not at each.
        assert!((1..=3).contains(&dropped) && told_again >= 2, "{dropped}, {told_again}");
        for request in house.server.requests() {
            assert!(tokens(&request) <= NARROW * 3 / 4);
        }
        house.check();
    }

    async fn a_summary_of_one_agent_leaves_the_one_it_hands_over_to_what_was_said(store: TestStore) {
        let rule = |request: &Value| {
            let said = request["messages"].to_string();
            if is_for_summary(request) {
                sum_up(request)
            } else if said.contains("You are Clerk.") {
                Script::new().text("I am here.")
            } else if said.contains("They looked at deals.") {
                let why = json!({"agent": "clerk", "why": "It is the clerk's."});
                Script::new().call("call", "hand_over", &why.to_string())
            } else {
                look_and_answer(request)
            }
        };
        let house = House::narrow(store, rule).await;
        deals(&house).await;
        for (name, to) in [("clerk", json!([])), ("front", json!(["clerk"]))] {
            let prompt = "You are {{ agent.label }}.";
            let agent = json!({"name": name, "role": "Viewer", "prompt": prompt, "hand_to": to});
            house.first.agents.create_agent(&house.ada, new(agent)).await.unwrap();
        }
        let session = house.first.session(&house.ada, "front").await;
        let mut events = house.first.ask(&house.ada, session, FACT).await;
        for number in 0..20 {
            if names(&events).contains(&"agent.changed") {
                break;
            }
            events = house.first.ask(&house.ada, session, format!("What of customer {number}?")).await;
        }
        let order: Vec<_> = names(&events).into_iter().filter(|name| name.contains('.')).collect();
        let at = |wanted: &str| order.iter().position(|name| *name == wanted).unwrap();
        assert!(at("history.summarized") < at("agent.changed"), "{order:?}");
        let is_clerk = |request: &&Value| request["messages"][0].to_string().contains("You are Clerk.");
        // Either what was said itself, or a summary of its own.
        let sent = house.server.requests();
        let first = sent.iter().find(is_clerk).unwrap()["messages"].to_string();
        assert!(first.contains(FACT), "{first}");
        // And in the next message.
        house.first.ask(&house.ada, session, "And now?").await;
        let last = house.server.requests().iter().rfind(|request| is_clerk(request)).unwrap()["messages"].to_string();
        assert!(last.contains(FACT), "{last}");
        house.check();
    }

    async fn a_summary_without_end_is_paid_for(store: TestStore) {
        let rule = |request: &Value| match is_for_summary(request) {
            true => Script::new().text(&"on and ".repeat(10_000)).stall(),
            false => look_and_answer(request),
        };
        let house = House::narrow(store, rule).await;
        deals(&house).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        for number in 0..14 {
            let events = house.first.ask(&house.ada, session, format!("What of customer {number}?")).await;
            let Some(at) = events.iter().position(|event| event.name() == "history.dropped") else { continue };
            let TurnEvent::Usage { usage, .. } = &events[at + 1] else { panic!("{:?}", names(&events)) };
            assert!(usage.estimated && usage.output_tokens > 10_000, "{usage:?}");
            return;
        }
        panic!("nothing was to be summed up");
    }

    async fn a_list_is_as_long_as_the_window_has_room_and_goes_on_where_it_ends(store: TestStore) {
        let rule = |request: &Value| look_and_answer(request);
        let house = House::narrow(store, rule).await;
        for number in 0..60 {
            house.deal(&format!("Renewal of the contract of customer {number}")).await;
        }
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "What is there?").await;
        let result = &outcome(&events, 1, 0)["result"];
        let shown = result["records"].as_array().unwrap().len();
        assert!((5..20).contains(&shown), "{shown} records");
        assert!(result["has_more"] == true && result["next"].is_string(), "{result}");
        house.check();
    }
}
