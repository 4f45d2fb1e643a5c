use kontor_core::caller::Actor;
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Order, Query};
use serde_json::json;

use crate::support::{Fixture, map, problem};

both_engines! {
    async fn every_change_is_told_with_what_was_before_and_by_whom(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.ada.through_agent(
            fixture.crm.environment().new_id(),
            "Sales assistant",
            &kontor_core::grants::Grants::everything(),
        );
        let deal = fixture.create("deal", json!({ "name": "Renewal", "stage": "PROPOSAL" })).await;
        let patch = map(json!({ "stage": "NEGOTIATION" }));
        fixture.crm.update(&agent, "deal", deal.id, patch, None).await.unwrap();
        fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 10, None).await.unwrap();
        let names: Vec<_> = timeline.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["deal.deleted", "deal.updated", "deal.created"]);
        let updated = &timeline.entries[1];
        assert_eq!(json!(updated.changes["stage"]), json!({ "before": "PROPOSAL", "after": "NEGOTIATION" }));
        assert_eq!(updated.actor.describe(), "Sales assistant on behalf of Ada Brandt");
        assert!(matches!(&updated.actor, Actor::Agent { member, .. } if *member == fixture.member));
        let created = &timeline.entries[2].changes;
        assert_eq!(created["name"].after, "Renewal");
        assert!(!created.contains_key("position") && !created.contains_key("version"));
    }

    async fn an_activity_appears_where_it_belongs(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let call = fixture.create("activity", json!({ "type": "CALL", "subject": "Renewal", "target": target })).await;
        let timeline = fixture.crm.timeline(&fixture.ada, "contact", contact.id, 10, None).await.unwrap();
        let entry = &timeline.entries[0];
        assert_eq!(entry.name, "activity.created");
        let linked = entry.linked.as_ref().unwrap();
        assert_eq!((linked.id, linked.label.as_str(), linked.exists), (call.id, "Renewal", true));

        fixture.crm.destroy(&fixture.ada, "activity", call.id).await.unwrap();
        let timeline = fixture.crm.timeline(&fixture.ada, "contact", contact.id, 10, None).await.unwrap();
        assert_eq!(timeline.entries[0].name, "activity.destroyed");
        assert!(timeline.entries.iter().take(2).all(|entry| {
            entry.linked.as_ref().is_some_and(|linked| linked.label == "Renewal" && !linked.exists)
        }));
    }

    async fn a_timeline_is_read_in_pages(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "D0" })).await;
        for n in 1..7 {
            let patch = map(json!({ "name": format!("D{n}") }));
            fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        }
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let page = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 3, after).await.unwrap();
            names.extend(page.entries.iter().map(|entry| entry.changes["name"].after.clone()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(names, ["D6", "D5", "D4", "D3", "D2", "D1", "D0"]);
        let wrong = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 3, Some("nonsense!".into())).await;
        assert_eq!(problem(wrong).code, "invalid_cursor");
    }

    async fn each_change_leaves_one_event_in_its_transaction(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let patch = map(json!({ "name": "B" }));
        fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        let wrong = map(json!({ "name": "C", "account": deal.id }));
        assert!(fixture.crm.update(&fixture.ada, "deal", deal.id, wrong, None).await.is_err());
        fixture.crm.destroy(&fixture.ada, "deal", deal.id).await.unwrap();
        let object = deal.id.as_uuid();
        let events = fixture.crm.read(&fixture.ada, move |work| Box::pin(async move {
            let statement = Query::select()
                .columns(["name", "record_id", "changes"])
                .from(work.tx.table("outbox_events"))
                .order_by("sequence", Order::Asc)
                .to_owned();
            let mut events: Vec<(String, String)> = Vec::new();
            for row in work.tx.fetch_all(&statement).await? {
                if row.get::<uuid::Uuid>(1)? == object {
                    events.push((row.get(0)?, row.get(2)?));
                }
            }
            Ok(events)
        })).await.unwrap();
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["deal.created", "deal.updated", "deal.destroyed"]);
        assert_eq!(events[1].1, r#"{"name":{"before":"A","after":"B"}}"#);
    }
}
