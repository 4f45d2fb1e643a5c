use kontor_core::{
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::{BatchInput, BatchUpdate};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, issues, map, problem};

both_engines! {
    async fn a_unique_value_is_had_by_one_live_record(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let first = fixture.create("account", json!({ "name": "Acme", "domain": "acme.test" })).await;
        let again = map(json!({ "name": "Other", "domain": "ACME.test" }));
        let found = problem(fixture.crm.create(&fixture.ada, "account", again.clone()).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Conflict, "duplicate_value"));
        assert_eq!(issues(&found), [("domain", "duplicate_value")]);
        assert_eq!(found.message, "Acme has this domain already.");
        let other = found.issues[0].record.as_deref().unwrap();
        assert_eq!((other.object.as_str(), other.id, other.label.as_str()), ("account", first.id, "Acme"));

        let batch = BatchInput::Create(vec![map(json!({ "name": "New" })), again.clone()]);
        let found = problem(fixture.crm.batch(&fixture.ada, "account", batch).await);
        assert_eq!(issues(&found), [("[1].domain", "duplicate_value")]);
        let twice = map(json!({ "name": "Twice", "domain": "twice.test" }));
        let batch = BatchInput::Create(vec![twice.clone(), twice]);
        let found = problem(fixture.crm.batch(&fixture.ada, "account", batch).await);
        assert_eq!(issues(&found), [("[1].domain", "duplicate_value")]);

        fixture.crm.delete(&fixture.ada, "account", first.id).await.unwrap();
        fixture.crm.create(&fixture.ada, "account", again).await.unwrap();
        let found = problem(fixture.crm.restore(&fixture.ada, "account", first.id).await);
        assert_eq!(found.code, "duplicate_value");
    }

    async fn a_mail_address_is_had_by_one_live_record_whichever_of_its_addresses_it_is(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let emails = |primary: &str, additional: &[&str]| json!({ "primary": primary, "additional": additional });
        let contact = |emails| map(json!({ "name": "Other", "emails": emails }));
        let jane = json!({ "name": "Jane Roe", "emails": emails("first@one.test", &["second@one.test"]) });
        let jane = fixture.create("contact", jane).await.id;
        let refused = async |emails| problem(fixture.crm.create(&fixture.ada, "contact", contact(emails)).await);
        for taken in [emails("Second@one.test", &[]), emails("b@one.test", &["FIRST@one.test"])] {
            let found = refused(taken).await;
            assert_eq!(issues(&found), [("emails", "duplicate_value")]);
            assert_eq!(found.message, "Jane Roe has this email address already.");
            assert_eq!(found.issues[0].record.as_deref().map(|record| record.id), Some(jane));
        }
        let other = fixture.create("contact", json!({ "name": "Other", "emails": "other@one.test" })).await.id;
        let update = async |id, emails| fixture.crm.update(&fixture.ada, "contact", id, map(json!({ "emails": emails })), None).await;
        let found = problem(update(other, emails("other@one.test", &["second@one.test"])).await);
        assert_eq!(issues(&found), [("emails", "duplicate_value")]);

        // What is given up is free, and the order among one's own does not matter.
        update(jane, emails("second@one.test", &["first@one.test"])).await.unwrap();
        update(jane, emails("first@one.test", &[])).await.unwrap();
        update(other, emails("other@one.test", &["second@one.test"])).await.unwrap();
        // Deleted records do not block; they come back only where nobody has their addresses.
        fixture.crm.delete(&fixture.ada, "contact", other).await.unwrap();
        let third = fixture.crm.create(&fixture.ada, "contact", contact(emails("third@one.test", &["other@one.test"]))).await.unwrap();
        let found = problem(fixture.crm.restore(&fixture.ada, "contact", other).await);
        assert_eq!((issues(&found), found.message.as_str()), (vec![("emails", "duplicate_value")], "Other has this email address already."));
        fixture.crm.destroy(&fixture.ada, "contact", third.id).await.unwrap();
        fixture.crm.restore(&fixture.ada, "contact", other).await.unwrap();
        assert_eq!(issues(&refused(emails("second@one.test", &[])).await), [("emails", "duplicate_value")]);
        fixture.crm.destroy(&fixture.ada, "contact", other).await.unwrap();
        fixture.crm.create(&fixture.ada, "contact", contact(emails("second@one.test", &["other@one.test"]))).await.unwrap();
    }

    async fn of_those_who_take_an_address_at_once_one_has_it(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let writes = (0..12).map(|n: i32| {
            let own = format!("own{n}@one.test");
            let emails = if n % 2 == 0 {
                json!({ "primary": "shared@one.test", "additional": [own] })
            } else {
                json!({ "primary": own, "additional": ["shared@one.test"] })
            };
            fixture.crm.create(&fixture.ada, "contact", map(json!({ "name": format!("N{n}"), "emails": emails })))
        });
        let (done, refused): (Vec<_>, Vec<_>) =
            futures::future::join_all(writes).await.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (1, 11));
        for refused in refused {
            assert_eq!(issues(&problem(refused)), [("emails", "duplicate_value")]);
        }
    }

    async fn who_may_not_read_the_other_record_is_not_told_which_it_is(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let other = json!({ "name": "Secret", "emails": "s@one.test", "owner": null });
        let other = fixture.create("contact", other).await;
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let name = FieldSet::Except([Name::literal("name")].into());
        for grant in [ObjectGrant::everything().for_rows(Action::Read, rule), ObjectGrant::everything().reading(name)] {
            let mine = map(json!({ "emails": "s@one.test" }));
            let caller = fixture.with(Grants::everything().with_object(Name::literal("contact"), grant.updating(FieldSet::all())));
            let made = fixture.create("contact", json!({ "name": "Mine" })).await;
            let found = problem(fixture.crm.update(&caller, "contact", made.id, mine, None).await);
            assert_eq!(found.message, "Another contact has this email address already.");
            assert!(found.issues[0].record.is_none() && !format!("{found:?}").contains(&other.id.to_string()));
        }
    }

    async fn every_mistake_of_every_item_of_a_batch_is_told(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("contact", json!({ "name": "Jane", "emails": "jane@one.test" })).await;
        let never = fixture.crm.environment().new_id::<kontor_core::ids::RecordId>();
        let items = [
            json!({ "name": "ok" }),
            json!({ "name": "" }),
            json!({ "name": "x", "emails": "bad", "lead_score": 101, "nam": "y" }),
            json!({ "name": "x", "account": never }),
            json!({ "name": "x", "emails": { "additional": ["JANE@one.test"] } }),
            json!({ "name": "x", "emails": "twice@one.test" }),
            json!({ "name": "x", "emails": "Twice@one.test" }),
        ];
        let batch = BatchInput::Create(items.into_iter().map(map).collect());
        let found = problem(fixture.crm.batch(&fixture.ada, "contact", batch).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Invalid, "invalid_input"));
        let mut told = issues(&found);
        told.sort_unstable();
        assert_eq!(told, [
            ("[1].name", "required"),
            ("[2].emails", "invalid_email"),
            ("[2].lead_score", "out_of_range"),
            ("[2].nam", "unknown_field"),
            ("[3].account", "unknown_record"),
            ("[4].emails", "duplicate_value"),
            ("[6].emails", "duplicate_value"),
        ]);

        let deal = fixture.create("deal", json!({ "name": "D" })).await.id;
        let update = |id, fields| BatchUpdate { id, fields: map(fields) };
        let batch = BatchInput::Update(vec![
            update(deal, json!({ "name": "E" })),
            update(deal, json!({ "stage": "NOWHERE", "amount": "much" })),
            update(never, json!({ "name": "F" })),
            update(deal, json!({ "name": null })),
        ]);
        let found = problem(fixture.crm.batch(&fixture.ada, "deal", batch).await);
        let mut told = issues(&found);
        told.sort_unstable();
        assert_eq!(told, [
            ("[1].amount", "wrong_type"), ("[1].stage", "unknown_option"), ("[2]", "record_not_found"), ("[3].name", "required"),
        ]);
        assert_eq!(fixture.get("deal", deal).await["name"], "D", "all or nothing");
        let items = (0..150).map(|_| map(json!({ "name": "x", "emails": "bad" })));
        let found = problem(fixture.crm.batch(&fixture.ada, "contact", BatchInput::Create(items.collect())).await);
        assert_eq!((found.issues.len(), found.issues[100].message.as_str()), (101, "and 50 more"));
    }

    async fn what_is_wrong_with_one_of_a_batch_is_said_at_its_place(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mine = fixture.create("deal", json!({ "name": "Mine" })).await;
        let theirs = fixture.create("deal", json!({ "name": "Theirs", "owner": null })).await;
        let never = fixture.crm.environment().new_id();
        let update = |id| BatchUpdate { id, fields: map(json!({ "name": "x" })) };
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        let grant = ObjectGrant::everything()
            .for_rows(Action::Create, rule.clone())
            .for_rows(Action::Update, rule.clone())
            .for_rows(Action::Delete, rule);
        let caller = fixture.with(Grants::everything().with_object(Name::literal("deal"), grant));
        let new = |owner| map(json!({ "name": "New", "owner": owner }));
        let me = json!(fixture.member);
        for (batch, place, code) in [
            (BatchInput::Update(vec![update(mine.id), update(never)]), "[1]", "record_not_found"),
            (BatchInput::Update(vec![update(mine.id), update(theirs.id)]), "[1]", "not_allowed"),
            (BatchInput::Delete(vec![mine.id, never]), "[1]", "record_not_found"),
            (BatchInput::Delete(vec![mine.id, theirs.id]), "[1]", "not_allowed"),
            (BatchInput::Create(vec![new(me.clone()), new(me), new(json!(null))]), "[2]", "not_allowed"),
        ] {
            let found = problem(fixture.crm.batch(&caller, "deal", batch).await);
            assert_eq!((issues(&found), &*found.code), (vec![(place, code)], code));
        }
        let alone = problem(fixture.crm.get(&caller, "deal", never, None, vec![]).await);
        assert!(alone.issues.is_empty(), "a single record has no place");
    }

    async fn a_unique_field_that_is_hidden_is_not_named(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = json!({ "name": "Acme", "domain": "acme.test" });
        let first = fixture.create("account", account.clone()).await;
        fixture.crm.delete(&fixture.ada, "account", first.id).await.unwrap();
        fixture.create("account", account).await;
        let hidden = FieldSet::Except([Name::literal("domain")].into());
        let grant = ObjectGrant::everything().reading(hidden);
        let caller = fixture.with(Grants::everything().with_object(Name::literal("account"), grant));
        let found = problem(fixture.crm.restore(&caller, "account", first.id).await);
        assert_eq!(found.code, "not_allowed");
        assert!(!format!("{found:?}").contains("domain"), "{found:?}");
    }

    async fn an_update_of_another_version_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let update = |name: &str, version| {
            fixture.crm.update(&fixture.ada, "deal", deal.id, map(json!({ "name": name })), Some(version))
        };
        assert_eq!(update("B", 1).await.unwrap().record.version, 2);
        let found = problem(update("C", 1).await);
        assert_eq!((found.kind, &*found.code), (ErrorKind::Conflict, "stale_version"));
        assert_eq!(fixture.get("deal", deal.id).await["name"], "B");
    }

    async fn updates_at_once_are_all_counted(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "A" })).await;
        let updates = (0..8).map(|n| {
            fixture.crm.update(&fixture.ada, "deal", deal.id, map(json!({ "name": format!("B{n}") })), None)
        });
        for updated in futures::future::join_all(updates).await {
            updated.unwrap();
        }
        assert_eq!(fixture.get("deal", deal.id).await["version"], 9);
    }
}
