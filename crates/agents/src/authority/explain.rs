//! Would it be allowed, and what decides: asked of the very code that decides when it is done, without doing it.

use std::{borrow::Cow, sync::Arc};

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Issue, Problem},
    filter::Readable as _,
    grants::{Action, Grants, Permission, RowRule},
    ids::RecordId,
    metadata::Schema,
    operation::Effect,
    scope::Scope,
    turn::ApprovalReason,
};
use kontor_crm::records::Decided;
use kontor_operations::{Call, Consent, Decision, Outcome, USUAL_ROOM};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Acting, Subject, told::ids_in};
use crate::{engine::Agents, error::Error};

/// What is said of a mistake that may be about fields that the asker may not read.
const UNTOLD: &str =
    "Something in the request stands against it; to see what takes the permission to manage roles.";

/// What would be done, and by whom.
#[derive(Debug, Clone, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(default)]
    pub caller: Subject,
    pub request: AskedFor,
}

/// A call of an operation, or an action on an object: on one of its records, on some of its fields.
#[derive(Debug, Clone, Default, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AskedFor {
    /// The name of an operation, such as `deal.update`.
    pub operation: Option<String>,
    pub arguments: Map<String, Json>,
    /// The name of an object, with an action.
    pub object: Option<String>,
    pub action: Option<Action>,
    pub record: Option<RecordId>,
    pub fields: Vec<String>,
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Nothing stands against it.
    Granted,
    /// The member may not act at all.
    Member,
    /// The role does not let the agent be used.
    Agents,
    /// The role of the member, or the one asked about.
    Role,
    AgentRole,
    /// The operations that the agent is given.
    AgentOperations,
    Scope,
    /// A list of fields to read or to write.
    FieldList,
    /// A rule about which records.
    RowRule,
    /// There is no such record.
    Record,
    /// The request itself is wrong, or what is stored forbids it: whoever made it.
    Request,
}

/// Whether something is allowed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    pub allowed: bool,
    /// Whether it would wait for a person's approval first.
    pub asks: bool,
    pub decided_by: Layer,
    /// In a sentence.
    pub reason: String,
    /// The name of the role that decides.
    pub role: Option<String>,
    /// The rule that does not let the record through, or the field that is not in the list; for those who may see roles.
    pub rule: Option<Json>,
    /// The code that the call would fail with, and what is wrong with its arguments.
    pub code: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub issues: Vec<Issue>,
}

impl Explanation {
    fn granted(asks: Option<String>) -> Self {
        let reason = asks.clone().unwrap_or_else(|| "Nothing stands against it.".to_owned());
        Self { allowed: true, asks: asks.is_some(), ..Self::denied(Layer::Granted, reason) }
    }

    pub(super) fn denied(decided_by: Layer, reason: impl Into<String>) -> Self {
        Self {
            allowed: false,
            asks: false,
            decided_by,
            reason: reason.into(),
            role: None,
            rule: None,
            code: None,
            issues: Vec::new(),
        }
    }

    pub(super) fn inactive() -> Self {
        Self::denied(Layer::Member, "The member is not active, so they may do nothing.")
    }

    pub(super) fn agent_refused(role: &str, agent: &str) -> Self {
        let reason = format!("The role {role} does not let the agent {agent} be used.");
        Self { role: Some(role.to_owned()), ..Self::denied(Layer::Agents, reason) }
    }

    fn by_role(mut self, role: &str) -> Self {
        self.role = Some(role.to_owned());
        self
    }
}

impl Agents {
    /// Whether a subject might do what is asked for, and what decides on it. Nothing is done. Everybody may ask about
    /// themselves; about others whoever has the permission `roles` or `members`, who learns nothing of records that
    /// they may not read themselves.
    ///
    /// # Errors
    /// Without the permission; a member, role, agent or object that is not there; a question that is none.
    pub async fn explain(&self, asker: &Caller, question: Question) -> Result<Explanation, Error> {
        let request = question.request;
        let acting = match self.acting(asker, question.caller).await? {
            Ok(acting) => acting,
            Err(explanation) => return Ok(explanation),
        };
        self.check_known(asker, &request).await?;
        let mut explanation = match (&request.operation, &request.object, request.action) {
            (Some(operation), None, None) => {
                let arguments = Json::Object(request.arguments.clone());
                self.of_operation(asker, &acting, operation, arguments).await?
            }
            (None, Some(object), Some(action)) => {
                self.of_action(asker, &acting, object, action, &request).await?
            }
            _ => {
                let message = "Give an operation with its arguments, or an object with an action.";
                return Err(Error::invalid("request", "required", message));
            }
        };
        if !asker.grants.permits(Permission::Roles) {
            // It may name fields and values that the asker may not read.
            explanation.rule = None;
        }
        Ok(explanation)
    }

