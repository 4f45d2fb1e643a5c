//! Values as column cells and back: the pure half of the storage codec.

use super::{Address, Emails, FullName, Money, Phones, SocialLinks, TargetReference, Value};
use crate::{
    actor::{AGENT, ActingAgent, Actor, Principal},
    filter::Scalar,
    ids::{AgentId, MemberId, RecordId},
    metadata::{Field, FieldKind, TextFormat},
    text::{fold, phone_digits},
};

impl Value {
    /// The cells of this value, one for each of the field's columns in their order, folded ones included.
    pub fn to_cells(&self, field: &Field) -> Vec<Option<Scalar>> {
        let text = |text: &str| (!text.is_empty()).then(|| Scalar::Text(text.to_owned()));
        let folded = |text: &str| (!text.is_empty()).then(|| Scalar::Text(fold(text)));
        let list = |texts: &[String]| (!texts.is_empty()).then(|| Scalar::Json(Box::new(texts.into())));
        match self {
            Self::Null => vec![None; field.columns().len()],
            Self::Id(id) | Self::Relation(id) => vec![Some(Scalar::Uuid(id.as_uuid()))],
            Self::Text(value) => match &field.kind {
                FieldKind::Text { format: TextFormat::Line } => vec![text(value), folded(value)],
                _ => vec![text(value)],
            },
            Self::Select(value) => vec![text(value)],
            Self::Number(value) => vec![Some(Scalar::Integer(*value))],
            Self::Boolean(value) => vec![Some(Scalar::Boolean(*value))],
            Self::Date(date) => vec![Some(Scalar::Date(*date))],
            Self::DateTime(instant) => vec![Some(Scalar::Timestamp(*instant))],
            Self::Money(money) => vec![Some(Scalar::Integer(money.micros)), text(&money.currency)],
            Self::FullName(name) => vec![
                text(&name.first),
                text(&name.last),
                folded(&name.to_string()),
                folded(&name.first),
                folded(&name.last),
            ],
            Self::Emails(Emails { primary, additional }) => vec![text(primary), list(additional)],
            Self::Phones(Phones { primary, additional }) => {
                vec![text(primary), list(additional), text(&phone_digits(primary))]
            }
            Self::SocialLinks(links) => {
                let parts = links.parts();
                parts.into_iter().map(text).chain(parts.into_iter().map(folded)).collect()
            }
            Self::Address(address) => {
                let parts = address.parts();
                parts.into_iter().map(text).chain(parts.into_iter().map(folded)).collect()
            }
            Self::Actor(actor) => actor_cells(actor),
            Self::Target(target) => {
                let id = target.id.map(|id| Scalar::Uuid(id.as_uuid()));
                vec![text(&target.object), id, text(&target.name), folded(&target.name)]
            }
            Self::Position(position) => vec![Some(Scalar::Real(*position))],
            Self::Json(value) => vec![Some(Scalar::Json(value.clone()))],
        }
    }

