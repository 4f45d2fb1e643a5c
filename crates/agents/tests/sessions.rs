//! What a session's status and its expiry mean for messages, those that wait included.

use std::{sync::Arc, time::Duration};

use kontor_agents::{SessionPatch, SessionStatus, TurnStatus};
use kontor_core::{environment::ManualClock, error::Fault as _, time::Timestamp, turn::TurnEvent};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::{House, names, plan, texts};

fn status(status: &str) -> SessionPatch {
    serde_json::from_value(json!({ "status": status })).unwrap()
}

both_engines! {
    async fn pausing_holds_what_waits_and_resuming_takes_it_up(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        let running = house.first.say(ada, session, stalling).await;
        house.first.until(ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        let second = house.first.say(ada, session, plan(&[], "Second.")).await;
        let third = house.first.say(ada, session, plan(&[], "Third.")).await;
        agents.update_session(ada, session, status("paused")).await.unwrap();

        // The turn that had begun goes on, until it is stopped here.
        assert_eq!(agents.turn(ada, running).await.unwrap().status, TurnStatus::Running);
        agents.cancel_turn(ada, running).await.unwrap();
        house.first.until_ended(ada, session, running).await;
        // What was sent elsewhere is answered meanwhile, and what waits here is not.
        let elsewhere = house.first.session(ada, "analyst").await;
        house.first.ask(ada, elsewhere, plan(&[], "Elsewhere.")).await;
        let queue = agents.session(ada, session).await.unwrap().queue;
        let waiting: Vec<_> = queue.iter().map(|turn| (turn.id, turn.status)).collect();
        assert_eq!(waiting, [(second, TurnStatus::Queued), (third, TurnStatus::Queued)]);

        // One that waits can be cancelled.
        agents.cancel_turn(ada, second).await.unwrap();
        assert_eq!(names(&house.first.until_ended(ada, session, second).await), ["turn.cancelled"]);
        assert_eq!(agents.turn(ada, third).await.unwrap().status, TurnStatus::Queued);

        agents.update_session(ada, session, status("active")).await.unwrap();
        assert_eq!(texts(&house.first.until_ended(ada, session, third).await), ["Third."]);
        house.check();
    }

    async fn a_paused_session_s_queue_survives_a_restart_and_stays_held(store: TestStore) {
        let mut house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        let running = house.first.say(&house.ada, session, stalling).await;
        house.first.until(&house.ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        let waiting = house.first.say(&house.ada, session, plan(&[], "Held.")).await;
        house.first.agents.update_session(&house.ada, session, status("paused")).await.unwrap();
        house.first.agents.cancel_turn(&house.ada, running).await.unwrap();
        house.first.until_ended(&house.ada, session, running).await;
        house.kill().await;

        let (ada, agents) = (&house.ada, &house.first.agents);
        let elsewhere = house.first.session(ada, "analyst").await;
        house.first.ask(ada, elsewhere, plan(&[], "Elsewhere.")).await;
        assert_eq!(agents.turn(ada, waiting).await.unwrap().status, TurnStatus::Queued);
        agents.update_session(ada, session, status("active")).await.unwrap();
        assert_eq!(texts(&house.first.until_ended(ada, session, waiting).await), ["Held."]);
    }

    async fn a_session_is_completed_when_nothing_is_open_and_then_for_good(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        let turn = house.first.say(ada, session, stalling).await;
        let change = |to: &str| agents.update_session(ada, session, status(to));
        let early = change("completed").await.unwrap_err().problem();
        assert_eq!(early.code, "turns_open");
        assert_eq!(agents.session(ada, session).await.unwrap().status, SessionStatus::Active);

        agents.cancel_turn(ada, turn).await.unwrap();
        house.first.until_ended(ada, session, turn).await;
        assert_eq!(change("completed").await.unwrap().status, SessionStatus::Completed);
        for back in ["active", "paused"] {
            assert_eq!(change(back).await.unwrap_err().problem().code, "session_completed");
        }
        change("completed").await.unwrap();
        let refused = agents.start_turn(ada, session, "hi".into(), None).await.unwrap_err().problem();
        assert_eq!(refused.code, "session_closed");
        let renamed: SessionPatch = serde_json::from_value(json!({"title": "Kept"})).unwrap();
        let kept = agents.update_session(ada, session, renamed).await.unwrap();
        assert_eq!((kept.title.as_deref(), kept.status), (Some("Kept"), SessionStatus::Completed));
    }

    async fn a_session_expires_thirty_days_after_its_last_message(store: TestStore) {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let clock = Arc::new(ManualClock::at("2026-03-01T09:00:00Z".parse().unwrap()));
        let house = House::with_clock(store, clock.clone()).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        for _ in 0..2 {
            clock.advance(29 * DAY);
            house.first.ask(ada, session, plan(&[], "Still here.")).await;
        }
        clock.advance(30 * DAY);
        let refused = agents.start_turn(ada, session, "hi".into(), None).await.unwrap_err().problem();
        assert_eq!(refused.code, "session_closed");
        assert!(refused.message.contains("expired"), "{}", refused.message);
        // What was said can be read.
        assert_eq!(agents.log(ada, session, 0, 1_000).await.unwrap().last().unwrap().name(), "turn.completed");

        // Until it is removed, where chats are kept for a time only.
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        let now = "2026-03-01T09:00:00Z".parse::<Timestamp>().unwrap().plus((29 * 2 + 30) * DAY);
        for (before, removed) in [(now.minus(DAY), 0), (now.plus(DAY), 1)] {
            let pruned = namespace.write(before, |tx, &before| kontor_agents::prune_chats(tx, before)).await;
            assert_eq!(pruned.map_err(|error: kontor_store::Error| error).unwrap(), removed);
        }
        let gone = agents.log(ada, session, 0, 1_000).await.unwrap_err().problem();
        assert_eq!(gone.code, "session_not_found");
    }
}
