//! A filter as SQL condition, with the meaning that `Filter::matches` gives it.

use kontor_core::{
    filter::{Condition, Filter, Operator, Scalar},
    grants::Action,
    metadata::{Field, Name, Object},
};
use sea_query::{Alias, Expr, ExprTrait, LikeExpr, Query, SelectStatement};

use super::{
    access,
    rows::{col, operand},
};
use crate::Work;

/// Whose eyes a condition looks through at other objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The caller's: related records count only where the caller may read them.
    Caller,
    /// A row rule's, which decides what the caller may read and so is not bound by it.
    Rule,
}

/// The condition that a row of `object` under `alias` matches the filter.
pub(crate) fn compile(
    work: &Work<'_, '_>,
    filter: &Filter,
    object: &Object,
    alias: &str,
    authority: Authority,
) -> Expr {
    Compiler { work, authority }.filter(filter, object, alias, false)
}

pub(crate) fn never() -> Expr {
    Expr::cust("(1 = 0)")
}

pub(crate) fn always() -> Expr {
    Expr::cust("(1 = 1)")
}

struct Compiler<'w, 'a, 'c> {
    work: &'w Work<'a, 'c>,
    authority: Authority,
}

impl Compiler<'_, '_, '_> {
    /// `exact` asks for a condition that is false, never null, where it does not hold: within a `not`.
    fn filter(&self, filter: &Filter, object: &Object, alias: &str, exact: bool) -> Expr {
        match filter {
            Filter::And(parts) => parts
                .iter()
                .map(|part| self.filter(part, object, alias, exact))
                .reduce(|left, right| left.and(right))
                .unwrap_or_else(always),
            Filter::Or(parts) => parts
                .iter()
                .map(|part| self.filter(part, object, alias, exact))
                .reduce(|left, right| left.or(right))
                .unwrap_or_else(never),
            Filter::Not(inner) => self.filter(inner, object, alias, true).not(),
            Filter::Condition(condition) => self.condition(condition, object, alias, exact),
            Filter::Related { field, object: target, filter } => {
                self.related(field, target, filter, object, alias, exact)
            }
        }
    }

    fn condition(&self, condition: &Condition, object: &Object, alias: &str, exact: bool) -> Expr {
        let Some(field) = object.field(&condition.path.field) else { return never() };
        let name = condition.path.column(field);
        let column = || col(alias, &name);
        let bind = |scalar: &Scalar| operand(self.work.tx.dialect(), scalar);
        let list = |scalars: &[Scalar]| scalars.iter().map(bind).collect::<Vec<_>>();
        let compared = match &condition.operator {
            // These hold for an empty value as well.
            Operator::NotEqual(scalar) => return column().ne(bind(scalar)).or(column().is_null()),
            Operator::NotIn(scalars) if scalars.is_empty() => return always(),
            Operator::NotIn(scalars) => return column().is_not_in(list(scalars)).or(column().is_null()),
            Operator::IsEmpty(true) => return column().is_null(),
            Operator::IsEmpty(false) => return column().is_not_null(),
            Operator::In(scalars) if scalars.is_empty() => return never(),
            Operator::In(scalars) => column().is_in(list(scalars)),
            Operator::Equal(scalar) => column().eq(bind(scalar)),
            Operator::Greater(scalar) => column().gt(bind(scalar)),
            Operator::GreaterOrEqual(scalar) => column().gte(bind(scalar)),
            Operator::Less(scalar) => column().lt(bind(scalar)),
            Operator::LessOrEqual(scalar) => column().lte(bind(scalar)),
            Operator::Contains(needle) => column().like(containing(needle)),
            Operator::StartsWith(needle) => starts_with(column, needle),
        };
        if exact { column().is_not_null().and(compared) } else { compared }
    }

    /// One hop: the relation points to a live record that matches and that the caller may read; or to none, where
    /// that matches as well.
    fn related(
        &self,
        relation: &Name,
        target: &Name,
        filter: &Filter,
        object: &Object,
        alias: &str,
        exact: bool,
    ) -> Expr {
        let field = object.field(relation);
        let (Some(field), Some(target)) = (field, self.work.schema.object(target)) else { return never() };
        let matches_nothing = filter.matches_nothing();
        if self.authority == Authority::Caller && !self.work.caller.grants.allows(&target.name, Action::Read)
        {
            return if matches_nothing { always() } else { never() };
        }
        let column = relation_column(field);
        let relation = || col(alias, &column);
        if matches_nothing {
            // Found by the few that do not match, so that an index on what is compared serves it.
            let others = self.reachable(&filter.clone().negated(), target, &deeper(alias));
            return relation().is_null().or(relation().not_in_subquery(others));
        }
        let points = relation().in_subquery(self.reachable(filter, target, &deeper(alias)));
        if exact { relation().is_not_null().and(points) } else { points }
    }

    /// The ids of the live records of an object that match and that the caller may read.
    fn reachable(&self, filter: &Filter, target: &Object, alias: &str) -> SelectStatement {
        let mut select = Query::select();
        select
            .expr(col(alias, "id"))
            .from_as(self.work.tx.table(&target.table()), Alias::new(alias))
            .and_where(col(alias, "deleted_at").is_null())
            .and_where(self.filter(filter, target, alias, false));
        if self.authority == Authority::Caller {
            select.and_where_option(access::predicate(self.work, target, alias, Action::Read));
        }
        select.take()
    }
}

/// The column of a relation field.
pub(crate) fn relation_column(field: &Field) -> String {
    if field.kind.points() { field.column_name("id") } else { field.name.to_string() }
}

/// The alias of a table one level further in.
fn deeper(alias: &str) -> String {
    let level: u32 = alias.trim_start_matches('r').parse().unwrap_or(0);
    format!("r{}", level + 1)
}

fn containing(needle: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(needle))).escape('\\')
}

fn escaped(needle: &str) -> String {
    needle.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A range of the byte order, so that an index on the column serves it.
fn starts_with(column: impl Fn() -> Expr, needle: &str) -> Expr {
    if needle.is_empty() {
        return column().is_not_null();
    }
    let from = column().gte(needle);
    match successor(needle) {
        Some(end) => from.and(column().lt(end)),
        None => from,
    }
}

/// The least text greater than every text that starts with `prefix`.
fn successor(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // The surrogates are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_ends_the_range_of_a_prefix() {
        assert_eq!(successor("ab").as_deref(), Some("ac"));
        assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(successor("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(successor("\u{10ffff}"), None);
    }

    #[test]
    fn the_signs_of_a_pattern_stand_for_themselves() {
        assert_eq!(escaped(r"50%_\"), r"50\%\_\\");
    }
}
