//! Writes that are sent again under their key.

use kontor_core::{
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    ids::RecordId,
    metadata::Name,
};
use kontor_crm::records::{Record, RecordWrite};
use kontor_operations::RequestKey;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, map, problem};

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

    async fn a_repeated_answer_tells_what_its_sender_may_read_by_then(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let tell = |records: &[Record]| records.iter().map(Record::to_json).collect::<Vec<_>>();
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 77 })).await;
        let write = RecordWrite::Update { id: deal.id, fields: map(json!({ "close_date": "2026-05-01" })), if_match: None };
        let send = async |caller: &Caller| {
            fixture.crm.write_once(caller, "deal", write.clone(), under("k", "same"), tell).await
        };
        let first = send(&fixture.ada).await.unwrap();
        assert_eq!(first[0]["amount"]["amount"], 77);
        let later = map(json!({ "close_date": "2026-06-01" }));
        fixture.crm.update(&fixture.ada, "deal", deal.id, later, None).await.unwrap();
        assert_eq!(send(&fixture.ada).await.unwrap(), first, "the same for whoever may read the same");

        let with = |grant| fixture.with(Grants::everything().with_object(Name::literal("deal"), grant));
        let blind = with(ObjectGrant::everything().reading(FieldSet::Except([Name::literal("amount")].into())));
        let pruned = send(&blind).await.unwrap();
        assert_eq!((&pruned[0]["id"], &pruned[0]["name"]), (&first[0]["id"], &first[0]["name"]));
        assert!(pruned[0].get("amount").is_none(), "{pruned:?}");
        let rule = RowRule::new(&json!({ "name": { "eq": "Another" } }));
        let others = send(&with(ObjectGrant::everything().for_rows(Action::Read, rule))).await;
        assert_eq!(problem(others).code, "idempotent_answer_withheld");
        let nothing = send(&with(ObjectGrant::nothing())).await;
        assert_eq!(problem(nothing).code, "unknown_object");
        let version = fixture.get("deal", deal.id).await["version"].clone();
        assert_eq!(version, json!(first[0]["version"].as_i64().unwrap() + 1), "nothing was done again");
    }

    async fn a_repeated_result_of_an_operation_tells_what_its_sender_may_read_by_then(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 77 })).await;
        let run = async |caller: &Caller| {
            let arguments = json!({ "id": deal.id, "amount": { "amount": 88, "currency": "USD" } });
            fixture.operations.execute(caller, "deal.update", arguments, under("k", "same")).await
        };
        let first = run(&fixture.ada).await.unwrap();
        assert!(first.to_string().contains("77") && first.to_string().contains("88"), "{first}");
        assert_eq!(run(&fixture.ada).await.unwrap(), first);
        let readable = ObjectGrant::everything().reading(FieldSet::Except([Name::literal("close_date")].into()));
        let blind = fixture.with(Grants::everything().with_object(Name::literal("deal"), readable));
        let again = run(&blind).await.unwrap();
        assert_eq!(again["record"]["id"], first["record"]["id"]);
        assert!(again.get("changes").is_none(), "what was changed is not told again: {again}");
    }
}
