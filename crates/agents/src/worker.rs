//! The worker: runs turns. Those that nobody runs are found by the dispatcher, which asks for them.

use std::{
    panic::AssertUnwindSafe,
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::ids::{SessionId, WorkspaceId};
use kontor_store::jobs::{Consumer, Failure, Look};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    driver::{self, TakenTurn},
    engine::{Agents, Inner, Wake},
    rows::turns,
};

/// How long stopping waits for turns to put down what they hold.
const DRAINING: Duration = Duration::from_secs(10);

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

struct WorkerState {
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
        let state = WorkerState { agents: self.agents.clone(), stopping: shutdown };
        state.listen(&mut wakes.receiver).await;
        let tracker = &state.agents.0.tracker;
        tracker.close();
        if tokio::time::timeout(DRAINING, tracker.wait()).await.is_err() {
            tracing::warn!(
                "turns were still at work when the worker stopped; they are taken over at the next start"
            );
        }
        state.agents.0.hub.close();
    }
}

impl WorkerState {
    async fn listen(&self, wakes: &mut mpsc::Receiver<Wake>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => break,
                wake = wakes.recv() => match wake {
                    Some(wake) => self.handle(wake),
                    None => return,
                },
            }
        }
        // What was taken up for this worker is put down by it.
        self.agents.0.permits.close();
        while let Ok(wake) = wakes.try_recv() {
            self.handle(wake);
        }
    }

    fn handle(&self, wake: Wake) {
        match wake {
            Wake::Look(workspace, session) => self.start(workspace, session),
            Wake::Run(claim, turn) => {
                let (workspace, session, permit) = claim.into_parts();
                self.run(workspace, session, Some(turn), async move { permit });
            }
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
}

/// The turns that nobody runs.
impl Consumer for Agents {
    fn look(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Look, Failure>> {
        Box::pin(async move {
            let namespace = self.namespace(workspace).await?;
            let sessions = namespace.read((), |tx, ()| Box::pin(turns::due_sessions(tx))).await?;
            for session in &sessions {
                self.wake(workspace, *session);
            }
            Ok(Look { is_at_work: !sessions.is_empty(), next: None })
        })
    }
}
