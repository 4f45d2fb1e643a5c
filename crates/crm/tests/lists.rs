use kontor_core::{
    caller::Caller,
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::{BatchInput, ListQuery, MAX_CURSOR, Page};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, issues, labels, map, problem};

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

/// Five accounts, of which the fourth has no segment and the last is deleted; and a deal of each, another of the
/// first, and one of none.
async fn deals_of_accounts(fixture: &Fixture) {
    let accounts = [
        ("Zeta", json!("SMB")),
        ("ärger", json!("ENTERPRISE")),
        ("Acme", json!("SMB")),
        ("beta", json!(null)),
        ("Aaa", json!("SMB")),
    ];
    let mut gone = None;
    for (name, segment) in accounts {
        let account = fixture.create("account", json!({ "name": name, "segment": segment })).await;
        let amount = name.len();
        fixture.create("deal", json!({ "name": name, "account": account.id, "amount": amount })).await;
        if name == "Zeta" {
            fixture.create("deal", json!({ "name": "Zeta 2", "account": account.id, "amount": 9 })).await;
        }
        gone = Some(account.id);
    }
    fixture.create("deal", json!({ "name": "none", "amount": 1 })).await;
    fixture.crm.delete(&fixture.ada, "account", gone.unwrap()).await.unwrap();
}

/// The names of a list, one page of two after the other.
async fn walked(fixture: &Fixture, caller: &Caller, object: &str, sort: &str) -> Vec<String> {
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let query = ListQuery { sort: Some(sort.to_owned()), limit: 2, after, ..Default::default() };
        let page = fixture.crm.list(caller, object, query).await.unwrap();
        walked.extend(page.records.iter().map(|record| record.label.clone()));
        after = page.next;
        if after.is_none() {
            return walked;
        }
    }
}

