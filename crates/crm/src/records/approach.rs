//! How a list is found on SQLite, which keeps no count of how often a value occurs: it would gather and sort the
//! hundred thousand records of a common value although the first page of its order is there to be walked, or walk
//! a whole order for a value that three records have. So the rows of each condition that an index serves are
//! counted first, up to a bound. PostgreSQL has statistics and decides itself.

use kontor_core::{
    filter::{Condition, Filter, Operator},
    metadata::{Object, system_fields},
};
use kontor_store::Dialect;
use sea_query::{Alias, Expr, ExprTrait, Func, Query};

use super::{
    condition::{self, Authority},
    rows::{BASE, col},
    sorting::Sorting,
};
use crate::{Error, Work, metadata::indexed_column};

/// The most rows that are gathered and sorted: about as long to do as to walk past a hundred times as many, which
/// is what it takes to meet a page of what every hundredth record has.
const FEW: u64 = 2_000;
/// The most conditions whose rows are counted, which takes a tenth of a millisecond for each.
const MOST_COUNTED: usize = 4;

/// How the records of a list are reached.
#[derive(Debug, Clone, Copy)]
pub(super) enum Approach<'f> {
    /// As the engine thinks best.
    Planned,
    /// Along the index of the order, each row looked at whether it matches.
    Walk,
    /// By the index of this condition, which few rows fulfil; those are sorted.
    Gather(&'f Filter),
}

impl<'f> Approach<'f> {
    /// Chooses for the live records that match a filter, in an order.
    pub(super) async fn choose(
        work: &mut Work<'_, '_>,
        object: &Object,
        filter: &'f Filter,
        sorting: &Sorting,
    ) -> Result<Self, Error> {
        if work.tx.dialect() != Dialect::Sqlite {
            return Ok(Self::Planned);
        }
        let order = sorting.index(object);
        let conditions: Vec<_> =
            narrowing(filter, object, order.as_deref()).into_iter().take(MOST_COUNTED).collect();
        let is_served = order.as_deref() == Some(system_fields::ID) && matches!(conditions[..], [(_, true)]);
        if conditions.is_empty() || is_served {
            return Ok(Self::Planned);
        }
        for (part, _) in conditions {
            if count(work, object, part).await? <= FEW {
                return Ok(Self::Gather(part));
            }
        }
        Ok(if order.is_some() { Self::Walk } else { Self::Planned })
    }

    /// The condition that a row matches the filter, for the engine to take this approach.
    pub(super) fn compile(self, work: &Work<'_, '_>, object: &Object, filter: &Filter) -> Expr {
        let compile = |filter: &Filter| condition::compile(work, filter, object, BASE, Authority::Caller);
        // An index serves a comparison of its column, and not one that stands within a function.
        let unindexed = |filter: &Filter| Func::coalesce([compile(filter), Expr::val(false)]).into();
        match (self, filter) {
            (Self::Planned, _) => compile(filter),
            (Self::Walk, _) => unindexed(filter),
            (Self::Gather(few), Filter::And(parts)) => parts
                .iter()
                .filter(|part| !std::ptr::eq(*part, few))
                .fold(compile(few), |all, part| all.and(unindexed(part))),
            (Self::Gather(_), _) => compile(filter),
        }
    }
}

/// The conditions that every match fulfils and that an index other than that of the order serves; of each whether
/// it leaves one value, so that the index has its rows by their ids.
fn narrowing<'f>(filter: &'f Filter, object: &Object, order: Option<&str>) -> Vec<(&'f Filter, bool)> {
    let parts = match filter {
        Filter::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let narrows = |part: &'f Filter| {
        let Filter::Condition(Condition { path, operator }) = part else { return None };
        let column = object.field(&path.field).map(|field| (path.column(field), indexed_column(field)));
        let (column, indexed) = column?;
        let is_one = match operator {
            Operator::Equal(_) => true,
            Operator::In(values) => values.len() == 1,
            Operator::Greater(_)
            | Operator::GreaterOrEqual(_)
            | Operator::Less(_)
            | Operator::LessOrEqual(_)
            | Operator::StartsWith(_) => false,
            Operator::NotEqual(_) | Operator::NotIn(_) | Operator::IsEmpty(_) | Operator::Contains(_) => {
                return None;
            }
        };
        (indexed.as_ref() == Some(&column) && order != Some(column.as_str())).then_some((part, is_one))
    };
    parts.iter().filter_map(narrows).collect()
}

/// How many live records fulfil a condition, counted up to one more than [`FEW`].
async fn count(work: &mut Work<'_, '_>, object: &Object, part: &Filter) -> Result<u64, Error> {
    let mut rows = Query::select();
    rows.expr(Expr::cust("1"))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where(condition::compile(work, part, object, BASE, Authority::Caller))
        .limit(FEW + 1);
    let counted = Query::select()
        .expr(Func::count(Expr::cust("*")))
        .from_subquery(rows.take(), Alias::new("counted"))
        .take();
    Ok(work.tx.fetch_one(&counted).await?.get(0)?)
}
