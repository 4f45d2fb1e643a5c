use kontor_core::grants::{Action, FieldSet, Grants, ObjectGrant, RowRule};
use kontor_core::metadata::Name;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, issues, map, problem};

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

    async fn an_object_named_twice_is_searched_once_and_too_many_are_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("contact", json!({ "name": "Zoë" })).await;
        let names = |count: usize| Some(["contact", "contacts"].repeat(count).into_iter().map(str::to_owned).collect());
        assert_eq!(fixture.crm.search(&fixture.ada, "zoe", names(1), 5).await.unwrap().len(), 1);
        let refused = problem(fixture.crm.search(&fixture.ada, "zoe", names(26), 5).await);
        assert_eq!(issues(&refused), [("objects", "too_many")]);
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

    async fn records_are_found_by_the_name_of_what_they_are_about(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        fixture.create("note", json!({ "title": "Hello", "target": target })).await;
        let notes = Some(vec!["note".to_owned()]);
        let count = async |caller, query: &str| {
            fixture.crm.search(caller, query, notes.clone(), 5).await.unwrap().len()
        };
        assert_eq!(count(&fixture.ada, "jane").await, 1);
        let hidden = ObjectGrant::everything().reading(FieldSet::Except([Name::literal("name")].into()));
        let caller = fixture.with(Grants::everything().with_object(Name::literal("contact"), hidden));
        assert_eq!(count(&caller, "jane").await, 0);
        let patch = map(json!({ "name": "Joan Doe" }));
        fixture.crm.update(&fixture.ada, "contact", contact.id, patch, None).await.unwrap();
        assert_eq!((count(&fixture.ada, "jane").await, count(&fixture.ada, "joan").await), (0, 1));
    }
    async fn a_record_of_more_words_than_an_index_holds_is_kept_and_found_by_the_first(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for name in ["one", "two", "three", "four", "five", "six"] {
            let new = json!({ "name": name, "kind": "text", "settings": { "format": "markdown" } });
            fixture.crm.add_field(&fixture.ada, "note", serde_json::from_value(new).unwrap()).await.unwrap();
        }
        let text = (0..2_000).map(|n| format!("{}{n:04}", "漢".repeat(32))).collect::<Vec<_>>().join(" ");
        let mut fields = map(json!({ "title": "Whole" }));
        for name in ["one", "two", "three", "four", "five", "six"] {
            fields.insert(name.to_owned(), json!(text));
        }
        fixture.crm.create(&fixture.ada, "note", fields).await.unwrap();
        assert_eq!(fixture.crm.search(&fixture.ada, "whole", None, 5).await.unwrap().len(), 1);
    }
}
