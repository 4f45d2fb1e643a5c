//! The workspaces in which this process has written lately.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use kontor_core::ids::WorkspaceId;
use tokio::sync::Notify;

/// Workspaces that were written in and nobody has looked into since. Cloning is cheap.
#[derive(Clone, Default)]
pub(crate) struct Commits(Arc<Inner>);

/// A workspace that is written in.
pub(crate) struct Written {
    commits: Commits,
    workspace: WorkspaceId,
}

#[derive(Default)]
struct Inner {
    written: Mutex<HashSet<WorkspaceId>>,
    wake: Notify,
}

impl Commits {
    /// What notes that something was committed in a workspace.
    pub(crate) fn of(&self, workspace: WorkspaceId) -> Written {
        Written { commits: self.clone(), workspace }
    }

    /// Waits until there are some.
    pub(crate) async fn noted(&self) {
        self.0.wake.notified().await;
    }

    /// Those that were written in since this was called last.
    pub(crate) fn take(&self) -> HashSet<WorkspaceId> {
        std::mem::take(&mut *self.0.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Written {
    pub(crate) fn note(&self) {
        let inner = &self.commits.0;
        let is_new = inner.written.lock().unwrap_or_else(PoisonError::into_inner).insert(self.workspace);
        if is_new {
            inner.wake.notify_one();
        }
    }
}
