//! Messages that wait, and turns that are stopped.

use kontor_agents::{AgentSettings, SessionPatch, SessionQuery, TurnStatus};
use kontor_core::error::Fault as _;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, names, patient, plan, settings, texts};
use futures::StreamExt as _;

fn slow(text: &str) -> Value {
    let mut message = plan(&[], text);
    message["stall"] = json!(true);
    message
}

both_engines! {
    async fn a_running_turn_can_be_stopped_and_the_next_one_runs(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let first = agents.start_turn(ada, session, slow("One two three four").to_string(), None).await.unwrap();
        assert_eq!((first.status, first.position), (TurnStatus::Running, 0));
        let mut stream = house.first.follow(ada, session, None).await;
        while patient(stream.next()).await.unwrap().name() != "text.delta" {}
        let second = agents.start_turn(ada, session, plan(&[], "Second.").to_string(), None).await.unwrap();
        assert_eq!((second.status, second.position), (TurnStatus::Queued, 1));
        let third = house.first.say(ada, session, plan(&[], "Third.")).await;
        let queue = agents.session(ada, session).await.unwrap().queue;
        assert_eq!(
            queue.iter().map(|turn| turn.status).collect::<Vec<_>>(),
            [TurnStatus::Running, TurnStatus::Queued, TurnStatus::Queued]
        );
        assert_eq!(agents.cancel_turn(ada, second.id).await.unwrap().status, TurnStatus::Cancelled);
        agents.cancel_turn(ada, first.id).await.unwrap();
        let stopped = house.first.until_ended(ada, session, first.id).await;
        assert_eq!(names(&stopped), ["turn.started", "step.started", "message.completed", "usage", "turn.cancelled"]);
        assert!(texts(&stopped)[0].starts_with("One two"), "{stopped:?}");
        let skipped = house.first.until_ended(ada, session, second.id).await;
        assert_eq!(names(&skipped), ["turn.cancelled"]);
        let answered = house.first.until_ended(ada, session, third).await;
        assert_eq!(texts(&answered), ["Third."]);
        let ended = agents.cancel_turn(ada, first.id).await.unwrap_err().problem();
        assert_eq!(ended.code, "turn_ended");
        house.check();
    }

    async fn a_turn_that_finds_no_place_waits_for_one(store: TestStore) {
        let house = House::with(store, AgentSettings { concurrency: 1, ..settings() }).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let busy = house.first.session(ada, "analyst").await;
        let first = house.first.say(ada, busy, slow("One two three four")).await;
        let mut stream = house.first.follow(ada, busy, None).await;
        while patient(stream.next()).await.unwrap().name() != "text.delta" {}
        let other = house.first.session(ada, "analyst").await;
        let second = house.first.say(ada, other, plan(&[], "Second.")).await;
        assert_eq!(agents.turn(ada, second).await.unwrap().status, TurnStatus::Queued);
        assert!(house.first.log(ada, other).await.is_empty(), "it has not begun");
        agents.cancel_turn(ada, first).await.unwrap();
        house.first.until_ended(ada, busy, first).await;
        let answered = house.first.until_ended(ada, other, second).await;
        assert_eq!(texts(&answered), ["Second."]);
        // The place is free again, and taken with the message.
        let third = house.first.ask(ada, other, plan(&[], "Third.")).await;
        assert_eq!(texts(&third), ["Third."]);
        house.check();
    }

    async fn the_same_key_is_the_same_turn(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let send = || agents.start_turn(ada, session, plan(&[], "Hi.").to_string(), Some("k1".into()));
        let first = send().await.unwrap().id;
        house.first.until_ended(ada, session, first).await;
        assert_eq!(send().await.unwrap().id, first);
        let other = agents.start_turn(ada, session, plan(&[], "Ho.").to_string(), Some("k1".into())).await;
        assert_eq!(other.unwrap_err().problem().code, "idempotency_key_reused");
        let next = agents.start_turn(ada, session, plan(&[], "Ho.").to_string(), Some("k2".into())).await;
        assert_eq!(agents.turn(ada, next.unwrap().id).await.unwrap().number, 2);
    }

    async fn a_paused_session_takes_no_messages_until_it_is_active_again(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let patch = |status: &str| -> SessionPatch { serde_json::from_value(json!({"status": status})).unwrap() };
        agents.update_session(ada, session, patch("paused")).await.unwrap();
        let refused = agents.start_turn(ada, session, "hi".into(), None).await.unwrap_err().problem();
        assert_eq!(refused.code, "session_closed");
        agents.update_session(ada, session, patch("active")).await.unwrap();
        house.first.ask(ada, session, plan(&[], "Hi.")).await;
        let listed = agents.sessions(ada, SessionQuery::first(10)).await.unwrap();
        assert_eq!(listed.sessions.len(), 1);
        assert!(listed.sessions[0].title.is_some(), "the first message names the session");
    }

    async fn sessions_are_listed_by_their_last_use_in_pages(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(house.first.session(ada, "analyst").await);
        }
        house.first.ask(ada, made[1], plan(&[], "Hi.")).await;
        let mut seen = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = agents.sessions(ada, SessionQuery { after, ..SessionQuery::first(2) }).await.unwrap();
            seen.extend(page.sessions.iter().map(|session| session.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [made[1], made[4], made[3], made[2], made[0]]);
    }
}
