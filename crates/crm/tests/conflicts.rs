use kontor_core::error::ErrorKind;
use kontor_crm::records::BatchInput;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, issues, map, problem};

both_engines! {
    async fn a_unique_value_is_had_by_one_live_record(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let first = fixture.create("account", json!({ "name": "Acme", "domain": "acme.test" })).await;
        let again = map(json!({ "name": "Other", "domain": "ACME.test" }));
        let found = problem(fixture.crm.create(&fixture.ada, "account", again.clone()).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Conflict, "duplicate_value"));
        assert_eq!(issues(&found), [("domain", "duplicate_value")]);
        assert!(found.message.contains(&first.id.to_string()));

        let batch = BatchInput::Create(vec![map(json!({ "name": "New" })), again.clone()]);
        let found = problem(fixture.crm.batch(&fixture.ada, "account", batch).await);
        assert_eq!(issues(&found), [("[1].domain", "duplicate_value")]);
        let twice = map(json!({ "name": "Twice", "domain": "twice.test" }));
        let batch = BatchInput::Create(vec![twice.clone(), twice]);
        let found = problem(fixture.crm.batch(&fixture.ada, "account", batch).await);
        assert_eq!(issues(&found), [("[1].domain", "duplicate_value")]);

        fixture.crm.delete(&fixture.ada, "account", first.id).await.unwrap();
        fixture.crm.create(&fixture.ada, "account", again).await.unwrap();
        let found = problem(fixture.crm.restore(&fixture.ada, "account", first.id).await);
        assert_eq!(found.code, "duplicate_value");
    }

    async fn an_update_of_another_version_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let update = |name: &str, version| {
            fixture.crm.update(&fixture.ada, "deal", deal.id, map(json!({ "name": name })), Some(version))
        };
        assert_eq!(update("B", 1).await.unwrap().record.version, 2);
        let found = problem(update("C", 1).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Conflict, "stale_version"));
        assert_eq!(fixture.get("deal", deal.id).await["name"], "B");
    }

    async fn updates_at_once_are_all_counted(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let updates = (0..8).map(|n| {
            fixture.crm.update(&fixture.ada, "deal", deal.id, map(json!({ "name": format!("B{n}") })), None)
        });
        for updated in futures::future::join_all(updates).await {
            updated.unwrap();
        }
        assert_eq!(fixture.get("deal", deal.id).await["version"], 9);
    }
}
