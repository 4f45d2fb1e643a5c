//! Grants as SQL: the one place.

use kontor_core::{
    filter::{Readable, parse_filter},
    grants::{Action, Permission, RowRule},
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
    let grants = &work.caller.grants;
    let may = if action != Action::Read && is_kept(work, object) {
        // What the workspace itself has added to members is theirs to fill in who manage them, but for those whose own
        // rules ask for it: they would let themselves, or another, see more than they may.
        action == Action::Update
            && !grants.has_rule(RowRule::asks_for_own_fields)
            && grants.allows(&object.name, Action::Read)
            && grants.permits(Permission::Members)
    } else {
        grants.allows(&object.name, action)
    };
    if may { Ok(()) } else { Err(Error::not_allowed(object, action)) }
}

/// Whether the object's records follow something else, and are not written by the caller but for its custom fields.
pub(crate) fn is_kept(work: &Work<'_, '_>, object: &Object) -> bool {
    object.is_read_only && !work.caller.is_system()
}

/// What a row must fulfil for the caller to do this to it; nothing where every row may be reached.
pub(crate) fn predicate(work: &Work<'_, '_>, object: &Object, alias: &str, action: Action) -> Option<Expr> {
    let rules = work.caller.grants.row_rules(&object.name, action);
    rules
        .map(|rule| work.row_rules.condition(rule, alias, || compiled(work, rule, object, alias)))
        .reduce(|all, rule| all.and(rule))
}

/// A rule as a condition. One that cannot be read any more lets no row through.
pub(crate) fn compiled(work: &Work<'_, '_>, rule: &RowRule, object: &Object, alias: &str) -> Expr {
    match parse_filter(&rule.to_json(), object, work.schema, &Everything, work.caller.asker(work.now)) {
        Ok(filter) => condition::compile(work, &filter, object, alias, Authority::Rule),
        Err(issues) => {
            tracing::error!(object = %object.name, ?issues, "a row rule cannot be read and lets no row through");
            condition::never()
        }
    }
}
