//! Who performed an action, as it is stored with what was done.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap as _};
use uuid::Uuid;

use crate::ids::{AgentId, MemberId};

/// On whose authority something is done. Names are kept with the ids, which may later lead nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Principal {
    Member {
        id: MemberId,
        name: String,
    },
    ApiKey {
        id: Uuid,
        name: String,
    },
    Workflow {
        id: Uuid,
        name: String,
    },
    /// Kontor itself and its operator: installation, demonstration data, jobs, the command line.
    System,
}

impl Principal {
    /// The word of the kind, as it is stored and filtered by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::ApiKey { .. } => "api_key",
            Self::Workflow { .. } => "workflow",
            Self::System => "system",
        }
    }

    /// The principal's id; the system has none.
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Member { id, .. } => Some(id.as_uuid()),
            Self::ApiKey { id, .. } | Self::Workflow { id, .. } => Some(*id),
            Self::System => None,
        }
    }

    pub fn member(&self) -> Option<MemberId> {
        match self {
            Self::Member { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The name that a person reads.
    pub fn name(&self) -> &str {
        match self {
            Self::Member { name, .. } | Self::ApiKey { name, .. } | Self::Workflow { name, .. } => name,
            Self::System => "Kontor",
        }
    }
}

/// An agent through which a principal acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingAgent {
    pub id: AgentId,
    pub name: String,
}

/// Who performed an action: the principal, and the agent they acted through.
///
/// As JSON, without an agent: `{"kind": "member", "id", "name"}`, or another kind of [`Principal`]. Of an agent:
/// `{"kind": "agent", "id", "name", "member", "member_name"}` on behalf of a member, and
/// `{"kind": "agent", "id", "name", "on_behalf_of": {"kind": "api_key", …}}` on behalf of any other principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub principal: Principal,
    pub agent: Option<ActingAgent>,
}

/// The kind of an actor that is an agent.
pub(crate) const AGENT: &str = "agent";

impl Actor {
    /// Kontor itself, and its operator.
    pub const SYSTEM: Self = Self { principal: Principal::System, agent: None };

    /// The word of the kind, as it is stored and filtered by.
    pub fn kind(&self) -> &'static str {
        if self.agent.is_some() { AGENT } else { self.principal.kind() }
    }
}

impl From<Principal> for Actor {
    fn from(principal: Principal) -> Self {
        Self { principal, agent: None }
    }
}

/// As a person reads it: `Sales assistant on behalf of Ada Brandt`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(agent) = &self.agent {
            write!(f, "{} on behalf of ", agent.name)?;
        }
        f.write_str(self.principal.name())
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(agent) = &self.agent else { return self.principal.serialize(serializer) };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", AGENT)?;
        map.serialize_entry("id", &agent.id)?;
        map.serialize_entry("name", &agent.name)?;
        match &self.principal {
            Principal::Member { id, name } => {
                map.serialize_entry("member", id)?;
                map.serialize_entry("member_name", name)?;
            }
            other => map.serialize_entry("on_behalf_of", other)?,
        }
        map.end()
    }
}

#[derive(Deserialize)]
struct OfAgent {
    id: AgentId,
    name: String,
    member: Option<MemberId>,
    member_name: Option<String>,
    on_behalf_of: Option<Principal>,
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        if json.get("kind").and_then(serde_json::Value::as_str) != Some(AGENT) {
            return serde_json::from_value::<Principal>(json).map(Self::from).map_err(D::Error::custom);
        }
        let stored: OfAgent = serde_json::from_value(json).map_err(D::Error::custom)?;
        let principal = match (stored.member, stored.on_behalf_of) {
            (Some(id), _) => Principal::Member { id, name: stored.member_name.unwrap_or_default() },
            (None, Some(principal)) => principal,
            (None, None) => return Err(D::Error::custom("an agent acts on behalf of somebody")),
        };
        Ok(Self { principal, agent: Some(ActingAgent { id: stored.id, name: stored.name }) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_actor_survives_its_json_form_and_its_agent_is_never_lost() {
        let id = Uuid::from_u128(7);
        let principals = [
            Principal::Member { id: MemberId(id), name: "Ada".into() },
            Principal::ApiKey { id, name: "Website".into() },
            Principal::Workflow { id, name: "Renewals".into() },
            Principal::System,
        ];
        for principal in principals {
            let agent = ActingAgent { id: AgentId(Uuid::from_u128(9)), name: "Sales assistant".into() };
            for agent in [None, Some(agent)] {
                let actor = Actor { principal: principal.clone(), agent };
                let json = json!(actor);
                assert_eq!(json["kind"], actor.kind());
                assert_eq!(serde_json::from_value::<Actor>(json).unwrap(), actor);
                assert_eq!(actor.to_string().contains("Sales assistant on behalf of"), actor.agent.is_some());
                assert!(actor.to_string().ends_with(principal.name()));
            }
        }
    }

    #[test]
    fn an_agent_of_a_member_has_the_form_that_is_stored_since_the_first_version() {
        let id = Uuid::from_u128(7);
        let stored = json!({ "kind": "agent", "id": id, "name": "A", "member": id, "member_name": "Ada" });
        let actor: Actor = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(actor.principal.member(), Some(MemberId(id)));
        assert_eq!(json!(actor), stored);
        let nobodys = json!({ "kind": "agent", "id": id, "name": "A" });
        assert!(serde_json::from_value::<Actor>(nobodys).is_err());
    }
}
