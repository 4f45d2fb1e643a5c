//! A throw-away workspace with all that works on it.

use std::sync::Arc;

use kontor_agents::Agents;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    ids::{MemberId, WorkspaceId},
};
use kontor_crm::{Crm, RecordChange};
use kontor_identity::Identity;
use kontor_operations::Operations;
use kontor_store::{Store, jobs::Jobs};
use tokio_util::{sync::CancellationToken, sync::DropGuard, task::TaskTracker};

use super::{Error, Sandboxes, Template, folder::Scratch, making::Whose, template::Frozen};

/// A throw-away workspace. It is removed when it is dropped; [`Sandbox::close`] waits for that.
pub struct Sandbox {
    sandboxes: Sandboxes,
    whose: Whose,
    parts: Whole,
    // Last, so that what works here stops when all else is gone.
    _stops: DropGuard,
}

/// The services on one folder.
pub(super) struct Whole {
    pub(super) environment: Environment,
    pub(super) store: Store,
    pub(super) crm: Crm,
    pub(super) operations: Operations,
    pub(super) identity: Identity,
    pub(super) jobs: Jobs,
    pub(super) agents: Agents,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) folder: Scratch,
}

impl Sandbox {
    pub(super) fn begin(sandboxes: Sandboxes, parts: Whole, whose: Whose) -> Self {
        let stops = parts.stop.clone().drop_guard();
        Self { sandboxes, whose, parts, _stops: stops }
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.whose.workspace
    }

    /// Who acts here: of a copy, the member it was made for; else the first admin.
    pub fn member(&self) -> MemberId {
        self.whose.member
    }

    pub fn environment(&self) -> &Environment {
        &self.parts.environment
    }

    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    pub fn crm(&self) -> &Crm {
        &self.parts.crm
    }

    pub fn operations(&self) -> &Operations {
        &self.parts.operations
    }

    pub fn identity(&self) -> &Identity {
        &self.parts.identity
    }

    pub fn jobs(&self) -> &Jobs {
        &self.parts.jobs
    }

    pub fn agents(&self) -> &Agents {
        &self.parts.agents
    }

    /// Who acts here, as they are now.
    ///
    /// # Errors
    /// What the database said.
    pub async fn caller(&self) -> Result<Caller, Error> {
        Ok(self.parts.identity.caller_of_member(self.whose.workspace, self.whose.member).await?)
    }

    /// What was changed here since it was opened, of a template since that was made; the first so many changes, in the
    /// order in which they were made, whoever asks.
    ///
    /// # Errors
    /// What the database said.
    pub async fn changes(&self, limit: u64) -> Result<Vec<RecordChange>, Error> {
        Ok(self.parts.crm.changes_of(self.whose.workspace, self.whose.begun, limit).await?)
    }

    /// Has what runs come to its end; nothing is begun any more.
    pub(crate) fn stop(&self) {
        self.parts.stop.cancel();
    }

    /// Ends what runs and keeps the data as the beginning of others.
    ///
    /// # Errors
    /// What the database said.
    pub async fn freeze(self) -> Result<Template, Error> {
        let Self { sandboxes, whose, parts, .. } = self;
        let begun = parts.crm.last_event(whose.workspace).await?;
        let folder = parts.end().await;
        let frozen = Frozen { folder: Arc::new(folder), whose: Whose { begun, ..whose } };
        Ok(Template::new(sandboxes, frozen))
    }

    /// Ends what runs and removes the data.
    pub async fn close(self) {
        let folder = self.parts.end().await;
        // Files are removed where that may wait.
        if tokio::task::spawn_blocking(move || drop(folder)).await.is_err() {
            tracing::warn!("removing a throw-away workspace was cut off");
        }
    }
}

impl Whole {
    /// Ends what runs; the folder with the data.
    async fn end(self) -> Scratch {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.operations.finish().await;
        self.store.close().await;
        self.folder
    }
}