    async fn of_operation(
        &self,
        asker: &Caller,
        acting: &Acting,
        operation: &str,
        arguments: Json,
    ) -> Result<Explanation, Error> {
        if let Some(untold) = self.untold(asker, acting, ids_in(&arguments)).await? {
            return Ok(untold);
        }
        let call = Call {
            caller: Arc::new(acting.caller.clone()),
            operation: operation.to_owned(),
            arguments,
            consent: acting.consent(),
            room: USUAL_ROOM,
        };
        // Whoever may do all that the subject may finds out no more by this than by doing it. A rule of theirs on what is
        // their own lets through something else for another member.
        let is_comparable =
            acting.caller.member() == asker.member() || !asker.grants.has_rule(RowRule::asks_for_member);
        let is_run = acting.is_asker || is_comparable && acting.caller.grants.is_within(&asker.grants);
        let rehearsed = self.0.operations.rehearse(call.clone(), is_run).await?;
        let asks = rehearsed.asks.map(ApprovalReason::words);
        match rehearsed.outcome {
            Outcome::Succeeded(_) if is_run => Ok(Explanation::granted(asks)),
            Outcome::Succeeded(_) => match self.decided(acting, &acting.caller, &call).await? {
                None | Some(Decided::Allowed) => Ok(Explanation::granted(asks)),
                Some(decided) => self.told(acting, &call, decided).await,
            },
            Outcome::Unknown => Ok(Explanation::granted(asks)),
            Outcome::Failed(problem) => {
                // That a field is there is told to those alone who may see roles, or read it.
                let tells_fields = asker.grants.permits(Permission::Roles);
                let found = self.of_failure(acting, &call, &problem, tells_fields).await?;
                if is_run || tells_fields {
                    return Ok(Explanation { code: Some(problem.code), issues: problem.issues, ..found });
                }
                // What is wrong with fields speaks of those that the subject may read and the asker may not.
                let is_of_request = matches!(found.decided_by, Layer::Request | Layer::RowRule);
                let reason = if is_of_request { UNTOLD.to_owned() } else { found.reason };
                Ok(Explanation { code: Some(problem.code), reason, ..found })
            }
        }
    }

    /// What made a call fail.
    async fn of_failure(
        &self,
        acting: &Acting,
        call: &Call,
        problem: &Problem,
        tells_fields: bool,
    ) -> Result<Explanation, Error> {
        let (workspace, name) = (call.caller.workspace, call.operation.as_str());
        let schema = self.0.crm.schema(workspace).await?;
        let catalogue = |grants: &Arc<Grants>| self.0.operations.catalogue(workspace, &schema, grants);
        let (all, everything) = (Scope::everything(), Arc::new(Grants::everything()));
        let (theirs, both) = (catalogue(&acting.principal.grants), catalogue(&acting.caller.grants));
        if catalogue(&everything).get(&all, name).is_none() {
            return Ok(Explanation::denied(Layer::Request, format!("There is no operation {name}.")));
        }
        if theirs.get(&all, name).is_none() {
            let reason = format!("The role {} does not allow {name}.", acting.role);
            return Ok(Explanation::denied(Layer::Role, reason).by_role(&acting.role));
        }
        if both.get(&all, name).is_none() {
            let reason = format!("The agent’s role {} does not allow {name}.", acting.agent_role());
            return Ok(Explanation::denied(Layer::AgentRole, reason).by_role(acting.agent_role()));
        }
        if let Some((agent, _)) =
            acting.agent.as_ref().filter(|(agent, _)| !agent.definition.operations.allow(name))
        {
            let reason = format!("The agent {} is not given the operation {name}.", agent.name);
            return Ok(Explanation::denied(Layer::AgentOperations, reason));
        }
        if acting.scope.as_ref().is_some_and(|scope| !scope.allow(name)) {
            return Ok(Explanation::denied(Layer::Scope, format!("The scope does not hold {name}.")));
        }
        let fits =
            |registry: &kontor_operations::Registry| registry.check(&all, name, &call.arguments).is_ok();
        if let Some(field) =
            hidden_field(&schema, &acting.caller.grants, name, problem).filter(|_| tells_fields)
        {
            let is_theirs = hidden_field(&schema, &acting.principal.grants, name, problem).is_some();
            let role = if is_theirs { &acting.role } else { acting.agent_role() };
            let reason = format!("The role {role} does not allow the field {field}: {}", problem.message);
            let told = Explanation::denied(Layer::FieldList, reason).by_role(role);
            return Ok(Explanation { rule: Some(Json::from(field)), ..told });
        }
        if tells_fields && !fits(&both) && fits(&catalogue(&everything)) {
            let role = if fits(&theirs) { acting.agent_role() } else { &acting.role };
            let reason = format!("The role {role} does not allow these fields: {}", problem.message);
            return Ok(Explanation::denied(Layer::FieldList, reason).by_role(role));
        }
        match self.decided(acting, &acting.caller, call).await? {
            None | Some(Decided::Allowed) => Ok(self.of_rules(acting, call, problem)),
            Some(decided) => self.told(acting, call, decided).await,
        }
    }

