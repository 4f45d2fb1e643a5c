//! The records one step over a relation, joined to a statement about the records that point to them.
//!
//! A record that is deleted or that the caller may not read is as none, here as in filters: what is sorted or
//! grouped by its fields tells nothing of it.

use kontor_core::{
    filter::Hop,
    grants::Action,
    metadata::{Object, system_fields},
};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, JoinType, Query, SelectStatement};

use super::{
    access::predicate,
    condition::{never, relation_column},
    rows::col,
};
use crate::Work;

/// The steps that a statement goes, each relation once.
#[derive(Default)]
pub(crate) struct Hops(Vec<Hop>);

impl Hops {
    /// The alias of the records that a step leads to.
    pub(crate) fn alias(&mut self, hop: &Hop) -> String {
        let known = self.0.iter().position(|known| known == hop);
        let place = known.unwrap_or_else(|| {
            self.0.push(hop.clone());
            self.0.len() - 1
        });
        alias(place)
    }

    /// Joins where the steps lead to the records of `object` under `base`: with the step of `required` only
    /// records stay that lead somewhere.
    pub(crate) fn join(
        &self,
        work: &Work<'_, '_>,
        object: &Object,
        base: &str,
        required: Option<&Hop>,
        statement: &mut SelectStatement,
    ) {
        for (place, hop) in self.0.iter().enumerate() {
            let Some(target) = work.schema.object(&hop.object) else { continue };
            let join = if required == Some(hop) { JoinType::InnerJoin } else { JoinType::LeftJoin };
            let alias = alias(place);
            let on = col(&alias, system_fields::ID)
                .eq(col(base, &column(object, hop)))
                .and(reachable(work, target, &alias));
            statement.join_as(join, work.tx.table(&target.table()), Alias::new(alias), on);
        }
    }
}

fn alias(place: usize) -> String {
    format!("hop{place}")
}

/// The column of the relation that a step goes over.
fn column(object: &Object, hop: &Hop) -> String {
    object.field(&hop.relation).map(relation_column).unwrap_or_default()
}

/// The condition that a record of an object is there for the caller.
fn reachable(work: &Work<'_, '_>, target: &Object, alias: &str) -> Expr {
    let is_live = col(alias, system_fields::DELETED_AT).is_null();
    match predicate(work, target, alias, Action::Read) {
        None => is_live,
        Some(rules) => is_live.and(rules),
    }
}

/// The condition that a record of `object` under `base` leads to no record with a value in `value`, a column
/// of the records that it leads to.
pub(crate) fn leads_nowhere(
    work: &Work<'_, '_>,
    object: &Object,
    base: &str,
    hop: &Hop,
    value: &str,
) -> Expr {
    const INNER: &str = "r1";
    let Some(target) = work.schema.object(&hop.object) else { return never().not() };
    let relation = || col(base, &column(object, hop));
    // What the relation points to is there, deleted or not, so that all but the reachable ones are the others:
    // usually few, which an index on the relation finds.
    let is_there = reachable(work, target, INNER).and(col(INNER, value).is_not_null());
    // False, never null, where a rule cannot be decided.
    let is_there = Expr::Case(Box::new(CaseStatement::new().case(is_there, 1).finally(0)));
    let others = Query::select()
        .expr(col(INNER, system_fields::ID))
        .from_as(work.tx.table(&target.table()), Alias::new(INNER))
        .and_where(is_there.eq(0))
        .take();
    relation().is_null().or(relation().in_subquery(others))
}
