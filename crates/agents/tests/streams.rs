//! Following a session, and coming back.

use futures::StreamExt as _;
use kontor_agents::{EventId, StreamEvent};
use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value, json};

use crate::house::{House, Process, patient, plan};

/// What a reader makes of a stream: the logged events as JSON, and the text of each step, which a restart
/// voids.
#[derive(Default, PartialEq, Debug)]
struct Reader {
    logged: Vec<Value>,
    said: Vec<String>,
    current: String,
    last: Option<EventId>,
}

impl Reader {
    /// Whether the turn has ended.
    fn take(&mut self, event: &StreamEvent) -> bool {
        self.last = Some(event.id());
        match event {
            StreamEvent::TextDelta { text, .. } => self.current.push_str(text),
            StreamEvent::ReasoningDelta { .. } => {}
            StreamEvent::Logged(logged) => {
                self.logged.push(json!([
                    logged.seq,
                    logged.name(),
                    serde_json::from_str::<Value>(logged.data()).unwrap()
                ]));
                match &*logged.event {
                    TurnEvent::MessageCompleted { text, .. } => {
                        assert_eq!(&self.current, text, "what was streamed is what was said");
                        self.said.push(std::mem::take(&mut self.current));
                    }
                    TurnEvent::StepRestarted { .. } => self.current.clear(),
                    _ => {}
                }
                return logged.event.ends_turn();
            }
        }
        false
    }
}

async fn read_through(
    process: &Process,
    house: &House,
    session: kontor_core::ids::SessionId,
    drop_always: bool,
) -> Reader {
    let mut reader = Reader::default();
    let mut stream = process.follow(&house.ada, session, None).await;
    loop {
        let event = patient(stream.next()).await.unwrap();
        if reader.take(&event) {
            return reader;
        }
        if drop_always {
            // As it comes back over HTTP: by the text of the last id.
            let after: EventId = reader.last.unwrap().to_string().parse().unwrap();
            stream = process.follow(&house.ada, session, Some(after)).await;
        }
    }
}

both_engines! {
    async fn who_leaves_at_every_event_reads_what_the_one_who_stays_reads(store: TestStore) {
        let house = House::new(store).await;
        let deal = house.deal("Acme renewal").await;
        for wait in [0, 40] {
            let session = house.first.session(&house.ada, "sales-assistant").await;
            let mut message = plan(
                &[
                    &[("deal.find", json!({})), ("deal.get", json!({"id": deal}))],
                    &[("deal.update", json!({"id": deal, "stage": "PROPOSAL"}))],
                ],
                "Größe 漢字 and 🦀 are more than one byte long, and this goes on for a while.",
            );
            message["wait"] = json!(wait);
            house.first.say(&house.ada, session, &message).await;
            let (stays, leaves) = tokio::join!(
                read_through(&house.first, &house, session, false),
                read_through(&house.first, &house, session, true),
            );
            assert_eq!((&stays.logged, &stays.said), (&leaves.logged, &leaves.said));
            assert_eq!(stays.said.len(), 1);
            // Whoever comes afterwards reads the same from the log.
            let late = read_through(&house.first, &house, session, true).await;
            assert_eq!((&stays.logged, &stays.said), (&late.logged, &late.said));
        }
        house.check();
    }

    async fn text_in_flight_is_given_from_any_character_on(store: TestStore) {
        let house = House::new(store).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[], "äöü said slowly, word by word, until it stops");
        message["stall"] = json!(true);
        let turn = house.first.say(&house.ada, session, &message).await;
        let mut stream = house.first.follow(&house.ada, session, None).await;
        let mut text = String::new();
        let mut seq = 0;
        while text.chars().count() < 20 {
            match patient(stream.next()).await.unwrap() {
                StreamEvent::TextDelta { id, text: piece, .. } => {
                    text.push_str(&piece);
                    assert_eq!(id.offset, Some(text.chars().count() as u64));
                    seq = id.seq;
                }
                other => seq = other.id().seq,
            }
        }
        for offset in [0, 1, 2, 3, 10] {
            let after = EventId { seq, offset: Some(offset) };
            let mut back = house.first.follow(&house.ada, session, Some(after)).await;
            let Some(StreamEvent::TextDelta { text: rest, .. }) = patient(back.next()).await else { panic!() };
            let skipped: String = text.chars().skip(offset as usize).collect();
            assert!(rest.starts_with(&skipped), "{rest} after {offset}");
        }
        house.first.agents.cancel_turn(&house.ada, turn).await.unwrap();
        house.first.until_ended(&house.ada, session, turn).await;
    }

    async fn another_process_follows_the_log(store: TestStore) {
        let shared = kontor_agents::AgentSettings { shared: true, ..crate::house::settings() };
        let house = House::with(store, shared.clone()).await;
        let other = house.process(shared).await;
        let session = house.first.session(&house.ada, "analyst").await;
        let mut message = plan(&[&[("deal.find", json!({}))]], "Said over there.");
        message["wait"] = json!(100);
        house.first.say(&house.ada, session, &message).await;
        let there = read_through(&other, &house, session, false).await;
        let here = read_through(&house.first, &house, session, false).await;
        assert_eq!((&there.logged, &there.said), (&here.logged, &here.said));
        other.stop().await;
    }
}
