//! What a model may do wrong, on the real wire.

use kontor_agents::NewSession;
use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::{Script, ScriptedModel};

use crate::house::{House, names, outcome, settings, texts};

both_engines! {
    async fn malformed_arguments_and_unknown_tools_are_told_and_repaired(store: TestStore) {
        let house = House::scripted(store).await;
        house.deal("Acme renewal").await;
        house.server.push(Script::new().calls(&[
            ("a", "deal.find", "{\"limit\": "),
            ("b", "deal.fnid", "{}"),
            ("c", "deal.find", "{\"limitt\": 3}"),
        ]));
        house.server.push(Script::new().text("Once more. ").call("a", "deal.find", "{\"limit\": 3}"));
        house.server.push(Script::new().text("One deal.").finish("some_new_word"));
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "deals?").await;
        let malformed = outcome(&events, 1, 0);
        assert_eq!(malformed["problem"]["issues"][0]["code"], "malformed_json", "{malformed}");
        let unknown = outcome(&events, 1, 1);
        assert_eq!(unknown["problem"]["code"], "unknown_operation", "{unknown}");
        let unfit = outcome(&events, 1, 2);
        assert_eq!(unfit["problem"]["code"], "invalid_input", "{unfit}");
        assert_eq!(outcome(&events, 2, 0)["status"], "succeeded");
        assert_eq!(texts(&events), ["Once more. ", "One deal."]);
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        house.check();
    }

    async fn a_busy_server_and_a_broken_stream_are_asked_again(store: TestStore) {
        let house = House::scripted(store).await;
        house.server.push(Script::status(500, "oops"));
        house.server.push(Script::rate_limited(1));
        house.server.push(Script::new().text("Half an ans").cut());
        house.server.push(Script::new().text("A whole answer."));
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        assert_eq!(
            names(&events),
            [
                "turn.started", "step.started", "usage", "step.restarted", "message.completed", "usage",
                "turn.completed"
            ]
        );
        assert_eq!(texts(&events), ["A whole answer."]);
        house.check();
    }

    async fn a_call_that_breaks_in_the_middle_is_asked_for_again(store: TestStore) {
        let house = House::scripted(store).await;
        let error = "data: {\"error\": {\"message\": \"upstream failed\", \"code\": 502}}\n\n";
        house.server.push(Script::new().call("a", "deal.find", "{\"limit\": ").raw(error));
        house.server.push(Script::new().text("There is nothing to find."));
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        assert_eq!(
            names(&events),
            [
                "turn.started", "step.started", "usage", "step.restarted", "message.completed", "usage",
                "turn.completed"
            ]
        );
        assert_eq!(texts(&events), ["There is nothing to find."]);
        house.check();
    }

    async fn an_answer_without_end_is_cut(store: TestStore) {
        let mut settings = settings();
        settings.limits.answer_bytes = 1_000;
        let house = House::on(store, ScriptedModel::start().await.unwrap(), settings).await;
        house.server.push(Script::new().text(&"on and ".repeat(1_000)).stall());
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        let cut = events.iter().find_map(|event| match event {
            TurnEvent::MessageCompleted { text, interrupted, .. } => Some((text.len(), *interrupted)),
            _ => None,
        });
        assert!(matches!(cut, Some((1_000..7_000, true))), "{cut:?}");
        assert_eq!(events.last().unwrap().name(), "turn.completed");
    }

    async fn a_server_that_stays_down_ends_the_turn_with_a_problem(store: TestStore) {
        let house = House::scripted(store).await;
        for _ in 0..4 {
            house.server.push(Script::status(503, "down"));
        }
        let session = house.first.session(&house.ada, "analyst").await;
        let events = house.first.ask(&house.ada, session, "hello").await;
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(problem.code, "model_failed");
        house.server.push(Script::new().text("Back."));
        let events = house.first.ask(&house.ada, session, "and now?").await;
        assert_eq!(texts(&events), ["Back."], "the session goes on");
        house.check();
    }

    async fn the_prompt_names_the_record_in_view(store: TestStore) {
        let house = House::scripted(store).await;
        let deal = house.deal("Acme renewal").await;
        house.server.push(Script::new().text("I see."));
        let new: NewSession = serde_json::from_value(serde_json::json!({
            "agent": "sales-assistant", "context": {"object": "deal", "id": deal},
        }))
        .unwrap();
        let session = house.first.agents.create_session(&house.ada, new).await.unwrap().id;
        house.first.ask(&house.ada, session, "what is this?").await;
        let request = &house.server.requests()[0];
        let prompt = request["messages"][0]["content"].as_str().unwrap();
        let line = format!("The member is looking at the deal \"Acme renewal\" (id {deal}, /records/deals/{deal}).");
        assert!(prompt.lines().any(|found| found == line), "{prompt}");
    }
}
