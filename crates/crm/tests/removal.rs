use kontor_core::{error::ErrorKind, grants::Action};
use kontor_crm::records::ListQuery;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, labels, problem};

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
        assert_eq!(problem(fixture.crm.delete(&fixture.ada, "deal", deal.id).await).kind, ErrorKind::NotFound);

        let restored = fixture.crm.restore(&fixture.ada, "deal", deal.id).await.unwrap();
        assert!(!restored.is_deleted && restored.version == 3);
        assert_eq!(fixture.crm.search(&fixture.ada, "renewal", None, 5).await.unwrap().len(), 1);
        assert_eq!(problem(fixture.crm.restore(&fixture.ada, "deal", deal.id).await).kind, ErrorKind::NotFound);
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
        let made = &timeline.entries[0].changes["contact"];
        assert_eq!(made.after, json!({ "id": contact.id, "label": "Jane Doe" }));
    }

    async fn every_verb_of_removal_needs_its_own_grant(store: TestStore) {
        use kontor_core::grants::Grants;
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;
        let reader = fixture.with(Grants::on_every_object([Action::Read, Action::Update]));
        assert_eq!(problem(fixture.crm.delete(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
        assert_eq!(problem(fixture.crm.destroy(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
        fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        assert_eq!(problem(fixture.crm.restore(&reader, "deal", deal.id).await).kind, ErrorKind::Forbidden);
    }
}
