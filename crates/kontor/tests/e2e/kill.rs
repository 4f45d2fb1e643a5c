//! A turn survives `kill -9` and never acts twice.

use std::time::Duration;

use kontor_testkit::kill::{self, KillOptions};

use crate::fixture::{Fixture, engines};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_turns_leaves_every_effect_exactly_once() {
    for engine in engines() {
        let model = kill::model().await.unwrap();
        let mut fixture = Fixture::start(engine, Some(&model.base_url())).await;
        drop(fixture.server.take());
        let options = KillOptions {
            server: fixture.options.clone(),
            rounds: 20,
            concurrent: 3,
            seed: 1,
            latest: Duration::from_millis(120),
        };
        let report = kill::run(&options, &model).await.unwrap();
        assert_eq!(report.violations, Vec::<String>::new(), "{engine:?}");
        assert_eq!(report.turns, 60, "{engine:?}");
        fixture.end().await;
    }
}
