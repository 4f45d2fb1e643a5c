//! Whoever drops out of a stream and returns sees what one who stayed sees.

use std::time::Duration;

use futures::StreamExt as _;
use kontor_testkit::{
    scripted::{Script, ScriptedModel},
    sse::{Event, text_of},
};

use crate::fixture::{Fixture, engines};

/// Reads a turn and drops the connection after every event.
async fn dropping(client: &kontor_testkit::client::ApiClient, session: &str, turn: &str) -> Vec<Event> {
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let after = seen.last().map(|event| event.id.clone());
        let mut stream = client.events(session, after.as_deref()).await.unwrap();
        let event = tokio::time::timeout(Duration::from_secs(60), stream.next()).await.unwrap().unwrap();
        assert_eq!(event.data["turn"].as_str(), Some(turn));
        let ended = event.ends_turn();
        seen.push(event);
        if ended {
            return seen;
        }
    }
}

fn logged(events: &[Event]) -> Vec<&Event> {
    events.iter().filter(|event| event.is_logged()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_drops_at_every_event_sees_the_same_log_and_text() {
    for engine in engines() {
        let model = ScriptedModel::start().await.unwrap();
        let words = "Grüße aus Köln: the quick brown fox jumps over the lazy dog, twice. ".repeat(4);
        let mut script = Script::new();
        for word in words.split_inclusive(' ') {
            script = script.text(word).pause(Duration::from_millis(8));
        }
        model.push(Script::new().text("Let me look. ").call("a", "deal.find", r#"{"limit": 2}"#));
        model.push(script);
        let fixture = Fixture::start(engine, Some(&model.base_url())).await;
        let ada = fixture.sign_in("ada").await;
        let session = ada.session("sales-assistant").await.unwrap();
        let turn = ada.turn(&session, "look around").await.unwrap();
        let (stayed, dropped) =
            tokio::join!(ada.turn_events(&session, &turn), dropping(&ada, &session, &turn));
        let stayed = stayed.unwrap();
        assert_eq!(stayed.last().unwrap().name, "turn.completed", "{stayed:?}");
        assert_eq!(text_of(&stayed), format!("Let me look. {words}"), "{engine:?}");
        assert_eq!(text_of(&dropped), text_of(&stayed), "{engine:?}");
        assert_eq!(logged(&dropped), logged(&stayed), "{engine:?}");
        assert!(
            dropped.iter().filter(|event| !event.is_logged()).count() > 5,
            "nothing was read in mid-reply"
        );
        let replayed = ada.turn_events(&session, &turn).await.unwrap();
        assert_eq!(logged(&replayed), logged(&stayed));
        assert_eq!(text_of(&replayed), text_of(&stayed));
        assert_eq!(model.violations(), Vec::<String>::new());
        fixture.end().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_a_turn_and_cancel_does() {
    let model = ScriptedModel::start().await.unwrap();
    model.push(Script::new().text("One moment. ").stall());
    let fixture = Fixture::start(crate::fixture::Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("sales-assistant").await.unwrap();
    let turn = ada.turn(&session, "wait for me").await.unwrap();
    let mut stream = ada.events(&session, None).await.unwrap();
    while let Some(event) = stream.next().await {
        if event.name == "text.delta" {
            break;
        }
    }
    drop(stream);
    ada.post(&format!("/api/turns/{turn}/cancel"), serde_json::json!({})).await.unwrap().ok();
    let events = ada.turn_events(&session, &turn).await.unwrap();
    assert_eq!(events.last().unwrap().name, "turn.cancelled", "{events:?}");
    assert_eq!(text_of(&events), "One moment. ", "the words said so far are lost");
}
