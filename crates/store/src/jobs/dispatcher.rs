//! Looks into the workspaces that are due, for jobs, turns, events and what else is work.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kontor_core::{error::Chain, ids::WorkspaceId, time::Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    ANNOUNCED, Jobs, Registry,
    hints::{self, Due},
    runner::{Runner, spread},
};
use crate::{Error, outbox::Readers};

/// A hint that is younger may be what another process still relies on.
const HINT_LIFETIME: Duration = Duration::from_secs(3 * ANNOUNCED.as_secs());
/// How often every workspace is looked into, whether a hint names it or not: a hint can be lost, as with a
/// directory restored from an older backup than its workspaces. After a restore that is done at once.
const ROUND: Duration = Duration::from_secs(60 * 60);
/// The pause of such a round after each workspace, so that it is hardly noticed.
const PACE: Duration = Duration::from_millis(20);
/// How long stopping waits for jobs to end.
const DRAINING: Duration = Duration::from_secs(10);

/// What went wrong with a look.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What finds work of its own in a workspace, and does it.
pub trait Consumer: Send + Sync + 'static {
    /// Starts what is due, without waiting for its end.
    fn look(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Look, Failure>>;
}

/// What was found in a workspace.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Whether something is due, or being done.
    pub is_at_work: bool,
    /// When the next is due.
    pub next: Option<Timestamp>,
}

impl Look {
    fn and(self, other: Self) -> Self {
        Self {
            is_at_work: self.is_at_work || other.is_at_work,
            next: self.next.into_iter().chain(other.next).min(),
        }
    }
}

/// Finds what is due, as long as the server runs.
pub struct Dispatcher {
    jobs: Jobs,
    runner: Arc<Runner>,
    readers: Arc<Readers>,
    consumers: Vec<Arc<dyn Consumer>>,
    stopping: CancellationToken,
}

impl Dispatcher {
    /// A dispatcher for the jobs and readers of the registry and what these consumers look for.
    pub fn new(
        jobs: Jobs,
        mut registry: Registry,
        consumers: Vec<Arc<dyn Consumer>>,
        stopping: CancellationToken,
    ) -> Self {
        let readers = std::mem::take(&mut registry.readers);
        let readers = Arc::new(Readers::new(jobs.clone(), readers, stopping.clone()));
        let runner = Arc::new(Runner::new(jobs.clone(), registry, stopping.clone()));
        let own: [Arc<dyn Consumer>; 2] = [readers.clone(), runner.clone()];
        Self { jobs, runner, readers, consumers: consumers.into_iter().chain(own).collect(), stopping }
    }

