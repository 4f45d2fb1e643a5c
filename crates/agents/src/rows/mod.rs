//! The statements of this crate's tables.

pub(crate) mod agents;
pub(crate) mod approvals;
pub(crate) mod budgets;
pub(crate) mod client_approvals;
pub(crate) mod events;
pub(crate) mod feedback;
pub(crate) mod model_choices;
pub(crate) mod model_providers;
pub(crate) mod open_turns;
pub(crate) mod prompts;
pub(crate) mod reviews;
pub(crate) mod sent;
pub(crate) mod session_list;
pub(crate) mod session_words;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod turns;
pub(crate) mod usage;

use kontor_core::time::Timestamp;
use sea_query::{Expr, ExprTrait, Value};

/// An instant as system tables hold it.
pub(crate) fn instant(at: Timestamp) -> i64 {
    at.micros()
}

/// How many events there are, as a number of the log.
pub(crate) fn count(drafts: usize) -> i64 {
    i64::try_from(drafts).unwrap_or(i64::MAX)
}

/// `column = column + by`.
pub(crate) fn increased(column: &'static str, by: i64) -> Expr {
    Expr::col(column).add(by)
}

pub(crate) fn null_uuid() -> Value {
    Value::Uuid(None)
}

pub(crate) fn null_instant() -> Value {
    Value::BigInt(None)
}
