//! Who looks on is told of what changes.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use kontor_core::{
    grants::{Action, Grants, ObjectGrant, RowRule},
    metadata::Name,
};
use kontor_crm::{Feed, Notice};
use kontor_store::{Store, both_engines, testing::TestStore};
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::support::{Fixture, Writes as _, map};

/// The next changes, as `deal update`; an id follows where there is one.
async fn next(stream: &mut (impl Stream<Item = Notice> + Unpin)) -> Vec<String> {
    match tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("nothing is told") {
        Some(Notice::Changed(changes)) => changes
            .into_iter()
            .map(|changed| {
                let id = changed.record.map(|_| " id").unwrap_or_default();
                format!("{} {}{id}", changed.object, changed.action)
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn feed(store: Store) -> Feed {
    Feed::new(store, TaskTracker::new(), CancellationToken::new())
}

both_engines! {
    async fn changes_are_told_in_their_order_to_those_who_may_read_them(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        fixture.create("account", json!({ "name": "Before" })).await;
        let feeds = feed(Store::clone(&store));
        let mut ada = Box::pin(feeds.subscribe(&fixture.ada).await.unwrap());
        let no_deals = Grants::everything().with_object(Name::literal("deal"), ObjectGrant::nothing());
        let mut blind = Box::pin(feeds.subscribe(&fixture.with(no_deals)).await.unwrap());

        let own = ObjectGrant::everything().for_rows(Action::Read, RowRule::new(&json!({ "owner": { "eq": "$me" } })));
        let own = Grants::everything().with_object(Name::literal("deal"), own);
        let mut bounded = Box::pin(feeds.subscribe(&fixture.with(own)).await.unwrap());

        let deal = fixture.create("deal", json!({ "name": "Crane" })).await.id;
        fixture.crm.update(&fixture.ada, "deal", deal, map(json!({ "name": "Crane 2" })), None).await.unwrap();
        fixture.create("account", json!({ "name": "After" })).await;
        let mut told = Vec::new();
        while told.len() < 3 {
            told.extend(next(&mut ada).await);
        }
        assert_eq!(told, ["deal create id", "deal update id", "account create id"]);
        assert_eq!(next(&mut blind).await, ["account create id"]);
        assert_eq!(next(&mut bounded).await[0], "deal create", "no id of what may not be theirs");

        // Whoever comes later is told what comes later, once.
        drop((ada, blind, bounded));
        let mut late = Box::pin(feeds.subscribe(&fixture.ada).await.unwrap());
        fixture.crm.delete(&fixture.ada, "deal", deal).await.unwrap();
        assert_eq!(next(&mut late).await, ["deal delete id"]);
        let silence = tokio::time::timeout(Duration::from_secs(4), late.next()).await;
        assert!(silence.is_err(), "{silence:?}");
    }

    async fn what_another_process_changes_is_told_too(store: TestStore) {
        let fixture = Fixture::new(&store).await;
        let elsewhere = Store::open(store.config(), kontor_core::environment::Environment::system()).await.unwrap();
        let feeds = feed(elsewhere);
        let mut ada = Box::pin(feeds.subscribe(&fixture.ada).await.unwrap());
        fixture.create("deal", json!({ "name": "Crane" })).await;
        assert_eq!(next(&mut ada).await, ["deal create id"]);
    }
}
