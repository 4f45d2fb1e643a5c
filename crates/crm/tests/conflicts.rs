use kontor_core::{
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::{BatchInput, BatchUpdate};
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

    async fn what_is_wrong_with_one_of_a_batch_is_said_at_its_place(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mine = fixture.create("deal", json!({ "name": "Mine" })).await;
        let theirs = fixture.create("deal", json!({ "name": "Theirs", "owner": null })).await;
        let never = fixture.crm.environment().new_id();
        let update = |id| BatchUpdate { id, fields: map(json!({ "name": "x" })) };
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let grant = ObjectGrant::everything()
            .for_rows(Action::Create, rule.clone())
            .for_rows(Action::Update, rule.clone())
            .for_rows(Action::Delete, rule);
        let caller = fixture.with(Grants::everything().with_object(Name::literal("deal"), grant));
        let new = |owner| map(json!({ "name": "New", "owner": owner }));
        let me = json!(fixture.member);
        for (batch, place, code) in [
            (BatchInput::Update(vec![update(mine.id), update(never)]), "[1]", "record_not_found"),
            (BatchInput::Update(vec![update(mine.id), update(theirs.id)]), "[1]", "not_allowed"),
            (BatchInput::Delete(vec![mine.id, never]), "[1]", "record_not_found"),
            (BatchInput::Delete(vec![mine.id, theirs.id]), "[1]", "not_allowed"),
            (BatchInput::Create(vec![new(me.clone()), new(me), new(json!(null))]), "[2]", "not_allowed"),
        ] {
            let found = problem(fixture.crm.batch(&caller, "deal", batch).await);
            assert_eq!((issues(&found), &*found.code), (vec![(place, code)], code));
        }
        let alone = problem(fixture.crm.get(&caller, "deal", never, None, vec![]).await);
        assert!(alone.issues.is_empty(), "a single record has no place");
    }

    async fn a_unique_field_that_is_hidden_is_not_named(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = json!({ "name": "Acme", "domain": "acme.test" });
        let first = fixture.create("account", account.clone()).await;
        fixture.crm.delete(&fixture.ada, "account", first.id).await.unwrap();
        fixture.create("account", account).await;
        let hidden = FieldSet::Except([Name::literal("domain")].into());
        let grant = ObjectGrant::everything().reading(hidden);
        let caller = fixture.with(Grants::everything().with_object(Name::literal("account"), grant));
        let found = problem(fixture.crm.restore(&caller, "account", first.id).await);
        assert_eq!(found.code, "not_allowed");
        assert!(!format!("{found:?}").contains("domain"), "{found:?}");
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
