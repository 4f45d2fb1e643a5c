//! Finding, pinning, deleting and rating sessions, and looking into turns.

use kontor_agents::{
    AgentSettings, Error, FeedbackQuery, NewFeedback, Rating, SessionPatch, SessionQuery, Standing,
    TurnObserver, TurnStatus, prune_deleted_chats,
};
use kontor_core::{
    error::Fault as _,
    ids::{SessionId, TurnId, WorkspaceId},
    turn::TurnEvent,
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::house::{House, plan, settings};

/// The turns that ended, as an observer is told of them.
#[derive(Debug, Clone, Default)]
struct Told(std::sync::Arc<std::sync::Mutex<Vec<TurnId>>>);

impl TurnObserver for Told {
    fn turn_ended(&self, _: WorkspaceId, turn: TurnId) {
        self.0.lock().unwrap().push(turn);
    }
}

fn patch(json: serde_json::Value) -> SessionPatch {
    serde_json::from_value(json).unwrap()
}

fn code<T>(result: Result<T, Error>) -> String {
    result.err().expect("it is refused").problem().code.into_owned()
}

async fn found(house: &House, search: &str) -> Vec<SessionId> {
    let query = SessionQuery { search: Some(search.to_owned()), ..SessionQuery::first(10) };
    let found = house.first.agents.sessions(&house.ada, query).await.unwrap().sessions;
    found.into_iter().map(|session| session.id).collect()
}

both_engines! {
    async fn sessions_are_found_by_what_was_said_in_them_and_by_their_title(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let first = house.first.session(ada, "analyst").await;
        let second = house.first.session(ada, "analyst").await;
        house.first.ask(ada, first, plan(&[], "Müller & Söhne buys copper.")).await;
        house.first.ask(ada, second, plan(&[], "Nothing of the kind.")).await;
        assert_eq!(found(&house, "copper").await, [first]);
        assert_eq!(found(&house, "mueller COPP").await, [first]);
        assert_eq!(found(&house, "kind copper").await, []);
        assert_eq!(found(&house, "%").await, []);
        // What is said later is found as well, and a new title.
        house.first.ask(ada, second, plan(&[], "Copper is mentioned.")).await;
        assert_eq!(found(&house, "copper").await, [second, first]);
        agents.update_session(ada, first, patch(json!({"title": "Quarterly zinc"}))).await.unwrap();
        assert_eq!(found(&house, "zinc quart").await, [first]);
        // Only what the caller may read.
        let max = house.member("Max Okafor", "Admin").await;
        let query = SessionQuery { search: Some("copper".to_owned()), ..SessionQuery::first(10) };
        assert!(agents.sessions(&max, query).await.unwrap().sessions.is_empty());
    }

    async fn pinned_sessions_come_first_in_pages_that_miss_and_repeat_none(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let mut made = Vec::new();
        for _ in 0..6 {
            made.push(house.first.session(ada, "analyst").await);
        }
        for pinned in [0, 3] {
            let session = agents.update_session(ada, made[pinned], patch(json!({"pinned": true}))).await.unwrap();
            assert!(session.pinned);
        }
        for limit in 1..=7 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = agents.sessions(ada, SessionQuery { after, ..SessionQuery::first(limit) }).await.unwrap();
                assert!(page.sessions.len() <= limit as usize);
                seen.extend(page.sessions.iter().map(|session| session.id));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen, [made[3], made[0], made[5], made[4], made[2], made[1]], "{limit}");
        }
        agents.update_session(ada, made[3], patch(json!({"pinned": false}))).await.unwrap();
        let only = SessionQuery { pinned: Some(true), ..SessionQuery::first(10) };
        let pinned = agents.sessions(ada, only).await.unwrap().sessions;
        assert_eq!(pinned.iter().map(|session| session.id).collect::<Vec<_>>(), [made[0]]);
        let unknown = SessionQuery { agent: Some("analist".to_owned()), ..SessionQuery::first(10) };
        assert_eq!(code(agents.sessions(ada, unknown).await), "invalid_input");
    }

    async fn a_deleted_session_is_stopped_and_can_be_taken_back_until_it_is_removed(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        let turn = house.first.say(ada, session, stalling).await;
        house.first.until(ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        agents.delete_session(ada, session, false).await.unwrap();
        assert_eq!(code(agents.session(ada, session).await), "session_not_found");
        assert_eq!(code(agents.start_turn(ada, session, "hi".into(), None).await), "session_not_found");
        assert_eq!(code(agents.delete_session(ada, session, false).await), "session_not_found");
        assert!(agents.sessions(ada, SessionQuery::first(10)).await.unwrap().sessions.is_empty());
        let deleted = SessionQuery { deleted: true, ..SessionQuery::first(10) };
        assert_eq!(agents.sessions(ada, deleted.clone()).await.unwrap().sessions[0].id, session);

        agents.restore_session(ada, session).await.unwrap();
        house.first.until_ended(ada, session, turn).await;
        assert_eq!(agents.turn(ada, turn).await.unwrap().status, TurnStatus::Cancelled);
        agents.delete_session(ada, session, false).await.unwrap();
        let namespace = house.store.workspace(house.workspace).await.unwrap();
        for (days, removed) in [(1, 0), (0, 1)] {
            let before = kontor_core::environment::Environment::system().now();
            let before = before.minus(std::time::Duration::from_secs(days * 24 * 60 * 60));
            let pruned = namespace.write(before, |tx, &before| prune_deleted_chats(tx, before)).await;
            assert_eq!(pruned.map_err(|error: kontor_store::Error| error).unwrap(), removed);
        }
        assert_eq!(code(agents.restore_session(ada, session).await), "session_not_found");
    }

    async fn a_turn_that_ends_with_its_session_is_told_to_who_is_told_of_turns(store: TestStore) {
        let told = Told::default();
        let observed = AgentSettings { observer: Some(std::sync::Arc::new(told.clone())), ..settings() };
        let house = House::with(store, observed).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let deal = house.deal("Crane").await;
        let session = house.first.session(ada, "sales-assistant").await;
        let turn = house.first.say(ada, session, plan(&[&[("deal.delete", json!({"id": deal}))]], "Gone.")).await;
        house.first.until(ada, session, |event| matches!(event, TurnEvent::ApprovalRequested { .. })).await;
        assert_eq!(*told.0.lock().unwrap(), []);
        agents.delete_session(ada, session, false).await.unwrap();
        assert_eq!(*told.0.lock().unwrap(), [turn]);
    }

    async fn what_is_pinned_and_deleted_takes_no_place(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let mut pinned = Vec::new();
        for _ in 0..50 {
            let session = house.first.session(ada, "analyst").await;
            agents.update_session(ada, session, patch(json!({"pinned": true}))).await.unwrap();
            pinned.push(session);
        }
        let one_more = house.first.session(ada, "analyst").await;
        let refused = agents.update_session(ada, one_more, patch(json!({"pinned": true}))).await;
        assert_eq!(code(refused), "too_many_pinned");
        agents.delete_session(ada, pinned[0], false).await.unwrap();
        agents.update_session(ada, one_more, patch(json!({"pinned": true}))).await.unwrap();
    }

    async fn a_session_that_runs_is_removed_at_once_with_its_log(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let session = house.first.session(ada, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        house.first.say(ada, session, stalling).await;
        house.first.until(ada, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        agents.delete_session(ada, session, true).await.unwrap();
        assert_eq!(code(agents.log(ada, session, 0, 10).await), "session_not_found");
        assert_eq!(code(agents.restore_session(ada, session).await), "session_not_found");
        // The worker goes on with others.
        let other = house.first.session(ada, "analyst").await;
        house.first.ask(ada, other, plan(&[], "Here.")).await;
        let kinds = [Some(Standing::Running), Some(Standing::Waiting), Some(Standing::Stuck), None];
        for kind in kinds {
            assert!(agents.open_turns(ada, kind).await.unwrap().turns.is_empty(), "{kind:?}");
        }
    }

    async fn feedback_is_given_by_readers_and_listed_for_those_who_may_see_it(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let vera = house.member("Vera Nowak", "Viewer").await;
        let session = house.first.session(&vera, "analyst").await;
        let turn = house.first.ask(&vera, session, plan(&[], "Hm.")).await[0].turn();
        let new = |rating, comment: &str| NewFeedback { rating, comment: Some(comment.to_owned()) };
        agents.set_feedback(&vera, turn, new(Rating::Up, "")).await.unwrap();
        agents.set_feedback(&vera, turn, new(Rating::Down, " Wrong. ")).await.unwrap();
        assert_eq!(agents.own_feedback(&vera, session).await.unwrap()[&turn], (Rating::Down, "Wrong.".to_owned()));
        // Ada may read what is thought, and not rate what she may not read.
        assert_eq!(code(agents.set_feedback(ada, turn, new(Rating::Up, "")).await), "turn_not_found");
        assert_eq!(code(agents.feedback(&vera, FeedbackQuery::default()).await), "not_permitted");
        let query = FeedbackQuery { limit: 10, rating: Some(Rating::Down), ..FeedbackQuery::default() };
        let listed = agents.feedback(ada, query).await.unwrap().feedback;
        let told = (listed.len(), listed[0].comment.as_str(), listed[0].member.name.as_deref(), listed[0].href.clone());
        assert_eq!(told, (1, "Wrong.", Some("Vera Nowak"), format!("/turns/{turn}")));
        let none = FeedbackQuery { limit: 10, rating: Some(Rating::Up), ..FeedbackQuery::default() };
        assert!(agents.feedback(ada, none).await.unwrap().feedback.is_empty());
        agents.remove_feedback(&vera, turn).await.unwrap();
        assert_eq!(code(agents.remove_feedback(&vera, turn).await), "feedback_not_found");
    }

    async fn a_trace_tells_what_was_sent_to_those_who_may_see_it(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let vera = house.member("Vera Nowak", "Viewer").await;
        let session = house.first.session(&vera, "sales-assistant").await;
        let found = plan(&[&[("deal.find", json!({})), ("deal.update", json!({"id": deal}))]], "Found it.");
        let turn = house.first.ask(&vera, session, found).await[0].turn();

        let own = agents.trace(&vera, turn).await.unwrap();
        assert_eq!((own.steps.len(), own.steps[0].calls.len(), own.tells_sent), (2, 2, false));
        assert_eq!(own.steps[0].calls[0].outcome, Some("succeeded"));
        assert_eq!(own.steps[0].calls[1].outcome, Some("failed"));
        assert!(own.steps.iter().all(|step| step.sent.is_none()));
        assert_eq!((own.steps[1].text.as_str(), own.usage.answers), ("Found it.", 2));
        assert!(own.usage.input_tokens > 0 && own.lease.epoch > 0 && own.lease.until.is_none());

        let seen = agents.trace(ada, turn).await.unwrap();
        let request = &house.server.requests()[0];
        for step in &seen.steps {
            let sent = step.sent.as_ref().unwrap();
            assert_eq!(json!(sent.prompt), request["messages"][0]["content"]);
            let tools = sent.tools.as_ref().unwrap().as_array().unwrap();
            assert_eq!(tools.len(), request["tools"].as_array().unwrap().len());
        }
        assert_eq!(seen.member.name.as_deref(), Some("Vera Nowak"));
        // Whoever may neither read the session nor see what agents do is told of no turn.
        let max = house.member("Max Okafor", "Viewer").await;
        assert_eq!(code(agents.trace(&max, turn).await), "turn_not_found");
    }

    async fn turns_that_run_are_listed_and_stopped_by_those_who_may(store: TestStore) {
        let house = House::new(store).await;
        let (ada, agents) = (&house.ada, &house.first.agents);
        let vera = house.member("Vera Nowak", "Viewer").await;
        let narrow = serde_json::from_value(json!({"limits": {"deadline_seconds": 60}})).unwrap();
        agents.change_agent(ada, "analyst", narrow).await.unwrap();
        let session = house.first.session(&vera, "analyst").await;
        let mut stalling = plan(&[], "Never said to its end");
        stalling["stall"] = json!(true);
        let turn = house.first.say(&vera, session, stalling).await;
        house.first.until(&vera, session, |event| matches!(event, TurnEvent::StepStarted { .. })).await;
        let waiting = house.first.say(&vera, session, plan(&[], "Behind it.")).await;

        let running = agents.open_turns(ada, Some(Standing::Running)).await.unwrap().turns;
        assert_eq!((running.len(), running[0].id, &running[0].message), (1, turn, &None));
        let time = running[0].deadline_at.unwrap().since(running[0].started_at.unwrap());
        assert_eq!(time.as_secs(), 60, "that of its agent");
        assert!(running[0].lease.until.is_some());
        let queue = agents.open_turns(ada, Some(Standing::Waiting)).await.unwrap().turns;
        assert_eq!(queue.iter().map(|turn| turn.id).collect::<Vec<_>>(), [waiting]);
        let max = house.member("Max Okafor", "Viewer").await;
        assert!(agents.open_turns(&max, None).await.unwrap().turns.is_empty());
        assert_eq!(code(agents.cancel_turn(&max, turn).await), "turn_not_found");
        agents.cancel_turn(ada, turn).await.unwrap();
        house.first.until_ended(&vera, session, turn).await;
        assert_eq!(agents.turn(&vera, turn).await.unwrap().status, TurnStatus::Cancelled);
    }
}
