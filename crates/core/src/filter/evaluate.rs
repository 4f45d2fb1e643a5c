//! A filter evaluated in memory: what the engines' answers are compared with, and how an event is matched.

use std::cmp::Ordering;

use super::{Condition, Filter, Operator, Scalar};
use crate::{
    ids::RecordId,
    metadata::{Name, Object},
    value::{Value, Values},
};

/// Finds the record a relation points to, for conditions one hop away.
pub trait Related {
    /// The object and the fields of a record that is not deleted.
    fn record(&self, object: &Name, id: RecordId) -> Option<(&Object, &Values)>;
}

impl Filter {
    /// Whether a record with these fields matches.
    pub fn matches(&self, object: &Object, values: &Values, related: &dyn Related) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(object, values, related)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(object, values, related)),
            Self::Not(inner) => !inner.matches(object, values, related),
            Self::Condition(condition) => condition.matches(object, values),
            Self::Related { field, object: target, filter } => {
                let pointed = match values.get(field) {
                    Some(Value::Relation(id)) => related.record(target, *id),
                    _ => None,
                };
                match pointed {
                    Some((object, values)) => filter.matches(object, values, related),
                    None => filter.matches_nothing(),
                }
            }
        }
    }

    /// Whether a record of which every field is empty matches: what a relation that points to none is like.
    pub fn matches_nothing(&self) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(Self::matches_nothing),
            Self::Or(parts) => parts.iter().any(Self::matches_nothing),
            Self::Not(inner) => !inner.matches_nothing(),
            Self::Condition(condition) => condition.operator.matches_empty(),
            Self::Related { filter, .. } => filter.matches_nothing(),
        }
    }
}

impl Operator {
    /// Whether an empty value matches.
    pub fn matches_empty(&self) -> bool {
        match self {
            Self::NotEqual(_) | Self::NotIn(_) | Self::IsEmpty(true) => true,
            Self::Equal(_)
            | Self::In(_)
            | Self::Greater(_)
            | Self::GreaterOrEqual(_)
            | Self::Less(_)
            | Self::LessOrEqual(_)
            | Self::Contains(_)
            | Self::StartsWith(_)
            | Self::IsEmpty(false) => false,
        }
    }
}

impl Condition {
    fn matches(&self, object: &Object, values: &Values) -> bool {
        let Some(field) = object.field(&self.path.field) else { return false };
        let value = values.get(&self.path.field).unwrap_or(&Value::Null);
        let cell = self.path.cell(field, value);
        let compare = |operand: &Scalar| cell.as_ref().and_then(|cell| cell.compare(operand));
        let equals = |operand: &Scalar| compare(operand) == Some(Ordering::Equal);
        let text = match &cell {
            Some(Scalar::Text(text)) => text.as_str(),
            _ => "",
        };
        match &self.operator {
            Operator::Equal(operand) => equals(operand),
            Operator::NotEqual(operand) => !equals(operand),
            Operator::In(operands) => operands.iter().any(equals),
            Operator::NotIn(operands) => !operands.iter().any(equals),
            Operator::Greater(operand) => compare(operand) == Some(Ordering::Greater),
            Operator::GreaterOrEqual(operand) => {
                matches!(compare(operand), Some(Ordering::Greater | Ordering::Equal))
            }
            Operator::Less(operand) => compare(operand) == Some(Ordering::Less),
            Operator::LessOrEqual(operand) => {
                matches!(compare(operand), Some(Ordering::Less | Ordering::Equal))
            }
            Operator::Contains(needle) => cell.is_some() && text.contains(needle.as_str()),
            Operator::StartsWith(needle) => cell.is_some() && text.starts_with(needle.as_str()),
            Operator::IsEmpty(empty) => cell.is_none() == *empty,
        }
    }
}
