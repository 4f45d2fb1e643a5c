//! One live reply of a real small model, where `KONTOR_TEST_MODEL_URL` names its server.

use std::time::Duration;

use kontor_agents::StreamEvent;
use kontor_core::turn::TurnEvent;
use kontor_store::testing::{self, TestStore};

use crate::house::{House, patient};

#[test]
fn a_real_model_answers_over_the_real_wire() {
    if let Ok(url) = std::env::var("KONTOR_TEST_MODEL_URL") {
        testing::run(kontor_store::Dialect::Sqlite, move |store| answer(store, url));
    }
}

async fn answer(store: TestStore, url: String) {
    let house = House::with_real_model(store, url).await;
    let session = house.first.session(&house.ada, "sales-assistant").await;
    let turn = house.first.say(&house.ada, session, "Say hello.").await;
    let mut stream = house.first.follow(&house.ada, session, None).await;
    let (mut words, mut calls) = (0, 0);
    let last = loop {
        use futures::StreamExt as _;
        let wait = Duration::from_secs(120);
        let event = tokio::time::timeout(wait, stream.next()).await.expect("the model goes on").unwrap();
        match &event {
            StreamEvent::TextDelta { .. } => words += 1,
            StreamEvent::Logged(logged) => match &*logged.event {
                TurnEvent::ToolCalled { .. } => calls += 1,
                event if event.turn() == turn && event.ends_turn() => break event.clone(),
                _ => {}
            },
            StreamEvent::ReasoningDelta { .. } => {}
        }
    };
    // What so small a model says, and whether it reaches for its tool, proves nothing; that its words stream
    // and the turn ends, does.
    assert!(words > 1 || calls > 0, "nothing came of it: {last:?}");
    patient(house.first.stop()).await;
}
