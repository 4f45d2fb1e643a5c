//! An agent that changes many records in one turn has to ask, and the question says about what.

use kontor_agents::{Approval, Decision};
use kontor_core::{ids::SessionId, turn::TurnEvent};
use kontor_operations::ApprovalPolicy;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, Process, Settings, outcome, plan, settings};

fn limited(unasked_changes: u32) -> Settings {
    Settings { policy: ApprovalPolicy { unasked_changes }, agents: settings() }
}

fn is_question(event: &TurnEvent) -> bool {
    matches!(event, TurnEvent::ApprovalRequested { .. })
}

/// The question that waits in a session, once there is one.
async fn question(house: &House, session: SessionId) -> Approval {
    house.first.until(&house.ada, session, is_question).await;
    let status = Some(kontor_agents::ApprovalStatus::Pending);
    let mut waiting = house.first.agents.approvals(&house.ada, Some(session), status).await.unwrap();
    assert_eq!(waiting.len(), 1);
    waiting.remove(0).approval
}

async fn answer(house: &House, approval: &Approval, approved: bool) {
    let decision = Decision { approved, comment: String::new() };
    house.first.agents.resolve_approval(&house.ada, approval.id, decision).await.unwrap();
}

async fn count(house: &House, object: &str) -> usize {
    house
        .first
        .crm
        .list(&house.ada, object, kontor_crm::records::ListQuery::default())
        .await
        .unwrap()
        .records
        .len()
}

fn accounts(count: usize) -> Value {
    let calls: Vec<(&str, Value)> =
        (0..count).map(|n| ("account.create", json!({"name": format!("Account {n}")}))).collect();
    plan(&[&calls], "Made.")
}

both_engines! {
    async fn the_eleventh_change_of_a_turn_waits_for_a_person(store: TestStore) {
        let house = House::new(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let turn = house.first.say(&house.ada, session, accounts(12)).await;
        let asked = question(&house, session).await;
        assert_eq!((count(&house, "account").await, asked.index), (10, 10));
        assert!(asked.why.contains("changes of 10 records"), "{}", asked.why);
        let written = serde_json::to_value(&asked).unwrap();
        assert_eq!(written["reason"], json!({"kind": "many_changes", "changed": 10, "allows": 10}));
        answer(&house, &asked, true).await;
        let events = house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(outcome(&events, 1, 11)["status"], "succeeded");
        assert_eq!(count(&house, "account").await, 12);
        // A new message begins to count anew.
        house.first.ask(&house.ada, session, plan(&[&[("account.create", json!({"name": "One more"}))]], "Made.")).await;
        house.check();
    }

    async fn a_no_ends_the_changes_of_a_turn(store: TestStore) {
        let house = House::with(store, limited(2)).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let turn = house.first.say(&house.ada, session, accounts(5)).await;
        let asked = question(&house, session).await;
        answer(&house, &asked, false).await;
        let events = house.first.until_ended(&house.ada, session, turn).await;
        for index in 2..5 {
            assert_eq!(outcome(&events, 1, index)["status"], "denied");
        }
        assert_eq!(count(&house, "account").await, 2);
        house.check();
    }

    async fn a_crash_does_not_begin_to_count_anew(store: TestStore) {
        let mut house = House::with(store, limited(3)).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let one = |name: &str| ("account.create", json!({"name": name}));
        let message = plan(&[&[one("A"), one("B")], &[one("C"), one("D"), one("E")]], "Made.");
        let turn = house.first.say(&house.ada, session, message).await;
        let is_second = |event: &TurnEvent| matches!(event, TurnEvent::ToolResult { index: 1, .. });
        house.first.until(&house.ada, session, is_second).await;
        let next = house.process(limited(3)).await;
        std::mem::replace(&mut house.first, next).kill();
        let asked = question(&house, session).await;
        assert_eq!((asked.step, asked.index, count(&house, "account").await), (2, 1, 3));
        // Nor does one while the question waits.
        let next: Process = house.process(limited(3)).await;
        std::mem::replace(&mut house.first, next).kill();
        answer(&house, &asked, true).await;
        house.first.until_ended(&house.ada, session, turn).await;
        assert_eq!(count(&house, "account").await, 5);
        house.check();
    }

    async fn a_question_names_the_record_as_it_was_before_the_turn(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Bob").await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let rename = [("deal.update", json!({"id": deal, "name": "Test record", "stage": "PROPOSAL"}))];
        let delete = [("deal.delete", json!({"id": deal}))];
        let turn = house.first.say(&house.ada, session, plan(&[&rename, &delete], "Gone.")).await;
        let asked = question(&house, session).await;
        let record = asked.question.record.clone().unwrap();
        assert_eq!((record.name.as_str(), record.renamed_to.as_deref()), ("Bob", Some("Test record")));
        assert_eq!(record.words(), "Bob (renamed by this turn to “Test record”)");
        let details: Vec<_> = record.details.iter().map(|detail| (detail.label.as_str(), detail.value.as_str())).collect();
        assert!(details.iter().any(|(label, value)| *label == "Amount" && value.contains("12,000")), "{details:?}");
        assert!(details.iter().all(|(label, _)| *label != "Stage"), "the turn has changed it: {details:?}");
        assert!(asked.why.contains("deletes"), "{}", asked.why);
        answer(&house, &asked, true).await;
        house.first.until_ended(&house.ada, session, turn).await;
        let listed = house.first.agents.approvals(&house.ada, Some(session), None).await.unwrap();
        assert_eq!(listed[0].approval.question.record.as_ref(), Some(&record), "it is kept as it was asked");

        // What was renamed before the turn goes by its name of then, and what the turn made is said to be new.
        let other = house.deal("Carol").await;
        house.set(other, json!({"name": "Carola"})).await;
        let turn = house.first.say(&house.ada, session, plan(&[&[("deal.delete", json!({"id": other}))]], "Gone.")).await;
        house.first.until(&house.ada, session, |event| is_question(event) && event.turn() == turn).await;
        let listed = house.first.agents.approvals(&house.ada, Some(session), None).await.unwrap();
        let record = listed[0].approval.question.record.as_ref().unwrap();
        assert_eq!((record.words().as_str(), record.is_new), ("Carola", false));
        house.check();
    }
}
