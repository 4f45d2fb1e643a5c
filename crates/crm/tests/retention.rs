//! What is kept for a time only is removed after it, and nothing before.

use std::time::Duration;

use kontor_core::{environment::Environment, time::Timestamp};
use kontor_crm::records::RecordWrite;
use kontor_operations::RequestKey;
use kontor_store::{Error, both_engines, prune::Prune, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, map};

const HOUR: Duration = Duration::from_secs(60 * 60);

async fn prune(store: &TestStore, fixture: &Fixture, prune: Prune, before: Timestamp) -> u64 {
    let namespace = store.workspace(fixture.workspace).await.unwrap();
    let removed = namespace.write((prune, before), |tx, &(prune, before)| prune(tx, before)).await;
    removed.map_err(|error: Error| error).unwrap()
}

both_engines! {
    async fn events_and_answers_are_removed_when_they_are_old(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for number in 0..3 {
            let write = RecordWrite::Create(map(json!({ "name": format!("Account {number}") })));
            let key = RequestKey { key: format!("k{number}"), fingerprint: "f".to_owned() };
            fixture.crm.write_once(&fixture.ada, "account", write, Some(key), |records| records.len()).await.unwrap();
        }
        let now = Environment::system().now();
        let events = fixture.outbox().await.len() as u64;
        assert!(events >= 3);
        let kept: [(Prune, Timestamp); 3] = [
            (kontor_store::outbox::prune, now.minus(HOUR)),
            (kontor_store::prune::audit, now.minus(HOUR)),
            (kontor_operations::requests::prune, now.plus(HOUR)),
        ];
        for (part, before) in kept {
            assert_eq!(prune(&store, &fixture, part, before).await, 0);
        }
        assert_eq!(prune(&store, &fixture, kontor_store::outbox::prune, now.plus(HOUR)).await, events);
        assert!(fixture.outbox().await.is_empty());
        // An answer is kept for a day.
        assert_eq!(prune(&store, &fixture, kontor_operations::requests::prune, now.plus(25 * HOUR)).await, 3);
        assert_eq!(prune(&store, &fixture, kontor_operations::requests::prune, now.plus(25 * HOUR)).await, 0);
        let left = fixture.list("account", kontor_crm::records::ListQuery::default()).await;
        assert_eq!(left.records.len(), 3, "the records themselves are not of this");
    }
}
