use kontor_core::error::ErrorKind;
use kontor_crm::records::{BatchInput, ListQuery, MAX_CURSOR, Page};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, issues, labels, map, problem};

async fn deals(fixture: &Fixture) {
    let stages = ["NEGOTIATION", "LEAD", "CLOSED_WON", "PROPOSAL"];
    let items = (0..23).map(|n: i64| {
        let amount = if n % 5 == 0 { json!(null) } else { json!(n % 7 * 1000) };
        let close = if n % 3 == 0 { json!(null) } else { json!(format!("2026-0{}-01", n % 4 + 1)) };
        map(json!({
            "name": format!("{}{n}", ["Ä", "a", "B", "ß"][n as usize % 4]),
            "stage": stages[n as usize % 4], "amount": amount, "close_date": close,
        }))
    });
    fixture.crm.batch(&fixture.ada, "deal", BatchInput::Create(items.collect())).await.unwrap();
}

both_engines! {
    async fn the_pages_of_a_list_are_the_whole_list(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals(&fixture).await;
        for sort in ["", "name", "-name", "stage", "-stage,name", "amount", "-amount", "close_date,-amount",
                     "-close_date,stage", "-created_at", "position", "id", "-id", "account", "-probability,name"] {
            let query = |limit, after| ListQuery {
                sort: Some(sort.to_owned()), limit, after, total: true, ..Default::default()
            };
            let whole = fixture.list("deal", query(200, None)).await;
            assert_eq!((whole.records.len(), whole.total, whole.has_more), (23, Some(23), false));
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let page = fixture.list("deal", query(4, after)).await;
                walked.extend(page.records.iter().map(|record| record.id));
                assert_eq!(page.has_more, page.next.is_some());
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let expected: Vec<_> = whole.records.iter().map(|record| record.id).collect();
            assert_eq!(walked, expected, "{sort}");
        }
    }

    async fn options_sort_in_their_order_and_empty_values_last(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals(&fixture).await;
        let sorted = |sort: &str| ListQuery { sort: Some(sort.to_owned()), limit: 200, ..Default::default() };
        let page = fixture.list("deal", sorted("stage,name")).await;
        let stages: Vec<_> = page.records.iter().map(|record| record.to_json()["stage"].clone()).collect();
        assert_eq!((&stages[0], &stages[22]), (&json!("LEAD"), &json!("CLOSED_WON")));
        for sort in ["amount", "-amount"] {
            let page = fixture.list("deal", sorted(sort)).await;
            assert_eq!(page.records[22].to_json()["amount"], json!(null), "{sort}");
            assert_ne!(page.records[0].to_json()["amount"], json!(null), "{sort}");
        }
        let page = fixture.list("deal", sorted("name")).await;
        assert_eq!(&labels(&page)[..3], ["Ä0", "a1", "Ä12"]);
    }

    async fn a_cursor_of_another_list_or_none_at_all_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals(&fixture).await;
        let query = |sort: &str, after| ListQuery { sort: Some(sort.to_owned()), limit: 2, after, ..Default::default() };
        let next = fixture.list("deal", query("name", None)).await.next.unwrap();
        let other = fixture.crm.list(&fixture.ada, "deal", query("-name", Some(next.clone()))).await;
        assert_eq!(problem(other).code, "invalid_cursor");
        let other = fixture.crm.list(&fixture.ada, "account", query("name", Some(next))).await;
        assert_eq!(problem(other).code, "invalid_cursor");
        for garbage in ["", "x", "bnVsbA", "W10", "\0", "🙂", &"A".repeat(20_000)] {
            let page = fixture.crm.list(&fixture.ada, "deal", query("name", Some(garbage.to_owned()))).await;
            assert_eq!(problem(page).code, "invalid_cursor", "{garbage:?}");
        }
    }

    async fn the_pages_go_on_behind_texts_too_long_for_a_cursor(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let long = "\u{1}é".repeat(400);
        for end in ["c", "a", "b", "a", "d", ""] {
            fixture.create("deal", json!({ "name": format!("{long}{end}"), "amount": 1 })).await;
        }
        fixture.create("deal", json!({ "name": "\u{1}d" })).await;
        fixture.create("deal", json!({ "name": "z" })).await;
        for sort in ["name", "-name", "amount,name", "name,-name,name,-name"] {
            let query = |limit, after| ListQuery { sort: Some(sort.to_owned()), limit, after, ..Default::default() };
            let ids = |page: &Page| page.records.iter().map(|record| record.id).collect::<Vec<_>>();
            let (mut walked, mut after) = (Vec::new(), None);
            loop {
                let page = fixture.list("deal", query(1, after)).await;
                walked.extend(ids(&page));
                after = page.next;
                let Some(next) = &after else { break };
                assert!(next.len() <= MAX_CURSOR, "{}", next.len());
            }
            assert_eq!(walked, ids(&fixture.list("deal", query(200, None)).await), "{sort}");
        }
        // Where the record is gone that a page ended with, nothing is passed over.
        for sort in ["name", "-name"] {
            let query = |after| ListQuery { sort: Some(sort.to_owned()), limit: 3, after, ..Default::default() };
            let page = fixture.list("deal", query(None)).await;
            let whole = fixture.list("deal", ListQuery { limit: 200, ..query(None) }).await;
            fixture.crm.destroy(&fixture.ada, "deal", page.records[2].id).await.unwrap();
            let rest = fixture.list("deal", ListQuery { limit: 200, ..query(page.next) }).await;
            let shown: Vec<_> = rest.records.iter().map(|record| record.id).collect();
            assert!(whole.records[3..].iter().all(|record| shown.contains(&record.id)), "{sort}");
        }
    }

    async fn only_the_fields_asked_for_are_returned(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme", "segment": "SMB" })).await;
        fixture.create("deal", json!({ "name": "A", "account": account.id })).await;
        let query = |fields: &[&str], include: &[&str]| ListQuery {
            fields: Some(fields.iter().map(|name| (*name).to_owned()).collect()),
            include: include.iter().map(|name| (*name).to_owned()).collect(),
            ..Default::default()
        };
        let page = fixture.list("deal", query(&["stage"], &[])).await;
        let record = page.records[0].to_json();
        assert_eq!(record, json!({ "id": page.records[0].id, "label": "A", "version": 1, "stage": "LEAD" }));
        let page = fixture.list("deal", query(&["stage"], &["account"])).await;
        let shown = page.records[0].to_json()["account"].clone();
        assert_eq!((&shown["label"], &shown["segment"], &shown["name"]), (&json!("Acme"), &json!("SMB"), &json!("Acme")));
        let found = problem(fixture.crm.list(&fixture.ada, "deal", query(&["stagee"], &[])).await);
        assert_eq!(issues(&found), [("fields", "unknown_field")]);
        let found = problem(fixture.crm.list(&fixture.ada, "deal", query(&[], &["stage"])).await);
        assert_eq!(issues(&found), [("include", "unknown_relation")]);
    }

    async fn a_filter_reaches_one_relation_far(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme", "segment": "SMB" })).await;
        fixture.create("deal", json!({ "name": "In", "account": account.id, "owner": fixture.member })).await;
        fixture.create("deal", json!({ "name": "Out" })).await;
        let names = |filter| async {
            let page = fixture.list("deal", ListQuery { filter: Some(filter), ..Default::default() }).await;
            page.records.iter().map(|record| record.label.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(json!({ "account.segment": { "eq": "SMB" } })).await, ["In"]);
        assert_eq!(names(json!({ "not": { "account.name": { "starts_with": "ac" } } })).await, ["Out"]);
        assert_eq!(names(json!({ "owner": { "eq": "$me" } })).await.len(), 2);
        fixture.crm.delete(&fixture.ada, "account", account.id).await.unwrap();
        assert!(names(json!({ "account.segment": { "eq": "SMB" } })).await.is_empty());
    }

    async fn a_list_is_narrowed_by_words(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("contact", json!({ "name": "Jané Doe", "emails": "jd@acme.test" })).await;
        fixture.create("contact", json!({ "name": "John Doe" })).await;
        let search = |words: &str| ListQuery { search: Some(words.to_owned()), ..Default::default() };
        assert_eq!(labels(&fixture.list("contact", search("do JAN")).await), ["Jané Doe"]);
        assert_eq!(fixture.list("contact", search("doe")).await.records.len(), 2);
        assert_eq!(fixture.list("contact", search("nobody")).await.records.len(), 0);
        assert_eq!(fixture.list("contact", search("it's \"quoted\" (and) *:&|!")).await.records.len(), 0);
    }

    async fn wrong_lists_are_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mut deep = json!({ "name": { "eq": "x" } });
        for _ in 0..50 {
            deep = json!({ "not": deep });
        }
        for (query, path) in [
            (ListQuery { filter: Some(deep), ..Default::default() }, None),
            (ListQuery { filter: Some(json!({ "stagee": { "eq": "LEAD" } })), ..Default::default() }, Some("filter.stagee")),
            (ListQuery { filter: Some(json!({ "name": { "eq": "a\0" } })), ..Default::default() }, Some("filter.name.eq")),
            (ListQuery { filter: Some(json!([])), ..Default::default() }, Some("filter")),
            (ListQuery { sort: Some("nope".into()), ..Default::default() }, Some("sort")),
            (ListQuery { limit: 0, ..Default::default() }, Some("limit")),
            (ListQuery { limit: 201, ..Default::default() }, Some("limit")),
        ] {
            let found = problem(fixture.crm.list(&fixture.ada, "deal", query).await);
            assert_eq!(found.kind, ErrorKind::Invalid);
            if let Some(path) = path {
                assert_eq!(found.issues[0].path, path);
            }
        }
    }
}
