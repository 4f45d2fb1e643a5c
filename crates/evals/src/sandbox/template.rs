//! A workspace that others begin as.

use std::sync::Arc;

use kontor_core::{
    environment::Environment,
    ids::{MemberId, WorkspaceId},
};

use super::{
    Error, Sandbox, Sandboxes,
    folder::Scratch,
    making::{Opening, Whose},
};

/// A workspace that nobody works in, kept to open others that begin as it. It is removed when no clone is left.
#[derive(Clone)]
pub struct Template {
    sandboxes: Sandboxes,
    frozen: Frozen,
}

/// What is kept of it.
#[derive(Clone)]
pub(super) struct Frozen {
    pub(super) folder: Arc<Scratch>,
    pub(super) whose: Whose,
}

impl Template {
    pub(super) fn new(sandboxes: Sandboxes, frozen: Frozen) -> Self {
        Self { sandboxes, frozen }
    }

    pub(super) fn frozen(&self) -> Frozen {
        self.frozen.clone()
    }

    /// The id that every workspace has that is opened of it.
    pub fn workspace(&self) -> WorkspaceId {
        self.frozen.whose.workspace
    }

    pub fn member(&self) -> MemberId {
        self.frozen.whose.member
    }

    /// A workspace that begins as this one was left, with the installation's models.
    ///
    /// # Errors
    /// Where there is no room on the disk, and what the database said.
    pub async fn open(&self, environment: Environment) -> Result<Sandbox, Error> {
        let (from, to) = (self.frozen.folder.clone(), self.sandboxes.scratch()?);
        let copied = tokio::task::spawn_blocking(move || from.copy_to(&to).map(|()| to)).await;
        let folder = copied.map_err(|_| Error::CutOff)?.map_err(Error::Folder)?;
        let models = self.sandboxes.inner().models.clone();
        let opening = Opening { environment, models, account: None };
        let whole = self.sandboxes.open(folder, opening).await?;
        Ok(Sandbox::begin(self.sandboxes.clone(), whole, self.frozen.whose))
    }
}
