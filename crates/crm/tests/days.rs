//! Days are those of the caller's time zone.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::{Environment, ManualClock, SystemRandom},
    locale::Locale,
};
use kontor_crm::{Crm, RecordOperations, records::ListQuery};
use kontor_operations::{OperationSettings, Operations};
use kontor_store::{Store, both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, labels, map, problem};

/// The CRM at ten in the evening in UTC, when it is the next day in Berlin and Tokyo.
fn at_night(store: &TestStore) -> (Crm, Operations) {
    let clock = Arc::new(ManualClock::at("2026-11-30T23:00:00Z".parse().unwrap()));
    let environment = Environment::new(clock, Arc::new(SystemRandom));
    let crm = Crm::new(Store::clone(store), environment.clone());
    let schemas = Arc::new(crm.clone());
    let contributors: Vec<Arc<dyn kontor_operations::Contributor>> = vec![Arc::new(RecordOperations)];
    let settings = OperationSettings::default();
    (crm, Operations::new(Store::clone(store), environment, schemas, contributors, settings))
}

fn living_in(caller: &Caller, zone: &str) -> Caller {
    let locale = Locale { time_zone: zone.parse().unwrap(), ..Locale::default() };
    Caller { locale, ..caller.clone() }
}

both_engines! {
    async fn today_and_this_month_are_the_callers_own(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let (crm, _) = at_night(&store);
        for (name, day) in [("Last", "2026-11-30"), ("First", "2026-12-01"), ("Second", "2026-12-02")] {
            fixture.create("deal", json!({ "name": name, "close_date": day })).await;
        }
        fixture.create("deal", json!({ "name": "None" })).await;
        let (here, berlin) = (living_in(&fixture.ada, "UTC"), living_in(&fixture.ada, "Europe/Berlin"));
        for (caller, filter, expected) in [
            (&here, json!({ "eq": "today" }), vec!["Last"]),
            (&berlin, json!({ "eq": "today" }), vec!["First"]),
            (&here, json!({ "eq": "this month" }), vec!["Last"]),
            (&berlin, json!({ "eq": "this month" }), vec!["First", "Second"]),
            (&berlin, json!({ "gt": "today" }), vec!["Second"]),
            (&berlin, json!({ "gte": "today" }), vec!["First", "Second"]),
            (&berlin, json!({ "lt": "today" }), vec!["Last"]),
            (&berlin, json!({ "lte": "today" }), vec!["Last", "First"]),
            (&berlin, json!({ "neq": "today" }), vec!["Last", "Second", "None"]),
            (&berlin, json!({ "eq": "before december 2" }), vec!["Last", "First"]),
        ] {
            let query = ListQuery {
                filter: Some(json!({ "close_date": filter })), sort: Some("created_at".to_owned()), ..ListQuery::default()
            };
            let found = crm.list(caller, "deal", query).await.unwrap();
            assert_eq!(labels(&found), expected, "{filter} in {}", caller.locale.time_zone);
        }
        for (filter, said) in [
            (json!({ "eq": "todai" }), "a period such as today"),
            (json!({ "in": ["today"] }), "a date such as"),
            (json!({ "contains": "soon" }), "close_date takes eq"),
            (json!({ "gt": "since monday" }), "no end"),
            (json!({ "eq": "on ".repeat(2_000) }), "a period such as today"),
            (json!({ "eq": "03/04/2026" }), "can mean"),
        ] {
            let query = ListQuery { filter: Some(json!({ "close_date": filter })), ..ListQuery::default() };
            let found = problem(crm.list(&berlin, "deal", query).await);
            assert!(found.issues[0].message.contains(said), "{filter}: {:?}", found.issues);
        }
    }

    async fn a_day_without_its_year_lies_behind_of_what_took_place(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let (crm, _) = at_night(&store);
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let call = |at: &str| json!({ "type": "CALL", "subject": at, "happened_at": at, "target": { "object": "account", "id": account.id } });
        for at in ["2026-11-27T10:00:00Z", "2026-12-04T10:00:00Z"] {
            fixture.create("activity", call(at)).await;
        }
        let query = ListQuery { filter: Some(json!({ "happened_at": { "eq": "friday" } })), ..ListQuery::default() };
        let found = crm.list(&fixture.ada, "activity", query).await.unwrap();
        assert_eq!(labels(&found), ["2026-11-27T10:00:00Z"]);
    }

    async fn a_moment_without_an_offset_is_what_the_callers_clocks_show(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let (crm, operations) = at_night(&store);
        let berlin = living_in(&fixture.ada, "Europe/Berlin");
        let fields = json!({ "title": "Call", "due_at": "2026-12-01T10:00" });
        let task = crm.create(&berlin, "task", map(fields)).await.unwrap();
        assert_eq!(task.to_json()["due_at"], "2026-12-01T09:00:00Z");
        for (due, expected) in [("today", 1), ("2026-12-01", 0), ("2026-12-01T10:00", 1), ("2026-12-01T10:00:00Z", 0)] {
            let filter = json!({ "due_at": { "eq": due } });
            let found = crm.list(&berlin, "task", ListQuery { filter: Some(filter), ..ListQuery::default() }).await;
            assert_eq!(found.unwrap().records.len(), expected, "{due}");
        }
        // What an agent is told is what the member's clocks show.
        let arguments = json!({ "id": task.id, "due_at": "2026-12-02" });
        let done: Json = operations.execute(&berlin, "task.update", arguments, None).await.unwrap();
        assert_eq!(done["record"]["due_at"], "2026-12-02T00:00:00+01:00");
        let change = json!({ "before": "2026-12-01T10:00:00+01:00", "after": "2026-12-02T00:00:00+01:00" });
        assert_eq!(done["changes"]["due_at"], change);
        let told = operations.execute(&berlin, "task.timeline", json!({ "id": task.id }), None).await.unwrap();
        assert_eq!(told["entries"][0]["happened_at"], "2026-12-01T00:00:00+01:00");
        let found = operations.execute(&berlin, "task.find", json!({}), None).await.unwrap();
        assert_eq!(found["records"][0]["due_at"], "2026-12-02T00:00:00+01:00");
        for (caller, day) in [(&berlin, "2026-12-02"), (&fixture.ada, "2026-12-01")] {
            let by = json!({ "by": ["due_at:day"] });
            let groups = operations.execute(caller, "task.group", by, None).await.unwrap();
            assert_eq!(groups["groups"], json!([{ "by": { "due_at:day": day }, "count": 1 }]));
        }
    }

    async fn what_is_closed_is_closed_on_the_callers_day_and_in_the_usual_currency(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let (crm, _) = at_night(&store);
        let mut tokyo = living_in(&fixture.ada, "Asia/Tokyo");
        tokyo.locale.currency = kontor_core::currency::Currency::of("JPY").unwrap();
        let fields = json!({ "name": "Won", "amount": 500, "stage": "CLOSED_WON" });
        let deal = crm.create(&tokyo, "deal", map(fields)).await.unwrap().to_json();
        assert_eq!((&deal["close_date"], &deal["amount"]["currency"]), (&json!("2026-12-01"), &json!("JPY")));
    }
}