    /// Finds and runs until it is to stop; then waits a little for the jobs that run, which are put back.
    pub async fn run(&self) {
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = async {
                let (sweeps, rounds) = (self.sweep_regularly(), self.go_round_regularly());
                tokio::join!(sweeps, rounds, self.listen(), self.readers.listen());
            } => {}
        }
        let finish = async { tokio::join!(self.runner.finish(), self.readers.finish()) };
        if timeout(DRAINING, finish).await.is_err() {
            tracing::warn!(
                "jobs were still being run when the server stopped; they are taken up at the next start"
            );
        }
    }

    /// The first look is at once: what a crash left is taken over.
    async fn sweep_regularly(&self) {
        let mut sweeps = interval(self.jobs.0.settings.sweep_every);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            sweeps.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(error = %Chain(&error), "looking for what is due failed");
            }
        }
    }

    /// Looks where something was enqueued, or a place has become free.
    async fn listen(&self) {
        loop {
            self.jobs.0.wake.notified().await;
            while let Some(place) = self.jobs.next_woken() {
                if let Err(error) = self.runner.look_at(place).await {
                    let workspace = place.map_or_else(|| "none".to_owned(), |id| id.to_string());
                    tracing::warn!(workspace, error = %Chain(&error), "jobs cannot be looked for");
                }
            }
        }
    }

    async fn go_round_regularly(&self) {
        let wait = if self.jobs.0.store.may_have_been_restored() { Duration::ZERO } else { ROUND };
        if let Err(error) = self.hint_unknown().await {
            tracing::warn!(error = %Chain(&error), "workspaces that nobody has looked into yet cannot be found");
        }
        let mut rounds = interval_at(Instant::now() + wait, ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Err(error) = self.go_round().await {
                tracing::warn!(error = %Chain(&error), "looking into every workspace failed");
            }
        }
    }

    /// Looks into the directory and into every workspace that is due.
    async fn sweep(&self) -> Result<(), Error> {
        let store = &self.jobs.0.store;
        self.runner.look_into(store.directory()).await?;
        let now = self.jobs.0.environment.now();
        let due = store.directory().read(now, |tx, &now| Box::pin(hints::due(tx, now))).await?;
        for due in due {
            if self.is_in_hand(due.workspace, now) {
                continue;
            }
            if let Err(error) = self.sweep_workspace(due).await {
                tracing::warn!(workspace = %due.workspace, error = %Chain(&*error), "it cannot be looked for what is due in a workspace");
            }
        }
        Ok::<_, Error>(())
    }

    /// Whether a workspace whose file is closed was announced by this process a short while ago: what it had to
    /// do then was done, or is about to be, and opening the file for a look would have another one close.
    fn is_in_hand(&self, workspace: WorkspaceId, now: Timestamp) -> bool {
        !self.jobs.0.store.is_open(workspace)
            && self.jobs.announced_at(workspace).is_some_and(|at| now.since(at) < HINT_LIFETIME)
    }

    async fn sweep_workspace(&self, due: Due) -> Result<(), Failure> {
        let Look { is_at_work, next } = self.look_into(due.workspace).await?;
        let now = self.jobs.0.environment.now();
        if !is_at_work && now.since(due.at) >= HINT_LIFETIME {
            let directory = self.jobs.0.store.directory();
            directory.write((due, next), |tx, &(due, next)| Box::pin(hints::settle(tx, due, next))).await?;
        }
        Ok(())
    }

    /// Looks into every workspace, one after another, and gives a hint to those that lack one.
    async fn go_round(&self) -> Result<(), Error> {
        let store = &self.jobs.0.store;
        for workspace in store.workspace_ids().await? {
            let was_open = store.is_open(workspace);
            let looked = async {
                let Look { is_at_work, next } = self.look_into(workspace).await?;
                if is_at_work {
                    self.jobs.announce(workspace).await?;
                } else if let Some(next) = next {
                    self.hint(workspace, next).await?;
                }
                if !is_at_work && !was_open {
                    store.retire(workspace);
                }
                Ok::<_, Failure>(())
            };
            if let Err(error) = looked.await {
                tracing::warn!(%workspace, error = %Chain(&*error), "it cannot be looked for what is due in a workspace");
            }
            sleep(PACE).await;
        }
        store.accept_restored().await
    }

    /// Gives a hint to the workspaces that have none, such as those of an older version, so that each is looked into
    /// within the time over which schedules are spread.
    async fn hint_unknown(&self) -> Result<(), Error> {
        let store = &self.jobs.0.store;
        let known = store.directory().read((), |tx, ()| Box::pin(hints::known(tx))).await?;
        let now = self.jobs.0.environment.now();
        for workspace in store.workspace_ids().await?.into_iter().filter(|id| !known.contains(id)) {
            self.hint(workspace, now.plus(spread(Some(workspace)))).await?;
        }
        Ok::<_, Error>(())
    }

    /// Says in the directory when a workspace has something to do at the latest. One that the directory does not
    /// know, such as one that is being made, has no hint.
    async fn hint(&self, workspace: WorkspaceId, at: Timestamp) -> Result<(), Error> {
        let directory = self.jobs.0.store.directory();
        let hinted = directory
            .write((workspace, at), |tx, &(workspace, at)| Box::pin(hints::at_latest(tx, workspace, at)))
            .await;
        match hinted {
            Err(Error::ForeignKey { .. }) => Ok(()),
            other => other,
        }
    }

    async fn look_into(&self, workspace: WorkspaceId) -> Result<Look, Failure> {
        let mut found = Look::default();
        for consumer in &self.consumers {
            found = found.and(consumer.look(workspace).await?);
        }
        Ok(found)
    }
}
