//! A workspace that others begin as.

use std::sync::Arc;

use kontor_core::environment::Environment;
use kontor_models::Models;

use super::{
    Error, Sandbox, Sandboxes,
    failing::FailOnce,
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

    /// A workspace that begins as this one was left, with the installation's models.
    ///
    /// # Errors
    /// Where there is no room on the disk, and what the database said.
    pub async fn open(&self, environment: Environment) -> Result<Sandbox, Error> {
        self.open_with(environment, self.sandboxes.inner().models.clone(), None).await
    }

    /// As [`Template::open`], with models of its own; and with operations that fail once.
    ///
    /// # Errors
    /// As [`Template::open`].
    pub async fn open_with(
        &self,
        environment: Environment,
        models: Models,
        failing: Option<FailOnce>,
    ) -> Result<Sandbox, Error> {
        let (from, to) = (self.frozen.folder.clone(), self.sandboxes.scratch()?);
        let copied = tokio::task::spawn_blocking(move || from.copy_to(&to).map(|()| to)).await;
        let folder = copied.map_err(|_| Error::CutOff)?.map_err(Error::Folder)?;
        let opening = Opening { environment, models, account: self.sandboxes.account(), failing };
        let whole = self.sandboxes.open(folder, opening).await?;
        Ok(Sandbox::begin(self.sandboxes.clone(), whole, self.frozen.whose))
    }
}
