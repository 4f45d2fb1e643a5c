use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kontor_core::{
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    ids::RecordId,
    locale::{Locale, TimeZone},
    metadata::Name,
    time::Timestamp,
};
use kontor_crm::records::{Aggregate, BatchInput, Function, GroupQuery};
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Expr, Query};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, issues, map, problem};

fn query(by: &[&str], aggregates: &[(Function, &str)]) -> GroupQuery {
    GroupQuery {
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        aggregates: aggregates
            .iter()
            .map(|(function, field)| Aggregate::Of(*function, (*field).to_owned()))
            .collect(),
        ..GroupQuery::default()
    }
}

async fn group(fixture: &Fixture, query: GroupQuery) -> Vec<Json> {
    let groups = fixture.crm.group(&fixture.ada, "deal", query).await.unwrap();
    groups.groups.iter().map(|group| group.to_json()).collect()
}

fn counting(by: &[&str], fields: &[&str]) -> GroupQuery {
    let aggregates = fields.iter().map(|field| Aggregate::Count((*field).to_owned())).collect();
    GroupQuery { aggregates, ..query(by, &[]) }
}

both_engines! {
    async fn of_groups_of_one_size_the_empty_one_gives_way(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        fixture.create("deal", json!({ "name": "With", "account": account.id })).await;
        fixture.create("deal", json!({ "name": "Without" })).await;
        let groups = group(&fixture, GroupQuery { limit: 1, ..query(&["account"], &[]) }).await;
        assert_eq!(groups, [json!({ "by": { "account": { "id": account.id, "label": "Acme" } }, "count": 1 })]);
    }

    async fn no_records_are_one_group_where_nothing_is_grouped_by(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (field, nothing) in [("amount", json!([])), ("probability", json!(0))] {
            let groups = group(&fixture, query(&[], &[(Function::Sum, field)])).await;
            assert_eq!(groups, [json!({ "by": {}, "count": 0, "sum": { field: nothing } })]);
            assert!(group(&fixture, query(&["stage"], &[(Function::Sum, field)])).await.is_empty());
        }
    }

    async fn money_of_two_fields_is_added_up_by_the_currency_of_each(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let fee = serde_json::from_value(json!({ "name": "fee", "kind": "currency" })).unwrap();
        fixture.crm.add_field(&fixture.ada, "deals", fee).await.unwrap();
        let money = |amount: i64, currency: &str| json!({ "amount": amount, "currency": currency });
        for (stage, amount, fee) in [
            ("LEAD", money(1, "EUR"), money(10, "USD")),
            ("LEAD", money(2, "EUR"), money(20, "EUR")),
            ("LEAD", money(4, "USD"), money(-40, "USD")),
            ("LEAD", json!(null), json!(null)),
            ("PROPOSAL", json!(null), money(-5, "EUR")),
        ] {
            fixture.create("deal", json!({ "name": "D", "stage": stage, "amount": amount, "fee": fee })).await;
        }
        let figures = [(Function::Sum, "amount"), (Function::Sum, "fee"), (Function::Min, "fee")];
        let groups = group(&fixture, query(&["stage"], &figures)).await;
        assert_eq!(groups[0]["count"], json!(4));
        assert_eq!(groups[0]["sum"], json!({
            "amount": [money(3, "EUR"), money(4, "USD")], "fee": [money(20, "EUR"), money(-30, "USD")],
        }));
        assert_eq!(groups[0]["min"], json!({ "fee": [money(20, "EUR"), money(-40, "USD")] }));
        assert_eq!(groups[1]["sum"], json!({ "amount": [], "fee": [money(-5, "EUR")] }));
    }

    async fn money_is_added_up_by_currency(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let items = [
            ("LEAD", json!(10.5)), ("LEAD", json!({ "amount": 4, "currency": "EUR" })), ("LEAD", json!(1)),
            ("PROPOSAL", json!(null)), ("PROPOSAL", json!(3)),
        ];
        let items = items.into_iter().map(|(stage, amount)| map(json!({ "name": "D", "stage": stage, "amount": amount })));
        fixture.crm.batch(&fixture.ada, "deal", BatchInput::Create(items.collect())).await.unwrap();
        let functions = [Function::Sum, Function::Avg, Function::Min, Function::Max].map(|f| (f, "amount"));
        let groups = group(&fixture, query(&["stage"], &functions)).await;
        assert_eq!(groups[0], json!({
            "by": { "stage": "LEAD" }, "count": 3,
            "sum": { "amount": [{ "amount": 4, "currency": "EUR" }, { "amount": 11.5, "currency": "USD" }] },
            "avg": { "amount": [{ "amount": 4, "currency": "EUR" }, { "amount": 5.75, "currency": "USD" }] },
            "min": { "amount": [{ "amount": 4, "currency": "EUR" }, { "amount": 1, "currency": "USD" }] },
            "max": { "amount": [{ "amount": 4, "currency": "EUR" }, { "amount": 10.5, "currency": "USD" }] },
        }));
        assert_eq!((&groups[1]["by"]["stage"], &groups[1]["count"]), (&json!("PROPOSAL"), &json!(2)));
        let all = group(&fixture, query(&[], &[(Function::Avg, "probability")])).await;
        assert_eq!(all, [json!({ "by": {}, "count": 5, "avg": { "probability": 26 } })]);
    }

    async fn the_values_of_a_field_are_counted(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        for (stage, fields) in [
            ("LEAD", json!({ "amount": 1, "account": account.id })),
            ("LEAD", json!({ "amount": { "amount": 2, "currency": "EUR" } })),
            ("PROPOSAL", json!({ "close_date": "2026-03-01" })),
        ] {
            let mut fields = map(fields);
            fields.extend(map(json!({ "name": "D", "stage": stage })));
            fixture.crm.create(&fixture.ada, "deal", fields).await.unwrap();
        }
        let groups = group(&fixture, counting(&["stage"], &["amount", "account", "close_date"])).await;
        assert_eq!(groups, [
            json!({ "by": { "stage": "LEAD" }, "count": 2, "count.amount": 2, "count.account": 1, "count.close_date": 0 }),
            json!({ "by": { "stage": "PROPOSAL" }, "count": 1, "count.amount": 0, "count.account": 0, "count.close_date": 1 }),
        ]);
        let hidden = FieldSet::Except([Name::literal("amount")].into());
        let grants = Grants::everything().with_object(Name::literal("deal"), ObjectGrant::everything().reading(hidden));
        for (caller, field, near) in [
            (&fixture.ada, "amuont", " Did you mean amount?"),
            (&fixture.with(grants.clone()), "amuont", " Did you mean account?"),
            (&fixture.with(grants), "amount", " Did you mean account?"),
        ] {
            let found = problem(fixture.crm.group(caller, "deal", counting(&[], &[field])).await);
            assert_eq!(issues(&found), [("aggregates[0].field", "unknown_field")]);
            assert_eq!(found.issues[0].message, format!("deal has no field {field:?}.{near}"));
        }
    }

    async fn groups_beyond_the_limit_are_told_of(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for stage in ["LEAD", "PROPOSAL", "PROPOSAL", "NEGOTIATION"] {
            fixture.create("deal", json!({ "name": "D", "stage": stage })).await;
        }
        for (limit, has_more) in [(1, true), (2, true), (3, false)] {
            let found = fixture.crm.group(&fixture.ada, "deal", GroupQuery { limit, ..query(&["stage"], &[]) }).await.unwrap();
            let counts: Vec<_> = found.groups.iter().map(|group| group.count).collect();
            assert_eq!((counts.len(), found.has_more), (limit as usize, has_more));
            assert!(counts.contains(&2), "the largest are kept");
        }
    }

    async fn dates_are_grouped_by_spans(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for date in ["2026-03-01", "2026-03-02", "2026-04-30", "1969-12-31"] {
            fixture.create("deal", json!({ "name": "D", "close_date": date })).await;
        }
        fixture.create("deal", json!({ "name": "D" })).await;
        let groups = async |by: &str| {
            let groups = group(&fixture, query(&[by], &[])).await;
            groups.iter().map(|group| group["by"][by].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(groups("close_date:week").await, ["1969-12-29", "2026-02-23", "2026-03-02", "2026-04-27", "-"]);
        assert_eq!(groups("close_date:month").await, ["1969-12", "2026-03", "2026-04", "-"]);
        assert_eq!(groups("close_date:quarter").await, ["1969-Q4", "2026-Q1", "2026-Q2", "-"]);
        assert_eq!(groups("close_date:year").await, ["1969", "2026", "-"]);
        assert_eq!(groups("close_date").await.len(), 5);
    }

    async fn instants_are_grouped_by_the_days_of_the_callers_clocks(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for instant in [
            "1969-12-31T23:59:59.9Z", "2026-03-01T23:30:00-01:00", "2026-03-02T23:59:59.999999Z",
            // Before and after the clocks of Berlin are put forward, on the shortest day, and back, on the longest.
            "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z", "2026-03-29T22:00:00Z",
            "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z",
        ] {
            let account = fixture.create("account", json!({ "name": instant })).await;
            let target = json!({ "object": "account", "id": account.id });
            let call = json!({ "type": "CALL", "subject": "Hi", "happened_at": instant, "target": target });
            fixture.create("activity", call).await;
        }
        let groups = async |zone: &str, by: &str| {
            let locale = Locale { time_zone: zone.parse().unwrap(), ..Locale::default() };
            let caller = Caller { locale, ..fixture.ada.clone() };
            let found = fixture.crm.group(&caller, "activity", query(&[by], &[])).await.unwrap();
            let shown = found.groups.iter().map(|group| format!("{} {}", group.by[by].as_str().unwrap(), group.count));
            shown.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            groups("UTC", "happened_at:day").await,
            "1969-12-31 1, 2026-03-02 2, 2026-03-28 2, 2026-03-29 2, 2026-10-24 2, 2026-10-25 2"
        );
        assert_eq!(
            groups("Europe/Berlin", "happened_at:day").await,
            "1970-01-01 1, 2026-03-02 1, 2026-03-03 1, 2026-03-28 1, 2026-03-29 2, 2026-03-30 1, 2026-10-24 1, 2026-10-25 2, 2026-10-26 1"
        );
        // Weeks begin on Monday, the 30th of March and the 26th of October.
        assert_eq!(
            groups("Europe/Berlin", "happened_at:week").await,
            "1969-12-29 1, 2026-03-02 2, 2026-03-23 3, 2026-03-30 1, 2026-10-19 3, 2026-10-26 1"
        );
        assert_eq!(groups("Europe/Berlin", "happened_at:month").await, "1970-01 1, 2026-03 6, 2026-10 4");
        assert_eq!(groups("America/New_York", "happened_at:year").await, "1969 1, 2026 10");
        assert_eq!(groups("Europe/Berlin", "happened_at:year").await, "1970 1, 2026 10");
        assert_eq!(groups("Asia/Kathmandu", "happened_at:quarter").await, "1970-Q1 1, 2026-Q1 6, 2026-Q4 4");
        assert_eq!(
            groups("Pacific/Auckland", "happened_at:day").await,
            "1970-01-01 1, 2026-03-02 1, 2026-03-03 1, 2026-03-29 2, 2026-03-30 2, 2026-10-25 2, 2026-10-26 2"
        );
    }

    async fn groups_of_instants_are_what_a_zones_clocks_show_in_every_zone(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mut instant: Timestamp = "1900-01-02T00:00:00Z".parse().unwrap();
        let mut instants = Vec::new();
        // Some eleven weeks and odd hours apart, beyond what the database of zones foresees.
        while instant.to_string().as_str() < "2120" {
            instants.push(instant);
            instant = instant.plus(Duration::from_secs(77 * 24 * 60 * 60 + 5 * 60 * 60 + 1_234));
        }
        for part in instants.chunks(200) {
            let calls = part.iter().map(|at| map(json!({ "type": "CALL", "subject": "Hi", "happened_at": at })));
            fixture.crm.batch(&fixture.ada, "activity", BatchInput::Create(calls.collect())).await.unwrap();
        }
        fixture.crm.write(&fixture.ada, (), |work, ()| {
            Box::pin(async move {
                let statement = Query::update()
                    .table(work.tx.table("record_activity"))
                    .value("created_at", Expr::col("happened_at"))
                    .to_owned();
                Ok(work.tx.execute(&statement).await?)
            })
        }).await.unwrap();
        for zone in ["Europe/Berlin", "Africa/Casablanca", "America/St_Johns", "Pacific/Apia", "Asia/Tehran", "Australia/Lord_Howe"] {
            let time_zone: TimeZone = zone.parse().unwrap();
            let caller = Caller { locale: Locale { time_zone, ..Locale::default() }, ..fixture.ada.clone() };
            let asked = GroupQuery { limit: 500, filter: Some(json!({ "happened_at": { "gte": "1950-01-01" } })), ..query(&["happened_at:day"], &[]) };
            let found = fixture.crm.group(&caller, "activity", asked).await.unwrap();
            let days: BTreeSet<_> = found.groups.iter().map(|group| group.by["happened_at:day"].as_str().unwrap().to_owned()).collect();
            let shown: BTreeSet<_> = instants.iter().map(|at| time_zone.date(*at).to_string()).collect();
            assert_eq!(days.len(), 500, "{zone}");
            assert!(days.is_subset(&shown), "{zone}: {:?}", days.difference(&shown).collect::<Vec<_>>());

            // Of a field without an index.
            let asked = GroupQuery { limit: 500, ..query(&["created_at:year"], &[]) };
            let found = fixture.crm.group(&caller, "activity", asked).await.unwrap();
            let mut years = BTreeMap::<_, u64>::new();
            for at in &instants {
                *years.entry(time_zone.date(*at).to_string()[..4].to_owned()).or_default() += 1;
            }
            let found = found.groups.iter().map(|group| (group.by["created_at:year"].as_str().unwrap().to_owned(), group.count));
            assert_eq!(found.collect::<BTreeMap<_, _>>(), years, "{zone}");
        }
    }

    async fn relations_are_grouped_by_name(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        fixture.create("deal", json!({ "name": "A", "account": account.id })).await;
        fixture.create("deal", json!({ "name": "B" })).await;
        let groups = group(&fixture, query(&["account", "stage"], &[])).await;
        assert_eq!(groups[0]["by"], json!({ "account": { "id": account.id, "label": "Acme" }, "stage": "LEAD" }));
        assert_eq!(groups[1]["by"], json!({ "account": null, "stage": "LEAD" }));
    }

    async fn records_are_grouped_by_fields_of_related_records(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let mut gone = None;
        for (name, segment, industry) in
            [("A", json!("SMB"), "Retail"), ("B", json!("SMB"), "Energy"), ("C", json!(null), "Retail"), ("D", json!("SMB"), "Retail")]
        {
            let owner = (name == "A").then_some(fixture.member);
            let fields = json!({ "name": name, "segment": segment, "industry": industry, "owner": owner });
            let account = fixture.create("account", fields).await;
            fixture.create("deal", json!({ "name": name, "amount": 2, "account": account.id })).await;
            gone = Some(account.id);
        }
        fixture.create("deal", json!({ "name": "none", "amount": 3 })).await;
        fixture.crm.delete(&fixture.ada, "account", gone.unwrap()).await.unwrap();
        let groups = async |by: &[&str]| {
            let groups = group(&fixture, query(by, &[(Function::Sum, "amount")])).await;
            let figures = |group: &Json| {
                let keys = by.iter().map(|by| group["by"][by].clone()).collect::<Vec<_>>();
                (keys, group["count"].as_i64().unwrap(), group["sum"]["amount"][0]["amount"].as_i64().unwrap())
            };
            groups.iter().map(figures).collect::<Vec<_>>()
        };
        // The deal of the account that is deleted counts with the one that has none.
        assert_eq!(groups(&["account.segment"]).await, [
            (vec![json!("SMB")], 2, 4), (vec![json!(null)], 3, 7),
        ]);
        assert_eq!(groups(&["account.industry", "account.segment"]).await, [
            (vec![json!("Energy"), json!("SMB")], 1, 2),
            (vec![json!("Retail"), json!("SMB")], 1, 2),
            (vec![json!("Retail"), json!(null)], 1, 2),
            (vec![json!(null), json!(null)], 2, 5),
        ]);
        let year = fixture.get("member", RecordId(fixture.member.as_uuid())).await["created_at"].as_str().unwrap()[..4].to_owned();
        assert_eq!(groups(&["account.created_at:year"]).await, [(vec![json!(year)], 3, 6), (vec![json!(null)], 2, 5)]);
        let owners = groups(&["account.owner"]).await;
        assert_eq!(owners[0].0[0], json!({ "id": fixture.member, "label": "Ada Brandt" }));
    }

    async fn a_group_tells_nothing_of_related_records_that_are_hidden(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (name, segment) in [("Mine", "SMB"), ("Theirs", "ENTERPRISE")] {
            let account = fixture.create("account", json!({ "name": name, "segment": segment })).await;
            fixture.create("deal", json!({ "name": name, "account": account.id })).await;
        }
        let rule = RowRule::new(&json!({ "name": { "eq": "Mine" } }));
        let grants = |grant| Grants::everything().with_object(Name::literal("account"), grant);
        let some = fixture.with(grants(ObjectGrant::everything().for_rows(Action::Read, rule)));
        let found = fixture.crm.group(&some, "deal", query(&["account.segment"], &[])).await.unwrap();
        let found: Vec<_> = found.groups.iter().map(|group| (group.by["account.segment"].clone(), group.count)).collect();
        assert_eq!(found, [(json!("SMB"), 1), (json!(null), 1)]);

        let hidden = FieldSet::Except([Name::literal("segment")].into());
        for grant in [ObjectGrant::nothing(), ObjectGrant::everything().reading(hidden)] {
            let found = fixture.crm.group(&fixture.with(grants(grant)), "deal", query(&["account.segment"], &[])).await;
            assert_eq!(issues(&problem(found)), [("by[0]", "unknown_field")]);
        }
    }

    async fn a_sum_beyond_64_bits_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for _ in 0..3 {
            fixture.create("deal", json!({ "name": "D", "amount": 1 })).await;
        }
        // More than a caller can write, so that a few rows are enough.
        fixture.crm.write(&fixture.ada, (), |work, ()| {
            Box::pin(async move {
                let statement = Query::update()
                    .table(work.tx.table("record_deal"))
                    .value("amount_micros", i64::MAX / 2)
                    .to_owned();
                Ok(work.tx.execute(&statement).await?)
            })
        }).await.unwrap();
        let sum = fixture.crm.group(&fixture.ada, "deal", query(&[], &[(Function::Sum, "amount")])).await;
        assert_eq!(problem(sum).code, "overflow");
    }

    async fn what_cannot_be_grouped_is_refused(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (query, path, code) in [
            (query(&["stagee"], &[]), "by[0]", "unknown_field"),
            (query(&["amount"], &[]), "by[0]", "not_groupable"),
            (query(&["close_date:moon"], &[]), "by[0]", "unknown_span"),
            (query(&["stage:day"], &[]), "by[0]", "unknown_span"),
            (query(&[], &[(Function::Sum, "name")]), "aggregates[0].field", "not_measurable"),
            (query(&[], &[(Function::Sum, "close_date")]), "aggregates[0].function", "not_measurable"),
            (query(&["stage", "stage", "stage"], &[]), "by", "too_many"),
        ] {
            let found = problem(fixture.crm.group(&fixture.ada, "deal", query).await);
            assert_eq!(issues(&found), [(path, code)]);
        }
    }
}
