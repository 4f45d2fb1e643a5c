//! Which model answers where the agent's own cannot.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kontor_core::{
    environment::ManualClock,
    time::Timestamp,
    turn::{AnsweredBy, TurnEvent},
};
use kontor_models::{ModelOverride, ModelSettings};
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::{Value, json};

use crate::house::{House, names, settings, texts, until};

/// The agent's own model, and the one that is asked in its place.
const OWN: &str = "scripted/scripted";
const OTHER: &str = "scripted/small";

/// A house whose server answers by the model that is asked, its last question, and how often it was asked so.
async fn house(
    store: TestStore,
    rule: impl Fn(&str, &str, usize) -> Script + Send + Sync + 'static,
) -> House {
    let house = House::on(store, server(rule).await, settings()).await;
    fall_back(&house, &[OTHER]).await;
    house
}

async fn server(rule: impl Fn(&str, &str, usize) -> Script + Send + Sync + 'static) -> ScriptedModel {
    let asked: Mutex<HashMap<(String, String), usize>> = Mutex::default();
    let by_model = move |request: &Value| {
        let messages = request["messages"].as_array().unwrap();
        let question = messages.iter().rfind(|message| message["role"] == "user").unwrap();
        let (model, question) = (request["model"].as_str().unwrap(), question["content"].as_str().unwrap());
        let mut asked = asked.lock().unwrap();
        let times = asked.entry((model.to_owned(), question.to_owned())).or_default();
        *times += 1;
        rule(model, question, *times)
    };
    ScriptedModel::with_rule(by_model).await.unwrap()
}

async fn fall_back(house: &House, models: &[&str]) {
    let fallbacks = models.iter().map(|model| (*model).to_owned()).collect();
    let settings = ModelSettings { fallbacks, ..ModelSettings::default() };
    house.first.agents.set_model_settings(&house.ada, settings).await.unwrap();
}

/// A server on which the agent's own model fails in the way that is asked for.
fn failing(model: &str, question: &str, _: usize) -> Script {
    match (model, question) {
        ("scripted", "503") | (_, "both") => Script::status(503, "down"),
        ("scripted", "429") => Script::rate_limited(60),
        ("scripted", "quota") => Script::refusal(429, "insufficient_quota", "You exceeded your quota."),
        ("scripted", "401") => Script::status(401, "Incorrect API key provided"),
        ("scripted", "404") => Script::status(404, "The model does not exist"),
        ("scripted", "400") => Script::status(400, "Unknown parameter: tools[3].function"),
        ("scripted", "filter") => Script::new().finish("content_filter"),
        ("scripted", "cut") => Script::new().text("Half an ans").cut(),
        _ => Script::new().text(&format!("From {model}.")),
    }
}

/// How often a model was asked.
fn asked(house: &House, model: &str) -> usize {
    house.server.requests().iter().filter(|request| request["model"] == model).count()
}

fn answered_by(events: &[TurnEvent]) -> Vec<AnsweredBy> {
    let named = events.iter().filter_map(|event| match event {
        TurnEvent::MessageCompleted { answered_by, .. } | TurnEvent::ToolCalled { answered_by, .. } => {
            answered_by.clone()
        }
        _ => None,
    });
    named.collect()
}

/// Which model answered, and in the place of which other for which reason.
fn one(events: &[TurnEvent]) -> (String, Option<(String, String)>) {
    let [by] = answered_by(events).try_into().unwrap();
    (by.model, by.instead_of.map(|other| (other.model, other.because)))
}

fn instead(because: &str) -> (String, Option<(String, String)>) {
    (OTHER.to_owned(), Some((OWN.to_owned(), because.to_owned())))
}

