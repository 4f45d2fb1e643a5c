//! Finds what is unread and hands it on.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{error::Chain, ids::WorkspaceId, time::Timestamp};
use tokio::{sync::Semaphore, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    EventReader, Gap, Reading,
    rows::{self, Standing},
    settled::Settled,
};
use crate::{
    Error, Namespace, Tx,
    jobs::{Consumer, Failure, Jobs, Look},
};

/// How many events are handed on at one time.
const BATCH: u64 = 200;
/// How many workspaces are handed events at one time in this process.
const CONCURRENCY: usize = 4;
/// Commits that follow each other quickly are looked at together.
const GATHER_FOR: Duration = Duration::from_millis(100);
/// The pauses while a number may still be on its way, and after a failure; they double.
const SHORT_PAUSE: Duration = Duration::from_millis(20);
const LONG_PAUSE: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(10 * 60);

/// Hands the events of all workspaces to their readers.
pub(crate) struct Readers(Arc<Inner>);

struct Inner {
    jobs: Jobs,
    readers: Vec<Arc<dyn EventReader>>,
    permits: Semaphore,
    /// The workspaces that are being read, and whether they were written in since.
    reading: Mutex<HashMap<WorkspaceId, bool>>,
    /// The readers that failed last, by workspace and name.
    failed: Mutex<HashMap<(WorkspaceId, &'static str), Failed>>,
    tracker: TaskTracker,
    stopping: CancellationToken,
}

/// That a reader failed.
struct Failed {
    /// How often, one time after another.
    times: u32,
    again_at: Timestamp,
}

impl Readers {
    pub(crate) fn new(jobs: Jobs, readers: Vec<Arc<dyn EventReader>>, stopping: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            jobs,
            readers,
            permits: Semaphore::new(CONCURRENCY),
            reading: Mutex::default(),
            failed: Mutex::default(),
            tracker: TaskTracker::new(),
            stopping,
        }))
    }

    /// Waits for what is being read; nothing more is begun.
    pub(crate) async fn finish(&self) {
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }

    /// Looks where this process has written.
    pub(crate) async fn listen(&self) {
        let store = &self.0.jobs.0.store;
        loop {
            store.commits().noted().await;
            sleep(GATHER_FOR).await;
            for workspace in store.commits().take() {
                if let Err(error) = self.look_into(workspace).await {
                    tracing::warn!(%workspace, error = %Chain(&error), "it cannot be looked for events");
                }
            }
        }
    }

    /// Starts to hand on what is unread in a workspace.
    async fn look_into(&self, workspace: WorkspaceId) -> Result<Look, Error> {
        let inner = &self.0;
        if inner.readers.is_empty() {
            return Ok(Look::default());
        }
        let namespace = match inner.jobs.0.store.workspace(workspace).await {
            // It was removed meanwhile.
            Err(Error::Missing { .. }) => return Ok(Look::default()),
            other => other?,
        };
        let (standings, last) = namespace.read((), |tx, ()| Box::pin(rows::outlook(tx))).await?;
        let has_read = |reader: &Arc<dyn EventReader>| {
            let standing = standings.iter().find(|standing| standing.name == reader.name());
            standing.is_some_and(|standing| standing.place >= last && standing.missed_through.is_none())
        };
        if inner.readers.iter().all(has_read) {
            return Ok(Look::default());
        }
        let mut reading = inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match reading.get_mut(&workspace) {
            Some(again) => *again = true,
            None if inner.stopping.is_cancelled() => {}
            None => {
                reading.insert(workspace, false);
                let inner = inner.clone();
                self.0.tracker.spawn(async move { inner.read_workspace(workspace, &namespace).await });
            }
        }
        Ok(Look { is_at_work: true, next: None })
    }
}

