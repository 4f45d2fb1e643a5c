//! What cannot be read of a log hides nothing but itself, and keeps nobody waiting.

use kontor_agents::TurnStatus;
use kontor_core::{
    ids::{SessionId, TurnId},
    turn::TurnEvent,
};
use kontor_store::{Tx, both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait, Query, UpdateStatement};
use serde_json::{Value, json};

use crate::house::{House, names, plan, texts};

fn stalling() -> Value {
    let mut message = plan(&[], "This is never said to its end");
    message["stall"] = json!(true);
    message
}

/// Tears the row of a turn's event, as a fault of the disk would.
fn torn(tx: &Tx<'_>, turn: TurnId, event: &'static str) -> UpdateStatement {
    Query::update()
        .table(tx.table("session_events"))
        .value("data", "{\"event\":")
        .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
        .and_where(Expr::col("name").eq(event))
        .take()
}

/// A turn that runs, and one that waits behind it.
async fn running_and_waiting(house: &House, session: SessionId) -> (TurnId, TurnId) {
    let running = house.first.say(&house.ada, session, stalling()).await;
    let has_begun = |event: &TurnEvent| event.turn() == running && event.name() == "step.started";
    house.first.until(&house.ada, session, has_begun).await;
    (running, house.first.say(&house.ada, session, plan(&[], "Next.")).await)
}

fn failure(events: &[TurnEvent]) -> &str {
    match events.last() {
        Some(TurnEvent::TurnFailed { problem, .. }) => &problem.code,
        other => panic!("the turn ended with {other:?}"),
    }
}

both_engines! {
    async fn a_turn_whose_log_cannot_be_read_fails_and_the_next_message_is_answered(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        house.first.ask(&house.ada, session, plan(&[], "Before.")).await;
        let (torn_turn, next) = running_and_waiting(&house, session).await;
        house.after_a_kill(move |tx| torn(tx, torn_turn, "step.started")).await;

        let ada = &house.ada;
        let failed = house.first.until_ended(ada, session, torn_turn).await;
        // Going down, the process may have seen its connection to the model end before the turn ended.
        let of_the_end = ["usage", "step.restarted"];
        let others: Vec<_> = names(&failed).into_iter().filter(|name| !of_the_end.contains(name)).collect();
        assert_eq!(others, ["turn.started", "turn.failed"]);
        assert_eq!(failure(&failed), "turn_unreadable");
        let turn = house.first.agents.turn(ada, torn_turn).await.unwrap();
        assert_eq!((turn.status, turn.problem.unwrap().code), (TurnStatus::Failed, "turn_unreadable".into()));
        let answered = house.first.until_ended(ada, session, next).await;
        assert_eq!(texts(&answered), ["Next."]);
        let requests = house.server.requests();
        let last = requests.last().unwrap()["messages"].to_string();
        assert!(last.contains("Before.") && !last.contains("never said"), "{last}");

        // The torn row alone is missing, also where it falls within a page.
        let log = house.first.log(ada, session).await;
        let missing: Vec<i64> = (1..=log.last().unwrap().seq)
            .filter(|seq| !log.iter().any(|logged| logged.seq == *seq))
            .collect();
        let [missing] = missing[..] else { panic!("missing: {missing:?}") };
        let page = house.first.agents.log(ada, session, missing - 2, 2).await.unwrap();
        assert_eq!(page.iter().map(|logged| logged.seq).collect::<Vec<_>>(), [missing - 1, missing + 1]);
        house.check();
    }

    async fn an_earlier_turn_that_cannot_be_read_is_left_out_of_what_the_model_is_shown(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let torn_turn = house.first.say(&house.ada, session, plan(&[], "Lost.")).await;
        house.first.until_ended(&house.ada, session, torn_turn).await;
        house.first.ask(&house.ada, session, plan(&[], "Kept.")).await;
        house.after_a_kill(move |tx| torn(tx, torn_turn, "message.completed")).await;

        let events = house.first.ask(&house.ada, session, plan(&[], "Answered.")).await;
        assert_eq!(texts(&events), ["Answered."]);
        let requests = house.server.requests();
        let last = requests.last().unwrap()["messages"].to_string();
        assert!(last.contains("Kept.") && !last.contains("Lost."), "{last}");
        house.check();
    }

    async fn a_turn_whose_time_is_over_is_ended_without_its_log(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let (late, next) = running_and_waiting(&house, session).await;
        // What hinders the turn, time after time, is not looked at any more.
        house.after_a_kill(move |tx| torn(tx, late, "step.started")).await;
        let ended = house.first.until_ended(&house.ada, session, late).await;
        assert_eq!(failure(&ended), "turn_unreadable");
        house.first.until_ended(&house.ada, session, next).await;

        let (late, next) = running_and_waiting(&house, session).await;
        house.after_a_kill(move |tx| {
            Query::update()
                .table(tx.table("turns"))
                .value("deadline_at", 1_i64)
                .and_where(Expr::col("id").eq(late.as_uuid()))
                .take()
        })
        .await;
        let ended = house.first.until_ended(&house.ada, session, late).await;
        assert_eq!(failure(&ended), "turn_too_long");
        assert_eq!(texts(&house.first.until_ended(&house.ada, session, next).await), ["Next."]);
        house.check();
    }
}
