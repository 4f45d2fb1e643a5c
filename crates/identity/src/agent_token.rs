//! The tokens of software that acts for a member: access tokens as others, with who acts (RFC 8693, section 4.1), within
//! which scope and for which of our addresses.

use kontor_core::{
    ids::{MemberId, UserId, WorkspaceId},
    scope::Patterns,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The `type` of such a token.
pub(crate) const AGENT: &str = "agent";

/// What such a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AgentClaims {
    pub(crate) iss: String,
    /// The address below which it is taken (RFC 8707).
    pub(crate) aud: String,
    /// The user for whom it acts.
    pub(crate) sub: UserId,
    /// Who acts.
    pub(crate) act: Act,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) workspace_member_id: MemberId,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) agent_id: Uuid,
    /// The delegation, with which it ends.
    pub(crate) agent_session_id: Uuid,
    /// Operations and patterns, separated by blanks.
    pub(crate) scope: String,
    pub(crate) jti: Uuid,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

impl AgentClaims {
    pub(crate) fn scopes(&self) -> Patterns {
        Patterns::new(self.scope.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }
}

/// Who acts: the outermost does so now, those within have passed it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Act {
    pub sub: Uuid,
    /// `agent` for one of the workspace, `software` for another program.
    pub kind: ActorKind,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Act>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Agent,
    Software,
}

/// Whether a token for one of our addresses is taken at a path: at the address itself and below it.
pub(crate) fn is_for(audience: &str, issuer: &str, path: &str) -> bool {
    let Some(own) = audience.strip_prefix(issuer) else { return false };
    let own = own.trim_end_matches('/');
    path.strip_prefix(own).is_some_and(|rest| own.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_at_its_address_and_below() {
        let taken = |audience, path| is_for(audience, "https://crm.test", path);
        assert!(taken("https://crm.test", "/api/records/deals") && taken("https://crm.test/", "/mcp"));
        assert!(taken("https://crm.test/mcp", "/mcp") && taken("https://crm.test/mcp", "/mcp/read"));
        assert!(!taken("https://crm.test/mcp", "/api/me") && !taken("https://crm.test/mcp", "/mcpx"));
        assert!(!taken("https://crm.test.evil.test", "/evil") && !taken("https://other.test", "/mcp"));
        assert!(!taken("kontor", "/mcp"));
    }
}