impl Consumer for Readers {
    fn look(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Look, Failure>> {
        Box::pin(async move { Ok(self.look_into(workspace).await?) })
    }
}

impl Inner {
    /// Hands a workspace's events to every reader, until all have had them.
    async fn read_workspace(&self, workspace: WorkspaceId, namespace: &Namespace) {
        loop {
            let mut settled = Settled::default();
            for reader in &self.readers {
                if self.is_waiting(workspace, reader.name()) {
                    continue;
                }
                let read = AssertUnwindSafe(self.read(workspace, namespace, reader, &mut settled));
                let ended = read.catch_unwind().await.unwrap_or_else(|_| Err("it panicked".into()));
                self.note(workspace, reader.name(), ended);
            }
            let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(again @ true) = reading.get_mut(&workspace)
                && !self.stopping.is_cancelled()
            {
                *again = false;
                continue;
            }
            reading.remove(&workspace);
            return;
        }
    }

    /// Hands a reader what it has not had, until there is no more, it is stopped or another process does.
    async fn read(
        &self,
        workspace: WorkspaceId,
        namespace: &Namespace,
        reader: &Arc<dyn EventReader>,
        settled: &mut Settled,
    ) -> Result<(), Failure> {
        let mut pause = SHORT_PAUSE;
        let mut held = None;
        let mut place = self.place(namespace, reader).await?;
        while !self.stopping.is_cancelled() {
            let through = settled.after(namespace, place).await?;
            let permit = self.permits.acquire().await?;
            // So that what is begun is found if this process dies in the middle of it.
            let announced = self.jobs.announce(workspace).await?;
            let environment = self.jobs.0.environment.clone();
            let batch = Batch {
                reader: reader.clone(),
                reading: Reading { workspace, environment, announced },
                through,
                held,
                lease: self.lease(),
            };
            let batch = namespace.write(batch, |tx, batch| Box::pin(hand_on(tx, batch)));
            let Some(handed) = batch.await? else { return Ok(()) };
            self.count(reader.name(), &handed);
            (place, held) = (handed.place, Some(handed.epoch));
            match handed.left {
                Left::Nothing => return Ok(()),
                Left::Some => pause = SHORT_PAUSE,
                Left::Unsettled => {
                    drop(permit);
                    tokio::select! {
                        () = self.stopping.cancelled() => return Ok(()),
                        () = sleep(pause) => {}
                    }
                    pause = (pause * 2).min(LONG_PAUSE);
                }
            }
        }
        Ok(())
    }

    /// Where a reader stands, 0 where it has not begun.
    async fn place(&self, namespace: &Namespace, reader: &Arc<dyn EventReader>) -> Result<i64, Error> {
        let (standings, _) = namespace.read((), |tx, ()| Box::pin(rows::outlook(tx))).await?;
        let standing = standings.iter().find(|standing| standing.name == reader.name());
        Ok(standing.map_or(0, |standing| standing.place))
    }

    fn lease(&self) -> Lease {
        let jobs = &self.jobs.0;
        let now = jobs.environment.now();
        Lease { owner: jobs.owner, shared: jobs.settings.shared, now, until: now.plus(jobs.settings.lease) }
    }

    /// Whether a reader that failed is not tried again yet.
    fn is_waiting(&self, workspace: WorkspaceId, reader: &'static str) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.jobs.0.environment.now();
        failed.get(&(workspace, reader)).is_some_and(|failed| failed.again_at > now)
    }

    fn note(&self, workspace: WorkspaceId, reader: &'static str, ended: Result<(), Failure>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (workspace, reader);
        let Err(error) = ended else {
            failed.remove(&key);
            return;
        };
        let times = failed.get(&key).map_or(1, |failed| failed.times.saturating_add(1));
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(times - 1)).min(LAST_RETRY);
        let again_at = self.jobs.0.environment.now().plus(pause);
        failed.insert(key, Failed { times, again_at });
        metrics::counter!("events_read_total", "reader" => reader, "outcome" => "failed").increment(1);
        tracing::warn!(%workspace, reader, times, error = %Chain(&*error), "a reader of events failed; it is tried again in {pause:?}");
    }

