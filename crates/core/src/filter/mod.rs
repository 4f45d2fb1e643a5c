//! The one filter language, the same in REST, tools, views and row rules:
//! `{"and":[{"stage":{"eq":"PROPOSAL"}},{"amount":{"gte":10000}}]}`.
//!
//! A filter is read against an object's metadata, so an unknown field, operator or option fails before any
//! statement is built, with its path and the nearest valid name. A field the caller may not read does not
//! exist for it. Depth and size are bounded. `"$me"` stands for the asker, and `"$me.region"` for what the field
//! `region` of their own member record holds: where that is empty, no record matches by it, nor by its contrary.

mod evaluate;
mod own;
mod parse;
mod path;
mod scalar;

pub use self::{
    evaluate::Related,
    own::OwnRecord,
    parse::{Asker, MAX_CONDITIONS, MAX_DEPTH, MAX_LIST, check_rule, parse_filter},
    path::{FieldPath, Hop, PartType, Readable, filterable_paths},
    scalar::Scalar,
};
use crate::metadata::Name;

/// A condition on one record, with its operands typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every part holds; true when there is none.
    And(Vec<Filter>),
    /// Some part holds; false when there is none.
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Condition(Condition),
    /// The record that a relation field points to matches. One that is deleted or that the caller may not read is
    /// as none, and none is as a record of which every field is empty.
    Related {
        field: Name,
        object: Name,
        filter: Box<Filter>,
    },
}

impl Filter {
    /// The filter that every record matches.
    pub fn everything() -> Self {
        Self::And(Vec::new())
    }

    pub fn is_everything(&self) -> bool {
        matches!(self, Self::And(parts) if parts.is_empty())
    }

    /// What every record matches that this does not, with the operators turned round where they can be.
    #[must_use]
    pub fn negated(self) -> Self {
        let all = |parts: Vec<Self>| parts.into_iter().map(Self::negated).collect();
        match self {
            Self::And(parts) => Self::Or(all(parts)),
            Self::Or(parts) => Self::And(all(parts)),
            Self::Not(inner) => *inner,
            Self::Condition(Condition { path, operator }) => {
                let condition = |operator| Self::Condition(Condition { path: path.clone(), operator });
                match operator {
                    Operator::NotEqual(operand) => condition(Operator::Equal(operand)),
                    Operator::NotIn(operands) => condition(Operator::In(operands)),
                    Operator::IsEmpty(is_empty) => condition(Operator::IsEmpty(!is_empty)),
                    other => Self::Not(Box::new(condition(other))),
                }
            }
            related @ Self::Related { .. } => Self::Not(Box::new(related)),
        }
    }

    /// A record that matches both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (left, right) if left.is_everything() => right,
            (left, right) if right.is_everything() => left,
            (Self::And(mut left), Self::And(right)) => {
                left.extend(right);
                Self::And(left)
            }
            (Self::And(mut left), right) => {
                left.push(right);
                Self::And(left)
            }
            (left, right) => Self::And(vec![left, right]),
        }
    }
}

/// One comparison. A text is compared folded where its column is.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub path: FieldPath,
    pub operator: Operator,
}

/// A comparison with its operands. An empty value matches only `NotEqual`, `NotIn` and `IsEmpty(true)`.
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    Equal(Scalar),
    NotEqual(Scalar),
    In(Vec<Scalar>),
    NotIn(Vec<Scalar>),
    Greater(Scalar),
    GreaterOrEqual(Scalar),
    Less(Scalar),
    LessOrEqual(Scalar),
    Contains(String),
    StartsWith(String),
    IsEmpty(bool),
}
