//! What pages make of each kind of field: one row for each in these tables, which everything else here asks.
//!
//! | module | says of a kind |
//! |---|---|
//! | this one | where its fields are shown |
//! | [`shown`] | how a value looks |
//! | [`control`] | the control of a form that it is written by |
//! | [`sent`] | what such a form says, and what it would say of a record |

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod control;
pub(crate) mod sent;
pub(crate) mod shown;

use kontor_core::metadata::{FieldKind, TextFormat};

/// Where fields of a kind are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Whether a record's page lists it among the details.
    pub(crate) is_detail: bool,
    /// Whether it is a text short enough for a list's column that nobody chose.
    pub(crate) is_short_text: bool,
    /// Whether the order of a list by it means something to a reader.
    pub(crate) is_order: bool,
    /// Whether it tells a related record from others in a few letters.
    pub(crate) is_mark: bool,
    /// Whether a form has a control for it.
    pub(crate) has_control: bool,
    /// The width of a list's column, in steps of 32 pixels: the same whatever stands in it.
    pub(crate) width: usize,
}

/// The row of a kind.
pub(crate) fn of(kind: &FieldKind) -> Row {
    let usual = Row {
        is_detail: true,
        is_short_text: false,
        is_order: true,
        is_mark: false,
        has_control: true,
        width: 6,
    };
    match kind {
        FieldKind::Text { format } => Row {
            is_short_text: match format {
                TextFormat::Line | TextFormat::Domain => true,
                TextFormat::Markdown => false,
            },
            width: match format {
                TextFormat::Line | TextFormat::Domain => 6,
                TextFormat::Markdown => 9,
            },
            ..usual
        },
        FieldKind::Select { .. } | FieldKind::Currency => Row { is_mark: true, width: 5, ..usual },
        FieldKind::Number { .. } | FieldKind::Boolean | FieldKind::Date | FieldKind::DateTime => {
            Row { width: 4, ..usual }
        }
        // A relation is in the order of the names of its records.
        FieldKind::FullName | FieldKind::Relation { .. } => usual,
        FieldKind::Emails => Row { width: 8, ..usual },
        FieldKind::Target { .. } => Row { is_order: false, ..usual },
        FieldKind::Phones => Row { is_order: false, width: 5, ..usual },
        FieldKind::SocialLinks | FieldKind::Address => Row { is_order: false, width: 8, ..usual },
        FieldKind::Actor => Row { is_order: false, has_control: false, ..usual },
        FieldKind::Json => Row { has_control: false, width: 9, ..usual },
        FieldKind::Id | FieldKind::Position => {
            Row { is_detail: false, has_control: false, width: 9, ..usual }
        }
    }
}

/// What a value holds that must be of this kind; the function that asks has nothing for any other.
macro_rules! held {
    ($value:expr, $kind:ident) => {{
        let kontor_core::value::Value::$kind(held) = $value else { return None };
        held
    }};
}
use held;
