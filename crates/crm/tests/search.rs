use kontor_core::caller::Caller;
use kontor_core::environment::Environment;
use kontor_core::grants::{Action, FieldSet, Grants, ObjectGrant, RowRule};
use kontor_core::metadata::{Field, Name};
use kontor_crm::{
    Crm,
    records::{BatchInput, ListQuery},
};
use kontor_store::{Store, StoreConfig, both_engines, testing::TestStore};
use sea_query::{Expr, ExprTrait as _, Query};
use serde_json::json;

use crate::support::{Fixture, Writes as _, issues, labels, map, problem};

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

    async fn what_people_type_finds_what_is_written(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let phones = json!({ "primary": "+1 212 555 0161", "additional": ["030 1234567"] });
        let fields = json!({ "name": "Aisha O'Brien", "phones": phones, "emails": "aisha.obrien@mail.north-wind.test" });
        fixture.create("contact", fields).await;
        for name in ["Søren Æbelø", "Łódź Mills", "Straße 7", "Müller", "山田太郎商事", "AT&T Inc.", "U.S. Steel"] {
            fixture.create("account", json!({ "name": name })).await;
        }
        let find = async |query: &str| found(&fixture, &fixture.ada, query, 5).await;
        for query in [
            "+1 212 555 0161", "(212) 555-0161", "2125550161", "555 0161", "0161", "+49 30 1234567", "aisha 5550161",
            "obrien", "O’Brien", "north-wind", "northwind", "wind", "aisha.obrien@mail",
        ] {
            assert_eq!(find(query).await, ["Aisha O'Brien"], "{query}");
        }
        for (query, name) in [
            ("soren", "Søren Æbelø"), ("søren aebelo", "Søren Æbelø"), ("lodz", "Łódź Mills"), ("strasse", "Straße 7"),
            ("mueller", "Müller"), ("太郎", "山田太郎商事"), ("商", "山田太郎商事"), ("at&t", "AT&T Inc."), ("us steel", "U.S. Steel"),
        ] {
            assert_eq!(find(query).await, [name], "{query}");
        }
        for query in ["555 0162", "田郎", "%", "&"] {
            assert!(find(query).await.is_empty(), "{query}");
        }
        let contains = ListQuery { filter: Some(json!({ "name": { "contains": "soren" } })), ..ListQuery::default() };
        assert_eq!(labels(&fixture.list("account", contains).await), ["Søren Æbelø"]);
    }

    async fn whole_words_come_before_beginnings_and_names_before_other_fields(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Rose" })).await;
        fixture.create("account", json!({ "name": "Rose Garden" })).await;
        fixture.create("account", json!({ "name": "Gardens", "industry": "Rose growing" })).await;
        fixture.create("account", json!({ "name": "Rosetta" })).await;
        fixture.create("account", json!({ "name": "Stones", "industry": "Rosetta stones" })).await;
        let ranked = ["Rose", "Rose Garden", "Gardens", "Rosetta", "Stones"];
        assert_eq!(found(&fixture, &fixture.ada, "rose", 10).await, ranked);
        assert_eq!(found(&fixture, &fixture.ada, "rose", 3).await, ranked[..3]);
        assert_eq!(found(&fixture, &fixture.ada, "ROSE garden", 10).await, ["Rose Garden", "Gardens"]);
    }

    async fn an_exact_name_comes_first_however_many_begin_so(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for name in ["Acme", "C++", "C&A"] {
            fixture.create("account", json!({ "name": name })).await;
        }
        for number in 0..40 {
            for name in ["Acme deal", "C++ deal", "C&A deal", "C A"] {
                fixture.create("deal", json!({ "name": format!("{name} {number}") })).await;
            }
        }
        for name in ["Acme", "C++", "C&A"] {
            assert_eq!(found(&fixture, &fixture.ada, name, 8).await[0], name);
        }
    }

    async fn among_equals_the_record_changed_last_comes_first(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let oldest = fixture.create("account", json!({ "name": "Acme 0" })).await;
        for number in 1..=150 {
            fixture.create("account", json!({ "name": format!("Acme {number}") })).await;
        }
        assert_eq!(found(&fixture, &fixture.ada, "acme", 2).await, ["Acme 150", "Acme 149"]);
        let patch = map(json!({ "employees": 5 }));
        fixture.crm.update(&fixture.ada, "account", oldest.id, patch, None).await.unwrap();
        assert_eq!(found(&fixture, &fixture.ada, "acme", 2).await, ["Acme 0", "Acme 150"]);
        assert_eq!(found(&fixture, &fixture.ada, "ac", 2).await, ["Acme 0", "Acme 150"]);
    }

    async fn a_filter_on_a_long_text_is_referred_to_the_search(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let filter = Some(json!({ "body": { "contains": "price" } }));
        let query = ListQuery { filter, ..ListQuery::default() };
        let found = problem(fixture.crm.list(&fixture.ada, "note", query).await);
        let said = "body takes is_empty, not \"contains\". Its words are found by a search.";
        assert_eq!(found.issues[0].message, said);
    }

    async fn what_a_caller_may_not_see_takes_no_place_from_what_it_may(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Acme Mine", "employees": 7 })).await;
        fixture.create("contact", json!({ "name": "Acme Person", "job_title": "Buyer" })).await;
        for number in 0..150 {
            fixture.create("account", json!({ "name": format!("Acme {number}") })).await;
            fixture.create("contact", json!({ "name": format!("Other {number}"), "job_title": "Acme man" })).await;
        }
        let rule = RowRule::new(&json!({ "employees": { "eq": 7 } }));
        let hidden = FieldSet::Except([Name::literal("job_title")].into());
        let grants = Grants::nothing()
            .with_object(Name::literal("account"), ObjectGrant::of([Action::Read]).for_rows(Action::Read, rule))
            .with_object(Name::literal("contact"), ObjectGrant::of([Action::Read]).reading(hidden));
        let caller = fixture.with(grants);
        for query in ["acme", "acm", "ac"] {
            assert_eq!(found(&fixture, &caller, query, 5).await, ["Acme Person", "Acme Mine"], "{query}");
        }
    }

    async fn a_deleted_record_is_found_among_the_deleted_ones_alone(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let gone = fixture.create("account", json!({ "name": "Acme Gone" })).await;
        fixture.create("account", json!({ "name": "Acme Here" })).await;
        fixture.crm.delete(&fixture.ada, "account", gone.id).await.unwrap();
        assert_eq!(found(&fixture, &fixture.ada, "acme", 5).await, ["Acme Here"]);
        let list = async |deleted| {
            let query = ListQuery { search: Some("acm".to_owned()), deleted, ..ListQuery::default() };
            labels(&fixture.list("account", query).await).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(list(true).await, ["Acme Gone"]);
        assert_eq!(list(false).await, ["Acme Here"]);
        fixture.crm.restore(&fixture.ada, "account", gone.id).await.unwrap();
        assert_eq!(found(&fixture, &fixture.ada, "acme", 5).await, ["Acme Gone", "Acme Here"]);
        assert!(list(true).await.is_empty());
        fixture.crm.destroy(&fixture.ada, "account", gone.id).await.unwrap();
        assert_eq!(found(&fixture, &fixture.ada, "acme", 5).await, ["Acme Here"]);
    }

    async fn long_beginnings_are_found_among_many_that_begin_alike(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Dunwellington" })).await;
        let names = (0..700).map(|number| json!({ "name": format!("Dunham{number}") })).collect::<Vec<_>>();
        for names in names.chunks(200) {
            let create = names.iter().map(|name| map(name.clone())).collect();
            let input = BatchInput::Create(create);
            fixture.crm.batch(&fixture.ada, "account", input).await.unwrap();
        }
        assert_eq!(found(&fixture, &fixture.ada, "dunwel", 5).await, ["Dunwellington"]);
        assert_eq!(found(&fixture, &fixture.ada, "dunham69", 20).await.len(), 11);
    }

    async fn data_of_an_older_version_is_folded_and_indexed_when_its_workspace_is_opened(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Søren Ltd" })).await;
        let gone = fixture.create("account", json!({ "name": "Søren Gone" })).await;
        fixture.crm.delete(&fixture.ada, "account", gone.id).await.unwrap();
        let names: Vec<_> = (0..600).map(|number| map(json!({ "name": format!("Acme {number}") }))).collect();
        for create in names.chunks(200) {
            let input = BatchInput::Create(create.to_vec());
            fixture.crm.batch(&fixture.ada, "account", input).await.unwrap();
        }
        as_an_older_version_left_it(&fixture).await;
        assert!(found(&fixture, &fixture.ada, "soren", 5).await.is_empty());

        // The step that adds columns has its own test: here they are there already.
        let mut data_steps = kontor_crm::data_steps();
        data_steps.retain(|step| !step.alters);
        let config = StoreConfig { data_steps, ..store.config() };
        for _ in 0..2 {
            let again = Store::open(config.clone(), Environment::system()).await.unwrap();
            let crm = Crm::new(again.clone(), Environment::system());
            let hits = crm.search(&fixture.ada, "soren", None, 5).await.unwrap();
            assert_eq!(hits.iter().map(|hit| hit.label.as_str()).collect::<Vec<_>>(), ["Søren Ltd"]);
            let filter = Some(json!({ "name": { "starts_with": "soren" } }));
            let page = crm.list(&fixture.ada, "account", ListQuery { filter, ..ListQuery::default() }).await.unwrap();
            assert_eq!(labels(&page), ["Søren Ltd"]);
            let search = Some("acme".to_owned());
            let page = ListQuery { search, total: true, ..ListQuery::default() };
            assert_eq!(crm.list(&fixture.ada, "account", page).await.unwrap().total, Some(600));
            again.close().await;
        }
    }
}

