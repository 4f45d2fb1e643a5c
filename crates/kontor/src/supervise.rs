//! Tasks that go on as long as the server: one that ends is told of, and begun again.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use futures::FutureExt as _;
use kontor_http::Health;
use tokio_util::sync::CancellationToken;

/// The pause before the first restart; it doubles with each until the longest.
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);
/// A task that lived so long begins with the shortest pause again.
const STEADY: Duration = Duration::from_secs(60);

/// Runs a task until `shutdown`. Where it panics or ends before that, the service is not ready until it runs
/// again, after a pause.
pub(crate) async fn supervise<F: Future<Output = ()>>(
    service: &'static str,
    health: Health,
    shutdown: CancellationToken,
    mut begin: impl FnMut() -> F,
) {
    let mut pause = SHORTEST;
    loop {
        let begun = Instant::now();
        health.up(service);
        let ended = AssertUnwindSafe(async { begin().await }).catch_unwind().await;
        if shutdown.is_cancelled() {
            return;
        }
        health.down(service);
        if begun.elapsed() >= STEADY {
            pause = SHORTEST;
        }
        let how = if ended.is_err() { "panicked" } else { "ended" };
        tracing::error!(service, "a service {how}; it is begun again in {pause:?}");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_or_ends_makes_its_service_not_ready_and_is_begun_again() {
        let (health, shutdown) = (Health::new(|| 0), CancellationToken::new());
        let (runs, steady) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let begin = {
            let (runs, steady, shutdown) = (runs.clone(), steady.clone(), shutdown.clone());
            move || {
                let (run, steady, shutdown) =
                    (runs.fetch_add(1, Ordering::SeqCst), steady.clone(), shutdown.clone());
                async move {
                    match run {
                        0 => panic!("the first run breaks"),
                        1 => {}
                        _ => {
                            steady.notify_one();
                            shutdown.cancelled().await;
                        }
                    }
                }
            }
        };
        let supervised = supervise("agents", health.clone(), shutdown.clone(), begin);
        let watched = async {
            while health.services_down().is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(health.services_down(), ["agents"]);
            steady.notified().await;
            assert!(health.services_down().is_empty());
            assert_eq!(runs.load(Ordering::SeqCst), 3);
            shutdown.cancel();
        };
        let both = async { tokio::join!(supervised, watched) };
        tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends with the server");
    }
}
