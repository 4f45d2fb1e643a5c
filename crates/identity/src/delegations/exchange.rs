//! A token for a narrower one (RFC 8693): a member's for one of software that acts for them, that for one narrower still.

use std::time::Duration;

use kontor_core::text;

use super::{AgentTokens, OAuthFault, narrowed, read_scope};
use crate::{
    Error, Identity, Result,
    access_token::Verified,
    provisioner::AgentKey,
    rows::delegations::{self, DelegationRow},
};

/// The type of what is exchanged and issued (section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// How long a delegation may lie unused.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How many may be made one of the other.
const DEEPEST: i64 = 8;
/// What software is called that is no agent of the workspace.
const SOFTWARE: &str = "Outside agent";

/// What is asked for in exchange.
#[derive(Clone, Default)]
pub struct Exchange {
    pub subject_token: String,
    /// Operations and patterns, separated by blanks.
    pub scope: Option<String>,
    /// The name of an agent of the workspace, by whose role and operations it is bounded.
    pub agent: Option<String>,
    /// Which of our addresses it is for.
    pub resource: Option<String>,
}

impl Identity {
    /// Trades a token for a narrower one: no operation beyond the scope and the token that is shown. A token of software
    /// that asks for nothing but itself is renewed.
    ///
    /// # Errors
    /// [`Error::OAuth`] in OAuth's words.
    pub async fn exchange(&self, asked: Exchange) -> Result<AgentTokens> {
        let invalid =
            || OAuthFault::error("invalid_grant", "The token that was shown is not valid, or no longer.");
        let ended = |error| match error {
            Error::InvalidToken | Error::ExpiredToken => invalid(),
            other => other,
        };
        let verified = self.verified(&asked.subject_token).map_err(ended)?;
        let caller = self.authenticate(&asked.subject_token).await.map_err(ended)?;
        let audience = self.audience(asked.resource.as_deref())?;
        let scope = asked.scope.as_deref().map(read_scope).transpose()?;
        let (now, id) = (self.now(), self.environment().new_id());
        let mut row = match &*verified {
            Verified::Member(claims) => DelegationRow {
                id,
                parent: None,
                sign_in: Some(claims.sid),
                user: claims.sub,
                workspace: claims.workspace_id,
                member: claims.workspace_member_id,
                agent: None,
                client: None,
                name: SOFTWARE.to_owned(),
                depth: 0,
                scope: scope.clone().ok_or_else(|| {
                    let message = "Say what the token is for, such as scope=deal.find contact.*.";
                    OAuthFault::error("invalid_scope", message)
                })?,
                audience,
                refresh_lookup: None,
                refresh_secret: None,
                created_at: now,
                used_at: now,
                expires_at: now.plus(UNUSED_FOR),
            },
            Verified::Key(_) => {
                let message = "A token of an API key is not exchanged: fetch one of a narrower scope.";
                return Err(OAuthFault::error("invalid_request", message));
            }
            Verified::Agent(claims) => {
                let parent = self.delegate(claims.agent_session_id).await.map_err(ended)?.row.clone();
                let is_renewal = asked.agent.is_none()
                    && scope.as_ref().is_none_or(|scope| *scope == parent.scope)
                    && asked.resource.as_ref().is_none_or(|_| audience == parent.audience);
                if is_renewal {
                    return self.renew_exchanged(parent).await;
                }
                // An address within the one that it is for, and no other.
                let within = |part: &str| part.is_empty() || part.starts_with('/');
                let audience = match &asked.resource {
                    None => parent.audience.clone(),
                    Some(_) if audience.strip_prefix(&parent.audience).is_some_and(within) => audience,
                    Some(_) => {
                        let message = "The token that was shown is for another address.";
                        return Err(OAuthFault::error("invalid_target", message));
                    }
                };
                if parent.depth + 1 >= DEEPEST {
                    let message = format!("A token is passed on at most {DEEPEST} times.");
                    return Err(OAuthFault::error("invalid_request", message));
                }
                let has = parent.scope.clone();
                DelegationRow {
                    id,
                    parent: Some(parent.id),
                    sign_in: None,
                    agent: None,
                    depth: parent.depth + 1,
                    scope: narrowed(&scope.unwrap_or_else(|| has.clone()), Some(&has))?,
                    audience,
                    refresh_lookup: None,
                    refresh_secret: None,
                    created_at: now,
                    used_at: now,
                    expires_at: parent.expires_at,
                    ..parent
                }
            }
        };
        if let Some(name) = &asked.agent {
            let found = self.find_agent(row.workspace, AgentKey::Name(name.clone())).await?;
            let usable =
                found.filter(|agent| agent.is_active && caller.grants.agents().contains(&agent.name));
            let agent = usable.ok_or_else(|| {
                let told = text::excerpt(name, 60);
                OAuthFault::error("invalid_request", format!("There is no agent {told:?} that you may use."))
            })?;
            row.agent = Some(agent.id);
            row.name = agent.label;
        }
        let kept: Result<()> = self
            .directory()
            .write(row.clone(), move |tx, row| {
                Box::pin(async move {
                    delegations::remove_expired(tx, now).await?;
                    delegations::insert(tx, row).await
                })
            })
            .await;
        kept?;
        self.exchanged(&row).await
    }

    async fn renew_exchanged(&self, row: DelegationRow) -> Result<AgentTokens> {
        let now = self.now();
        // One that was made of another ends with it.
        let expires_at = if row.parent.is_some() { row.expires_at } else { now.plus(UNUSED_FOR) };
        let row = DelegationRow { expires_at, ..row };
        let renewed: Result<()> = self
            .directory()
            .write(row.clone(), move |tx, row| {
                Box::pin(delegations::renew(tx, row.id, row.refresh_secret.as_deref(), now, row.expires_at))
            })
            .await;
        renewed?;
        self.exchanged(&row).await
    }

    async fn exchanged(&self, row: &DelegationRow) -> Result<AgentTokens> {
        let (_, act) = self.delegated(row.id).await?;
        Ok(AgentTokens { issued_token_type: Some(ACCESS_TOKEN), ..self.agent_token(row, act)? })
    }
}
