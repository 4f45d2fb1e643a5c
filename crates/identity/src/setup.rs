//! The first start: a one-time link makes the first workspace and its admin.

use std::time::Duration;

use kontor_core::ids::{MemberId, WorkspaceId};

use crate::{
    Error, Identity, NewWorkspace, Result,
    opaque::{self, Secret},
    rows::{
        setup_tokens::{self, SetupTokenRow},
        workspaces,
    },
};

/// How long a setup link can be used.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);

impl Identity {
    /// Whether there is a workspace to sign in to.
    pub async fn has_workspace(&self) -> Result<bool> {
        self.directory().read((), |tx, ()| Box::pin(workspaces::any_active(tx))).await
    }

    /// A new token for [`Identity::set_up`], in the place of the former one. It works once, for a day, and is
    /// kept as a hash alone. For the operator: whoever has it becomes the first admin.
    pub async fn setup_token(&self) -> Result<String> {
        let (secret, now) = (Secret::generate(self.environment()), self.now());
        let row = SetupTokenRow { hash: secret.hash(), created_at: now, expires_at: now.plus(VALID_FOR) };
        let kept: Result<()> = self
            .directory()
            .write(row, |tx, row| {
                Box::pin(async move {
                    if !workspaces::active(tx).await?.is_empty() {
                        return Err(Error::AlreadySetUp);
                    }
                    setup_tokens::replace(tx, row).await
                })
            })
            .await;
        kept?;
        Ok(secret.to_text(opaque::SETUP))
    }

    /// Whether a setup token can still be used, so that a page can say so before it asks for anything.
    pub async fn check_setup_token(&self, token: &str) -> Result<()> {
        self.find_setup_token(token).await.map(drop)
    }

    /// Makes the first workspace and its admin.
    ///
    /// # Errors
    /// `setup_token_invalid` when the token was used, renewed or is a day old; `already_set_up`.
    pub async fn set_up(&self, token: &str, new: NewWorkspace) -> Result<(WorkspaceId, MemberId)> {
        let row = self.find_setup_token(token).await?;
        self.make_workspace(new, Some(row)).await
    }

    async fn find_setup_token(&self, token: &str) -> Result<SetupTokenRow> {
        let hash = Secret::parse(opaque::SETUP, token).ok_or(Error::InvalidSetupToken)?.hash();
        let now = self.now();
        self.directory()
            .read(hash, move |tx, hash| Box::pin(setup_tokens::find(tx, hash, now)))
            .await?
            .ok_or(Error::InvalidSetupToken)
    }
}
