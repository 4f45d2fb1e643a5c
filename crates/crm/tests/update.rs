use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, issues, map, problem};

both_engines! {
    async fn a_patch_changes_what_it_names_and_null_empties(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({
            "name": "Jane Doe", "job_title": "CEO", "address": { "city": "Bonn", "country": "DE" },
        })).await;
        let patch = map(json!({ "job_title": null, "address": { "city": "Köln" }, "lead_score": 7 }));
        let updated = fixture.crm.update(&fixture.ada, "contact", contact.id, patch, None).await.unwrap();
        let json = fixture.get("contact", contact.id).await;
        assert_eq!(json, updated.record.to_json());
        assert_eq!(json["job_title"], json!(null));
        assert_eq!((&json["address"]["city"], &json["address"]["country"]), (&json!("Köln"), &json!("DE")));
        assert_eq!(json["label"], "Jane Doe");
        assert_eq!(json["version"], 2);
        let changed: Vec<_> = updated.changes.keys().map(|name| name.as_str()).collect();
        assert_eq!(changed, ["address", "job_title", "lead_score"]);
        assert_eq!(updated.changes["job_title"].before, "CEO");
        assert_eq!(updated.changes["lead_score"].after, 7);
    }

    async fn a_patch_that_changes_nothing_writes_nothing(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A", "amount": 5 })).await;
        let patch = map(json!({ "name": "A", "amount": { "amount": "5.00", "currency": "usd" } }));
        let updated = fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        assert_eq!(updated.record.version, 1);
        assert!(updated.changes.is_empty());
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 10, None).await.unwrap();
        assert_eq!(timeline.entries.len(), 1);
    }

    async fn a_required_field_cannot_be_emptied(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        for empty in [json!(null), json!("  ")] {
            let patch = map(json!({ "name": empty }));
            let found = problem(fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await);
            assert_eq!(issues(&found), [("name", "required")]);
        }
    }

    async fn a_stage_brings_its_chance(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let update = |patch| fixture.crm.update(&fixture.ada, "deal", deal.id, map(patch), None);
        let updated = update(json!({ "stage": "NEGOTIATION" })).await.unwrap();
        assert_eq!(updated.changes["probability"].after, 75);
        let kept = update(json!({ "stage": "NEGOTIATION", "probability": 60 })).await.unwrap();
        assert_eq!(kept.record.to_json()["probability"], 60);
        let same = update(json!({ "stage": "NEGOTIATION", "name": "B" })).await.unwrap();
        assert_eq!(same.record.to_json()["probability"], 60);
    }

    async fn relations_are_shown_by_name_before_and_after(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let one = fixture.create("account", json!({ "name": "One" })).await;
        let two = fixture.create("account", json!({ "name": "Two" })).await;
        let deal = fixture.create("deal", json!({ "name": "A", "account": one.id })).await;
        let patch = map(json!({ "account": two.id }));
        let updated = fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        assert_eq!(updated.changes["account"].before, json!({ "id": one.id, "label": "One" }));
        assert_eq!(updated.changes["account"].after, json!({ "id": two.id, "label": "Two" }));
    }

    async fn names_that_others_keep_follow_a_record(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let note = fixture.create("note", json!({ "title": "Hello", "target": target })).await;
        let patch = map(json!({ "name": "Jane Roe" }));
        fixture.crm.update(&fixture.ada, "contact", contact.id, patch, None).await.unwrap();
        assert_eq!(fixture.get("note", note.id).await["target"]["name"], "Jane Roe");
    }
}