/// Both models failed three times. The agent's own still does, while the other is well again and answers one turn, its
/// trial, so slowly that it comes to no end: a second turn is answered nevertheless.
async fn others_are_answered_during(store: TestStore, trial: Script, has_a_word: bool) {
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH.plus(Duration::from_secs(1_800_000_000))));
    let server = server(move |model, question, times| match (model, question) {
        ("scripted", "trial" | "503") => Script::status(503, "down"),
        ("small", "trial") => trial.clone(),
        _ => failing(model, question, times),
    });
    let house = House::on_clock(store, server.await, clock.clone()).await;
    fall_back(&house, &[OTHER]).await;
    let [first, second] =
        [house.first.session(&house.ada, "analyst").await, house.first.session(&house.ada, "analyst").await];
    for _ in 0..3 {
        house.first.ask(&house.ada, second, "both").await;
    }
    clock.advance(Duration::from_secs(31));
    let before = asked(&house, "small");
    house.first.say(&house.ada, first, "trial").await;
    until(|| asked(&house, "small") > before).await;
    if has_a_word {
        let other =
            house.first.agents.models_of_caller(&house.ada).await.unwrap().resolve(OTHER).await.unwrap();
        until(|| other.breaker().unwrap().admit().is_ok()).await;
    }
    let events = house.first.ask(&house.ada, second, "503").await;
    assert_eq!((texts(&events), one(&events)), (vec!["From small."], instead("failed")));
}

