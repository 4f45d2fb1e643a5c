//! Grants as SQL: the one place.

use kontor_core::{
    filter::{Readable, parse_filter},
    grants::Action,
    metadata::Object,
};
use sea_query::{Expr, ExprTrait};

use super::condition::{self, Authority};
use crate::{Error, Work};

/// Every field there is: what row rules are read with, which may name fields hidden from the caller.
pub(crate) struct Everything;

impl Readable for Everything {
    fn can_read_field(&self, _object: &str, _field: &str) -> bool {
        true
    }
}

/// Checks that the caller may do this to records of the object at all.
pub(crate) fn require(work: &Work<'_, '_>, object: &Object, action: Action) -> Result<(), Error> {
    let is_changing = action != Action::Read;
    if !work.caller.grants.allows(&object.name, action)
        || (is_changing && object.is_read_only && !work.caller.is_system())
    {
        return Err(Error::not_allowed(object, action));
    }
    Ok(())
}

/// What a row must fulfil for the caller to do this to it; nothing where every row may be reached. A rule
/// that cannot be read any more lets no row through.
pub(crate) fn predicate(work: &Work<'_, '_>, object: &Object, alias: &str, action: Action) -> Option<Expr> {
    let mut predicate: Option<Expr> = None;
    for rule in work.caller.grants.row_rules(&object.name, action) {
        let json = rule.to_json();
        let part = match parse_filter(&json, object, work.schema, &Everything, work.caller.asker(work.now)) {
            Ok(filter) => condition::compile(work, &filter, object, alias, Authority::Rule),
            Err(issues) => {
                tracing::error!(object = %object.name, ?issues, "a row rule cannot be read and lets no row through");
                condition::never()
            }
        };
        predicate = Some(match predicate {
            None => part,
            Some(before) => before.and(part),
        });
    }
    predicate
}
