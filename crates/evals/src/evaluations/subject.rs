//! All of an agent that decides on a run's numbers, beside the model that answers.

use kontor_agents::{Definition, Evaluated};
use kontor_core::{grants::Grants, ids::WorkspaceId, text::hex};
use kontor_operations::ApprovalPolicy;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Error, Evaluations};

/// A digest of what an agent is told, may do and is asked with: prompt, settings, operations, role with its grants and
/// policy. Two versions with the same digest differ in nothing that a run shows.
pub(super) fn digest(
    prompt: &str,
    definition: &Definition,
    role: &Grants,
    policy: &ApprovalPolicy,
) -> Result<String, Error> {
    let Definition { label, settings, fallbacks, operations, format, limits, ask, hand_to, .. } = definition;
    let all = json!({
        "prompt": prompt, "label": label, "settings": settings, "fallbacks": fallbacks,
        "operations": operations, "format": format, "limits": limits, "ask": ask, "hand_to": hand_to,
        "role": role, "unasked_changes": policy.unasked_changes,
    });
    Ok(hex(&Sha256::digest(serde_json::to_vec(&all)?)))
}

impl Evaluations {
    /// The same of an agent as it is now.
    pub(super) async fn subject(&self, workspace: WorkspaceId, tried: &Evaluated) -> Result<String, Error> {
        let role = self.0.source.identity.role_grants(workspace, &tried.definition.role).await?;
        digest(&tried.prompt, &tried.definition, &role, &self.0.policy)
    }
}
