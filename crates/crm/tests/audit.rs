use std::{sync::Arc, time::Duration};

use kontor_core::{
    actor::Actor,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    metadata::Name,
};
use kontor_operations::{Audit, AuditQuery};
use kontor_store::{AuditEntry, Store, both_engines, testing::TestStore};
use sea_query::{Order, Query};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, Writes as _, map, problem};

/// What was done, to what, by what kind of actor and with what changes.
async fn entries(fixture: &Fixture) -> Vec<(String, String, Json, Json)> {
    let read: Result<Vec<(String, String, String, String)>, kontor_store::Error> = fixture
        .crm
        .store()
        .workspace(fixture.workspace)
        .await
        .unwrap()
        .read((), |tx, ()| {
            Box::pin(async move {
                let select = Query::select()
                    .columns(["action", "target", "actor", "details"])
                    .from(tx.table("audit_entries"))
                    .order_by("id", Order::Asc)
                    .to_owned();
                let rows = tx.fetch_all(&select).await?;
                rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).collect()
            })
        })
        .await;
    let json = |text: String| serde_json::from_str(&text).unwrap();
    read.unwrap()
        .into_iter()
        .map(|(action, target, actor, details)| (action, target, json(actor), json(details)))
        .collect()
}

both_engines! {
    async fn the_audit_is_read_by_those_who_may_as_far_as_they_may_read_records(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.agent_of(&fixture.ada);
        let account = fixture.create("account", json!({ "name": "Acme" })).await.id;
        let deal = fixture.create("deal", json!({ "name": "Renewal", "stage": "LEAD" })).await.id;
        for (field, value) in [("stage", json!("PROPOSAL")), ("account", json!(account)), ("close_date", json!("2026-12-01"))] {
            fixture.crm.update(&agent, "deal", deal, map(json!({ field: value })), None).await.unwrap();
        }
        let audit = Audit::new(Store::clone(&store), Arc::new(fixture.crm.clone()));
        let all = AuditQuery { limit: 100, ..AuditQuery::default() };
        let refused = audit.read(&fixture.with(Grants::on_every_object([Action::Read])), all.clone()).await;
        assert_eq!(problem(refused).code, "not_permitted");
        let actions = async |query: AuditQuery| {
            let found = audit.read(&fixture.ada, AuditQuery { limit: 100, ..query }).await.unwrap();
            found.acts.into_iter().map(|act| act.action).collect::<Vec<_>>()
        };
        let updated = ["deal.updated"; 3];
        assert_eq!(actions(all.clone()).await.len(), 4);
        let narrowed = |action: &str| AuditQuery { action: Some(action.to_owned()), ..AuditQuery::default() };
        assert_eq!(actions(narrowed("deal.*")).await, updated);
        assert_eq!(actions(narrowed("deal_updated")).await, [""; 0]);
        let by = agent.agent.as_ref().map(|agent| agent.id.as_uuid());
        assert_eq!(actions(AuditQuery { by, ..all.clone() }).await, updated);
        let target = Some(format!("deal:{deal}"));
        assert_eq!(actions(AuditQuery { target, ..all.clone() }).await, updated);
        let now = fixture.crm.environment().now().plus(Duration::from_secs(1));
        assert_eq!(actions(AuditQuery { from: Some(now), ..all.clone() }).await, [""; 0]);
        assert_eq!(actions(AuditQuery { until: Some(now), ..all.clone() }).await.len(), 4);

        // Page by page it is the same.
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let query = AuditQuery { after, limit: 3, ..AuditQuery::default() };
            let found = audit.read(&fixture.ada, query).await.unwrap();
            after = found.acts.last().map(|act| act.id);
            paged.extend(found.acts);
            if !found.has_more {
                break;
            }
        }
        assert_eq!(paged, audit.read(&fixture.ada, all.clone()).await.unwrap().acts);
        assert_eq!(paged[1].details["changes"]["account"]["after"]["label"], "Acme");

        // What a caller may not read of records, the audit does not tell them either.
        let hidden = FieldSet::Except([Name::literal("stage")].into());
        let grants = |object: &'static str, grant| {
            Grants::everything().with_object(Name::literal(object), grant)
        };
        let half = grants("deal", ObjectGrant::everything().reading(hidden.clone()).updating(hidden));
        let acts = audit.read(&fixture.with(half), all.clone()).await.unwrap().acts;
        assert_eq!(acts[2].details["changes"].get("stage"), None);
        assert_eq!((&acts[0].details["label"], &acts[0].details["changes"]["close_date"]["after"]), (&json!("Renewal"), &json!("2026-12-01")));
        let none = grants("deal", ObjectGrant::nothing());
        let acts = audit.read(&fixture.with(none), all.clone()).await.unwrap().acts;
        assert!(acts.iter().take(3).all(|act| act.details == json!({ "changes": {} })), "{acts:?}");
        // Neither do acts that name records and fields in other ways.
        let now = fixture.crm.environment().now();
        let environment = fixture.crm.environment().clone();
        let namespace = store.workspace(fixture.workspace).await.unwrap();
        let written: Result<(), kontor_store::Error> = namespace
            .write(environment, move |tx, environment| {
                Box::pin(async move {
                    for (action, target) in [("approval.approved", "approval:1"), ("field.added", "deal.amount"), ("odd.act", "x")] {
                        let entry = AuditEntry::new(action, target, json!({ "arguments": { "amount": 987_654 } }));
                        tx.audit(environment, now, &Actor::SYSTEM, entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        written.unwrap();
        let whole = audit.read(&fixture.ada, all.clone()).await.unwrap().acts;
        assert!(json!(whole).to_string().contains("987654"));
        let hidden = || FieldSet::Except([Name::literal("amount")].into());
        let some = grants("deal", ObjectGrant::everything().reading(hidden()).updating(hidden()));
        let acts = audit.read(&fixture.with(some), all.clone()).await.unwrap().acts;
        assert!(!json!(acts).to_string().contains("987654"), "{acts:?}");
        let accounts = grants("account", ObjectGrant::nothing());
        let acts = audit.read(&fixture.with(accounts), all).await.unwrap().acts;
        assert_eq!(acts[4].details["changes"]["account"]["after"], json!({ "id": account }));
    }

    async fn what_an_agent_does_and_what_is_destroyed_is_written_down(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.agent_of(&fixture.ada);
        let deal = fixture.create("deal", json!({ "name": "Renewal", "stage": "LEAD" })).await;
        let target = format!("deal:{}", deal.id);
        fixture.crm.update(&agent, "deal", deal.id, map(json!({ "stage": "PROPOSAL" })), None).await.unwrap();
        fixture.crm.update(&fixture.ada, "deal", deal.id, map(json!({ "stage": "LEAD" })), None).await.unwrap();
        fixture.crm.destroy(&fixture.ada, "deal", deal.id).await.unwrap();
        let failed = fixture.crm.update(&agent, "deal", deal.id, map(json!({ "stage": "LEAD" })), None).await;
        assert!(failed.is_err());

        let entries = entries(&fixture).await;
        let acts: Vec<_> = entries.iter().map(|(action, target, ..)| (action.as_str(), target.as_str())).collect();
        assert_eq!(acts, [("objects.installed", "workspace"), ("deal.updated", &target), ("deal.destroyed", &target)]);
        let (_, _, actor, details) = &entries[1];
        assert_eq!(*actor, json!(agent.actor()));
        assert_eq!(details["changes"]["stage"], json!({ "before": "LEAD", "after": "PROPOSAL" }));
        assert_eq!((&entries[2].2, &entries[2].3["label"]), (&json!(fixture.ada.actor()), &json!("Renewal")));
    }
}
