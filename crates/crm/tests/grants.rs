use kontor_core::{
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::{self, Aggregate, Function, GroupQuery, ListQuery};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, labels, map, problem};

fn name(text: &'static str) -> Name {
    Name::literal(text)
}

fn except(fields: &[&'static str]) -> FieldSet {
    FieldSet::Except(fields.iter().map(|field| name(field)).collect())
}

fn filtered(filter: Json) -> ListQuery {
    ListQuery { filter: Some(filter), ..ListQuery::default() }
}

both_engines! {
    async fn a_hidden_field_appears_nowhere(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 1234 })).await;
        let patch = map(json!({ "amount": 4321 }));
        fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        let grant = ObjectGrant::everything().reading(except(&["amount"]));
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let crm = &fixture.crm;

        let record = crm.get(&caller, "deal", deal.id, None, vec![]).await.unwrap().to_json();
        assert!(record.get("amount").is_none() && record["label"] == "Renewal");
        let page = crm.list(&caller, "deal", ListQuery::default()).await.unwrap();
        assert!(page.records[0].to_json().get("amount").is_none());
        let timeline = crm.timeline(&caller, "deal", deal.id, 10, None).await.unwrap();
        assert_eq!(timeline.entries.len(), 1);
        assert!(!timeline.entries[0].changes.contains_key("amount"));

        let amount = || Some("amount".to_owned());
        let refusals = [
            problem(crm.list(&caller, "deal", filtered(json!({ "amount": { "gt": 1 } }))).await),
            problem(crm.list(&caller, "deal", ListQuery { sort: amount(), ..Default::default() }).await),
            problem(crm.list(&caller, "deal", ListQuery { fields: Some(vec!["amount".into()]), ..Default::default() }).await),
            problem(crm.group(&caller, "deal", GroupQuery { by: vec!["amount.currency".into()], ..Default::default() }).await),
            problem(crm.group(&caller, "deal", GroupQuery {
                aggregates: vec![Aggregate::Of(Function::Sum, "amount".to_owned())],
                ..Default::default()
            }).await),
            problem(crm.create(&caller, "deal", map(json!({ "name": "x", "amount": 1 }))).await),
            problem(crm.update(&caller, "deal", deal.id, map(json!({ "amount": 1 })), None).await),
        ];
        for refusal in refusals {
            assert_eq!(refusal.issues[0].code, "unknown_field", "{refusal:?}");
            assert!(!refusal.message.contains("Did you mean amount"), "{refusal:?}");
        }
        let moved = crm.update(&caller, "deal", deal.id, map(json!({ "stage": "PROPOSAL" })), None).await.unwrap();
        assert!(moved.record.to_json().get("amount").is_none());
        assert_eq!(fixture.get("deal", deal.id).await["amount"]["amount"], 4321);
    }

    async fn a_hidden_field_is_suggested_by_no_error(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 1234 })).await;
        let grant = ObjectGrant::everything().reading(except(&["amount"]));
        let blind = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let crm = &fixture.crm;
        let wrong = || "amuont".to_owned();
        let aggregates = |aggregate| GroupQuery { aggregates: vec![aggregate], ..Default::default() };
        let related = filtered(json!({ "deal.amuont": { "gt": 1 } }));
        let told = async |caller| {
            let fields = || map(json!({ "name": "x", "amuont": 1 }));
            let mut told = vec![
                problem(crm.list(caller, "deal", filtered(json!({ "amuont": { "gt": 1 } }))).await),
                problem(crm.list(caller, "task", related.clone()).await),
                problem(crm.list(caller, "deal", ListQuery { sort: Some(wrong()), ..Default::default() }).await),
                problem(crm.list(caller, "deal", ListQuery { fields: Some(vec![wrong()]), ..Default::default() }).await),
                problem(crm.get(caller, "deal", deal.id, Some(vec![wrong()]), vec![]).await),
                problem(crm.group(caller, "deal", GroupQuery { by: vec![wrong()], ..Default::default() }).await),
                problem(crm.group(caller, "deal", aggregates(Aggregate::Of(Function::Sum, wrong()))).await),
                problem(crm.group(caller, "deal", aggregates(Aggregate::Count(wrong()))).await),
                problem(crm.create(caller, "deal", fields()).await),
                problem(crm.update(caller, "deal", deal.id, fields(), None).await),
            ];
            for (operation, arguments) in [
                ("deal.find", json!({ "filter": { "amuont": { "gt": 1 } } })),
                ("deal.find", json!({ "sort": "-amuont" })),
                ("deal.find", json!({ "fields": ["amuont"] })),
                ("deal.group", json!({ "by": ["amuont"] })),
                ("deal.group", json!({ "filter": { "amuont": { "gt": 1 } } })),
                ("deal.group", json!({ "aggregates": [{ "function": "sum", "field": "amuont" }] })),
                ("deal.create", json!({ "name": "x", "amuont": { "amuont": 1 } })),
                ("deal.update", json!({ "id": deal.id, "amuont": { "amuont": 1 } })),
            ] {
                told.push(fixture.call(caller, operation, arguments).await.unwrap_err());
            }
            told
        };
        for problem in told(&fixture.ada).await {
            assert!(problem.message.contains("Did you mean amount?"), "{problem:?}");
        }
        for problem in told(&blind).await {
            assert!(!format!("{problem:?}").contains("amount"), "{problem:?}");
        }
        let nameless = ObjectGrant::everything().reading(except(&["name"]));
        let nameless = fixture.with(Grants::everything().with_object(name("deal"), nameless));
        for (caller, hits) in [(&fixture.ada, 1), (&nameless, 0)] {
            let found = crm.search(caller, "renewal", None, 5).await.unwrap();
            assert_eq!(found.len(), hits, "{found:?}");
        }
    }

    async fn an_object_that_may_not_be_read_is_no_target(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let grants = Grants::everything().with_object(name("account"), ObjectGrant::nothing());
        let caller = fixture.with(grants);
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        for object in ["account", "acount"] {
            let target = json!({ "object": object, "id": account.id });
            let fields = map(json!({ "title": "Hello", "target": target }));
            let found = problem(fixture.crm.create(&caller, "note", fields).await);
            assert_eq!(issues(&found), [("target.object", "unknown_object")]);
            assert!(found.message.ends_with("is not one of contact, deal, lead."), "{}", found.message);
        }
    }

    async fn a_hidden_name_is_not_told_by_what_points_to_it(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "account": account.id })).await;
        let target = json!({ "object": "account", "id": account.id });
        let note = fixture.create("note", json!({ "title": "Hello", "target": target })).await;
        let patch = map(json!({ "account": null }));
        fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        let rule = RowRule::new(&json!({ "name": { "eq": "Other" } }));
        for grant in [
            ObjectGrant::nothing(),
            ObjectGrant::everything().reading(except(&["name"])),
            ObjectGrant::everything().for_rows(Action::Read, rule),
        ] {
            let caller = fixture.with(Grants::everything().with_object(name("account"), grant));
            let crm = &fixture.crm;
            let include = ListQuery { include: vec!["account".to_owned()], ..Default::default() };
            let notes = crm.list(&caller, "note", include).await.unwrap();
            let timeline = crm.timeline(&caller, "deal", deal.id, 10, None).await.unwrap();
            let told = format!(
                "{} {} {:?}",
                notes.records[0].to_json(),
                crm.get(&caller, "note", note.id, None, vec![]).await.unwrap().to_json(),
                timeline.entries.iter().map(|entry| entry.to_json()).collect::<Vec<_>>(),
            );
            assert!(!told.contains("Acme"), "{told}");
            let by_name = filtered(json!({ "target.name": { "eq": "Acme" } }));
            assert_eq!(problem(crm.list(&caller, "note", by_name).await).kind, ErrorKind::Invalid);
        }
    }

    async fn an_object_that_may_not_be_read_is_suggested_to_nobody(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let grants = Grants::everything().with_object(name("account"), ObjectGrant::nothing());
        let suggested = async |caller: &kontor_core::caller::Caller| {
            let searched = fixture.crm.search(caller, "acme", Some(vec!["acount".to_owned()]), 5).await;
            let listed = fixture.crm.list(caller, "acount", ListQuery::default()).await;
            [problem(searched).message, problem(listed).message].map(|told| told.contains("account"))
        };
        assert_eq!(suggested(&fixture.ada).await, [true, true]);
        assert_eq!(suggested(&fixture.with(grants)).await, [false, false]);
    }

    async fn row_rules_hold_for_every_verb(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mine = fixture.create("deal", json!({ "name": "Mine" })).await;
        let theirs = fixture.create("deal", json!({ "name": "Theirs", "owner": null, "amount": 7 })).await;
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let grant = ObjectGrant::everything().for_rows(Action::Read, rule);
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let crm = &fixture.crm;

        let query = ListQuery { total: true, ..Default::default() };
        let page = crm.list(&caller, "deal", query).await.unwrap();
        assert_eq!((labels(&page), page.total), (vec!["Mine"], Some(1)));
        assert_eq!(crm.group(&caller, "deal", GroupQuery::default()).await.unwrap().groups[0].count, 1);
        assert!(crm.search(&caller, "theirs", None, 5).await.unwrap().is_empty());
        let patch = || map(json!({ "name": "x" }));
        for found in [
            problem(crm.get(&caller, "deal", theirs.id, None, vec![]).await),
            problem(crm.update(&caller, "deal", theirs.id, patch(), None).await),
            problem(crm.delete(&caller, "deal", theirs.id).await),
            problem(crm.destroy(&caller, "deal", theirs.id).await),
            problem(crm.timeline(&caller, "deal", theirs.id, 5, None).await),
        ] {
            assert_eq!((found.kind, &*found.code), (ErrorKind::NotFound, "record_not_found"));
        }
        crm.update(&caller, "deal", mine.id, patch(), None).await.unwrap();
        let away = crm.update(&caller, "deal", mine.id, map(json!({ "owner": null })), None).await;
        assert_eq!(problem(away).kind, ErrorKind::Forbidden);
        let away = crm.create(&caller, "deal", map(json!({ "name": "x", "owner": null }))).await;
        assert_eq!(problem(away).kind, ErrorKind::Forbidden);
        assert_eq!(fixture.list("deal", ListQuery::default()).await.records.len(), 2);
        assert_eq!(fixture.get("deal", mine.id).await["owner"]["id"], json!(fixture.member));
    }

    async fn a_row_that_may_be_read_need_not_be_changed(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let won = fixture.create("deal", json!({ "name": "Won", "stage": "CLOSED_WON" })).await;
        let open = fixture.create("deal", json!({ "name": "Open" })).await;
        let rule = RowRule::new(&json!({ "not": { "stage": { "eq": "CLOSED_WON" } } }));
        let grant = ObjectGrant::everything().for_rows(Action::Update, rule);
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let crm = &fixture.crm;
        let patch = || map(json!({ "name": "x" }));
        let refused = crm.update(&caller, "deal", won.id, patch(), None).await;
        assert_eq!(problem(refused).kind, ErrorKind::Forbidden);
        crm.update(&caller, "deal", open.id, patch(), None).await.unwrap();
        let closed = crm.update(&caller, "deal", open.id, map(json!({ "stage": "CLOSED_WON" })), None).await;
        assert_eq!(problem(closed).kind, ErrorKind::Forbidden);
    }

    async fn an_update_reads_each_row_rule_once(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 7 })).await;
        let mine = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let open = RowRule::new(&json!({ "not": { "stage": { "eq": "CLOSED_WON" } } }));
        let grant = ObjectGrant::everything().for_rows(Action::Read, mine).for_rows(Action::Update, open);
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let compiled = fixture.crm.write(&caller, deal.id, |work, id| {
            Box::pin(async move {
                let object = work.schema.object("deal").unwrap().clone();
                let patch = map(json!({ "name": "Renamed", "stage": "PROPOSAL" }));
                records::update(work, &object, *id, &patch, None).await?;
                Ok(work.row_rules.compiled())
            })
        });
        assert_eq!(compiled.await.unwrap(), 2);
    }

    async fn a_field_may_be_read_and_not_written(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;
        let grant = ObjectGrant::everything().updating(except(&["amount"]));
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let patch = map(json!({ "amount": 1 }));
        let found = problem(fixture.crm.update(&caller, "deal", deal.id, patch, None).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Forbidden, "field_not_writable"));
        assert_eq!(issues(&found), [("amount", "field_not_writable")]);
    }

    async fn a_rule_that_cannot_be_read_lets_nothing_through(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("deal", json!({ "name": "Renewal" })).await;
        let rule = RowRule::new(&json!({ "gone": { "eq": 1 } }));
        let grant = ObjectGrant::everything().for_rows(Action::Read, rule);
        let caller = fixture.with(Grants::everything().with_object(name("deal"), grant));
        let page = fixture.crm.list(&caller, "deal", ListQuery::default()).await.unwrap();
        assert!(page.records.is_empty());
    }

    async fn a_filter_does_not_look_at_related_rows_the_caller_may_not_read(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme", "segment": "SMB" })).await;
        fixture.create("deal", json!({ "name": "Renewal", "account": account.id })).await;
        let rule = RowRule::new(&json!({ "segment": { "eq": "ENTERPRISE" } }));
        let grant = ObjectGrant::everything().for_rows(Action::Read, rule);
        let caller = fixture.with(Grants::everything().with_object(name("account"), grant));
        let query = filtered(json!({ "account.name": { "eq": "Acme" } }));
        assert!(fixture.crm.list(&caller, "deal", query.clone()).await.unwrap().records.is_empty());
        assert_eq!(fixture.list("deal", query).await.records.len(), 1);
        let hidden = ObjectGrant::everything().reading(except(&["name"]));
        let caller = fixture.with(Grants::everything().with_object(name("account"), hidden));
        let query = filtered(json!({ "account.name": { "eq": "Acme" } }));
        assert_eq!(problem(fixture.crm.list(&caller, "deal", query).await).kind, ErrorKind::Invalid);
        let query = ListQuery { include: vec!["account".to_owned()], ..Default::default() };
        let shown = fixture.crm.list(&caller, "deal", query).await.unwrap().records[0].to_json();
        assert_eq!((shown["account"].get("name"), &shown["account"]["segment"]), (None, &json!("SMB")));
    }

    async fn another_workspace_has_other_records(store: TestStore) {
        let (one, other) = (Fixture::new(&store).await, Fixture::new(&store).await);
        let deal = one.create("deal", json!({ "name": "Renewal" })).await;
        let found = problem(other.crm.get(&other.ada, "deal", deal.id, None, vec![]).await);
        assert_eq!(found.kind, ErrorKind::NotFound);
    }
}
