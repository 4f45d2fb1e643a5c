//! Whatever moment a process dies at: the turn ends, and its effects are there once.

use std::time::Duration;

use futures::StreamExt as _;
use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, Process, names, outcome, patient, plan, texts};

/// Creates and updates: two writes of two steps, reads between them.
fn busy(deal: kontor_core::ids::RecordId, name: &str) -> Value {
    let mut message = plan(
        &[
            &[
                ("deal.find", json!({})),
                ("account.create", json!({"name": name})),
                ("deal.update", json!({"id": deal, "stage": "PROPOSAL"})),
            ],
            &[
                ("account.find", json!({})),
                (
                    "note.create",
                    json!({
                        "title": name, "body": "b", "target": {"object": "deal", "id": deal},
                    }),
                ),
            ],
        ],
        "All done, and a few words more.",
    );
    message["wait"] = json!(10);
    message
}

/// No event is there twice, every call has one result, and the numbers have no gaps.
async fn check_log(process: &Process, house: &House, session: kontor_core::ids::SessionId) {
    let log = process.log(&house.ada, session).await;
    let numbers: Vec<i64> = log.iter().map(|logged| logged.seq).collect();
    assert_eq!(numbers, (1..=log.len() as i64).collect::<Vec<_>>());
    let calls = log.iter().filter(|logged| logged.name() == "tool.called").count();
    let results = log.iter().filter(|logged| logged.name() == "tool.result").count();
    assert_eq!((calls, results), (5, 5));
    let ends = log.iter().filter(|logged| logged.event.ends_turn()).count();
    assert_eq!(ends, 1);
}

async fn count(house: &House, object: &str, filter: Value) -> usize {
    let query = kontor_crm::records::ListQuery { filter: Some(filter), ..Default::default() };
    house.first.crm.list(&house.ada, object, query).await.unwrap().records.len()
}

both_engines! {
    async fn a_kill_after_any_event_loses_and_repeats_nothing(store: TestStore) {
        let mut house = House::new(store).await;
        for killed_after in 1..=16 {
            let deal = house.deal(&format!("Deal {killed_after}")).await;
            let name = format!("Account {killed_after}");
            let session = house.first.session(&house.ada, "sales-assistant").await;
            let turn = house.first.say(&house.ada, session, busy(deal, &name)).await;
            house.kill_after(&house.ada.clone(), session, killed_after).await;
            let events = house.first.until_ended(&house.ada, session, turn).await;
            assert_eq!(events.last().unwrap().name(), "turn.completed", "{:?}", names(&events));
            assert_eq!(outcome(&events, 1, 2)["status"], "succeeded");
            assert_eq!(texts(&events).last(), Some(&"All done, and a few words more."));
            check_log(&house.first, &house, session).await;
            assert_eq!(count(&house, "account", json!({"name": {"eq": name}})).await, 1);
            assert_eq!(count(&house, "note", json!({"title": {"eq": name}})).await, 1);
            let updates = house.timeline(deal).await.iter().filter(|(name, _)| name == "deal.updated").count();
            assert_eq!(updates, 1);
        }
        house.check();
    }

    async fn an_orderly_stop_hands_the_turn_to_the_next_process(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[], "Half of this was said before the server stopped.");
        message["wait"] = json!(1_500);
        let turn = house.first.say(&house.ada, session, &message).await;
        let mut stream = house.first.follow(&house.ada, session, None).await;
        while patient(stream.next()).await.unwrap().name() != "text.delta" {}
        drop(stream);
        // The next process honours leases, and finds none.
        let shared = kontor_agents::AgentSettings { shared: true, ..crate::house::settings() };
        let next = house.process(shared).await;
        patient(std::mem::replace(&mut house.first, next).stop()).await;
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(
            names(&events),
            ["turn.started", "step.started", "step.restarted", "message.completed", "usage", "turn.completed"]
        );
        house.check();
    }

    async fn a_lease_that_runs_out_is_taken_over_and_the_old_holder_writes_nothing(store: TestStore) {
        let short = kontor_agents::AgentSettings {
            shared: true,
            lease: Duration::from_millis(300),
            // Never renewed, as by a process that hangs.
            renew_every: Duration::from_secs(60),
            ..crate::house::settings()
        };
        let house = House::with(store, short).await;
        let deal = house.deal("Acme renewal").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let mut message = plan(
            &[&[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))]],
            "It takes a while to say this.",
        );
        message["wait"] = json!(2_000);
        let turn = house.first.say(&house.ada, session, &message).await;
        house.first.until(&house.ada, session, |event| matches!(event, TurnEvent::ToolResult { .. })).await;
        let patient_settings =
            kontor_agents::AgentSettings { shared: true, ..crate::house::settings() };
        let other = house.process(patient_settings).await;
        let events = other.until_ended(&house.ada, session, turn).await;
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        assert_eq!(names(&events).iter().filter(|name| **name == "step.restarted").count(), 1);
        let ends = other.log(&house.ada, session).await.iter().filter(|l| l.event.ends_turn()).count();
        assert_eq!(ends, 1);
        let updates = house.timeline(deal).await.iter().filter(|(name, _)| name == "deal.updated").count();
        assert_eq!(updates, 1);
        house.check();
        other.stop().await;
    }

    async fn a_turn_that_no_hint_tells_of_is_found_when_a_process_starts_on_restored_data(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[], "Half of this was said before the hint was lost.");
        message["wait"] = json!(1_000);
        let turn = house.first.say(&house.ada, session, &message).await;
        house.first.until(&house.ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        let removed = house.store.directory().write((), |tx, ()| {
            let hints = sea_query::Query::delete().from_table(tx.table("due_times")).take();
            Box::pin(async move { tx.execute(&hints).await })
        });
        assert_eq!(removed.await.unwrap(), 1);
        // As a restore leaves it; on PostgreSQL nobody knows, and every start looks.
        std::fs::write(house.store.config().data_dir.join("restored"), "").unwrap();
        house.kill().await;
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        house.check();
    }

    async fn a_killed_process_knows_its_leases_again_by_its_id(store: TestStore) {
        let named = kontor_agents::AgentSettings {
            shared: true,
            owner: Some(kontor_core::environment::Environment::system().new_id()),
            lease: Duration::from_secs(3_600),
            ..crate::house::settings()
        };
        let mut house = House::with(store, named.clone()).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[], "Half of this was said before the server died.");
        message["wait"] = json!(1_000);
        let turn = house.first.say(&house.ada, session, &message).await;
        house.first.until(&house.ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        let next = house.process(named).await;
        std::mem::replace(&mut house.first, next).kill();
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(names(&events)[2..], ["step.restarted", "message.completed", "usage", "turn.completed"]);
        house.check();
    }
}
