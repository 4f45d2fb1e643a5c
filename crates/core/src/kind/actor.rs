//! Who did something.

use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Kind,
    cells::Cells,
    input::{Given, Issues},
};
use crate::{
    actor::{AGENT, ActingAgent, Actor, Principal},
    error::Issue,
    filter::{PartType, Scalar},
    ids::{AgentId, MemberId},
    metadata::{Column, ColumnType, Field},
    text::fold,
    value::Value,
};

/// The part of an actor that says for whom an agent acted, where that is no member. Its column has a name that no
/// column of another field has: a field's name holds no two underscores in a row.
pub const PRINCIPAL: &str = "_principal";

pub(super) struct ActorKind;

impl Kind for ActorKind {
    type Held = Actor;

    fn name(&self) -> &'static str {
        "actor"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["name", "kind", "id", "member"]
    }

    fn part_type(&self, part: &str) -> PartType {
        match part {
            "id" | "member" => PartType::Id,
            "kind" => PartType::LowerText,
            _ => PartType::FoldedText,
        }
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![
            field.column("kind", ColumnType::Text),
            field.column("id", ColumnType::Uuid),
            field.column("name", ColumnType::Text),
            field.column("member", ColumnType::Uuid),
            field.column("member_name", ColumnType::Text),
            field.column(PRINCIPAL, ColumnType::Json),
            field.folded("name"),
        ]
    }

    fn is_asked_for(&self) -> bool {
        false
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Actor> {
        if let Value::Actor(actor) = value { Some(actor) } else { None }
    }

    fn to_cells(&self, actor: &Actor) -> Vec<Option<Scalar>> {
        let text = |text: &str| Some(Scalar::Text(text.to_owned()));
        let uuid = |id: Uuid| Some(Scalar::Uuid(id));
        let principal = &actor.principal;
        let (id, name) = match (&actor.agent, principal) {
            (Some(agent), _) => (Some(agent.id.as_uuid()), Some(agent.name.as_str())),
            (None, Principal::System) => (None, None),
            (None, _) => (principal.id(), Some(principal.name())),
        };
        let member = principal.member();
        // A principal that is neither the actor nor a member is in no other column.
        let needs_own_column = actor.agent.is_some() && member.is_none();
        vec![
            text(actor.kind()),
            id.and_then(uuid),
            name.and_then(text),
            member.and_then(|member| uuid(member.as_uuid())),
            member.and_then(|_| text(principal.name())),
            needs_own_column.then(|| Scalar::Json(Box::new(serde_json::json!(principal)))),
            name.map(|name| Scalar::Text(fold(name))),
        ]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        from_cells(cells).map(|actor| Value::Actor(Box::new(actor)))
    }

    fn parse(&self, _given: &Given<'_, Actor>) -> Result<Value, Issues> {
        Err(Issue::new("", "read_only", "is written by the system").into())
    }

    fn serialize<S: Serializer>(&self, actor: &Actor, serializer: S) -> Result<S::Ok, S::Error> {
        actor.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        serde_json::from_value(json.clone()).ok().map(|actor| Value::Actor(Box::new(actor)))
    }

    fn display(&self, actor: &Actor) -> String {
        actor.to_string()
    }

    fn search_text(&self, _actor: &Actor) -> String {
        String::new()
    }
}

fn from_cells(cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Actor> {
    let kind = cells.text()?;
    let (id, name) = (cells.uuid(), cells.text().unwrap_or_default());
    let (member, member_name) = (cells.uuid(), cells.text().unwrap_or_default());
    let other = cells.json();
    let principal = match (kind.as_str(), id) {
        ("member", Some(id)) => Principal::Member { id: MemberId(id), name },
        ("api_key", Some(id)) => Principal::ApiKey { id, name },
        ("workflow", Some(id)) => Principal::Workflow { id, name },
        ("system", _) => Principal::System,
        (AGENT, Some(id)) => {
            let principal = match (member, other) {
                (Some(member), _) => Principal::Member { id: MemberId(member), name: member_name },
                (None, Some(principal)) => serde_json::from_value(*principal).ok()?,
                (None, None) => return None,
            };
            return Some(Actor { principal, agent: Some(ActingAgent { id: AgentId(id), name }) });
        }
        _ => return None,
    };
    Some(Actor::from(principal))
}