both_engines! {
    async fn a_stand_in_with_a_small_window_shows_what_fits_and_sums_nothing_up(store: TestStore) {
        let rule = |model: &str, question: &str, _: usize| match (model, question) {
            ("scripted", "503") => Script::status(503, "down"),
            ("scripted", _) => Script::new().text(&"What there is to tell. ".repeat(300)),
            _ => Script::new().text("In short."),
        };
        let house = House::on(store, server(rule).await, settings()).await;
        fall_back(&house, &["scripted/narrow"]).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for _ in 0..6 {
            house.first.ask(&house.ada, session, "And?").await;
        }
        let events = house.first.ask(&house.ada, session, "503").await;
        assert_eq!(one(&events).0, "scripted/narrow");
        assert!(!names(&events).iter().any(|name| name.starts_with("history.")), "{:?}", names(&events));
        let request = house.server.requests().pop().unwrap();
        let shown = request["messages"].as_array().unwrap().len();
        assert!(shown < 2 * 6 + 2, "not all had room: {shown}");
    }

    async fn another_model_answers_on_outage_rate_and_refusal(store: TestStore) {
        let house = house(store, failing).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for (question, because, requests) in [
            ("503", "failed", 2),
            ("429", "limits the rate of requests", 1),
            ("quota", "has its quota used up", 1),
            ("401", "refused the API key", 1),
            ("404", "rejected the request", 1),
        ] {
            let before = asked(&house, "scripted");
            let events = house.first.ask(&house.ada, session, question).await;
            assert_eq!(
                names(&events),
                ["turn.started", "step.started", "step.restarted", "message.completed", "usage", "turn.completed"],
                "{question}"
            );
            assert_eq!(texts(&events), ["From small."]);
            assert_eq!(one(&events), instead(because));
            assert_eq!(asked(&house, "scripted") - before, requests, "{question}");
            let events = house.first.ask(&house.ada, session, "well?").await;
            assert_eq!((texts(&events), one(&events)), (vec!["From scripted."], (OWN.to_owned(), None)));
        }
        house.check();
    }

    async fn what_is_wrong_with_the_request_itself_is_asked_of_no_other_model(store: TestStore) {
        let house = house(store, failing).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for (question, code) in [("400", "model_rejected"), ("filter", "model_filtered")] {
            let events = house.first.ask(&house.ada, session, question).await;
            let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
            assert_eq!(problem.code, code);
        }
        assert_eq!(asked(&house, "small"), 0);
    }

    async fn half_an_answer_is_withdrawn_before_another_model_answers(store: TestStore) {
        let house = house(store, failing).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "cut").await;
        assert_eq!(
            names(&events),
            [
                "turn.started", "step.started", "usage", "step.restarted", "usage", "step.restarted",
                "message.completed", "usage", "turn.completed"
            ]
        );
        assert_eq!((texts(&events), one(&events)), (vec!["From small."], instead("broke off")));
        house.check();
    }

    async fn where_no_model_answers_the_first_ones_problem_is_told_with_the_others(store: TestStore) {
        let house = house(store, failing).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "both").await;
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(problem.code, "model_failed");
        let told = "scripted/scripted: The model provider failed with status 503: down. Try again in a moment. Nor did another answer: scripted/small failed.";
        assert_eq!(problem.message, told);
        assert_eq!((asked(&house, "scripted"), asked(&house, "small")), (2, 4));
    }

    async fn a_model_that_keeps_failing_is_left_alone_and_tried_again_later(store: TestStore) {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH.plus(Duration::from_secs(1_800_000_000))));
        let house = House::on_clock(store, server(failing).await, clock.clone()).await;
        fall_back(&house, &[OTHER]).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for _ in 0..3 {
            house.first.ask(&house.ada, session, "401").await;
        }
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!(asked(&house, "scripted"), 3, "it is not asked");
        assert_eq!(one(&events), instead("refused the API key"));
        assert!(!names(&events).contains(&"step.restarted"), "nothing was begun that had to be withdrawn");

        clock.advance(Duration::from_secs(31));
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!((texts(&events), one(&events)), (vec!["From scripted."], (OWN.to_owned(), None)));
    }

    async fn a_trial_that_is_silent_keeps_no_other_turn_from_the_only_model(store: TestStore) {
        others_are_answered_during(store, Script::new().stall(), false).await;
    }

    async fn a_trial_that_has_a_word_opens_the_model_to_others(store: TestStore) {
        others_are_answered_during(store, Script::new().text("Half of it").stall(), true).await;
    }

    async fn what_one_request_causes_leaves_the_model_open_to_others(store: TestStore) {
        let house = house(store, |model, question, times| match question {
            "cut" => Script::new().text("Half an ans").cut(),
            "call" => Script::refusal(400, "tool_use_failed", "Failed to call a function"),
            "long" => Script::status(500, "the request exceeds the available context size"),
            _ => failing(model, question, times),
        })
        .await;
        fall_back(&house, &[]).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let models = house.first.agents.models_of_caller(&house.ada).await.unwrap();
        let own = models.resolve(OWN).await.unwrap();
        for question in ["cut", "call", "call", "call", "long", "long", "long", "cut"] {
            let events = house.first.ask(&house.ada, session, question).await;
            assert_eq!(events.last().unwrap().name(), "turn.failed", "{question}");
            assert!(!own.breaker().unwrap().is_open(), "{question}");
        }
    }

    async fn what_a_provider_said_to_one_is_told_to_no_other(store: TestStore) {
        let house = house(store, |model, question, times| match (model, question) {
            ("scripted", "secret") => Script::status(401, "Refused what Ada wrote"),
            _ => failing(model, question, times),
        })
        .await;
        let session = house.first.session(&house.ada, "analyst").await;
        for _ in 0..3 {
            house.first.ask(&house.ada, session, "secret").await;
        }
        let events = house.first.ask(&house.ada, session, "both").await;
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
        let told = "scripted/scripted refused the API key lately and is left alone for a while. Nor did another answer: scripted/small failed.";
        assert_eq!((problem.message.as_str(), problem.code.as_ref()), (told, "model_left_alone"));
    }

    async fn a_model_without_another_is_asked_however_often_it_failed(store: TestStore) {
        let house = house(store, failing).await;
        fall_back(&house, &[]).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for turn in 1..=3 {
            let events = house.first.ask(&house.ada, session, "cut").await;
            assert_eq!(events.last().unwrap().name(), "turn.failed");
            assert_eq!(asked(&house, "scripted"), 3 * turn, "begun again twice");
        }
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!(one(&events), (OWN.to_owned(), None));
    }

    async fn a_model_that_keeps_failing_is_asked_where_no_other_can_be(store: TestStore) {
        let house = house(store, failing).await;
        let session = house.first.session(&house.ada, "analyst").await;
        for _ in 0..3 {
            house.first.ask(&house.ada, session, "401").await;
        }
        let known = ModelOverride { context_window: Some(1_024), ..ModelOverride::default() };
        house.first.agents.override_model(&house.ada, OTHER, known).await.unwrap();
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!((texts(&events), one(&events)), (vec!["From scripted."], (OWN.to_owned(), None)));
    }

    async fn a_kill_while_another_model_answers_loses_nothing(store: TestStore) {
        let mut house = house(store, |model, question, times| match (model, times) {
            ("small", 1) => Script::new().text("Half of it").stall(),
            _ => failing(model, question, times),
        })
        .await;
        let session = house.first.session(&house.ada, "analyst").await;
        let turn = house.first.say(&house.ada, session, "503").await;
        house.first.until(&house.ada, session, |event| matches!(event, TurnEvent::StepRestarted { .. })).await;
        house.kill().await;
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!((texts(&events), one(&events)), (vec!["From small."], instead("failed")));
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        house.check();
    }

    async fn what_one_model_wants_back_goes_to_no_other(store: TestStore) {
        let signed = |model: &str| {
            let call = json!({
                "index": 0, "id": "a", "type": "function",
                "function": {"name": "deal_find", "arguments": "{}"},
                "extra_content": {"google": {"thought_signature": format!("signature+/{model}=")}},
            });
            Script::new().delta(json!({"reasoning_content": "Hm."})).delta(json!({"tool_calls": [call]})).finish("tool_calls")
        };
        let house = house(store, move |model, question, times| match (model, question, times) {
            ("scripted", "look", 1) => signed(model),
            ("scripted", "look", _) => Script::status(401, "Incorrect API key provided"),
            _ => failing(model, question, times),
        })
        .await;
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "look").await;
        let by: Vec<_> = answered_by(&events).into_iter().map(|by| by.model).collect();
        assert_eq!(by, [OWN, OTHER], "{:?}", names(&events));
        house.first.ask(&house.ada, session, "well?").await;
        let requests = house.server.requests();
        let (small, last) = (&requests[requests.len() - 2], &requests[requests.len() - 1]);
        assert_eq!((&small["model"], &last["model"]), (&json!("small"), &json!("scripted")));
        let (small, last) = (small.to_string(), last.to_string());
        assert!(!small.contains("signature+") && small.contains("tool_call_id"), "{small}");
        assert!(last.contains("signature+/scripted="), "{last}");
        house.check();
    }

    async fn a_window_that_is_too_small_leaves_the_answer_to_a_larger_one(store: TestStore) {
        let house = house(store, failing).await;
        let known = ModelOverride { context_window: Some(1_024), ..ModelOverride::default() };
        house.first.agents.override_model(&house.ada, OWN, known).await.unwrap();
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!(one(&events), instead("has too small a context window"));
        assert_eq!(asked(&house, "scripted"), 0);
        fall_back(&house, &[]).await;
        let events = house.first.ask(&house.ada, session, "well?").await;
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(problem.code, "window_too_small");
    }

    async fn an_agent_that_names_fast_is_answered_by_what_the_workspace_calls_so(store: TestStore) {
        let mut house = house(store, failing).await;
        house
            .after_a_kill(|tx| {
                Query::update()
                    .table(tx.table("agent_versions"))
                    .value("model", "fast")
                    .and_where(Expr::col("label").eq("Analyst"))
                    .take()
            })
            .await;
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!(one(&events), (OWN.to_owned(), None), "the default, where none is set");
        let settings = ModelSettings { fast: Some(OTHER.to_owned()), ..ModelSettings::default() };
        house.first.agents.set_model_settings(&house.ada, settings).await.unwrap();
        let events = house.first.ask(&house.ada, session, "well?").await;
        assert_eq!(one(&events), (OTHER.to_owned(), None));
    }
}
