//! Writes that are sent again under their key.

use kontor_core::ids::RecordId;
use kontor_crm::{
    RequestKey,
    records::{Record, RecordWrite},
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, map, problem};

fn under(key: &str, fingerprint: &str) -> Option<RequestKey> {
    Some(RequestKey { key: key.to_owned(), fingerprint: fingerprint.to_owned() })
}

fn ids(records: &[Record]) -> Vec<RecordId> {
    records.iter().map(|record| record.id).collect()
}

both_engines! {
    async fn the_same_write_sent_many_times_at_once_has_one_effect(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let write = RecordWrite::Create(map(json!({ "name": "Crane", "domain": "crane.test" })));
        let sent = (0..8).map(|_| {
            fixture.crm.write_once(&fixture.ada, "account", write.clone(), under("k", "same"), ids)
        });
        let told: Vec<_> = futures::future::try_join_all(sent).await.unwrap();
        assert!(told.iter().all(|ids| ids.len() == 1 && *ids == told[0]), "{told:?}");
        let other = fixture.crm.write_once(&fixture.ada, "account", write, under("k", "other"), ids).await;
        assert_eq!(problem(other).code, "idempotency_key_reused");
    }
}
