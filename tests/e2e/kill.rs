//! A turn survives `kill -9` and never acts twice.

use std::{collections::BTreeMap, time::Duration};

use kontor_core::environment::Environment;
use kontor_store::{Error, Store, StoreConfig};
use kontor_testkit::kill::{self, Effect, KillOptions, Wire};
use sea_query::Query;
use uuid::Uuid;

use crate::fixture::{Fixture, engines};

/// How many events the outbox has of each effect.
async fn outbox(fixture: &Fixture) -> BTreeMap<Effect, usize> {
    let config = StoreConfig {
        database_url: fixture.options.database_url.clone(),
        ..StoreConfig::new(&fixture.options.data_dir)
    };
    let store = Store::open(config, Environment::system()).await.unwrap();
    let mut found = BTreeMap::new();
    for workspace in store.workspace_ids().await.unwrap() {
        let namespace = store.workspace(workspace).await.unwrap();
        let rows = namespace.read((), |tx, ()| {
            let events =
                Query::select().columns(["record_id", "name"]).from(tx.table("outbox_events")).take();
            Box::pin(async move { tx.fetch_all(&events).await })
        });
        for row in rows.await.map_err(|error: Error| error).unwrap() {
            let record: Uuid = row.get(0).unwrap();
            let effect = Effect { record: record.to_string(), name: row.get(1).unwrap() };
            *found.entry(effect).or_default() += 1;
        }
    }
    store.close().await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_turns_leaves_every_effect_exactly_once() {
    // Each wire has its own way of sending thoughts back; one on each engine is enough.
    for (engine, wire) in engines().into_iter().zip([Wire::Anthropic, Wire::OpenAi]) {
        let model = kill::model(wire).await.unwrap();
        let mut fixture = Fixture::start(engine, Some(&model.base_url())).await;
        drop(fixture.server.take());
        let mut server = fixture.options.clone();
        server.environment.extend(wire.environment());
        let options =
            KillOptions { server, rounds: 20, concurrent: 3, seed: 1, latest: Duration::from_millis(200) };
        let report = kill::run(&options, &model).await.unwrap();
        assert_eq!(report.violations, Vec::<String>::new(), "{engine:?}");
        assert_eq!((report.turns, report.effects.len()), (60, 60 * 7), "{engine:?}");
        let events = outbox(&fixture).await;
        for effect in &report.effects {
            assert_eq!(events.get(effect), Some(&1), "{engine:?}: {effect:?}");
        }
        // Nor is anything told of these records that did not happen to them.
        let records: std::collections::BTreeSet<_> = report.effects.iter().map(|one| &one.record).collect();
        let told = events.keys().filter(|event| records.contains(&event.record)).count();
        assert_eq!(told, report.effects.len(), "{engine:?}");
        fixture.end().await;
    }
}
