//! A turn from message to answer.

use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::{House, names, outcome, plan, texts};

both_engines! {
    async fn a_turn_reads_writes_and_answers(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let message = plan(
            &[
                &[("deal.find", json!({"limit": 5})), ("account.find", json!({}))],
                &[("deal.update", json!({"id": deal, "stage": "NEGOTIATION"}))],
            ],
            "Moved.",
        );
        let events = house.first.ask(&house.ada, session, &message).await;
        assert_eq!(
            names(&events),
            [
                "turn.started", "step.started",
                "usage", "tool.called", "tool.called", "tool.result", "tool.result", "step.started",
                "usage", "tool.called", "tool.result", "step.started",
                "message.completed", "usage", "turn.completed",
            ]
        );
        assert_eq!(outcome(&events, 1, 0)["result"]["records"][0]["label"], "Acme renewal");
        assert_eq!(outcome(&events, 2, 0)["result"]["changes"]["stage"]["after"], "NEGOTIATION");
        assert_eq!(texts(&events), ["Moved."]);
        assert_eq!(house.stage(deal).await, "NEGOTIATION");
        let timeline = house.timeline(deal).await;
        assert_eq!(
            timeline[0],
            ("deal.updated".to_owned(), "Sales assistant on behalf of Ada Brandt".to_owned())
        );
        house.check();
    }

    async fn a_second_turn_knows_the_first(store: TestStore) {
        let shared = kontor_agents::AgentSettings { shared: true, ..crate::house::settings() };
        let house = House::with(store, shared.clone()).await;
        let session = house.first.session(&house.ada, "analyst").await;
        house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "None yet.")).await;
        house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "Still none.")).await;
        // Another process knows it from the log alone.
        let other = house.process(shared).await;
        other.ask(&house.ada, session, plan(&[], "Bye.")).await;
        let requests = house.server.requests();
        let last = requests.last().unwrap()["messages"].as_array().unwrap();
        let contents: Vec<_> = last.iter().filter_map(|m| m["content"].as_str()).collect();
        assert!(contents.contains(&"None yet.") && contents.contains(&"Still none."), "{contents:?}");
        assert!(contents[0].contains("You act for \"Ada Brandt\""), "{}", contents[0]);
        house.check();
        other.stop().await;
    }

    async fn a_write_that_fails_is_undone_alone_and_told(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let missing = "018f2b6e-7c1a-7000-8000-000000000009";
        let message = plan(
            &[&[
                ("account.create", json!({"name": "Acme", "domain": "acme.test"})),
                ("account.create", json!({"name": "Acme again", "domain": "acme.test"})),
                ("deal.update", json!({"id": missing, "stage": "LEAD"})),
                ("deal.update", json!({"id": deal, "stage": "QUALIFIED"})),
            ]],
            "Some failed.",
        );
        let events = house.first.ask(&house.ada, session, &message).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "succeeded");
        assert_eq!(outcome(&events, 1, 1)["problem"]["code"], "duplicate_value");
        assert_eq!(outcome(&events, 1, 2)["problem"]["code"], "record_not_found");
        assert_eq!(outcome(&events, 1, 3)["status"], "succeeded");
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        assert_eq!(house.stage(deal).await, "QUALIFIED");
        house.check();
    }

    async fn a_turn_that_takes_too_long_fails_and_keeps_what_was_said(store: TestStore) {
        let mut settings = crate::house::settings();
        settings.limits.turn = std::time::Duration::from_millis(700);
        let house = House::with(store, settings).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[], "A long answer that never comes to its end");
        message["stall"] = json!(true);
        let events = house.first.ask(&house.ada, session, &message).await;
        assert_eq!(names(&events), ["turn.started", "step.started", "message.completed", "usage", "turn.failed"]);
        assert!(texts(&events)[0].starts_with("A long"));
        let Some(TurnEvent::TurnFailed { problem, .. }) = events.last() else { panic!() };
        assert_eq!(problem.code, "turn_too_long");
    }
}