/// The labels of what a caller finds.
async fn found(fixture: &Fixture, caller: &Caller, query: &str, limit: u32) -> Vec<String> {
    let hits = fixture.crm.search(caller, query, None, limit).await.unwrap();
    hits.into_iter().map(|hit| hit.label).collect()
}

/// Takes back what a data step makes: the slots of fields, the folded columns, the documents.
async fn as_an_older_version_left_it(fixture: &Fixture) {
    let undone = fixture.crm.write(&fixture.ada, (), |work, ()| {
        Box::pin(async move {
            let account = work.schema.object("account").unwrap().clone();
            let renamed = Query::update()
                .table(work.tx.table(&account.table()))
                .value("name_folded", "søren ltd")
                .and_where(Expr::col("name").eq("Søren Ltd"))
                .to_owned();
            work.tx.execute(&renamed).await?;
            for object in work.schema.objects() {
                for field in object.searchable_fields() {
                    let older = Field { search_slot: None, ..field.clone() };
                    let statement = Query::update()
                        .table(work.tx.table("metadata_fields"))
                        .value("definition", serde_json::to_string(&older).unwrap())
                        .and_where(Expr::col("id").eq(field.id.as_uuid()))
                        .to_owned();
                    work.tx.execute(&statement).await?;
                }
            }
            let ids = Query::select()
                .columns(["object", "record_id"])
                .from(work.tx.table("search_documents"))
                .to_owned();
            for row in work.tx.fetch_all(&ids).await? {
                let (object, id): (String, uuid::Uuid) = (row.get(0)?, row.get(1)?);
                work.tx.remove_document(&object, id).await?;
            }
            Ok(())
        })
    });
    undone.await.unwrap();
}