    /// A failure that no single record or field explains: what would be written may be beyond a rule.
    fn of_rules(&self, acting: &Acting, call: &Call, problem: &Problem) -> Explanation {
        let named = named_action(&call.operation);
        if problem.kind == ErrorKind::Forbidden
            && let Some((object, action)) = named
        {
            let rules: Vec<_> =
                acting.caller.grants.row_rules(object, action).map(RowRule::to_json).collect();
            let theirs = acting.principal.grants.row_rules(object, action).next().is_some();
            let role = if theirs { &acting.role } else { acting.agent_role() };
            let layer = if rules.is_empty() { Layer::Role } else { Layer::RowRule };
            let rule = (!rules.is_empty()).then(|| Json::Array(rules));
            let told = Explanation::denied(layer, problem.message.clone()).by_role(role);
            return Explanation { rule, ..told };
        }
        let layer = if problem.kind == ErrorKind::NotFound { Layer::Record } else { Layer::Request };
        Explanation::denied(layer, problem.message.clone())
    }

    async fn of_action(
        &self,
        asker: &Caller,
        acting: &Acting,
        object: &str,
        action: Action,
        request: &AskedFor,
    ) -> Result<Explanation, Error> {
        let record = request.record;
        let named = record.map(|record| record.as_uuid()).into_iter().collect();
        if let Some(untold) = self.untold(asker, acting, named).await? {
            return Ok(untold);
        }
        let name = format!("{object}.{}", operation_verb(action));
        if let Some((agent, _)) =
            acting.agent.as_ref().filter(|(agent, _)| !agent.definition.operations.allow(&name))
        {
            let reason = format!("The agent {} is not given the operation {name}.", agent.name);
            return Ok(Explanation::denied(Layer::AgentOperations, reason));
        }
        if acting.scope.as_ref().is_some_and(|scope| !scope.allow(&name)) {
            return Ok(Explanation::denied(Layer::Scope, format!("The scope does not hold {name}.")));
        }
        let decide = |caller: &Caller| {
            let caller = caller.clone();
            let fields = request.fields.clone();
            async move { self.0.crm.decide(&caller, object, action, record, fields).await }
        };
        let decided = decide(&acting.caller).await?;
        let alone = decide(&acting.principal).await?;
        let told = tell(acting, object, action, decided, &alone);
        if !told.allowed {
            return Ok(told);
        }
        let effect = match action {
            Action::Read => Effect::Read,
            Action::Create | Action::Update | Action::Restore => Effect::Write,
            Action::Delete | Action::Destroy => Effect::Destructive,
        };
        Ok(match self.0.operations.policy().decide(effect, 1, &acting.consent()) {
            Decision::Allow => told,
            Decision::Ask(reason) => Explanation::granted(Some(reason.words())),
        })
    }

