use std::time::Duration;

use kontor_crm::records::{BatchInput, FollowNames, ListQuery};
use kontor_store::{
    Error, Store, both_engines,
    jobs::{Dispatcher, JobSettings, Jobs, Registry},
    testing::TestStore,
};
use kontor_testkit::waiting::eventually;
use sea_query::Query;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{Fixture, Writes as _, issues, map, problem};

/// Has the directory know the workspace.
async fn register(store: &TestStore, fixture: &Fixture) {
    let registered = store.directory().write(fixture.workspace, |tx, workspace| {
        let insert = Query::insert()
            .into_table(tx.table("workspaces"))
            .columns(["id", "name", "name_folded", "status", "created_at"])
            .values_panic([
                workspace.as_uuid().into(),
                "Acme".into(),
                "acme".into(),
                "active".into(),
                0_i64.into(),
            ])
            .take();
        Box::pin(async move { tx.execute(&insert).await })
    });
    registered.await.map_err(|error: Error| error).unwrap();
}

both_engines! {
    async fn a_target_and_its_relation_say_the_same(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;

        let target = json!({ "object": "contact", "id": contact.id });
        let by_target = fixture.create("task", json!({ "title": "Call", "target": target })).await.to_json();
        assert_eq!(by_target["target"], json!({ "object": "contact", "id": contact.id, "name": "Jane Doe" }));
        assert_eq!(by_target["contact"], json!({ "id": contact.id, "label": "Jane Doe" }));

        let by_relation = fixture.create("task", json!({ "title": "Call", "deal": deal.id })).await;
        assert_eq!(by_relation.to_json()["target"]["name"], "Renewal");

        let update = |patch| fixture.crm.update(&fixture.ada, "task", by_relation.id, map(patch), None);
        let target = json!({ "object": "contact", "id": contact.id });
        let moved = update(json!({ "target": target })).await.unwrap().record.to_json();
        assert_eq!((&moved["deal"], &moved["contact"]["label"]), (&json!(null), &json!("Jane Doe")));
        let cleared = update(json!({ "target": null })).await.unwrap().record.to_json();
        assert_eq!((&cleared["target"], &cleared["contact"]), (&json!(null), &json!(null)));
    }

    async fn what_is_about_a_renamed_record_has_its_new_name_at_once(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let target = json!({ "object": "account", "id": account.id });
        let note = fixture.create("note", json!({ "title": "Hello", "target": target })).await;
        let patch = map(json!({ "name": "Brightwater" }));
        fixture.crm.update(&fixture.ada, "account", account.id, patch, None).await.unwrap();
        assert_eq!(fixture.get("note", note.id).await["target"]["name"], "Brightwater");
    }

    async fn all_that_is_about_a_renamed_record_is_found_by_its_new_name(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let note = || map(json!({ "title": "Hello", "target": { "object": "account", "id": account.id } }));
        for _ in 0..6 {
            let notes = std::iter::repeat_with(note).take(180).collect();
            fixture.crm.batch(&fixture.ada, "note", BatchInput::Create(notes)).await.unwrap();
        }
        let found = async |words: &str| {
            let query = ListQuery { search: Some(words.to_owned()), total: true, limit: 1, ..Default::default() };
            fixture.list("note", query).await.total
        };
        assert_eq!(found("acme").await, Some(1_080));
        let patch = map(json!({ "name": "Brightwater" }));
        fixture.crm.update(&fixture.ada, "account", account.id, patch, None).await.unwrap();
        // No transaction renames more than some of them.
        assert_eq!((found("brightwater").await, found("acme").await), (Some(200), Some(880)));

        register(&store, &fixture).await;
        let environment = fixture.crm.environment().clone();
        let jobs = Jobs::new(Store::clone(&store), environment, JobSettings::default());
        let registry = Registry::default().reading(FollowNames::new(fixture.crm.clone()));
        let stop = CancellationToken::new();
        let dispatcher = Dispatcher::new(jobs, registry, Vec::new(), stop.clone());
        let followed = async {
            let renamed = eventually(Duration::from_secs(60), || async {
                (found("brightwater").await == Some(1_080)).then_some(())
            });
            let renamed = renamed.await;
            stop.cancel();
            renamed
        };
        let ((), renamed) = tokio::join!(dispatcher.run(), followed);
        renamed.expect("not all are renamed");
        assert_eq!((found("brightwater").await, found("acme").await), (Some(1_080), Some(0)));
        let note = fixture.list("note", ListQuery { limit: 1, ..ListQuery::default() }).await.records.remove(0);
        let note = note.to_json();
        assert_eq!((&note["target"]["name"], &note["version"]), (&json!("Brightwater"), &json!(1)));
    }

    async fn what_a_wrong_target_leads_to_is_no_mistake_of_its_own(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let target = json!({ "object": "contact", "id": "018f2b6e-7c1a-7000-8000-000000000001" });
        let fields = map(json!({ "title": "Call", "target": target }));
        let found = problem(fixture.crm.create(&fixture.ada, "task", fields).await);
        assert_eq!(issues(&found), [("target", "unknown_record")]);
    }

    async fn a_target_has_to_be_there(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        fixture.crm.delete(&fixture.ada, "contact", contact.id).await.unwrap();
        let target = json!({ "object": "contact", "id": contact.id });
        let fields = map(json!({ "title": "Call", "target": target }));
        let found = problem(fixture.crm.create(&fixture.ada, "task", fields).await);
        assert_eq!(issues(&found), [("target", "unknown_record")]);
    }
}
