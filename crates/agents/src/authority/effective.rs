//! What a member may do altogether, and where it comes from.

use kontor_core::{
    caller::Caller,
    filter::Readable as _,
    grants::{Action, AgentSet, Grants, Permission, RowRule},
    ids::MemberId,
    metadata::{Name, Object},
};
use serde::Serialize;
use serde_json::Value as Json;

use super::{Acting, Subject};
use crate::{engine::Agents, error::Error};

/// What somebody may do: what their role allows, and with an agent what its role allows as well.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Authority {
    pub member: Option<MemberId>,
    /// Whether they may act at all.
    pub is_active: bool,
    pub role: String,
    pub agent: Option<String>,
    pub agent_role: Option<String>,
    pub permissions: Vec<Permission>,
    /// The agents that may be used, as names and patterns.
    pub agents: AgentSet,
    pub objects: Vec<AuthorityOfObject>,
}

/// What may be done to the records of an object.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AuthorityOfObject {
    pub object: Name,
    pub label: String,
    pub actions: Vec<Source<Action>>,
    /// The rules that records must match; for those who may see roles.
    pub rules: Vec<Source<Json>>,
    /// Whether rules bound which records.
    pub is_bounded: bool,
    pub fields: Vec<AuthorityOfField>,
}

/// Something that holds or not, and what decides on it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[schemars(rename = "SourceOf{T}")]
pub struct Source<T> {
    pub what: T,
    pub allowed: bool,
    /// Of a rule, the action that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub of: Option<Action>,
    /// `role`, `agent_role` or `granted`.
    pub decided_by: super::Layer,
}

/// What may be done to a field.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AuthorityOfField {
    pub field: Name,
    pub label: String,
    pub read: bool,
    pub write: bool,
    /// What decides where either may not be done.
    pub decided_by: super::Layer,
}

impl Agents {
    /// What a member, or whoever has a role, may do, alone or through an agent. Everybody may ask about themselves;
    /// about others whoever has the permission `roles` or `members`. Who has not `roles` is told of objects and fields
    /// that they may read themselves.
    ///
    /// # Errors
    /// Without the permission; a member, role or agent that is not there.
    pub async fn authority(&self, asker: &Caller, subject: Subject) -> Result<Authority, Error> {
        let member = if subject.role.is_some() { None } else { subject.member.or(asker.member()) };
        let acting = match self.acting(asker, subject).await? {
            Ok(acting) => acting,
            Err(_) => return Ok(nothing(member)),
        };
        let schema = self.0.crm.schema(asker.workspace).await?;
        let sees_all = asker.grants.permits(Permission::Roles);
        let sees = |object: &Object| sees_all || asker.grants.allows(&object.name, Action::Read);
        let objects = schema.objects().iter().filter(|object| sees(object));
        let grants = &acting.caller.grants;
        Ok(Authority {
            member,
            is_active: true,
            permissions: grants.permissions().iter().collect(),
            agents: acting.principal.grants.agents().clone(),
            objects: objects.map(|object| of_object(asker, &acting, object, sees_all)).collect(),
            agent: acting.agent.as_ref().map(|(agent, _)| agent.name.clone()),
            agent_role: acting.agent.as_ref().map(|(agent, _)| agent.definition.role.clone()),
            role: acting.role,
        })
    }
}

fn nothing(member: Option<MemberId>) -> Authority {
    Authority {
        member,
        is_active: false,
        role: String::new(),
        agent: None,
        agent_role: None,
        permissions: Vec::new(),
        agents: AgentSet::of(Vec::<String>::new()),
        objects: Vec::new(),
    }
}

fn of_object(asker: &Caller, acting: &Acting, object: &Object, sees_all: bool) -> AuthorityOfObject {
    let (theirs, both) = (&*acting.principal.grants, &*acting.caller.grants);
    let written = |action: Action| action == Action::Read || !object.is_read_only;
    let may = |grants: &Grants, action| written(action) && grants.allows(&object.name, action);
    let actions = Action::ALL.map(|action| Source {
        what: action,
        allowed: may(both, action),
        of: None,
        decided_by: decided_by(may(theirs, action), may(both, action)),
    });
    let rules = |action: Action| {
        let all: Vec<&RowRule> =
            both.object(&object.name).rules().filter(|(of, _)| *of == action).map(|(_, rule)| rule).collect();
        all.into_iter().map(move |rule| {
            let is_theirs =
                theirs.object(&object.name).rules().any(|(of, known)| of == action && known == rule);
            let decided_by = if is_theirs { super::Layer::Role } else { super::Layer::AgentRole };
            Source { what: rule.to_json(), allowed: true, of: Some(action), decided_by }
        })
    };
    let is_told = |field: &Name| sees_all || asker.grants.can_read_field(&object.name, field);
    let fields = object.fields.iter().filter(|field| is_told(&field.name)).map(|field| {
        let reads = |grants: &Grants| grants.can_read_field(&object.name, &field.name);
        let writes = |grants: &Grants| {
            let takes_writing = may(grants, Action::Create) || may(grants, Action::Update);
            takes_writing && !field.is_system && grants.can_update_field(&object.name, &field.name)
        };
        let whole = |grants: &Grants| reads(grants) && (field.is_system || writes(grants));
        AuthorityOfField {
            field: field.name.clone(),
            label: field.label.clone(),
            read: reads(both),
            write: writes(both),
            decided_by: decided_by(whole(theirs), whole(both)),
        }
    });
    let is_bounded = both.object(&object.name).rules().next().is_some();
    AuthorityOfObject {
        object: object.name.clone(),
        label: object.label.clone(),
        actions: actions.into(),
        rules: if sees_all { Action::ALL.into_iter().flat_map(rules).collect() } else { Vec::new() },
        is_bounded,
        fields: fields.collect(),
    }
}

fn decided_by(theirs: bool, both: bool) -> super::Layer {
    match (theirs, both) {
        (_, true) => super::Layer::Granted,
        (false, false) => super::Layer::Role,
        (true, false) => super::Layer::AgentRole,
    }
}
