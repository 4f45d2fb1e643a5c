use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::records::ListQuery;
use kontor_store::{both_engines, testing::TestStore};
use serde_json::json;

use crate::support::{Fixture, Writes as _, map, problem};

both_engines! {
    async fn every_change_is_told_with_what_was_before_and_by_whom(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.agent_of(&fixture.ada);
        let deal = fixture.create("deal", json!({ "name": "Renewal", "stage": "PROPOSAL" })).await;
        let patch = map(json!({ "stage": "NEGOTIATION" }));
        fixture.crm.update(&agent, "deal", deal.id, patch, None).await.unwrap();
        fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 10, None).await.unwrap();
        let names: Vec<_> = timeline.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["deal.deleted", "deal.updated", "deal.created"]);
        let updated = &timeline.entries[1];
        assert_eq!(json!(updated.changes["stage"]), json!({ "before": "PROPOSAL", "after": "NEGOTIATION" }));
        assert_eq!(updated.actor.to_string(), "Sales assistant on behalf of Ada Brandt");
        assert_eq!(updated.actor, agent.actor());
        let created = &timeline.entries[2].changes;
        assert_eq!(created["name"].after, "Renewal");
        assert!(!created.contains_key("position") && !created.contains_key("version"));
    }

    async fn for_whom_an_agent_acted_is_kept_whoever_it_was(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let id = fixture.crm.environment().new_id();
        for principal in [
            Principal::Member { id: fixture.member, name: "Ada Brandt".to_owned() },
            Principal::ApiKey { id, name: "Website".to_owned() },
            Principal::Workflow { id, name: "Renewals".to_owned() },
            Principal::System,
        ] {
            let itself = Caller { principal: principal.clone(), ..fixture.ada.clone() };
            for caller in [fixture.agent_of(&itself), itself] {
                let deal = fixture.crm.create(&caller, "deal", map(json!({ "name": "Renewal" }))).await.unwrap().id;
                let actor = json!(caller.actor());
                let read = fixture.get("deal", deal).await;
                assert_eq!((&read["created_by"], &read["updated_by"]), (&actor, &actor));
                let timeline = fixture.crm.timeline(&fixture.ada, "deal", deal, 10, None).await.unwrap();
                assert_eq!(json!(timeline.entries[0].actor), actor);
                let kind = actor["kind"].as_str().unwrap();
                let found = fixture.list("deal", ListQuery {
                    filter: Some(json!({ "created_by.kind": { "eq": kind }, "id": { "eq": deal } })),
                    ..ListQuery::default()
                });
                assert_eq!(found.await.records.len(), 1, "{actor}");
            }
        }
    }

    async fn an_activity_appears_where_it_belongs(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let call = fixture.create("activity", json!({ "type": "CALL", "subject": "Renewal", "target": target })).await;
        let timeline = fixture.crm.timeline(&fixture.ada, "contact", contact.id, 10, None).await.unwrap();
        let entry = &timeline.entries[0];
        assert_eq!(entry.name, "activity.created");
        let linked = entry.linked.as_ref().unwrap();
        assert_eq!((linked.id, linked.label.as_str(), linked.exists), (call.id, "Renewal", true));

        fixture.crm.destroy(&fixture.ada, "activity", call.id).await.unwrap();
        let timeline = fixture.crm.timeline(&fixture.ada, "contact", contact.id, 10, None).await.unwrap();
        assert_eq!(timeline.entries[0].name, "activity.destroyed");
        assert!(timeline.entries.iter().take(2).all(|entry| {
            entry.linked.as_ref().is_some_and(|linked| linked.label == "Renewal" && !linked.exists)
        }));
    }

    async fn what_a_hidden_field_says_is_on_no_other_timeline(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let contact = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let target = json!({ "object": "contact", "id": contact.id });
        let call = fixture.create("activity", json!({ "type": "CALL", "subject": "A", "target": target })).await;
        for patch in [json!({ "subject": "B" }), json!({ "body": "Salary" })] {
            fixture.crm.update(&fixture.ada, "activity", call.id, map(patch), None).await.unwrap();
        }
        let told = async |hidden: &[&'static str]| {
            let fields = FieldSet::Except(hidden.iter().map(|field| Name::literal(field)).collect());
            let grant = ObjectGrant::everything().reading(fields);
            let caller = fixture.with(Grants::everything().with_object(Name::literal("activity"), grant));
            let timeline = fixture.crm.timeline(&caller, "contact", contact.id, 10, None).await.unwrap();
            let linked = timeline.entries.into_iter().filter(|entry| entry.linked.is_some());
            linked.map(|entry| (entry.name, entry.changes.len())).collect::<Vec<_>>()
        };
        let updated = || ("activity.updated".to_owned(), 0);
        let created = || ("activity.created".to_owned(), 0);
        assert_eq!(told(&[]).await, [updated(), updated(), created()]);
        assert_eq!(told(&["body"]).await, [updated(), created()]);
        assert_eq!(told(&["target"]).await, []);
    }

    async fn a_timeline_is_read_in_pages(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "D0" })).await;
        for n in 1..7 {
            let patch = map(json!({ "name": format!("D{n}") }));
            fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        }
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let page = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 3, after).await.unwrap();
            names.extend(page.entries.iter().map(|entry| entry.changes["name"].after.clone()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(names, ["D6", "D5", "D4", "D3", "D2", "D1", "D0"]);
        let wrong = fixture.crm.timeline(&fixture.ada, "deal", deal.id, 3, Some("nonsense!".into())).await;
        assert_eq!(problem(wrong).code, "invalid_cursor");
    }

    async fn each_change_leaves_one_event_in_its_transaction(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.agent_of(&fixture.ada);
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let began = fixture.crm.environment().now().micros();
        let deal = fixture.create("deal", json!({ "name": "A", "account": account.id })).await;
        let patch = map(json!({ "name": "B" }));
        fixture.crm.update(&agent, "deal", deal.id, patch, None).await.unwrap();
        let wrong = map(json!({ "name": "C", "account": deal.id }));
        assert!(fixture.crm.update(&fixture.ada, "deal", deal.id, wrong, None).await.is_err());
        fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap();
        fixture.crm.restore(&fixture.ada, "deal", deal.id).await.unwrap();
        fixture.crm.destroy(&fixture.ada, "deal", deal.id).await.unwrap();
        let ended = fixture.crm.environment().now().micros();

        let events: Vec<_> = fixture.outbox().await.into_iter().filter(|event| event.record == deal.id).collect();
        let told: Vec<_> = events.iter().map(|event| (event.name.as_str(), event.action.as_str())).collect();
        assert_eq!(told, [
            ("deal.created", "create"),
            ("deal.updated", "update"),
            ("deal.deleted", "delete"),
            ("deal.restored", "restore"),
            ("deal.destroyed", "destroy"),
        ]);
        for (event, by) in events.iter().zip([&fixture.ada, &agent, &fixture.ada, &fixture.ada, &fixture.ada]) {
            assert_eq!(event.actor, json!(by.actor()), "{}", event.name);
            assert!((began..=ended).contains(&event.happened_at), "{}: {}", event.name, event.happened_at);
        }
        assert!(events.is_sorted_by_key(|event| event.happened_at));
        assert_eq!(events[1].changes, json!({ "name": { "before": "A", "after": "B" } }));
        let (deleted, restored) = (&events[2].changes["deleted_at"], &events[3].changes["deleted_at"]);
        assert!(deleted["before"].is_null() && deleted["after"].is_string(), "{deleted}");
        assert_eq!(restored, &json!({ "before": deleted["after"] }));
        let destroyed = &events[4].changes;
        let before = |field: &str| &destroyed[field]["before"];
        assert_eq!((before("name"), before("stage"), before("version")), (&json!("B"), &json!("LEAD"), &json!(4)));
        assert_eq!(before("account"), &json!({ "id": account.id, "label": "Acme" }));
        assert!(destroyed.as_object().unwrap().values().all(|change| change["after"].is_null()));
        assert!(destroyed.get("amount").is_none(), "what was empty is no loss");
    }

    async fn an_entry_names_its_record_as_it_was_called_then(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Old" })).await;
        let patch = map(json!({ "name": "New" }));
        fixture.crm.update(&fixture.ada, "deal", deal.id, patch, None).await.unwrap();
        let read = async |caller| fixture.crm.timeline(caller, "deal", deal.id, 10, None).await.unwrap();
        let timeline = read(&fixture.ada).await;
        let records: Vec<_> = timeline.entries.iter().map(|entry| entry.to_json()["record"].clone()).collect();
        let named = |label: &str| json!({ "object": "deal", "id": deal.id, "label": label });
        assert_eq!(records, [named("New"), named("Old")]);

        let hidden = ObjectGrant::everything().reading(FieldSet::Except([Name::literal("name")].into()));
        let caller = fixture.with(Grants::everything().with_object(Name::literal("deal"), hidden));
        assert!(read(&caller).await.entries.iter().all(|entry| entry.record.label == "Deal"));
    }

    async fn the_timeline_of_a_destroyed_record_is_read_by_whom_no_name_is_hidden(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "amount": 77 })).await;
        fixture.crm.destroy(&fixture.ada, "deal", deal.id).await.unwrap();
        let read = async |caller: &Caller, object: &str| {
            fixture.crm.timeline(caller, object, deal.id, 10, None).await
        };
        let timeline = read(&fixture.ada, "deal").await.unwrap();
        let names: Vec<_> = timeline.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!((names, timeline.label.as_str()), (vec!["deal.destroyed", "deal.created"], "Renewal"));
        assert_eq!(timeline.entries[0].changes["amount"].before["amount"], 77);

        let with = |grant| fixture.with(Grants::everything().with_object(Name::literal("deal"), grant));
        let except = |field| FieldSet::Except([Name::literal(field)].into());
        let blind = with(ObjectGrant::everything().reading(except("amount")));
        let told = json!(read(&blind, "deal").await.unwrap().entries.iter().map(|e| e.to_json()).collect::<Vec<_>>());
        assert!(!told.to_string().contains("amount"), "{told}");
        let rule = RowRule::new(&json!({ "owner": { "eq": "$me" } }));
        for caller in [
            with(ObjectGrant::everything().reading(except("name"))),
            with(ObjectGrant::everything().for_rows(Action::Read, rule)),
            with(ObjectGrant::nothing()),
        ] {
            assert!(read(&caller, "deal").await.is_err());
        }
        assert_eq!(problem(read(&fixture.ada, "account").await).code, "record_not_found");
        let never = fixture.crm.environment().new_id();
        let found = fixture.crm.timeline(&fixture.ada, "deal", never, 10, None).await;
        assert_eq!(problem(found).code, "record_not_found");
    }

    async fn the_name_of_what_an_activity_was_about_is_told_to_whom_it_is_not_hidden(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let account = fixture.create("account", json!({ "name": "Acme" })).await;
        let about = |object: &str, id| json!({ "object": object, "id": id });
        let mut activities = Vec::new();
        // One whose deal stays, one whose deal is deleted, destroyed, or left for another record.
        for fate in ["stays", "is deleted", "is destroyed", "is left"] {
            let deal = fixture.create("deal", json!({ "name": "Secret plan", "account": account.id })).await;
            let fields = json!({ "type": "CALL", "subject": "Hi", "target": about("deal", deal.id) });
            let call = fixture.create("activity", fields).await.id;
            match fate {
                "is deleted" => drop(fixture.crm.delete(&fixture.ada, "deal", deal.id).await.unwrap()),
                "is destroyed" => fixture.crm.destroy(&fixture.ada, "deal", deal.id).await.unwrap(),
                "is left" => {
                    let patch = map(json!({ "target": about("account", account.id) }));
                    fixture.crm.update(&fixture.ada, "activity", call, patch, None).await.unwrap();
                }
                _ => {}
            }
            activities.push((fate, call));
        }
        let told = async |caller: &Caller, call| {
            let timeline = fixture.crm.timeline(caller, "activity", call, 10, None).await.unwrap();
            let entries: Vec<_> = timeline.entries.iter().map(|entry| entry.to_json()).collect();
            json!(entries).to_string()
        };
        let with = |grant| fixture.with(Grants::everything().with_object(Name::literal("deal"), grant));
        let nameless = ObjectGrant::everything().reading(FieldSet::Except([Name::literal("name")].into()));
        let rule = RowRule::new(&json!({ "name": { "eq": "Another" } }));
        for (fate, call) in activities {
            assert!(told(&fixture.ada, call).await.contains("Secret plan"), "{fate}");
            let rules = ObjectGrant::everything().for_rows(Action::Read, rule.clone());
            for grant in [ObjectGrant::nothing(), nameless.clone(), rules] {
                let told = told(&with(grant.clone()), call).await;
                assert!(!told.contains("Secret plan"), "it {fate}, {grant:?}: {told}");
            }
        }
    }

    async fn an_activity_that_moves_is_told_where_it_was_and_where_it_is(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let jane = fixture.create("contact", json!({ "name": "Jane Doe" })).await;
        let deal = fixture.create("deal", json!({ "name": "Renewal" })).await;
        let target = json!({ "object": "contact", "id": jane.id });
        let call = fixture.create("activity", json!({ "type": "CALL", "subject": "Hi", "target": target })).await;
        let patch = map(json!({ "target": { "object": "deal", "id": deal.id } }));
        fixture.crm.update(&fixture.ada, "activity", call.id, patch, None).await.unwrap();
        let patch = map(json!({ "subject": "Hello" }));
        fixture.crm.update(&fixture.ada, "activity", call.id, patch, None).await.unwrap();
        let told = async |object, id| {
            let timeline = fixture.crm.timeline(&fixture.ada, object, id, 10, None).await.unwrap();
            let linked = timeline.entries.iter().filter(|entry| entry.linked.is_some());
            linked.map(|entry| entry.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told("contact", jane.id).await, ["activity.updated", "activity.created"]);
        assert_eq!(told("deal", deal.id).await, ["activity.updated", "activity.updated"]);
    }
}
