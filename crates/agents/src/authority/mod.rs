//! What somebody may do, and what decides on it: found by what decides when they do it.

mod effective;
mod explain;
mod told;

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    grants::{Grants, Permission},
    ids::MemberId,
    scope::Patterns,
};
use serde::{Deserialize, Serialize};

pub use self::{
    effective::{Authority, AuthorityOfField, AuthorityOfObject, Source},
    explain::{AskedFor, Explanation, Layer, Question},
};
use crate::{
    access::member_of,
    definition::{Agent, Definition, require_agent},
    engine::Agents,
    error::Error,
};

/// Whose authority is asked about: a member, or whoever has a role (as whom the asker is taken then); without either
/// it is the asker.
#[derive(Debug, Clone, Default, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Subject {
    pub member: Option<MemberId>,
    /// The name of a role.
    pub role: Option<String>,
    /// The name of the agent that acts for them.
    pub agent: Option<String>,
    /// Patterns of operations, as the scope of a token has them.
    pub scope: Option<Patterns>,
}

/// A subject as the caller that they are.
pub(super) struct Acting {
    /// Themselves.
    principal: Caller,
    /// Through the agent and within the scope.
    caller: Caller,
    role: String,
    agent: Option<(Agent, Arc<Grants>)>,
    scope: Option<Patterns>,
    /// Whether the asker asks about themselves.
    is_asker: bool,
}

impl Agents {
    /// The subject as a caller; none where they may not act at all, with why.
    async fn acting(&self, asker: &Caller, subject: Subject) -> Result<Result<Acting, Explanation>, Error> {
        let identity = &self.0.identity;
        let is_asker =
            subject.role.is_none() && subject.member.is_none_or(|member| asker.member() == Some(member));
        if !is_asker && !asker.grants.permits(Permission::Members) {
            asker.require(Permission::Roles)?;
        }
        let (principal, role) = match (subject.member, subject.role) {
            (Some(_), Some(_)) => {
                let message = "Ask about a member or about a role, not about both.";
                return Err(Error::invalid("caller.role", "ambiguous", message));
            }
            (member, None) => {
                let member = member.map_or_else(|| member_of(asker), Ok)?;
                match identity.caller_of_member(asker.workspace, member).await {
                    Ok(caller) => {
                        let role = identity.me(&caller).await?.member.role;
                        (caller, role)
                    }
                    Err(kontor_identity::Error::MemberInactive) => return Ok(Err(Explanation::inactive())),
                    Err(error) => return Err(error.into()),
                }
            }
            (None, Some(name)) => {
                let (role, _) = identity.role(asker, &name).await?;
                let grants = identity.role_grants(asker.workspace, &role.name).await?;
                (Caller { grants, agent: None, ..asker.clone() }, role.name)
            }
        };
        let mut caller = principal.clone();
        let mut agent = None;
        if let Some(name) = &subject.agent {
            let definition = self.agent_named(asker, name).await?;
            if require_agent(&principal, &definition.name).is_err() {
                return Ok(Err(Explanation::agent_refused(&role, &definition.name)));
            }
            let Definition { label, role, operations, .. } = &definition.definition;
            let grants = identity.role_grants(asker.workspace, role).await?;
            caller = caller.through_agent(definition.id, label, &grants, operations);
            agent = Some((definition, grants));
        }
        if let Some(patterns) = &subject.scope {
            caller.scope = caller.scope.narrowed(patterns);
        }
        Ok(Ok(Acting { principal, caller, role, agent, scope: subject.scope, is_asker }))
    }
}

impl Acting {
    /// The name of the agent's role.
    fn agent_role(&self) -> &str {
        self.agent.as_ref().map_or("", |(agent, _)| &agent.definition.role)
    }
}
