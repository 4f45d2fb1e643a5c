use std::collections::BTreeSet;

use kontor_core::{
    caller::Caller,
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    metadata::Name,
    scope::{Patterns, Scope},
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::Fixture;

/// The result of a call stays below this.
const RESULT_BYTES: usize = 32 * 1024;

fn id(result: &Json) -> Json {
    result["record"]["id"].clone()
}

fn labels(result: &Json) -> Vec<&str> {
    let list = result.get("records").or_else(|| result.get("results")).unwrap();
    list.as_array().unwrap().iter().map(|record| record["label"].as_str().unwrap()).collect()
}

async fn deal(fixture: &Fixture, name: &str, amount: i64) -> Json {
    id(&fixture.done("deal.create", json!({"name": name, "amount": {"amount": amount}})).await)
}

both_engines! {
    async fn what_a_schema_only_describes_is_refused_with_place_and_remedy(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (operation, arguments, path, remedy) in [
            ("deal.find", json!({"filter": {"amount": {"above": 5}}}), "filter.amount.above", "gt"),
            ("deal.find", json!({"filter": {"stage": {"eq": "PROPOSE"}}}), "filter.stage.eq", "PROPOSAL"),
            ("deal.group", json!({"filter": {"stagee": {"eq": "LEAD"}}}), "filter.stagee", "stage"),
            ("deal.group", json!({"by": ["stage", "close_date:moth"]}), "by[1]", "month"),
            ("deal.group", json!({"by": ["stag"]}), "by[0]", "stage"),
        ] {
            let problem = fixture.call(&fixture.ada, operation, arguments.clone()).await.unwrap_err();
            assert_eq!(problem.kind, ErrorKind::Invalid, "{arguments}");
            let [issue] = problem.issues.as_slice() else { panic!("{arguments}: {problem:?}") };
            assert!(issue.path == path && issue.message.contains(remedy), "{arguments}: {issue:?}");
        }
    }

    async fn what_is_beyond_a_callers_scope_is_refused_and_not_offered(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deals = Patterns::new(vec!["deal.*".to_owned()]);
        let finding = Patterns::new(vec!["*.find".to_owned()]);
        let scope = Scope::everything().narrowed(&deals).narrowed(&finding);
        let narrow = Caller { scope, ..fixture.ada.clone() };
        fixture.call(&narrow, "deal.find", json!({})).await.unwrap();
        for beyond in ["deal.create", "contact.find", "search"] {
            let problem = fixture.call(&narrow, beyond, json!({ "name": "A" })).await.unwrap_err();
            assert_eq!(problem.code, "insufficient_scope", "{beyond}");
        }
        let offered = fixture.operations.definitions(&narrow).await.unwrap();
        assert_eq!(offered.iter().map(|definition| definition.name.as_str()).collect::<Vec<_>>(), ["deal.find"]);
    }

    async fn a_deal_lives_by_its_operations(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.done("account.create", json!({"name": "Brightwater", "segment": "SMB"})).await;
        let created = fixture
            .done("deal.create", json!({"name": "Renewal", "amount": {"amount": 12500.5}, "account": id(&account)}))
            .await;
        assert_eq!(created["object"], "deal");
        assert_eq!(created["path"], "/records/deals");
        assert_eq!(created["record"]["stage"], "LEAD");
        assert_eq!(created["record"]["account"]["label"], "Brightwater");
        assert_eq!(created["record"]["owner"]["label"], "Ada Brandt");
        let deal = id(&created);

        let updated = fixture.done("deal.update", json!({"id": deal, "stage": "NEGOTIATION"})).await;
        assert_eq!(updated["changes"]["stage"], json!({"before": "LEAD", "after": "NEGOTIATION"}));
        assert_eq!(updated["record"]["probability"], 75);

        let found = fixture
            .done(
                "deal.find",
                json!({"filter": {"account.segment": {"eq": "SMB"}, "owner": {"eq": "$me"}}, "total": true}),
            )
            .await;
        assert_eq!(found["total"], 1);
        assert_eq!(found["records"][0]["amount"], json!({"amount": 12500.5, "currency": "USD"}));
        assert!(found["records"][0].get("created_at").is_none(), "shown only when asked for");

        let deleted = fixture.done("deal.delete", json!({"id": deal})).await;
        assert_eq!(deleted["record"], json!({"id": deal, "label": "Renewal"}));
        let gone = fixture.call(&fixture.ada, "deal.get", json!({"id": deal})).await.unwrap_err();
        assert_eq!(gone.kind, ErrorKind::NotFound);
        let restored = fixture.done("deal.restore", json!({"id": deal})).await;
        assert_eq!(restored["restored"], true);

        let timeline = fixture.done("deal.timeline", json!({"id": deal})).await;
        let names: Vec<_> = timeline["entries"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
        assert_eq!(names, ["deal.restored", "deal.deleted", "deal.updated", "deal.created"]);
        assert_eq!(timeline["entries"][2]["by"], "Ada Brandt");
        assert_eq!(timeline["label"], "Renewal");
    }

    async fn a_logged_activity_stands_on_the_timeline_of_what_it_is_about(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.done("contact.create", json!({"name": {"first": "Noor", "last": "Haddad"}})).await;
        let logged = fixture
            .done(
                "activity.log",
                json!({
                    "type": "CALL",
                    "subject": "Renewal",
                    "body": "Wants an offer.",
                    "target": {"object": "contact", "id": id(&contact)},
                }),
            )
            .await;
        assert_eq!(logged["object"], "activity");
        assert_eq!(logged["record"]["performed_by"]["label"], "Ada Brandt");
        assert_eq!(logged["record"]["contact"]["label"], "Noor Haddad");
        assert!(logged["record"]["happened_at"].is_string());

        let timeline = fixture.done("contact.timeline", json!({"id": id(&contact), "limit": 1})).await;
        let entry = &timeline["entries"][0];
        assert_eq!(entry["name"], "activity.created");
        assert_eq!(entry["linked"]["label"], "Renewal");
        assert_eq!(entry["linked"]["path"], "/records/activities");
        assert_eq!(timeline["has_more"], true);
        let next = fixture
            .done("contact.timeline", json!({"id": id(&contact), "after": timeline["next"]}))
            .await;
        assert_eq!(next["entries"][0]["name"], "contact.created");
    }

    async fn an_activity_is_logged_with_what_the_workspace_asks_of_one(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for field in [
            json!({"name": "outcome", "kind": "select", "is_required": true, "settings": {"options": ["GOOD", "BAD"]}}),
            json!({"name": "minutes", "kind": "number"}),
        ] {
            let field = serde_json::from_value(field).unwrap();
            fixture.crm.add_field(&fixture.ada, "activity", field).await.unwrap();
        }
        let deal = deal(&fixture, "Renewal", 1).await;
        let mut call = json!({"type": "CALL", "subject": "Hi", "target": {"object": "deal", "id": deal}});
        let missing = fixture.call(&fixture.ada, "activity.log", call.clone()).await.unwrap_err();
        assert_eq!(missing.issues[0].path, "outcome", "{missing:?}");
        call["outcome"] = json!("GOOD");
        call["minutes"] = json!(12);
        let logged = fixture.done("activity.log", call).await;
        assert_eq!((&logged["record"]["outcome"], &logged["record"]["minutes"]), (&json!("GOOD"), &json!(12)));
    }

    async fn a_hidden_field_is_in_no_result(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = deal(&fixture, "Renewal", 77_777).await;
        fixture.done("deal.update", json!({"id": deal, "amount": {"amount": 88_888}, "stage": "PROPOSAL"})).await;
        let hidden = FieldSet::Except(BTreeSet::from([Name::literal("amount")]));
        let grants = Grants::everything()
            .with_object(Name::literal("deal"), ObjectGrant::everything().reading(hidden));
        let caller = fixture.with(grants);
        for (name, arguments) in [
            ("deal.find", json!({})),
            ("deal.get", json!({"id": deal})),
            ("deal.timeline", json!({"id": deal})),
            ("deal.group", json!({"by": ["stage"]})),
            ("deal.update", json!({"id": deal, "stage": "NEGOTIATION"})),
            ("search", json!({"query": "renewal"})),
        ] {
            let text = fixture.call(&caller, name, arguments).await.unwrap().to_string();
            for trace in ["amount", "77777", "88888"] {
                assert!(!text.contains(trace), "{name}: {text}");
            }
        }
        for arguments in [
            json!({"fields": ["amount"]}),
            json!({"sort": "-amount"}),
            json!({"filter": {"amount": {"gt": 1}}}),
        ] {
            let problem = fixture.call(&caller, "deal.find", arguments.clone()).await.unwrap_err();
            assert_eq!(problem.kind, ErrorKind::Invalid, "{arguments}");
        }
    }

    async fn results_are_bounded_and_a_list_goes_on_where_it_was_cut(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        // Four bytes each, so that what is allowed in characters is too much in bytes.
        let long = "𝄞".repeat(9_000);
        for number in 0..70 {
            fixture.done("note.create", json!({"title": format!("Note {number:02}"), "body": long})).await;
        }
        let arguments = |after: &Json| match after {
            Json::Null => json!({"sort": "title", "limit": 60, "fields": ["title", "body"]}),
            after => json!({"sort": "title", "limit": 60, "fields": ["title", "body"], "after": after}),
        };
        let mut seen = Vec::new();
        let mut after = Json::Null;
        loop {
            let page = fixture.done("note.find", arguments(&after)).await;
            assert!(page.to_string().len() <= RESULT_BYTES);
            assert!(page["truncated"].is_string());
            seen.extend(labels(&page).into_iter().map(str::to_owned));
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
        }
        let expected: Vec<_> = (0..70).map(|number| format!("Note {number:02}")).collect();
        assert_eq!(seen, expected);

        let found = fixture.done("note.find", json!({"limit": 1})).await;
        let whole = fixture.done("note.get", json!({"id": found["records"][0]["id"]})).await;
        assert!(whole.to_string().len() <= RESULT_BYTES);
        let body = whole["record"]["body"].as_str().unwrap();
        assert!(body.ends_with('…') && body.chars().count() == 2_000, "{}", body.len());
    }

    async fn groups_count_and_total_by_currency(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        deal(&fixture, "One", 100).await;
        deal(&fixture, "Two", 200).await;
        fixture
            .done("deal.create", json!({"name": "Three", "amount": {"amount": 5, "currency": "EUR"}, "stage": "PROPOSAL"}))
            .await;
        let grouped = fixture
            .done(
                "deal.group",
                json!({"by": ["stage"], "aggregates": [{"function": "sum", "field": "amount"}]}),
            )
            .await;
        assert_eq!(
            grouped["groups"],
            json!([
                {"by": {"stage": "LEAD"}, "count": 2, "sum": {"amount": [{"amount": 300, "currency": "USD"}]}},
                {"by": {"stage": "PROPOSAL"}, "count": 1, "sum": {"amount": [{"amount": 5, "currency": "EUR"}]}},
            ])
        );
    }

    async fn groups_that_are_not_shown_are_told_of(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        for (stage, amount) in [("LEAD", json!({"amount": 1})), ("PROPOSAL", json!(null))] {
            fixture.done("deal.create", json!({"name": "D", "stage": stage, "amount": amount})).await;
        }
        let by_stage = |limit| {
            let aggregates = json!([{"function": "count", "field": "amount"}, {"function": "count"}]);
            json!({"by": ["stage"], "aggregates": aggregates, "limit": limit})
        };
        let all = fixture.done("deal.group", by_stage(2)).await;
        assert_eq!(all["groups"][1], json!({"by": {"stage": "PROPOSAL"}, "count": 1, "count.amount": 0}));
        assert_eq!((&all["has_more"], all.get("truncated")), (&json!(false), None));
        let first = fixture.done("deal.group", by_stage(1)).await;
        assert!(first["has_more"] == true && first["truncated"].is_string(), "{first}");
    }

    async fn search_finds_records_of_every_kind(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.done("account.create", json!({"name": "Brightwater Foods"})).await;
        deal(&fixture, "Brightwater renewal", 1).await;
        let all = fixture.done("search", json!({"query": "bright"})).await;
        assert_eq!(labels(&all).len(), 2);
        let accounts = fixture.done("search", json!({"query": "BRIGHT food", "objects": ["account"]})).await;
        assert_eq!(accounts["results"][0]["id"], id(&account));
        assert_eq!(accounts["results"][0]["path"], "/records/accounts");
    }

    async fn whoever_may_only_read_can_call_nothing_that_writes(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = deal(&fixture, "Renewal", 1).await;
        let viewer = fixture.with(Grants::on_every_object([Action::Read]));
        for (name, arguments) in [
            ("deal.create", json!({"name": "New"})),
            ("deal.update", json!({"id": deal, "stage": "PROPOSAL"})),
            ("deal.delete", json!({"id": deal})),
            ("deal.restore", json!({"id": deal})),
            ("activity.log", json!({"type": "CALL", "subject": "x", "target": {"object": "deal", "id": deal}})),
        ] {
            let problem = fixture.call(&viewer, name, arguments).await.unwrap_err();
            assert_eq!(problem.code, "unknown_operation", "{name}");
        }
        assert_eq!(labels(&fixture.call(&viewer, "deal.find", json!({})).await.unwrap()), ["Renewal"]);
    }

    async fn a_failure_of_the_service_reaches_the_model_as_a_problem(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.done("account.create", json!({"name": "One", "domain": "one.example"})).await;
        let problem = fixture
            .call(&fixture.ada, "account.create", json!({"name": "Two", "domain": "https://www.ONE.example/"}))
            .await
            .unwrap_err();
        assert_eq!((problem.kind, problem.code.as_ref()), (ErrorKind::Conflict, "duplicate_value"));
        let problem = fixture
            .call(&fixture.ada, "deal.update", json!({"id": "018f2b6e-7c1a-7000-8000-000000000001"}))
            .await
            .unwrap_err();
        assert_eq!(problem.kind, ErrorKind::Invalid);
    }
}