both_engines! {
    async fn the_pages_of_a_list_are_the_whole_list(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals(&fixture).await;
        for sort in ["", "name", "-name", "stage", "-stage,name", "amount", "-amount", "close_date,-amount",
                     "-close_date,stage", "-created_at", "position", "id", "-id", "account", "-account,name", "owner,-amount",
                     "account.segment,-account,stage", "stage,account", "-probability,name"] {
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

    async fn a_relation_sorts_by_the_name_of_its_record_and_what_leads_nowhere_stands_last(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals_of_accounts(&fixture).await;
        for (sort, expected) in [
            ("account", ["Acme", "ärger", "beta", "Zeta", "Zeta 2", "Aaa", "none"]),
            ("-account", ["Zeta 2", "Zeta", "beta", "ärger", "Acme", "none", "Aaa"]),
            ("account,-amount", ["Acme", "ärger", "beta", "Zeta 2", "Zeta", "Aaa", "none"]),
            ("account.name,-id", ["Acme", "ärger", "beta", "Zeta 2", "Zeta", "none", "Aaa"]),
            ("account.segment,name", ["ärger", "Acme", "Zeta", "Zeta 2", "Aaa", "beta", "none"]),
            ("-account.segment,-name", ["Zeta 2", "Zeta", "Acme", "ärger", "none", "beta", "Aaa"]),
            ("stage,-account", ["Zeta 2", "Zeta", "beta", "ärger", "Acme", "none", "Aaa"]),
        ] {
            assert_eq!(walked(&fixture, &fixture.ada, "deal", sort).await, expected, "{sort}");
        }
    }

    async fn a_target_sorts_by_the_name_of_its_record(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for name in ["b", "a"] {
            let account = fixture.create("account", json!({ "name": name })).await;
            let target = json!({ "object": "account", "id": account.id });
            fixture.create("note", json!({ "title": format!("of {name}"), "target": target })).await;
        }
        assert_eq!(walked(&fixture, &fixture.ada, "note", "target").await, ["of a", "of b"]);
    }

    async fn an_order_tells_nothing_of_related_records_that_are_hidden(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deals_of_accounts(&fixture).await;
        let rule = RowRule::new(&json!({ "segment": { "eq": "SMB" } }));
        let account = Name::literal("account");
        let some = ObjectGrant::everything().for_rows(Action::Read, rule);
        let some = fixture.with(Grants::everything().with_object(account.clone(), some));
        let expected = ["Acme", "Zeta", "Zeta 2", "ärger", "beta", "Aaa", "none"];
        assert_eq!(walked(&fixture, &some, "deal", "account").await, expected);
        assert_eq!(walked(&fixture, &some, "deal", "account.segment,account").await, expected);

        let nameless = ObjectGrant::everything().reading(FieldSet::Except([Name::literal("name")].into()));
        for (grant, code) in [(nameless, ["not_sortable", "unknown_field"]), (ObjectGrant::nothing(), ["not_sortable", "unknown_field"])] {
            let caller = fixture.with(Grants::everything().with_object(account.clone(), grant));
            for (sort, code) in ["account", "account.name"].into_iter().zip(code) {
                let query = ListQuery { sort: Some(sort.to_owned()), ..Default::default() };
                let found = problem(fixture.crm.list(&caller, "deal", query).await);
                assert_eq!(issues(&found), [("sort", code)]);
            }
        }
    }

    async fn the_pages_go_on_behind_related_names_too_long_for_a_cursor(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for end in ["c", "a", "b"] {
            let account = fixture.create("account", json!({ "name": format!("{}{end}", "é".repeat(300)) })).await;
            for number in 0..2 {
                fixture.create("deal", json!({ "name": format!("{end}{number}"), "account": account.id })).await;
            }
        }
        assert_eq!(walked(&fixture, &fixture.ada, "deal", "account").await, ["a0", "a1", "b0", "b1", "c0", "c1"]);
        assert_eq!(walked(&fixture, &fixture.ada, "deal", "-account,-name").await, ["c1", "c0", "b1", "b0", "a1", "a0"]);
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
        for negative in [
            json!({ "account.segment": { "neq": "SMB" } }),
            json!({ "account.segment": { "not_in": ["SMB", "ENTERPRISE"] } }),
            json!({ "account.segment": { "is_empty": true } }),
            json!({ "account.industry": { "is_empty": true }, "account.segment": { "is_empty": true } }),
            json!({ "not": { "account.segment": { "is_empty": false } } }),
        ] {
            assert_eq!(names(negative.clone()).await, ["Out"], "{negative}");
        }
        assert_eq!(names(json!({ "not": { "account.segment": { "neq": "SMB" } } })).await, ["In"]);
        fixture.crm.delete(&fixture.ada, "account", account.id).await.unwrap();
        assert!(names(json!({ "account.segment": { "eq": "SMB" } })).await.is_empty());
        assert_eq!(names(json!({ "account.segment": { "neq": "SMB" } })).await.len(), 2);
    }

    async fn a_filter_has_as_many_conditions_as_is_said_wherever_it_is_asked(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("deal", json!({ "name": "A" })).await;
        let conditions = |count: usize, key: &str| {
            let parts: Vec<_> = (0..count).map(|n| json!({ "not": { "name": { "eq": format!("x{n}") } } })).collect();
            json!({ key: parts })
        };
        for key in ["and", "or"] {
            let filter = conditions(200, key);
            let query = ListQuery { filter: Some(filter.clone()), ..Default::default() };
            assert_eq!(fixture.list("deal", query).await.records.len(), 1, "{key}");
            let found = fixture.call(&fixture.ada, "deal.find", json!({ "filter": filter })).await.unwrap();
            assert_eq!(found["records"].as_array().unwrap().len(), 1, "{key}");
            let found = fixture.call(&fixture.ada, "deal.group", json!({ "filter": filter })).await.unwrap();
            assert_eq!(found["groups"][0]["count"], 1, "{key}");
        }
        let lists: Vec<_> = (0..60).map(|n| json!({ "name": { "in": (0..200).map(|m| format!("{n}.{m}")).collect::<Vec<_>>() } })).collect();
        let empty: Vec<_> = (0..1_001).map(|_| json!({})).collect();
        for (filter, message) in [
            (conditions(201, "and"), "a filter has at most 200 conditions"),
            (json!({ "or": lists }), "a filter has at most 10,000 values to compare with"),
            (json!({ "or": empty }), "a filter has at most 1,000 connectives"),
        ] {
            let query = ListQuery { filter: Some(filter.clone()), ..Default::default() };
            let found = problem(fixture.crm.list(&fixture.ada, "deal", query).await);
            assert_eq!((found.issues.len(), found.issues[0].message.as_str()), (1, message));
            let found = fixture.call(&fixture.ada, "deal.find", json!({ "filter": filter })).await.unwrap_err();
            assert_eq!((found.issues.len(), found.issues[0].message.as_str()), (1, message));
        }
    }

    async fn parts_of_composites_are_compared_without_regard_to_case_and_accents(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let target = fixture.create("account", json!({ "name": "Ácme", "address": { "country": "Österreich", "postal_code": "AB1" } })).await;
        let contact = json!({
            "name": { "first": "Ömar", "last": "BERG" }, "phones": "+49 (0)30 1234", "social_links": { "x": "x.com/Omar" },
        });
        fixture.create("contact", contact).await;
        fixture.create("deal", json!({ "name": "D", "amount": { "amount": 1, "currency": "EUR" } })).await;
        fixture.create("note", json!({ "title": "N", "target": { "object": "account", "id": target.id } })).await;
        for (object, filter) in [
            ("account", json!({ "address.country": { "eq": "osterreich" } })),
            ("account", json!({ "address.country": { "in": ["OSTERREICH"] } })),
            ("account", json!({ "address.postal_code": { "starts_with": "ab" } })),
            ("contact", json!({ "name.first": { "eq": "omar" } })),
            ("contact", json!({ "name.last": { "contains": "er" } })),
            ("contact", json!({ "phones": { "eq": "0049 30/12 34" } })),
            ("contact", json!({ "phones": { "contains": "301" } })),
            ("contact", json!({ "social_links.x": { "eq": "HTTPS://x.com/omar" } })),
            ("contact", json!({ "created_by": { "eq": "ADA brandt" } })),
            ("contact", json!({ "created_by.kind": { "eq": "Member" } })),
            ("deal", json!({ "amount.currency": { "eq": "eur" } })),
            ("note", json!({ "target.name": { "eq": "acme" } })),
            ("note", json!({ "target.object": { "eq": "Account" } })),
        ] {
            let query = ListQuery { filter: Some(filter.clone()), ..Default::default() };
            assert_eq!(fixture.list(object, query).await.records.len(), 1, "{object} {filter}");
        }
        fixture.crm.update(&fixture.ada, "account", target.id, map(json!({ "name": "Zëta" })), None).await.unwrap();
        let query = ListQuery { filter: Some(json!({ "target.name": { "eq": "ZETA" } })), ..Default::default() };
        assert_eq!(fixture.list("note", query).await.records.len(), 1);
        let wrong = ListQuery { filter: Some(json!({ "phones": { "eq": "call me" } })), ..Default::default() };
        let found = problem(fixture.crm.list(&fixture.ada, "contact", wrong).await);
        assert_eq!(issues(&found), [("filter.phones.eq", "invalid_operand")]);
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

    async fn a_filter_that_most_fulfil_does_not_change_the_order_of_a_list(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let name = |number: usize| format!("{:05}", number * 7_919 % 5_200);
        let segment = |number: usize| if number.is_multiple_of(100) { "SMB" } else { "ENTERPRISE" };
        for first in (0..5_200).step_by(200) {
            let items = (first..first + 200)
                .map(|number| map(json!({ "name": name(number), "segment": segment(number) })));
            fixture.crm.batch(&fixture.ada, "account", BatchInput::Create(items.collect())).await.unwrap();
        }
        for wanted in ["ENTERPRISE", "SMB"] {
            let query = ListQuery {
                filter: Some(json!({ "segment": { "eq": wanted } })),
                sort: Some("name".to_owned()),
                limit: 40,
                ..ListQuery::default()
            };
            let mut expected: Vec<_> =
                (0..5_200).filter(|number| segment(*number) == wanted).map(name).collect();
            expected.sort();
            let page = fixture.list("account", query.clone()).await;
            assert_eq!(labels(&page), expected[..40]);
            let after = fixture.list("account", ListQuery { after: page.next, limit: 10, ..query }).await;
            assert_eq!(labels(&after), expected[40..50]);
        }
    }
}
