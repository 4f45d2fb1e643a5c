//! What a workspace and its members set for themselves.

use kontor_core::{caller::Caller, error::Fault as _, locale::TimeZone};
use kontor_identity::{Error, MemberPatch, RetentionDays};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Map, Value, json};

use crate::house::{House, code, member};

fn map(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

fn issues(error: &Error) -> Vec<(String, String)> {
    let issues = error.problem().issues;
    issues.into_iter().map(|issue| (issue.path, issue.code.into_owned())).collect()
}

both_engines! {
    async fn a_members_days_are_those_of_their_zone_or_else_of_the_workspace(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        assert_eq!((admin.locale.time_zone, admin.locale.currency.code()), (TimeZone::UTC, "USD"));
        let new = member("max@acme.test", "Member");
        let max = house.identity.add_member(&Caller::system(workspace), new).await.unwrap();
        let caller = house.identity.caller_of_member(workspace, max).await.unwrap();

        let changes = map(json!({ "time_zone": "Europe/Berlin", "currency": "eur", "retention": { "audit": 365 } }));
        let refused = house.identity.change_workspace_settings(&caller, &changes).await;
        assert_eq!(code(refused), "not_permitted");
        let set = house.identity.change_workspace_settings(&admin, &changes).await.unwrap();
        assert_eq!(set.retention, RetentionDays { audit: Some(365), ..RetentionDays::default() });
        assert_eq!(house.identity.workspace_settings(&caller).await.unwrap(), set);
        let now = async || house.identity.caller_of_member(workspace, max).await.unwrap().locale;
        assert_eq!((now().await.time_zone.name(), now().await.currency.code()), ("Europe/Berlin", "EUR"));

        let own = map(json!({ "time_zone": "Asia/Tokyo" }));
        house.identity.change_member_settings(&caller, &own).await.unwrap();
        assert_eq!(now().await.time_zone.name(), "Asia/Tokyo");
        assert_eq!(house.identity.me(&caller).await.unwrap().currency, "USD", "the caller as they were");
        let none = map(json!({ "time_zone": null }));
        house.identity.change_member_settings(&caller, &none).await.unwrap();
        assert_eq!(now().await.time_zone.name(), "Europe/Berlin");
        let initial = map(json!({ "time_zone": null, "currency": null, "retention": null }));
        let initial = house.identity.change_workspace_settings(&admin, &initial).await.unwrap();
        assert_eq!(initial, kontor_identity::WorkspaceSettings::default());
    }

    async fn settings_that_are_not_understood_change_nothing_and_are_all_named(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let wrong = map(json!({
            "time_zone": "Europe/Berln", "currency": "EURO", "retention": { "audit": -1, "chat": 5, "calls": 30 },
            "timezone": "UTC",
        }));
        let error = house.identity.change_workspace_settings(&admin, &wrong).await.unwrap_err();
        let named: Vec<_> = issues(&error);
        let expected = [
            ("time_zone", "unknown_time_zone"), ("currency", "unknown_currency"),
            ("retention.audit", "out_of_range"), ("retention.chat", "unknown_setting"), ("timezone", "unknown_setting"),
        ];
        assert_eq!(named, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
        assert!(error.problem().issues[0].message.contains("Did you mean Europe/Berlin?"));
        let set = house.identity.workspace_settings(&admin).await.unwrap();
        assert_eq!(set, kontor_identity::WorkspaceSettings::default());
        let labels = map(json!({ "protected_labels": ["production", "BAD LABEL", "", 7, "x".repeat(41)] }));
        let error = house.identity.change_workspace_settings(&admin, &labels).await.unwrap_err();
        let places = [1, 2, 3, 4].map(|index| (format!("protected_labels[{index}]"), "invalid_label".to_owned()));
        assert_eq!(issues(&error), places);
        for wrong in [json!({ "time_zone": 5 }), json!({ "language": "de" })] {
            assert_eq!(code(house.identity.change_member_settings(&admin, &map(wrong)).await), "invalid_input");
        }
        let system = Caller::system(workspace);
        let nobody = house.identity.change_member_settings(&system, &Map::new()).await;
        assert_eq!(code(nobody), "member_not_found");
    }

    async fn a_name_that_a_member_takes_is_a_change_that_others_are_told_of(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        let max = house.identity.add_member(&admin, member("max@acme.test", "Member")).await.unwrap();
        let caller = house.identity.caller_of_member(workspace, max).await.unwrap();
        house.identity.change_member_settings(&caller, &map(json!({ "name": "Maxi" }))).await.unwrap();
        let now = house.identity.member(&admin, max).await.unwrap();
        assert_eq!((now.name.as_str(), now.version, now.changed_by.as_deref()), ("Maxi", 2, Some("Max Okafor")));
        let stale = MemberPatch { version: Some(1), name: Some("Max O.".into()), ..MemberPatch::default() };
        assert_eq!(code(house.identity.change_member(&admin, max, stale, None).await), "changed_meanwhile");
        // A time zone is nobody else's to change.
        house.identity.change_member_settings(&caller, &map(json!({ "time_zone": "Asia/Tokyo" }))).await.unwrap();
        assert_eq!(house.identity.member(&admin, max).await.unwrap().version, 2);
    }

    async fn changes_of_settings_are_written_down(store: TestStore) {
        let (house, workspace, ada) = House::with_acme(&store).await;
        let admin = house.identity.caller_of_member(workspace, ada).await.unwrap();
        for zone in ["Europe/Berlin", "Europe/Berlin"] {
            let changes = map(json!({ "time_zone": zone }));
            house.identity.change_workspace_settings(&admin, &changes).await.unwrap();
            house.identity.change_member_settings(&admin, &changes).await.unwrap();
        }
        let query = kontor_store::AuditQuery { limit: 10, ..kontor_store::AuditQuery::default() };
        let acts: Result<_, kontor_store::Error> = store.workspace(workspace).await.unwrap()
            .read(query, |tx, query| Box::pin(async move { tx.audit_log(query).await })).await;
        let acts: Vec<_> = acts.unwrap().into_iter().map(|act| act.action).collect();
        assert_eq!(acts, ["member.settings_changed", "settings.changed", "member.added"]);
    }
}
