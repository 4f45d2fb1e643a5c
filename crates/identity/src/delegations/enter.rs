//! From the token of software to a caller: what the member may do, narrowed by each agent and scope on the way.

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{caller::Caller, ids::AgentId, scope::Patterns, time::Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Error, Identity, Result, access_token,
    agent_token::{Act, ActorKind, AgentClaims, is_for},
    provisioner::{AgentKey, BoundAgent},
    rows::delegations::{self, DelegationRow},
};

/// A delegation that had not ended a moment ago.
pub(crate) struct Delegate {
    pub(crate) row: DelegationRow,
    /// The agent of the workspace that it is for.
    agent: Option<BoundAgent>,
}

/// Software as it sees itself.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AgentAccount {
    pub id: Uuid,
    pub name: String,
    /// What its token stands for.
    pub session_id: Uuid,
    pub scopes: Patterns,
    pub act: Act,
    /// When its token ends.
    pub expires_at: Timestamp,
}

impl Delegate {
    /// Who acts, by what the outer one acts through.
    fn act(&self, within: Option<Act>) -> Act {
        let (sub, kind, name) = match &self.agent {
            Some(agent) => (agent.id.as_uuid(), ActorKind::Agent, agent.label.clone()),
            None => (self.row.id, ActorKind::Software, self.row.name.clone()),
        };
        Act { sub, kind, name, act: within.map(Box::new) }
    }
}

impl Identity {
    /// The caller of a token of software, at a path.
    ///
    /// # Errors
    /// [`Error::ExpiredToken`]; [`Error::InvalidToken`] where it is for another address, or what it came from has ended.
    pub(crate) async fn authenticate_agent(
        &self,
        claims: &AgentClaims,
        path: Option<&str>,
    ) -> Result<Caller> {
        if access_token::seconds(self.now()) >= claims.exp {
            return Err(Error::ExpiredToken);
        }
        if !path.is_none_or(|path| is_for(&claims.aud, &self.0.settings.issuer, path)) {
            return Err(Error::InvalidToken);
        }
        let (caller, _) = self.delegated(claims.agent_session_id).await?;
        if (caller.workspace, caller.member()) != (claims.workspace_id, Some(claims.workspace_member_id)) {
            return Err(Error::InvalidToken);
        }
        // A token may say less than what was granted.
        let scope = claims.scopes();
        let granted = self.delegate(claims.agent_session_id).await?;
        if scope == granted.row.scope {
            return Ok(caller);
        }
        // What it would begin would go on under all that was granted.
        Ok(Caller { delegation: None, ..caller.within_scope(&scope) })
    }

    /// The caller that a delegation makes now, for what goes on under it: a turn that was begun by software.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] where it has ended.
    pub async fn caller_of_delegation(&self, id: Uuid) -> Result<Caller> {
        Ok(self.delegated(id).await?.0)
    }

    /// Software as it sees itself, by its token.
    ///
    /// # Errors
    /// As [`Identity::authenticate`].
    pub async fn agent_account(&self, token: &str) -> Result<Option<AgentAccount>> {
        let verified = self.verified(token)?;
        let Some(claims) = verified.agent() else { return Ok(None) };
        let (_, act) = self.delegated(claims.agent_session_id).await?;
        let scopes = claims.scopes();
        Ok(Some(AgentAccount {
            id: act.sub,
            name: act.name.clone(),
            session_id: claims.agent_session_id,
            scopes,
            act,
            expires_at: Timestamp::from_micros(claims.exp.saturating_mul(1_000_000)),
        }))
    }

    /// The caller of a delegation, and who acts. Of what it was made of each is asked anew, so that one that has ended
    /// ends it within seconds.
    pub(crate) fn delegated(&self, id: Uuid) -> BoxFuture<'_, Result<(Caller, Act)>> {
        Box::pin(async move {
            let delegate = self.delegate(id).await?;
            let row = &delegate.row;
            let (caller, within) = match row.parent {
                Some(parent) => {
                    let (caller, act) = self.delegated(parent).await?;
                    (caller, Some(act))
                }
                None => {
                    if let Some(sign_in) = row.sign_in {
                        self.require_live(sign_in).await?;
                    }
                    (self.signed_in_caller(row.workspace, row.member, row.user).await?, None)
                }
            };
            if (caller.workspace, caller.member()) != (row.workspace, Some(row.member)) {
                return Err(Error::InvalidToken);
            }
            let act = delegate.act(within);
            let acting = match &delegate.agent {
                Some(agent) => {
                    if !agent.is_active || !caller.grants.agents().contains(&agent.name) {
                        return Err(Error::InvalidToken);
                    }
                    let role = self.role_grants(row.workspace, &agent.role).await?;
                    caller.through_agent(agent.id, &agent.label, &role, &agent.operations)
                }
                None => caller.through_software(AgentId(row.id), &row.name),
            };
            Ok((Caller { delegation: Some(row.id), ..acting.within_scope(&row.scope) }, act))
        })
    }

    pub(crate) async fn delegate(&self, id: Uuid) -> Result<Arc<Delegate>> {
        let load = async |_| {
            let asked = (id, self.now());
            let found: Result<Option<DelegationRow>> =
                self.directory().read(asked, |tx, &(id, now)| Box::pin(delegations::live(tx, id, now))).await;
            let row = found?.ok_or(Error::InvalidToken)?;
            let agent = match row.agent {
                Some(agent) => Some(self.bound_agent(&row, AgentKey::Id(agent)).await?),
                None => None,
            };
            Ok::<_, Error>(Arc::new(Delegate { row, agent }))
        };
        let delegate = self.0.delegates.get_or_load(&id, load).await?;
        if delegate.row.expires_at > self.now() { Ok(delegate) } else { Err(Error::InvalidToken) }
    }

    async fn bound_agent(&self, row: &DelegationRow, key: AgentKey) -> Result<BoundAgent> {
        self.find_agent(row.workspace, key).await?.ok_or(Error::InvalidToken)
    }

    pub(crate) async fn find_agent(
        &self,
        workspace: kontor_core::ids::WorkspaceId,
        key: AgentKey,
    ) -> Result<Option<BoundAgent>> {
        let namespace = self.namespace(workspace).await?;
        namespace
            .read((self.0.provisioner.clone(), key), |tx, (provisioner, key)| {
                Box::pin(async move { Ok(provisioner.bound_agent(tx, key).await?) })
            })
            .await
    }
}
