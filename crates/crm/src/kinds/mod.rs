//! What the CRM makes of each kind of field: one row for each in these tables, which everything else here asks.
//!
//! | module | says of a kind |
//! |---|---|
//! | this one | how records are named, grouped and told apart by it |
//! | [`argument`] | what operations ask for |
//! | [`added`] | how a workspace adds a field of it |

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod added;
pub(crate) mod argument;

use kontor_core::{
    filter::PartType,
    metadata::{ColumnType, FieldKind, TextFormat},
};

/// What records make of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// The parts whose texts are a record's name, where a field of the kind names records; none where it cannot.
    pub(crate) name_parts: &'static [&'static str],
    /// Whether its values are names of people, so that records of different objects may be the same person.
    pub(crate) names_people: bool,
    /// Whether two records that have a value in common may stand for the same person or business.
    pub(crate) identifies: bool,
    /// What a value of a unique field is called; by the field's own label where there is no word for it.
    pub(crate) word: Option<&'static str>,
    /// Whether each of the several values of a unique field belongs to one record alone.
    pub(crate) is_claimed: bool,
    pub(crate) grouping: Grouping,
    /// The parts that only programs ask for in filters.
    pub(crate) inner_parts: &'static [&'static str],
}

/// Whether records are grouped by a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    Never,
    Possible,
    /// Models are told of it.
    Proposed,
}

const PLAIN: Row = Row {
    name_parts: &[],
    names_people: false,
    identifies: false,
    word: None,
    is_claimed: false,
    grouping: Grouping::Never,
    inner_parts: &[],
};

/// The row of a kind.
pub(crate) fn of(kind: &FieldKind) -> Row {
    match kind {
        FieldKind::Text { format } => Row {
            name_parts: &[""],
            identifies: *format == TextFormat::Domain,
            grouping: match format {
                TextFormat::Line => Grouping::Proposed,
                TextFormat::Domain => Grouping::Possible,
                TextFormat::Markdown => Grouping::Never,
            },
            ..PLAIN
        },
        FieldKind::FullName => Row { name_parts: &["first", "last"], names_people: true, ..PLAIN },
        FieldKind::Emails => Row {
            name_parts: &["primary"],
            identifies: true,
            word: Some("email address"),
            is_claimed: true,
            ..PLAIN
        },
        FieldKind::Phones => Row { name_parts: &["primary"], identifies: true, ..PLAIN },
        FieldKind::Boolean
        | FieldKind::Select { .. }
        | FieldKind::Relation { .. }
        | FieldKind::Date
        | FieldKind::DateTime => Row { grouping: Grouping::Proposed, ..PLAIN },
        FieldKind::Currency | FieldKind::Address => Row { grouping: Grouping::Possible, ..PLAIN },
        FieldKind::Actor => Row { inner_parts: &["id", "member"], ..PLAIN },
        FieldKind::Id
        | FieldKind::Number { .. }
        | FieldKind::SocialLinks
        | FieldKind::Target { .. }
        | FieldKind::Position
        | FieldKind::Json => PLAIN,
    }
}

/// The column whose figures are read, and by how many decimals its numbers are scaled; `None` for what has no figures.
pub(crate) fn measured_as(ty: PartType) -> Option<(ColumnType, u8)> {
    match ty {
        PartType::Number(decimals) => Some((ColumnType::Integer, decimals)),
        PartType::Date => Some((ColumnType::Date, 0)),
        PartType::DateTime => Some((ColumnType::Timestamp, 0)),
        PartType::FoldedText
        | PartType::LowerText
        | PartType::UpperText
        | PartType::Phone
        | PartType::Option
        | PartType::Boolean
        | PartType::Id
        | PartType::Position
        | PartType::Opaque => None,
    }
}