    fn count(&self, reader: &'static str, handed: &Handed) {
        let now = self.jobs.0.environment.now();
        metrics::counter!("events_read_total", "reader" => reader, "outcome" => "read")
            .increment(handed.count);
        if let Some(oldest) = handed.oldest {
            let delay = now.since(oldest).as_secs_f64();
            metrics::histogram!("event_reading_delay_seconds", "reader" => reader).record(delay);
        }
        if let Some(gap) = handed.gap {
            metrics::counter!("events_missed_total", "reader" => reader).increment(gap.count());
            tracing::error!(
                reader,
                after = gap.after,
                through = gap.through,
                "a reader of events was so slow that events were removed unread (retention.unread_events)"
            );
        }
    }
}

impl Gap {
    fn count(&self) -> u64 {
        u64::try_from(self.through - self.after).unwrap_or_default()
    }
}

/// On what terms a reader is taken.
#[derive(Clone, Copy)]
struct Lease {
    owner: Uuid,
    /// Whether leases of others are honoured until they expire.
    shared: bool,
    now: Timestamp,
    until: Timestamp,
}

impl Lease {
    /// Whether the reader is free to be taken: nobody has it, or who had it is gone.
    fn may_take(&self, standing: &Standing) -> bool {
        let is_over = standing.lease_until.is_none_or(|until| until < self.now);
        is_over || !self.shared || standing.owner == Some(self.owner)
    }
}

/// One transaction of a reader.
struct Batch {
    reader: Arc<dyn EventReader>,
    reading: Reading,
    /// The last number up to which every event is there.
    through: i64,
    /// The epoch of the lease that is held since the last one.
    held: Option<i64>,
    lease: Lease,
}

/// What a reader was handed.
struct Handed {
    place: i64,
    epoch: i64,
    count: u64,
    /// When the first event happened.
    oldest: Option<Timestamp>,
    gap: Option<Gap>,
    left: Left,
}

enum Left {
    Nothing,
    Some,
    /// Events that are there, behind a number that may still be on its way.
    Unsettled,
}

/// Hands a reader its next events and moves its place behind them; nothing where another process has it.
async fn hand_on(tx: &mut Tx<'_>, batch: &Batch) -> Result<Option<Handed>, Failure> {
    let name = batch.reader.name();
    let before = rows::standing(tx, name).await?;
    let is_new = before.is_none();
    let mut standing = before.unwrap_or_else(|| Standing::new(name));
    match batch.held {
        Some(epoch) if epoch == standing.epoch => {}
        None if batch.lease.may_take(&standing) => standing.epoch += 1,
        _ => return Ok(None),
    }
    let gap = standing.missed_through.take().filter(|through| *through > standing.place);
    let gap = gap.map(|through| Gap { after: standing.place, through });
    if let Some(gap) = gap {
        batch.reader.missed(tx, &batch.reading, gap).await?;
        standing.place = gap.through;
    }
    let events = rows::events(tx, standing.place, batch.through, BATCH).await?;
    let done = match events.is_empty() {
        true => 0,
        false => batch.reader.read(tx, &batch.reading, &events).await?.min(events.len()),
    };
    standing.place = match done.checked_sub(1).and_then(|last| events.get(last)) {
        Some(last) => last.sequence,
        None => standing.place,
    };
    if done == events.len() && (events.len() as u64) < BATCH {
        // Numbers behind the last event are of none.
        standing.place = standing.place.max(batch.through);
    }
    let (_, last) = rows::outlook(tx).await?;
    let left = match () {
        () if standing.place >= last => Left::Nothing,
        () if standing.place < batch.through => Left::Some,
        () if gap.is_some() || done > 0 => Left::Some,
        () => Left::Unsettled,
    };
    let is_held = !matches!(left, Left::Nothing);
    standing.owner = is_held.then_some(batch.lease.owner);
    standing.lease_until = is_held.then_some(batch.lease.until);
    rows::put(tx, is_new, &standing).await?;
    Ok(Some(Handed {
        place: standing.place,
        epoch: standing.epoch,
        count: done as u64,
        oldest: events.first().map(super::Event::happened_at).filter(|_| done > 0),
        gap,
        left,
    }))
}

impl Standing {
    /// Of a reader that has not begun.
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            place: 0,
            missed_through: None,
            epoch: 0,
            owner: None,
            lease_until: None,
        }
    }
}
