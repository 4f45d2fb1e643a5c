//! What programs ask for as a whole, on both engines.

use futures::StreamExt as _;
use kontor_crm::{EventFilter, Feed, Followed};
use kontor_store::{Store, both_engines, testing::TestStore};
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::support::Fixture;

both_engines! {
    async fn an_upsert_finds_by_a_unique_value_however_often_it_is_asked(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let made = fixture.done("account.upsert", json!({"name": "Acme", "domain": "acme.test"})).await;
        assert_eq!(made["outcome"], "created");
        // More often than a prepared statement keeps its first plan.
        for number in 0..7 {
            let name = format!("Acme {number}");
            let changed = fixture.done("account.upsert", json!({"name": name, "domain": "acme.test"})).await;
            assert_eq!((&changed["outcome"], &changed["record"]["id"]), (&json!("updated"), &made["record"]["id"]));
            let same = fixture.done("account.upsert", json!({"name": name, "domain": "acme.test"})).await;
            assert_eq!(same["outcome"], "unchanged");
        }
        // A deleted one is none.
        fixture.done("account.delete", json!({"id": made["record"]["id"]})).await;
        let again = fixture.done("account.upsert", json!({"name": "Acme", "domain": "acme.test"})).await;
        assert_eq!(again["outcome"], "created");
    }

    async fn a_batch_that_fails_leaves_nothing_and_figures_are_joined(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let one = |operation: &str, arguments| json!({"operation": operation, "arguments": arguments});
        let sound = json!({"operations": [
            one("account.create", json!({"name": "Acme"})),
            one("deal.create", json!({"name": "Renewal", "account": "$1.id"})),
        ]});
        let done = fixture.done("batch", sound).await;
        assert_eq!(done["results"][1]["record"]["account"]["label"], "Acme", "{done}");
        let broken = json!({"operations": [
            one("account.create", json!({"name": "Gone", "domain": "gone.test"})),
            one("account.create", json!({"name": "Twin", "domain": "gone.test"})),
        ]});
        let problem = fixture.call(&fixture.ada, "batch", broken).await.unwrap_err();
        assert_eq!(problem.issues[0].path, "operations[1].arguments.domain", "{problem:?}");
        let asked = json!({"join": true, "queries": [
            {"object": "deal", "by": ["account.name"]},
            {"object": "account", "by": ["name"]},
        ]});
        let told = fixture.done("figures", asked).await;
        assert_eq!(told["rows"], json!([{"by": ["Acme"], "deal": {"count": 1}, "account": {"count": 1}}]), "{told}");
    }

    async fn events_are_told_in_their_order_and_from_where_one_was(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let shutdown = CancellationToken::new();
        let feed = Feed::new(Store::clone(&store), TaskTracker::new(), shutdown.clone());
        let before = fixture.crm.last_event(fixture.ada.workspace).await.unwrap();
        let follow = async |after| {
            let filter = EventFilter { objects: vec!["deal".into()], ..EventFilter::default() };
            fixture.crm.follow(&feed, fixture.ada.clone(), filter, after).await.unwrap()
        };
        let mut live = std::pin::pin!(follow(None).await);
        for number in 0..60 {
            fixture.done("deal.create", json!({"name": format!("Deal {number}")})).await;
        }
        let mut numbers = Vec::new();
        for _ in 0..60 {
            let Some(Followed::Event { number, name, json }) = live.next().await else { panic!() };
            assert_eq!((name.as_str(), &json["record"]["label"]), ("deal.created", &json!(format!("Deal {}", numbers.len()))));
            numbers.push(number);
        }
        assert!(numbers.is_sorted() && numbers[0] > before);
        let mut again = std::pin::pin!(follow(Some(numbers[57])).await);
        let Some(Followed::Event { number, .. }) = again.next().await else { panic!() };
        assert_eq!(number, numbers[58]);
        shutdown.cancel();
    }
}
