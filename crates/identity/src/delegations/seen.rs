//! Delegations as their member sees and ends them, and tokens that are given back.

use kontor_core::{caller::Caller, scope::Patterns, time::Timestamp};
use kontor_store::AuditEntry;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Identity, Result,
    access_token::Verified,
    opaque::{DELEGATED, RefreshToken},
    rows::delegations::{self, DelegationRow},
};

/// What a member lets software do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Delegation {
    pub id: Uuid,
    /// What the software is called.
    pub name: String,
    /// The program that the member let in; null for a token that was got in exchange for theirs.
    pub client_id: Option<String>,
    pub scopes: Patterns,
    /// The address that it is for.
    pub resource: String,
    pub created_at: Timestamp,
    /// When it was renewed last.
    pub used_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
}

impl Identity {
    /// What the caller lets software do in this workspace, what was used last first.
    ///
    /// # Errors
    /// [`Error::NotInPerson`].
    pub async fn own_delegations(&self, caller: &Caller) -> Result<Vec<Delegation>> {
        let member = caller.member().filter(|_| caller.is_in_person()).ok_or(Error::NotInPerson)?;
        let asked = (caller.workspace, member, self.now());
        let rows: Result<Vec<DelegationRow>> = self
            .directory()
            .read(asked, |tx, &(workspace, member, now)| {
                Box::pin(delegations::of_member(tx, workspace, member, now))
            })
            .await;
        let told = rows?.into_iter().map(|row| Delegation {
            id: row.id,
            name: row.name,
            client_id: row.client,
            scopes: row.scope,
            resource: row.audience,
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
        });
        Ok(told.collect())
    }

    /// Withdraws what the caller let software do, and what it passed on: on this server at once, on others within
    /// seconds.
    ///
    /// # Errors
    /// [`Error::NotInPerson`]; [`Error::DelegationNotFound`].
    pub async fn end_own_delegation(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let member = caller.member().filter(|_| caller.is_in_person()).ok_or(Error::NotInPerson)?;
        let asked = (caller.workspace, member, id);
        let ended: Result<bool> = self
            .directory()
            .write(asked, |tx, &(workspace, member, id)| {
                Box::pin(delegations::end_of(tx, workspace, member, id))
            })
            .await;
        self.0.delegates.clear();
        if !ended? {
            return Err(Error::DelegationNotFound);
        }
        let entry = AuditEntry::new("delegation.ended", format!("delegation:{id}"), json!({}));
        self.note(caller, entry).await
    }

    /// Ends what a token of software belongs to (RFC 7009); that of a member ends its sign-in. What is not known has
    /// ended.
    ///
    /// # Errors
    /// What the database said.
    pub async fn revoke_token(&self, token: &str) -> Result<()> {
        if let Some(shown) = RefreshToken::parse_as(DELEGATED, token) {
            let now = self.now();
            let ended: Result<()> = self
                .directory()
                .write(shown.family.hash(), move |tx, lookup| {
                    Box::pin(async move {
                        if let Some(row) = delegations::by_refresh(tx, lookup, now).await? {
                            delegations::end(tx, row.id).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            self.0.delegates.clear();
            return ended;
        }
        match self.verified(token).as_deref() {
            Ok(Verified::Agent(claims)) => {
                let ended: Result<bool> = self
                    .directory()
                    .write(claims.agent_session_id, |tx, &id| Box::pin(delegations::end(tx, id)))
                    .await;
                self.0.delegates.clear();
                ended.map(drop)
            }
            _ => self.sign_out(token).await,
        }
    }
}
