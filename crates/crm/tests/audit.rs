use kontor_core::grants::Grants;
use kontor_store::{both_engines, testing::TestStore};
use sea_query::{Order, Query};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, map};

/// What was done, to what, by what kind of actor and with what changes.
async fn entries(fixture: &Fixture) -> Vec<(String, String, Json, Json)> {
    let read: Result<Vec<(String, String, String, String)>, kontor_store::Error> = fixture
        .crm
        .store()
        .workspace(fixture.workspace)
        .await
        .unwrap()
        .read(|tx| {
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
    async fn what_an_agent_does_and_what_is_destroyed_is_written_down(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let agent = fixture.ada.through_agent(
            fixture.crm.environment().new_id(),
            "Sales assistant",
            &Grants::everything(),
        );
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
        assert_eq!(*actor, json!(agent.actor));
        assert_eq!(details["changes"]["stage"], json!({ "before": "LEAD", "after": "PROPOSAL" }));
        assert_eq!((&entries[2].2, &entries[2].3["label"]), (&json!(fixture.ada.actor), &json!("Renewal")));
    }
}
