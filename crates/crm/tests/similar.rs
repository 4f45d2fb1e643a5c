//! Who is there already is told where a record is made, and where one asks.

use kontor_core::{
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::{Likeness, MAX_SIMILAR};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, map, problem};

async fn found(fixture: &Fixture, caller: &Caller, object: &str, fields: Json) -> Vec<(String, String)> {
    let found = fixture.crm.similar(caller, object, Likeness::Fields(map(fields))).await.unwrap();
    found.into_iter().map(|found| (found.object.to_string(), found.label)).collect()
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(object, label)| ((*object).to_owned(), (*label).to_owned())).collect()
}

both_engines! {
    async fn the_same_name_address_number_or_domain_is_found(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let emails = json!({ "primary": "omar@one.test", "additional": ["Berg@two.test"] });
        fixture.create("contact", json!({ "name": "Ömar Berg", "emails": emails, "phones": "+49 (0)30 1234" })).await;
        fixture.create("lead", json!({ "name": "Lea Lind", "emails": "lea@one.test", "phones": "0049 30 99" })).await;
        fixture.create("account", json!({ "name": "Wildflower Bakery", "domain": "wild.test" })).await;
        let ada = &fixture.ada;
        let omar = told(&[("contact", "Ömar Berg")]);
        for fields in [
            json!({ "name": "omar berg" }),
            json!({ "name": "X", "emails": "BERG@two.test" }),
            json!({ "phones": "0049 30-1234" }),
            json!({ "name": "Omar Berg", "emails": { "additional": ["omar@one.test"] }, "phones": "+49 30 1234" }),
        ] {
            assert_eq!(found(&fixture, ada, "contact", fields.clone()).await, omar, "{fields}");
            assert_eq!(found(&fixture, ada, "lead", fields.clone()).await, omar, "{fields}");
        }
        for fields in [json!({ "emails": "lea@one.test" }), json!({ "phones": "+49 (0)30/99" }), json!({ "name": "LEA LIND" })] {
            assert_eq!(found(&fixture, ada, "contact", fields).await, told(&[("lead", "Lea Lind")]));
        }
        for fields in [json!({ "name": "WILDFLOWER bakery" }), json!({ "name": "W", "domain": "https://www.wild.test/x" })] {
            assert_eq!(found(&fixture, ada, "account", fields).await, told(&[("account", "Wildflower Bakery")]));
        }
        for (object, fields) in [
            ("contact", json!({ "name": "Omar" })),
            ("contact", json!({})),
            ("account", json!({ "name": "Ömar Berg" })),
            ("deal", json!({ "name": "Wildflower Bakery" })),
        ] {
            assert!(found(&fixture, ada, object, fields).await.is_empty(), "{object}");
        }
        let wrong = fixture.crm.similar(ada, "contact", Likeness::Fields(map(json!({ "emails": "x" })))).await;
        assert_eq!(issues(&problem(wrong)), [("emails", "invalid_email")]);
    }

    async fn a_creation_tells_who_is_there_already_and_no_other_write_does(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let first = fixture.create("contact", json!({ "name": "Omar Berg" })).await;
        assert!(first.to_json().get("similar").is_none());
        let second = fixture.create("contact", json!({ "name": "omar berg" })).await;
        assert_eq!(second.to_json()["similar"], json!([{ "object": "contact", "id": first.id, "label": "Omar Berg" }]));
        let lead = fixture.call(&fixture.ada, "lead.create", json!({ "name": { "first": "Omar", "last": "Berg" } })).await.unwrap();
        assert_eq!(lead["similar"].as_array().unwrap().len(), 2);
        assert!(fixture.get("contact", second.id).await.get("similar").is_none());
        fixture.crm.delete(&fixture.ada, "contact", first.id).await.unwrap();
        let itself = fixture.crm.similar(&fixture.ada, "contact", Likeness::Record(second.id)).await.unwrap();
        assert_eq!(itself.iter().map(|found| found.object.as_str()).collect::<Vec<_>>(), ["lead"]);
        for _ in 0..6 {
            fixture.create("account", json!({ "name": "Twin" })).await;
        }
        assert_eq!(found(&fixture, &fixture.ada, "account", json!({ "name": "Twin" })).await.len(), MAX_SIMILAR);
    }

    async fn who_may_not_read_a_record_is_not_told_of_it(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("contact", json!({ "name": "Mine", "emails": "mine@one.test", "phones": "+49 30 1234" })).await;
        fixture.create("contact", json!({ "name": "Theirs", "emails": "theirs@one.test", "owner": null })).await;
        let grants = |grant| Grants::everything().with_object(Name::literal("contact"), grant);
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let some = fixture.with(grants(ObjectGrant::everything().for_rows(Action::Read, rule)));
        assert_eq!(found(&fixture, &some, "contact", json!({ "name": "mine" })).await.len(), 1);
        for object in ["contact", "lead"] {
            assert!(found(&fixture, &some, object, json!({ "name": "theirs", "emails": "theirs@one.test" })).await.is_empty());
        }
        let hidden = |field| FieldSet::Except([Name::literal(field)].into());
        let blind = fixture.with(grants(ObjectGrant::everything().reading(hidden("phones"))));
        assert!(found(&fixture, &blind, "lead", json!({ "phones": "+49 30 1234" })).await.is_empty());
        for grant in [ObjectGrant::everything().reading(hidden("name")), ObjectGrant::nothing()] {
            let caller = fixture.with(grants(grant));
            assert!(found(&fixture, &caller, "lead", json!({ "name": "Mine", "emails": "mine@one.test" })).await.is_empty());
        }
    }
}
