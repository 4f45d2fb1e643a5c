//! Secrets of a workspace: what others gave it in confidence, such as keys of providers, sealed and bound to it.

use std::sync::Arc;

use kontor_core::{environment::Environment, ids::WorkspaceId, time::Timestamp};
use kontor_store::{BoxFuture, Tx};

use crate::{Error, Identity, Result, rows::secrets, sealing::SealingKeys};

/// Seals and opens the secrets of one workspace, with the keys as they stood when it was made. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<SealingKeys>,
    workspace: WorkspaceId,
}

impl Identity {
    /// What opens the secrets of a workspace.
    ///
    /// # Errors
    /// What the database said, or that the keys do not open.
    pub async fn sealer(&self, workspace: WorkspaceId) -> Result<Sealer> {
        let keys = SealingKeys::load(self.directory(), &self.0.secret).await?;
        Ok(Sealer { keys: Arc::new(keys), workspace })
    }
}

impl Sealer {
    /// Keeps a secret under a name, in the place of an earlier one.
    pub fn keep<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        environment: &'t Environment,
        name: &'t str,
        secret: &'t str,
        now: Timestamp,
    ) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            let sealed = self.keys.close(&self.place(name), secret.as_bytes(), environment.random())?;
            secrets::put(tx, name, &sealed, now).await
        })
    }

    /// The secret that is kept under a name.
    ///
    /// # Errors
    /// It does not open, as where it was copied from another workspace.
    pub fn open<'t>(&'t self, tx: &'t mut Tx<'_>, name: &'t str) -> BoxFuture<'t, Result<Option<String>>> {
        Box::pin(async move {
            let Some(sealed) = secrets::find(tx, name).await? else { return Ok(None) };
            let secret = self.keys.open(&self.place(name), &sealed)?;
            String::from_utf8(secret).map(Some).map_err(|_| Error::Sealed("it is no text"))
        })
    }

    /// Forgets what is kept under a name.
    pub fn forget<'t>(&'t self, tx: &'t mut Tx<'_>, name: &'t str) -> BoxFuture<'t, Result<()>> {
        Box::pin(secrets::remove(tx, name))
    }

    /// Seals every secret anew with the newest key; how many.
    pub(crate) async fn reseal(
        &self,
        tx: &mut Tx<'_>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<usize> {
        let all = secrets::all(tx).await?;
        for (name, sealed) in &all {
            let place = self.place(name);
            let secret = self.keys.open(&place, sealed)?;
            let anew = self.keys.close(&place, &secret, environment.random())?;
            secrets::replace(tx, name, sealed, &anew, now).await?;
        }
        Ok(all.len())
    }

    /// What binds a secret to its workspace and its name.
    fn place(&self, name: &str) -> String {
        format!("secret {name} of workspace {}", self.workspace)
    }
}
