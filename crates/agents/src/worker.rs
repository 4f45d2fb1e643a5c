//! The worker: runs turns, and finds those that nobody runs.

use std::{
    panic::AssertUnwindSafe,
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use futures::FutureExt as _;
use kontor_core::{
    error::Chain,
    ids::{SessionId, WorkspaceId},
    time::Timestamp,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, MissedTickBehavior, interval, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Agents,
    driver::{self, TakenTurn},
    error::Error,
    rows::{
        approvals,
        due_times::{self, Due},
        turns,
    },
    service::{ANNOUNCED, Inner, Wake},
};

/// How long stopping waits for turns to put down what they hold.
const DRAINING: Duration = Duration::from_secs(10);

/// A hint that is younger may be what another process still relies on.
const HINT_LIFETIME: Duration = Duration::from_secs(3 * ANNOUNCED.as_secs());

/// How often every workspace is looked into, whether a hint names it or not: a hint can be lost, as with a
/// directory restored from an older backup than its workspaces. After a restore that is done at once.
const ROUND: Duration = Duration::from_secs(60 * 60);
/// The pause of such a round after each workspace, so that it is hardly noticed.
const PACE: Duration = Duration::from_millis(20);

/// Runs the turns of this process.
pub struct Worker {
    agents: Agents,
}

/// What wakes the worker; given back where the worker ends, so that one after it can go on.
struct Wakes {
    receiver: mpsc::Receiver<Wake>,
    agents: Agents,
}

impl Wakes {
    fn take(agents: &Agents) -> Option<Self> {
        let receiver = agents.0.wakes.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Self { receiver, agents: agents.clone() })
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        let (_, nothing) = mpsc::channel(1);
        let receiver = std::mem::replace(&mut self.receiver, nothing);
        *self.agents.0.wakes.lock().unwrap_or_else(PoisonError::into_inner) = Some(receiver);
    }
}

struct Crew {
    agents: Agents,
    stopping: CancellationToken,
}

impl Worker {
    pub(crate) fn new(agents: Agents) -> Self {
        Self { agents }
    }

    /// Runs turns until `shutdown`; then lets go of them, so that they go on with the next worker.
    pub async fn run(self, shutdown: CancellationToken) {
        let Some(mut wakes) = Wakes::take(&self.agents) else {
            tracing::error!("a second worker was started and does nothing");
            return;
        };
        let Inner { permits, settings, is_at_work, .. } = &*self.agents.0;
        if !is_at_work.swap(true, Ordering::SeqCst) {
            permits.add_permits(settings.concurrency.max(1));
        }
        let crew = Crew { agents: self.agents.clone(), stopping: shutdown };
        tokio::join!(crew.listen(&mut wakes.receiver), crew.sweep_regularly(), crew.go_round_regularly());
        let tracker = &crew.agents.0.tracker;
        tracker.close();
        if tokio::time::timeout(DRAINING, tracker.wait()).await.is_err() {
            tracing::warn!(
                "turns were still at work when the worker stopped; they are taken over at the next start"
            );
        }
        crew.agents.0.hub.close();
    }
}