    /// What decides on the record and the fields that an operation on an object names.
    async fn decided(&self, acting: &Acting, caller: &Caller, call: &Call) -> Result<Option<Decided>, Error> {
        let Some((object, action)) = named_action(&call.operation) else { return Ok(None) };
        let schema = self.0.crm.schema(acting.caller.workspace).await?;
        let Some(object) = schema.object(object) else { return Ok(None) };
        let id = call.arguments.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
        let is_writing = matches!(action, Action::Create | Action::Update);
        let given = call.arguments.as_object().into_iter().flat_map(Map::keys);
        let fields = given.filter(|name| is_writing && *name != "id" && object.field(name).is_some());
        let fields = fields.cloned().collect();
        Ok(Some(self.0.crm.decide(caller, &object.name, action, id, fields).await?))
    }

    async fn told(&self, acting: &Acting, call: &Call, decided: Decided) -> Result<Explanation, Error> {
        let alone = self.decided(acting, &acting.principal, call).await?.unwrap_or(Decided::Allowed);
        let (object, action) = named_action(&call.operation).unwrap_or((&call.operation, Action::Read));
        Ok(tell(acting, object, action, decided, &alone))
    }
}

impl Acting {
    /// What was said to the call: a person who acts themselves decides on it.
    fn consent(&self) -> Consent {
        if self.agent.is_some() { Consent::NotAsked { changed: 0, unasked: 0 } } else { Consent::Own }
    }
}

/// What decided, in words; of whose role it is, what the subject alone would be told shows.
fn tell(acting: &Acting, object: &str, action: Action, decided: Decided, alone: &Decided) -> Explanation {
    let is_theirs = acting.agent.is_none() || *alone == decided;
    let (role, whose) = if is_theirs {
        (acting.role.as_str(), "The role")
    } else {
        (acting.agent_role(), "The agent’s role")
    };
    let verb = action.verb();
    match decided {
        Decided::Allowed => Explanation::granted(None),
        Decided::Action => {
            let layer = if is_theirs { Layer::Role } else { Layer::AgentRole };
            Explanation::denied(layer, format!("{whose} {role} does not allow to {verb} {object} records."))
                .by_role(role)
        }
        Decided::Field(field) => {
            let reason =
                format!("{whose} {role} does not allow to {verb} the field {field} of {object} records.");
            let told = Explanation::denied(Layer::FieldList, reason).by_role(role);
            Explanation { rule: Some(Json::from(field)), ..told }
        }
        Decided::Missing => unknown_record(),
        // That there is one is told to those alone who may read it.
        Decided::Unread(_) if acting.is_asker => unknown_record(),
        Decided::Unread(rule) => {
            let reason = format!("A rule of the role {role} keeps this record from being read.");
            let told = Explanation::denied(Layer::RowRule, reason).by_role(role);
            Explanation { rule: Some(rule.to_json()), ..told }
        }
        Decided::Rule(rule) => {
            let reason = format!(
                "A rule of the role {role} does not let this record be used: to {verb} it takes more."
            );
            let told = Explanation::denied(Layer::RowRule, reason).by_role(role);
            Explanation { rule: Some(rule.to_json()), ..told }
        }
    }
}

pub(super) fn unknown_record() -> Explanation {
    Explanation::denied(Layer::Record, "There is no such record, or it may not be read.")
}

/// The first field that a problem is about, which is there and may not be read, or not be written where that is what
/// the operation does.
fn hidden_field(schema: &Schema, grants: &Grants, operation: &str, problem: &Problem) -> Option<String> {
    let (object, action) = named_action(operation)?;
    let object = schema.object(object)?;
    let is_writing = matches!(action, Action::Create | Action::Update);
    let is_open = |field: &str| {
        grants.can_read_field(&object.name, field)
            && (!is_writing || grants.can_update_field(&object.name, field))
    };
    let names = problem.issues.iter().flat_map(|issue| issue.path.split(['.', '[', ']']));
    let mut hidden = names.filter(|name| object.field(name).is_some() && !is_open(name));
    hidden.next().map(str::to_owned)
}

/// The object and the action of an operation such as `deal.update`.
pub(super) fn named_action(operation: &str) -> Option<(&str, Action)> {
    let (object, verb) = operation.split_once('.')?;
    let action = match verb {
        "get" | "find" | "group" | "timeline" => Action::Read,
        _ => Action::ALL.into_iter().find(|action| action.verb() == verb)?,
    };
    Some((object, action))
}

fn operation_verb(action: Action) -> &'static str {
    if action == Action::Read { "get" } else { action.verb() }
}
