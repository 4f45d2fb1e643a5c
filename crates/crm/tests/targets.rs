use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, issues, map, problem};

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

    async fn a_target_has_to_be_there(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        fixture.crm.delete(&fixture.ada, "contact", contact.id).await.unwrap();
        let target = json!({ "object": "contact", "id": contact.id });
        let fields = map(json!({ "title": "Call", "target": target }));
        let found = problem(fixture.crm.create(&fixture.ada, "task", fields).await);
        assert!(issues(&found).contains(&("target", "unknown_record")), "{found:?}");
    }
}
