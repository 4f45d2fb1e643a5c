use kontor_core::grants::{Action, FieldSet, Grants, ObjectGrant, RowRule};
use kontor_core::metadata::Name;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, map};

both_engines! {
    async fn records_are_found_by_the_beginnings_of_their_words(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Zoë Ångström", "emails": "zoe@north.test" })).await;
        let find = async |query: &str| {
            let hits = fixture.crm.search(&fixture.ada, query, None, 5).await.unwrap();
            hits.into_iter().map(|hit| (hit.object.name.to_string(), hit.id, hit.label)).collect::<Vec<_>>()
        };
        let expected = [("contact".to_owned(), contact.id, "Zoë Ångström".to_owned())];
        for query in ["zoe", "ANGSTR zo", "north", "zoe@north.test"] {
            assert_eq!(find(query).await, expected, "{query}");
        }
        for query in ["zoe nobody", "gstrom", "", "-"] {
            assert!(find(query).await.is_empty(), "{query}");
        }
        let patch = map(json!({ "name": "Zoë Berg" }));
        fixture.crm.update(&fixture.ada, "contact", contact.id, patch, None).await.unwrap();
        assert!(find("angstrom").await.is_empty());
        assert_eq!(find("berg").await.len(), 1);
    }

    async fn search_looks_only_where_the_caller_may(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("contact", json!({ "name": "Jane Doe", "emails": "secret@acme.test" })).await;
        fixture.create("account", json!({ "name": "Doe Ltd" })).await;
        let hidden = FieldSet::Except([Name::literal("emails")].into());
        let rule = RowRule::new(&json!({ "name": { "eq": "Other" } }));
        let grants = Grants::nothing()
            .with_object(Name::literal("contact"), ObjectGrant::of([Action::Read]).reading(hidden))
            .with_object(Name::literal("account"), ObjectGrant::of([Action::Read]).for_rows(Action::Read, rule));
        let caller = fixture.with(grants);
        let count = async |query: &str| fixture.crm.search(&caller, query, None, 5).await.unwrap().len();
        assert_eq!(count("secret").await, 0);
        assert_eq!(count("doe").await, 1);
    }
}
