use kontor_core::{
    error::ErrorKind,
    grants::{Action, Grants},
};
use kontor_crm::{metadata::NewField, records::ListQuery};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, labels, map, problem};

fn new(json: Json) -> NewField {
    serde_json::from_value(json).unwrap()
}

both_engines! {
    async fn a_field_can_be_used_as_soon_as_it_is_there(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let before = fixture.create("deal", json!({ "name": "Before" })).await;
        let version = fixture.crm.schema(fixture.workspace).await.unwrap().version();
        for field in [
            json!({ "name": "region", "kind": "select", "settings": { "options": ["NORTH", { "value": "SOUTH_EAST", "label": "SE" }] }, "default": "NORTH" }),
            json!({ "name": "seats", "kind": "number", "settings": { "decimals": 1, "min": 0.5 } }),
            json!({ "name": "code", "kind": "text", "is_unique": true }),
            json!({ "name": "is_public", "kind": "boolean" }),
            json!({ "name": "renewal_date", "kind": "date" }),
            json!({ "name": "discount", "kind": "currency" }),
        ] {
            fixture.crm.add_field(&fixture.ada, "deals", new(field)).await.unwrap();
        }
        let schema = fixture.crm.schema(fixture.workspace).await.unwrap();
        assert_eq!(schema.version(), version + 6);
        assert_eq!(schema.object("deal").unwrap().field("renewal_date").unwrap().label, "Renewal date");

        let fields = json!({
            "name": "After", "seats": 2.5, "code": "X1", "is_public": true, "renewal_date": "2027-01-01", "discount": 5,
        });
        let after = fixture.create("deal", fields.clone()).await.to_json();
        assert_eq!((&after["region"], &after["seats"]), (&json!("NORTH"), &json!(2.5)));
        assert_eq!(fixture.get("deal", before.id).await["region"], json!(null));
        assert_eq!(problem(fixture.crm.create(&fixture.ada, "deal", map(fields)).await).code, "duplicate_value");
        let query = ListQuery {
            filter: Some(json!({ "region": { "eq": "NORTH" }, "seats": { "gte": 2 } })),
            sort: Some("-renewal_date".into()),
            ..Default::default()
        };
        assert_eq!(labels(&fixture.list("deal", query).await), ["After"]);
        assert_eq!(fixture.crm.search(&fixture.ada, "x1", None, 5).await.unwrap().len(), 1);

        let elsewhere = kontor_crm::Crm::new((*store).clone(), fixture.crm.environment().clone());
        assert_eq!(elsewhere.schema(fixture.workspace).await.unwrap().version(), version + 6);
    }

    async fn a_write_works_by_the_fields_as_they_are_whatever_its_process_remembers(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let elsewhere = fixture.elsewhere(&store);
        let deal = elsewhere.create("deal", json!({ "name": "Renewal" })).await;
        let remembered = elsewhere.crm.schema(fixture.workspace).await.unwrap().version();
        let add = async |field: Json| fixture.crm.add_field(&fixture.ada, "deal", new(field)).await.unwrap();

        add(json!({ "name": "region", "kind": "text", "default": "North" })).await;
        assert_eq!(elsewhere.crm.schema(fixture.workspace).await.unwrap().version(), remembered);
        let made = elsewhere.create("deal", json!({ "name": "Made" })).await;
        assert_eq!(made.to_json()["region"], json!("North"));

        add(json!({ "name": "code", "kind": "text" })).await;
        let patch = map(json!({ "code": "X1" }));
        elsewhere.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        assert_eq!(fixture.get("deal", deal.id).await["code"], json!("X1"));

        // Operations are made of the fields: what a call may say is another thing then.
        add(json!({ "name": "tier", "kind": "text", "default": "Gold" })).await;
        let made = elsewhere.done("deal.create", json!({ "name": "Called" })).await;
        let id = made["record"]["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(fixture.get("deal", id).await["tier"], json!("Gold"));
        add(json!({ "name": "seats", "kind": "number" })).await;
        elsewhere.done("deal.update", json!({ "id": made["record"]["id"], "seats": 5 })).await;
        assert_eq!(fixture.get("deal", id).await["seats"], json!(5));
    }

    async fn a_field_that_cannot_be_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (field, path, code) in [
            (json!({ "name": "Bad Name", "kind": "text" }), "name", "invalid_name"),
            (json!({ "name": "stage", "kind": "text" }), "name", "taken"),
            (json!({ "name": "amount_micros", "kind": "number" }), "name", "reserved"),
            (json!({ "name": "name_folded", "kind": "text" }), "name", "reserved"),
            (json!({ "name": "label", "kind": "text" }), "name", "reserved"),
            (json!({ "name": "xmin", "kind": "number" }), "name", "reserved"),
            (json!({ "name": "rowid", "kind": "text" }), "name", "reserved"),
            (json!({ "name": "created_at", "kind": "text" }), "name", "taken"),
            (json!({ "name": "x", "kind": "textt" }), "kind", "unknown_kind"),
            (json!({ "name": "x", "kind": "relation" }), "kind", "unknown_kind"),
            (json!({ "name": "x", "kind": "select" }), "settings.options", "invalid_option"),
            (json!({ "name": "x", "kind": "select", "settings": { "options": ["a b"] } }), "settings.options[0]", "invalid_option"),
            (json!({ "name": "x", "kind": "number", "settings": { "decimals": 7 } }), "settings.decimals", "out_of_range"),
            (json!({ "name": "x", "kind": "number", "default": "many" }), "default", "wrong_type"),
            (json!({ "name": "x", "kind": "boolean", "is_unique": true }), "is_unique", "not_comparable"),
            (json!({ "name": "x", "kind": "text", "label": "a\0" }), "label", "invalid_text"),
        ] {
            let found = problem(fixture.crm.add_field(&fixture.ada, "deal", new(field.clone())).await);
            assert_eq!(issues(&found), [(path, code)], "{field}");
        }
        let field = || new(json!({ "name": "x", "kind": "text" }));
        let found = problem(fixture.crm.add_field(&fixture.ada, "deel", field()).await);
        assert_eq!(found.kind, ErrorKind::NotFound);
        let caller = fixture.with(Grants::on_every_object(Action::ALL));
        let found = problem(fixture.crm.add_field(&caller, "deal", field()).await);
        assert_eq!(found.kind, ErrorKind::Forbidden);
    }
}