    /// The value that a record's cells hold: one for each column of the field that is not folded. Cells that
    /// do not fit the kind yield [`Value::Null`]: the columns are typed, so they cannot be met in practice.
    pub fn from_cells(field: &Field, cells: impl Iterator<Item = Option<Scalar>>) -> Self {
        let mut cells = Cells(cells);
        match &field.kind {
            FieldKind::Id => cells.uuid().map_or(Self::Null, |id| Self::Id(RecordId(id))),
            FieldKind::Text { .. } => cells.text().map_or(Self::Null, Self::Text),
            FieldKind::Number { .. } => cells.integer().map_or(Self::Null, Self::Number),
            FieldKind::Boolean => match cells.next() {
                Some(Scalar::Boolean(value)) => Self::Boolean(value),
                _ => Self::Null,
            },
            FieldKind::Date => match cells.next() {
                Some(Scalar::Date(date)) => Self::Date(date),
                _ => Self::Null,
            },
            FieldKind::DateTime => match cells.next() {
                Some(Scalar::Timestamp(instant)) => Self::DateTime(instant),
                _ => Self::Null,
            },
            FieldKind::Select { .. } => cells.text().map_or(Self::Null, Self::Select),
            FieldKind::Currency => match (cells.integer(), cells.text()) {
                (Some(micros), Some(currency)) => Self::Money(Money { micros, currency }),
                _ => Self::Null,
            },
            FieldKind::FullName => match (cells.text(), cells.text()) {
                (None, None) => Self::Null,
                (first, last) => Self::FullName(FullName {
                    first: first.unwrap_or_default(),
                    last: last.unwrap_or_default(),
                }),
            },
            FieldKind::Emails => match (cells.text(), cells.texts()) {
                (None, additional) if additional.is_empty() => Self::Null,
                (primary, additional) => {
                    Self::Emails(Emails { primary: primary.unwrap_or_default(), additional })
                }
            },
            FieldKind::Phones => match (cells.text(), cells.texts()) {
                (None, additional) if additional.is_empty() => Self::Null,
                (primary, additional) => {
                    Self::Phones(Phones { primary: primary.unwrap_or_default(), additional })
                }
            },
            FieldKind::SocialLinks => cells
                .parts()
                .map_or(Self::Null, |parts| Self::SocialLinks(Box::new(SocialLinks::from_parts(parts)))),
            FieldKind::Address => {
                cells.parts().map_or(Self::Null, |parts| Self::Address(Box::new(Address::from_parts(parts))))
            }
            FieldKind::Actor => cells.actor().map_or(Self::Null, |actor| Self::Actor(Box::new(actor))),
            FieldKind::Relation { .. } => cells.uuid().map_or(Self::Null, |id| Self::Relation(RecordId(id))),
            FieldKind::Target { .. } => match cells.text().and_then(|object| object.parse().ok()) {
                Some(object) => Self::Target(Box::new(TargetReference {
                    object,
                    id: cells.uuid().map(RecordId),
                    name: cells.text().unwrap_or_default(),
                })),
                None => Self::Null,
            },
            FieldKind::Position => match cells.next() {
                Some(Scalar::Real(position)) => Self::Position(position),
                _ => Self::Null,
            },
            FieldKind::Json => match cells.next() {
                Some(Scalar::Json(value)) => Self::Json(value),
                _ => Self::Null,
            },
        }
    }
}

fn actor_cells(actor: &Actor) -> Vec<Option<Scalar>> {
    let text = |text: &str| Some(Scalar::Text(text.to_owned()));
    let uuid = |id: uuid::Uuid| Some(Scalar::Uuid(id));
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

struct Cells<C>(C);

impl<C: Iterator<Item = Option<Scalar>>> Cells<C> {
    fn next(&mut self) -> Option<Scalar> {
        self.0.next().flatten()
    }

    fn text(&mut self) -> Option<String> {
        match self.next() {
            Some(Scalar::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn integer(&mut self) -> Option<i64> {
        match self.next() {
            Some(Scalar::Integer(value)) => Some(value),
            _ => None,
        }
    }

    fn uuid(&mut self) -> Option<uuid::Uuid> {
        match self.next() {
            Some(Scalar::Uuid(id)) => Some(id),
            _ => None,
        }
    }

    fn texts(&mut self) -> Vec<String> {
        match self.next() {
            Some(Scalar::Json(json)) => serde_json::from_value(*json).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Five texts, unless all are empty.
    fn parts(&mut self) -> Option<[String; 5]> {
        let parts: [Option<String>; 5] = std::array::from_fn(|_| self.text());
        parts.iter().any(Option::is_some).then(|| parts.map(Option::unwrap_or_default))
    }

    fn actor(&mut self) -> Option<Actor> {
        let kind = self.text()?;
        let (id, name) = (self.uuid(), self.text().unwrap_or_default());
        let (member, member_name) = (self.uuid(), self.text().unwrap_or_default());
        let other = self.next();
        let principal = match (kind.as_str(), id) {
            ("member", Some(id)) => Principal::Member { id: MemberId(id), name },
            ("api_key", Some(id)) => Principal::ApiKey { id, name },
            ("workflow", Some(id)) => Principal::Workflow { id, name },
            ("system", _) => Principal::System,
            (AGENT, Some(id)) => {
                let principal = match (member, other) {
                    (Some(member), _) => Principal::Member { id: MemberId(member), name: member_name },
                    (None, Some(Scalar::Json(principal))) => serde_json::from_value(*principal).ok()?,
                    (None, _) => return None,
                };
                return Some(Actor { principal, agent: Some(ActingAgent { id: AgentId(id), name }) });
            }
            _ => return None,
        };
        Some(Actor::from(principal))
    }
}