impl Crew {
    async fn listen(&self, wakes: &mut mpsc::Receiver<Wake>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => break,
                wake = wakes.recv() => match wake {
                    Some(wake) => self.hear(wake),
                    None => return,
                },
            }
        }
        // What was taken up for this worker is put down by it.
        self.agents.0.permits.close();
        while let Ok(wake) = wakes.try_recv() {
            self.hear(wake);
        }
    }

    fn hear(&self, wake: Wake) {
        match wake {
            Wake::Look(workspace, session) => self.start(workspace, session),
            Wake::Run(claim, turn) => {
                let (workspace, session, permit) = claim.into_parts();
                self.run(workspace, session, Some(turn), async move { permit });
            }
        }
    }

    /// The first look is at once: what a crash left is taken over.
    async fn sweep_regularly(&self) {
        let mut sweeps = interval(self.agents.0.settings.sweep_every);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let looking = async {
            loop {
                sweeps.tick().await;
                if let Err(error) = self.sweep().await {
                    tracing::warn!(error = %Chain(&error), "looking for turns that nobody runs failed");
                }
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = looking => {}
        }
    }

    async fn go_round_regularly(&self) {
        let wait = if self.agents.0.store.may_have_been_restored() { Duration::ZERO } else { ROUND };
        let mut rounds = interval_at(Instant::now() + wait, ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let going = async {
            loop {
                rounds.tick().await;
                if let Err(error) = self.go_round().await {
                    tracing::warn!(error = %Chain(&error), "looking into every workspace failed");
                }
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = going => {}
        }
    }

    fn start(&self, workspace: WorkspaceId, session: SessionId) {
        if !self.agents.0.running.enter(session) {
            return;
        }
        let (permits, stopping) = (self.agents.0.permits.clone(), self.stopping.clone());
        self.run(workspace, session, None, async move {
            tokio::select! {
                permit = permits.acquire_owned() => permit.ok(),
                () = stopping.cancelled() => None,
            }
        });
    }

    /// Runs a session that was entered, once there is a permit: its turn that was taken up, and what else it
    /// has.
    fn run(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        first: Option<Box<TakenTurn>>,
        permit: impl Future<Output = Option<OwnedSemaphorePermit>> + Send + 'static,
    ) {
        let (agents, stopping) = (self.agents.clone(), self.stopping.clone());
        self.agents.0.tracker.spawn(async move {
            let Some(_running) = permit.await else { return agents.0.running.forget(session) };
            let driven = driver::drive(&agents, workspace, session, first, &stopping);
            if AssertUnwindSafe(driven).catch_unwind().await.is_err() {
                tracing::error!(%session, "running a turn panicked");
                agents.0.running.forget(session);
            }
        });
    }

    /// Looks into every workspace that is due.
    async fn sweep(&self) -> Result<(), Error> {
        let now = self.agents.0.environment.now();
        let directory = self.agents.0.store.directory();
        let due = directory.read(move |tx| Box::pin(async move { due_times::due(tx, now).await })).await?;
        for due in due {
            if self.is_in_hand(due.workspace, now) {
                continue;
            }
            if let Err(error) = self.sweep_workspace(due).await {
                tracing::warn!(workspace = %due.workspace, error = %Chain(&error), "a workspace's turns cannot be looked for");
            }
        }
        Ok::<_, Error>(())
    }

    /// Whether a workspace whose file is closed was announced by this process a short while ago: what it had to
    /// do then was done, or is about to be, and opening the file for a look would have another one close.
    fn is_in_hand(&self, workspace: WorkspaceId, now: Timestamp) -> bool {
        !self.agents.0.store.is_open(workspace)
            && self.agents.announced_at(workspace).is_some_and(|at| now.since(at) < HINT_LIFETIME)
    }

    async fn sweep_workspace(&self, due: Due) -> Result<(), Error> {
        let (sessions, next) = self.look_into(due.workspace).await?;
        let now = self.agents.0.environment.now();
        if sessions == 0 && now.since(due.at) >= HINT_LIFETIME {
            let directory = self.agents.0.store.directory();
            directory
                .write(move |tx| Box::pin(async move { due_times::settle(tx, due, next).await }))
                .await?;
        }
        Ok(())
    }

    /// Looks into every workspace, one after another, and gives a hint to those that lack one.
    async fn go_round(&self) -> Result<(), Error> {
        let store = &self.agents.0.store;
        for workspace in store.workspace_ids().await? {
            let was_open = store.is_open(workspace);
            let looked = async {
                let (sessions, next) = self.look_into(workspace).await?;
                if sessions > 0 || next.is_some() {
                    return self.agents.announce(workspace).await;
                }
                if !was_open {
                    store.retire(workspace);
                }
                Ok(())
            };
            if let Err(error) = looked.await {
                tracing::warn!(%workspace, error = %Chain(&error), "a workspace's turns cannot be looked for");
            }
            sleep(PACE).await;
        }
        Ok(store.accept_restored().await?)
    }

    /// Starts what a workspace has to run; how many sessions that are, and when its next approval expires.
    async fn look_into(&self, workspace: WorkspaceId) -> Result<(usize, Option<Timestamp>), Error> {
        self.agents.expire_approvals(workspace).await?;
        let namespace = self.agents.namespace(workspace).await?;
        let (sessions, next) = namespace
            .read(|tx| {
                Box::pin(async move {
                    Ok::<_, Error>((turns::due_sessions(tx).await?, approvals::next_expiry(tx).await?))
                })
            })
            .await?;
        for session in &sessions {
            self.start(workspace, *session);
        }
        Ok((sessions.len(), next))
    }
}
