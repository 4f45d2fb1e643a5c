use kontor_crm::records::{BatchInput, ListQuery};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, issues, map, problem};

both_engines! {
    async fn a_record_is_read_back_as_it_was_made(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme", "domain": "https://www.Acme.test/x" })).await;
        let contact = fixture.create("contacts", json!({
            "name": { "first": "Jané", "last": "Doe" },
            "emails": { "primary": "Jane@Acme.test", "additional": ["j@acme.test"] },
            "phones": "+49 30 1234",
            "address": { "city": "Köln", "country": "DE" },
            "lead_score": 42,
            "account": account.id,
        })).await;
        let json = fixture.get("contact", contact.id).await;
        assert_eq!(json, contact.to_json());
        assert_eq!(json["label"], "Jané Doe");
        assert_eq!(json["version"], 1);
        assert_eq!(json["emails"], json!({ "primary": "jane@acme.test", "additional": ["j@acme.test"] }));
        assert_eq!(json["account"], json!({ "id": account.id, "label": "Acme" }));
        assert_eq!(json["owner"], json!({ "id": fixture.member, "label": "Ada Brandt" }));
        assert_eq!(json["lifecycle"], "LEAD");
        assert_eq!(json["lead_score"], 42);
        assert_eq!(json["created_by"]["name"], "Ada Brandt");
        assert_eq!(account.to_json()["domain"], "acme.test");
    }

    async fn a_deal_takes_the_chance_of_its_stage_unless_it_is_given(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let plain = fixture.create("deal", json!({ "name": "A" })).await.to_json();
        assert_eq!((&plain["stage"], &plain["probability"]), (&json!("LEAD"), &json!(10)));
        let staged = fixture.create("deal", json!({ "name": "B", "stage": "PROPOSAL" })).await.to_json();
        assert_eq!(staged["probability"], 50);
        let given = fixture.create("deal", json!({ "name": "C", "stage": "PROPOSAL", "probability": 5 })).await;
        assert_eq!(given.to_json()["probability"], 5);
    }

    async fn wrong_input_is_refused_with_its_paths(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let create = |fields| fixture.crm.create(&fixture.ada, "deal", map(fields));
        let found = problem(create(json!({ "name": "x", "stagee": "LEAD", "close_date": "soon", "version": 3 })).await);
        assert_eq!(
            issues(&found),
            [("stagee", "unknown_field"), ("close_date", "wrong_type"), ("version", "read_only")]
        );
        assert!(found.issues[0].message.contains("Did you mean stage?"));
        assert_eq!(issues(&problem(create(json!({})).await)), [("name", "required")]);
        assert_eq!(issues(&problem(create(json!({ "name": "a\0b" })).await)), [("name", "nul_byte")]);
        let missing = fixture.crm.environment().new_id::<kontor_core::ids::RecordId>();
        let found = problem(create(json!({ "name": "x", "account": missing })).await);
        assert_eq!(issues(&found), [("account", "unknown_record")]);
        assert_eq!(problem(fixture.crm.create(&fixture.ada, "deel", map(json!({}))).await).code, "unknown_object");
        let member = fixture.crm.create(&fixture.ada, "member", map(json!({ "name": "X" }))).await;
        assert_eq!(problem(member).code, "not_allowed");
    }

    async fn a_batch_is_made_whole_or_not_at_all(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let batch = |items: Vec<serde_json::Value>| {
            let items = items.into_iter().map(map).collect();
            fixture.crm.batch(&fixture.ada, "deal", BatchInput::Create(items))
        };
        let wrong = batch(vec![json!({ "name": "A" }), json!({ "name": "B", "stage": "NOWHERE" })]).await;
        assert_eq!(issues(&problem(wrong)), [("[1].stage", "unknown_option")]);
        assert!(fixture.list("deal", Default::default()).await.records.is_empty());
        let made = batch((0..150).map(|n| json!({ "name": format!("D{n}") })).collect()).await.unwrap();
        assert_eq!(made.len(), 150);
        assert_eq!(made[149].label, "D149");
        assert!(batch(Vec::new()).await.unwrap().is_empty());
        let too_many = batch((0..201).map(|n| json!({ "name": format!("E{n}") })).collect()).await;
        assert_eq!(issues(&problem(too_many)), [("", "too_large")]);
    }
    async fn a_batch_of_wide_records_is_larger_than_one_statement(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for n in 0..150 {
            let new = json!({ "name": format!("extra_{n}"), "kind": "currency" });
            fixture.crm.add_field(&fixture.ada, "task", serde_json::from_value(new).unwrap()).await.unwrap();
        }
        let items = (0..200).map(|n| map(json!({ "title": format!("Task {n}"), "extra_149": n }))).collect();
        fixture.crm.batch(&fixture.ada, "task", BatchInput::Create(items)).await.unwrap();
        let query = ListQuery { limit: 200, sort: Some("-extra_149".to_owned()), ..Default::default() };
        let page = fixture.list("task", query).await;
        assert_eq!((page.records.len(), page.records[0].label.as_str()), (200, "Task 199"));
    }

    async fn a_text_that_no_index_holds_is_refused_alike(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        // Different characters, which PostgreSQL cannot make smaller.
        let name: String = (0..1_000).filter_map(|n| char::from_u32(0x4E00 + n * 17 % 20_000)).collect();
        let refused = fixture.crm.create(&fixture.ada, "account", map(json!({ "name": name }))).await;
        assert_eq!(issues(&problem(refused)), [("name", "too_long")]);
        let most: String = name.chars().take(830).collect();
        fixture.create("account", json!({ "name": most })).await;
    }
}
