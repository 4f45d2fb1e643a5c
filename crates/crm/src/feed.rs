//! What changes in a workspace, for those who look on: one reader of the outbox for each workspace that somebody looks
//! at. A page that is shown is told of changes within a moment; what changed it reads by itself, as far as it may.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{Stream, StreamExt as _, stream};
use kontor_core::{
    caller::Caller,
    error::Chain,
    grants::Action,
    ids::{RecordId, WorkspaceId},
    metadata::Name,
};
use kontor_store::{Namespace, Store};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Error, outbox};

/// Other servers on the same database are heard of so late.
const POLL: Duration = Duration::from_secs(3);
/// Changes that follow each other quickly are told together.
const GATHER_FOR: Duration = Duration::from_millis(100);
/// Batches that a slow reader may be behind.
const CHANNEL_CAPACITY: usize = 64;
/// How many events are read at once.
const BATCH: u64 = 500;
/// On PostgreSQL an event may become visible after later ones: so many numbers are looked at again.
const REREAD_WINDOW: i64 = 1_000;

/// A change of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub object: Name,
    /// Nothing where the reader may not read every record of the object, and could learn of one by its id.
    pub record: Option<RecordId>,
    /// `create`, `update`, `delete`, `restore` or `destroy`.
    pub action: String,
}

/// What a reader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    Changed(Vec<Changed>),
    /// The reader was too slow to be told all: anything may have changed.
    Missed,
}

/// The feeds of the workspaces that somebody looks at. Cloning is cheap.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    store: Store,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    open: Mutex<HashMap<WorkspaceId, broadcast::Sender<Arc<[Changed]>>>>,
}

impl Feed {
    /// Feeds whose reading is among `tasks` and ends at `shutdown`.
    pub fn new(store: Store, tasks: TaskTracker, shutdown: CancellationToken) -> Self {
        Self(Arc::new(Inner { store, tasks, shutdown, open: Mutex::default() }))
    }

    /// What changes from now on of what the caller may read. The grants are those of this moment: whoever holds the
    /// stream ends it when the caller may not stay as they are.
    ///
    /// # Errors
    /// What the database said.
    pub async fn subscribe(
        &self,
        caller: &Caller,
    ) -> Result<impl Stream<Item = Notice> + Send + use<>, Error> {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let receiver = match self.join(caller.workspace) {
            Some(receiver) => receiver,
            None => {
                // Read before the feed is there, so that nothing that comes after is missed.
                let reader = Reader::begin(&namespace).await?;
                self.open(caller.workspace, namespace, reader)
            }
        };
        let grants = caller.grants.clone();
        let notices = stream::unfold(receiver, |mut receiver| async move {
            match receiver.recv().await {
                Ok(changes) => Some((Some(changes), receiver)),
                Err(RecvError::Lagged(_)) => Some((None, receiver)),
                Err(RecvError::Closed) => None,
            }
        });
        Ok(notices.filter_map(move |changes| {
            let notice = match changes {
                None => Some(Notice::Missed),
                Some(changes) => {
                    let may_read = |changed: &&Changed| grants.allows(&changed.object, Action::Read);
                    let shown = changes.iter().filter(may_read).map(|changed| {
                        let is_bounded = grants.row_rules(&changed.object, Action::Read).next().is_some();
                        Changed { record: changed.record.filter(|_| !is_bounded), ..changed.clone() }
                    });
                    Some(shown.collect::<Vec<_>>()).filter(|shown| !shown.is_empty()).map(Notice::Changed)
                }
            };
            std::future::ready(notice)
        }))
    }

    fn feeds(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, broadcast::Sender<Arc<[Changed]>>>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, workspace: WorkspaceId) -> Option<broadcast::Receiver<Arc<[Changed]>>> {
        self.feeds().get(&workspace).map(broadcast::Sender::subscribe)
    }

    fn open(
        &self,
        workspace: WorkspaceId,
        namespace: Namespace,
        reader: Reader,
    ) -> broadcast::Receiver<Arc<[Changed]>> {
        let mut feeds = self.feeds();
        // Another may have opened it meanwhile.
        if let Some(sender) = feeds.get(&workspace) {
            return sender.subscribe();
        }
        let (sender, receiver) = broadcast::channel(CHANNEL_CAPACITY);
        feeds.insert(workspace, sender);
        drop(feeds);
        self.0.tasks.spawn(self.clone().follow(workspace, namespace, reader));
        receiver
    }

    /// Tells of a workspace's changes until nobody listens any more.
    async fn follow(self, workspace: WorkspaceId, namespace: Namespace, mut reader: Reader) {
        let mut written = namespace.written();
        loop {
            tokio::select! {
                () = self.0.shutdown.cancelled() => {
                    self.feeds().remove(&workspace);
                    return;
                }
                // The sender lives as long as the namespace that is held here.
                _ = written.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            {
                let mut feeds = self.feeds();
                let is_heard = feeds.get(&workspace).is_some_and(|sender| sender.receiver_count() > 0);
                if !is_heard {
                    feeds.remove(&workspace);
                    return;
                }
            }
            tokio::time::sleep(GATHER_FOR).await;
            written.mark_unchanged();
            match reader.next(&namespace).await {
                Ok(changes) if changes.is_empty() => {}
                Ok(changes) => {
                    if let Some(sender) = self.feeds().get(&workspace) {
                        let _ = sender.send(changes.into());
                    }
                }
                Err(error) => {
                    tracing::warn!(%workspace, error = %Chain(&error), "changes cannot be read at the moment");
                }
            }
        }
    }
}

/// Where the reading of a workspace's events has come to.
struct Reader {
    position: i64,
    /// The last numbers that were reported.
    reported: BTreeSet<i64>,
}

impl Reader {
    /// A reader of what comes from now on.
    async fn begin(namespace: &Namespace) -> Result<Self, kontor_store::Error> {
        let position = namespace.read((), |tx, ()| outbox::latest(tx)).await?;
        let mut reader = Self { position, reported: BTreeSet::new() };
        // What is there already is told by this reading, to nobody.
        reader.next(namespace).await?;
        Ok(reader)
    }

    async fn next(&mut self, namespace: &Namespace) -> Result<Vec<Changed>, kontor_store::Error> {
        let again = if namespace.dialect() == kontor_store::Dialect::Postgres { REREAD_WINDOW } else { 0 };
        let mut changes = Vec::new();
        let mut after = self.position - again;
        loop {
            let found = namespace.read(after, |tx, &after| outbox::after(tx, after, BATCH)).await?;
            let is_last = (found.len() as u64) < BATCH;
            for (number, changed) in found {
                after = number;
                if number > self.position
                    || (number > self.position - again && !self.reported.contains(&number))
                {
                    changes.push(changed);
                    self.reported.insert(number);
                }
            }
            if is_last {
                break;
            }
        }
        self.position = self.position.max(after);
        // What is never looked at again need not be known.
        self.reported = self.reported.split_off(&(self.position - again + 1));
        Ok(changes)
    }
}
