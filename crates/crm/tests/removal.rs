use std::collections::BTreeSet;

use kontor_core::{
    actor::Principal,
    caller::Caller,
    error::ErrorKind,
    grants::{Action, Grants},
};
use kontor_crm::records::{BatchInput, ListQuery};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, labels, map, problem};

both_engines! {
    async fn a_deleted_record_is_gone_until_it_is_restored(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;
        let deleted = fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        assert!(deleted.is_deleted && deleted.version == 2);
        let gone = fixture.crm.get(&fixture.ada, "deal", deal.id, None, vec![]).await;
        assert_eq!(problem(gone).kind, ErrorKind::NotFound);
        assert!(fixture.list("deal", ListQuery::default()).await.records.is_empty());
        let aside = fixture.list("deal", ListQuery { deleted: true, ..Default::default() }).await;
        assert_eq!(labels(&aside), ["Renewal"]);
        assert!(fixture.crm.search(&fixture.ada, "renewal", None, 5).await.unwrap().is_empty());
        for (words, deleted, found) in [("renew", true, 1), ("other", true, 0), ("renew", false, 0)] {
            let query = ListQuery { search: Some(words.into()), deleted, ..Default::default() };
            assert_eq!(fixture.list("deal", query).await.records.len(), found, "{words} {deleted}");
        }
        assert_eq!(problem(fixture.crm.delete(&fixture.ada, "deal", deal.id).await).kind, ErrorKind::NotFound);

        let restored = fixture.crm.restore(&fixture.ada, "deal", deal.id).await.unwrap();
        assert!(!restored.is_deleted && restored.version == 3);
        assert_eq!(fixture.crm.search(&fixture.ada, "renewal", None, 5).await.unwrap().len(), 1);
        let again = problem(fixture.crm.restore(&fixture.ada, "deal", deal.id).await);
        assert_eq!((again.kind, &*again.code), (ErrorKind::Conflict, "not_deleted"));
    }

    async fn what_pointed_to_a_destroyed_record_keeps_its_name(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let note = fixture.create("note", json!({ "title": "Hello", "target": target })).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "contact": contact.id })).await;
        fixture.crm.destroy(&fixture.ada, "contact", contact.id).await.unwrap();
        let note = fixture.get("note", note.id).await;
        assert_eq!(note["target"], json!({ "object": "contact", "id": null, "name": "Jane Doe" }));
        assert_eq!(note["contact"], json!(null));
        assert_eq!(fixture.get("deal", deal.id).await["contact"], json!(null));
        assert!(fixture.crm.search(&fixture.ada, "jane", None, 5).await.unwrap().iter().all(|hit| hit.id != contact.id));
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 10, None).await.unwrap();
        let made = &timeline.entries.last().unwrap().changes["contact"];
        assert_eq!(made.after, json!({ "id": contact.id, "label": "Jane Doe" }));
    }

    async fn what_pointed_to_a_destroyed_record_is_changed_and_told_as_by_any_write(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let call = fixture.create("activity", json!({ "type": "CALL", "subject": "Hi", "target": target })).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "contact": contact.id })).await;
        let aside = fixture.create("deal", json!({ "name": "Aside", "contact": contact.id })).await;
        fixture.crm.delete(&fixture.ada, "deal", aside.id).await.unwrap();
        let other = fixture.create("deal", json!({ "name": "Other" })).await;
        let told = fixture.outbox().await.len();

        let max = Caller { principal: Principal::Member { id: fixture.member, name: "Max".to_owned() }, ..fixture.ada.clone() };
        fixture.crm.destroy(&max, "contact", contact.id).await.unwrap();
        let events = fixture.outbox().await;
        let events: Vec<_> = events[told..].iter().map(|event| (event.name.as_str(), event.record)).collect();
        let expected = [
            ("deal.updated", deal.id),
            ("deal.updated", aside.id),
            ("activity.updated", call.id),
            ("contact.destroyed", contact.id),
        ];
        assert_eq!(events.iter().collect::<BTreeSet<_>>(), expected.iter().collect());
        assert_eq!(events.len(), expected.len(), "each is told once");
        assert_eq!(events.last(), Some(&("contact.destroyed", contact.id)));

        for (object, id, version) in [("activity", call.id, 2), ("deal", deal.id, 2), ("deal", other.id, 1)] {
            let record = fixture.get(object, id).await;
            assert_eq!(record["version"], version, "{record}");
            let by = if version == 2 { "Max" } else { "Ada Brandt" };
            assert_eq!(record["updated_by"]["name"], by, "{record}");
            assert_eq!(record["updated_at"] != record["created_at"], version == 2, "{record}");
        }
        let changes = async |object, id| {
            let timeline = fixture.crm.timeline(&fixture.ada, object, id, 1, None).await.unwrap();
            assert_eq!(timeline.entries[0].name, format!("{object}.updated"));
            json!(timeline.entries[0].changes)
        };
        let emptied = json!({ "before": { "id": contact.id, "label": "Jane Doe" }, "after": null });
        let moved = json!({
            "before": { "object": "contact", "id": contact.id, "name": "Jane Doe" },
            "after": { "object": "contact", "id": null, "name": "Jane Doe" },
        });
        assert_eq!(changes("deal", deal.id).await, json!({ "contact": emptied }));
        assert_eq!(changes("deal", aside.id).await, json!({ "contact": emptied }));
        assert_eq!(changes("activity", call.id).await, json!({ "contact": emptied, "target": moved }));
        let restored = fixture.crm.restore(&fixture.ada, "deal", aside.id).await.unwrap();
        assert_eq!(restored.version, 4);
    }

    async fn all_that_points_to_a_destroyed_record_is_told_however_many_there_are(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        for _ in 0..3 {
            let notes = (0..150).map(|n| {
                map(json!({ "title": format!("Note {n}"), "target": { "object": "account", "id": account.id } }))
            });
            fixture.crm.batch(&fixture.ada, "note", BatchInput::Create(notes.collect())).await.unwrap();
        }
        let before = fixture.outbox().await.len();
        fixture.crm.destroy(&fixture.ada, "account", account.id).await.unwrap();
        let query = ListQuery { total: true, filter: Some(json!({ "version": { "eq": 2 } })), ..Default::default() };
        assert_eq!(fixture.list("note", query).await.total, Some(450));
        let events = fixture.outbox().await.split_off(before);
        let updated: BTreeSet<_> =
            events.iter().filter(|event| event.name == "note.updated").map(|event| event.record).collect();
        assert_eq!(updated.len(), 450);
        assert_eq!(events.len(), 450 + 1, "each is told once");
    }

    async fn every_verb_of_removal_needs_its_own_grant(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;
        let reader = fixture.with(Grants::on_every_object([Action::Read, Action::Update]));
        assert_eq!(problem(fixture.crm.delete(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
        assert_eq!(problem(fixture.crm.destroy(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
        fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        assert_eq!(problem(fixture.crm.restore(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
    }
}
