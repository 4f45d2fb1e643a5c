//! One live reply of a real small model, where `KONTOR_TEST_MODEL_URL` names its server.

use kontor_testkit::sse::text_of;

use crate::fixture::{Engine, Fixture};

#[tokio::test]
async fn a_real_model_answers_over_the_real_wire() {
    let Ok(url) = std::env::var("KONTOR_TEST_MODEL_URL") else { return };
    let fixture = Fixture::start(Engine::Sqlite, Some(&url)).await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("analyst").await.unwrap();
    let turn = ada.turn(&session, "Say hello.").await.unwrap();
    let events = ada.turn_events(&session, &turn).await.unwrap();
    // What so small a model says, and whether it reaches for a tool, proves nothing; that its words stream
    // and the turn ends, does.
    let last = events.last().unwrap();
    assert!(last.ends_turn(), "{last:?}");
    let words = events.iter().filter(|event| event.name == "text.delta").count();
    let calls = events.iter().filter(|event| event.name == "tool.called").count();
    assert!(words + calls > 0, "nothing came of it: {events:?}");
    if last.name == "turn.completed" {
        assert!(!text_of(&events).trim().is_empty());
    }
}
