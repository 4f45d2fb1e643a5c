//! How the page of a list is found where the engine has no statistics to decide by.
//!
//! SQLite does not know how often a value occurs: it gathers and sorts the hundred thousand records of a common
//! value although the first page of its order is there to be walked, or walks a whole order for a value that three
//! records have. So the rows of the conditions that indexes serve are counted first, up to a bound, and the
//! statement is written so that the index that was chosen is the only one that can be used.

use kontor_core::{
    filter::{Condition, Filter, Operator},
    metadata::{Object, system_fields},
};
use sea_query::{Alias, Expr, ExprTrait, Func, Query};

use super::{
    condition::{self, Authority, always},
    rows::{BASE, col},
    sorting::Sorting,
};
use crate::{Error, Work, metadata::indexed_column};

/// The most rows that are gathered and sorted whatever else is asked: it takes about as long as walking to a page
/// of what one record in two hundred has, in an order of a million.
const FEW: u64 = 5_000;
/// The most rows that are gathered where there are further conditions, of which nobody knows how many records fulfil
/// them: walking would read everything where few do.
const MANY: u64 = 50_000;
/// The most columns whose rows are counted.
const MOST_COUNTED: usize = 4;

/// How the records of a list are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// As the engine thinks best.
    Planned,
    /// Along the index of the order, each row looked at whether it matches.
    Walk,
    /// By the index of this column, whose conditions few rows fulfil; those are sorted.
    Gather(String),
    /// By the index of this column, which has the rows of one value in the order of their ids.
    Served(String),
}

/// Conditions that every match fulfils: those on one column that has an index, or one that no such index serves.
struct Part<'f> {
    conditions: Vec<&'f Filter>,
    column: Option<String>,
    /// Whether they leave one value, of which the index has the rows in the order of their ids.
    has_order: bool,
}

/// The filter of a list, and how its records are reached.
pub(super) struct Approach<'f> {
    way: Way,
    order: Option<String>,
    parts: Vec<Part<'f>>,
}

impl<'f> Approach<'f> {
    /// Leaves it to the engine.
    pub(super) fn planned(filter: &'f Filter) -> Self {
        Self { way: Way::Planned, order: None, parts: vec![Part::other(filter)] }
    }

    /// Chooses for the live records that match a filter, in an order.
    pub(super) async fn choose(
        work: &mut Work<'_, '_>,
        object: &Object,
        filter: &'f Filter,
        sorting: &Sorting,
    ) -> Result<Self, Error> {
        if work.tx.dialect().has_statistics() {
            return Ok(Self::planned(filter));
        }
        let (order, parts) = (sorting.index(object), parts(filter, object));
        let way = way(work, object, order.as_deref(), &parts).await?;
        Ok(Self { way, order, parts })
    }

    /// The condition that a row matches the filter.
    pub(super) fn compile(&self, work: &Work<'_, '_>, object: &Object) -> Expr {
        let parts = self.parts.iter().map(|part| {
            let compiled = part.compile(work, object);
            let may_be_used = match &self.way {
                Way::Planned => true,
                // What was not counted may be what few records fulfil, which the engine may know of.
                Way::Walk => part.column.is_none() || part.column == self.order,
                Way::Gather(column) | Way::Served(column) => part.column.as_ref() == Some(column),
            };
            if may_be_used { compiled } else { unindexed(compiled) }
        });
        parts.reduce(|all, part| all.and(part)).unwrap_or_else(always)
    }

    /// A condition beside the filter, so that its index is not taken instead of the one that was chosen.
    pub(super) fn beside(&self, condition: Expr) -> Expr {
        match self.way {
            Way::Planned | Way::Walk => condition,
            Way::Gather(_) | Way::Served(_) => unindexed(condition),
        }
    }

    /// Whether the rows are sorted after they are gathered: no index is to be taken for their order.
    pub(super) fn sorts(&self) -> bool {
        matches!(self.way, Way::Gather(_))
    }
}

impl<'f> Part<'f> {
    fn other(filter: &'f Filter) -> Self {
        Self { conditions: vec![filter], column: None, has_order: false }
    }

    fn compile(&self, work: &Work<'_, '_>, object: &Object) -> Expr {
        let compile = |filter: &&Filter| condition::compile(work, filter, object, BASE, Authority::Caller);
        self.conditions.iter().map(compile).reduce(|all, next| all.and(next)).unwrap_or_else(always)
    }
}

/// An index serves a comparison of its column, and not one that stands within a function.
fn unindexed(condition: Expr) -> Expr {
    Func::coalesce([condition, Expr::val(false)]).into()
}

async fn way(
    work: &mut Work<'_, '_>,
    object: &Object,
    order: Option<&str>,
    parts: &[Part<'_>],
) -> Result<Way, Error> {
    let is_counted = |part: &&Part<'_>| part.column.is_some() && part.column.as_deref() != order;
    let counted: Vec<_> = parts.iter().filter(is_counted).take(MOST_COUNTED).collect();
    let by_id = order == Some(system_fields::ID);
    let others = parts.iter().filter(|part| part.column.as_deref() != order).count() - counted.len();
    let served = counted.iter().find(|part| by_id && part.has_order).and_then(|part| part.column.clone());
    let [first, rest @ ..] = counted.as_slice() else { return Ok(Way::Planned) };
    if let (Some(column), [], 0) = (&served, rest, others) {
        return Ok(Way::Served(column.clone()));
    }
    for part in &counted {
        if count(work, object, part, FEW).await? <= FEW
            && let Some(column) = &part.column
        {
            return Ok(Way::Gather(column.clone()));
        }
    }
    if let Some(column) = served {
        return Ok(Way::Served(column));
    }
    let Some(_) = order else { return Ok(Way::Planned) };
    let is_alone = rest.is_empty() && others == 0;
    if !is_alone {
        let mut fewest = (count(work, object, first, MANY).await?, &first.column);
        for part in rest {
            fewest = fewest.min((count(work, object, part, MANY).await?, &part.column));
        }
        if let (..=MANY, Some(column)) = fewest {
            return Ok(Way::Gather(column.clone()));
        }
    }
    Ok(Way::Walk)
}

/// The parts of a filter: its conditions on indexed columns, by column, and the others.
fn parts<'f>(filter: &'f Filter, object: &Object) -> Vec<Part<'f>> {
    let mut conjuncts = Vec::new();
    flatten(filter, &mut conjuncts);
    let mut parts: Vec<Part<'f>> = Vec::new();
    for conjunct in conjuncts {
        let Some((column, has_order)) = narrows(conjunct, object) else {
            parts.push(Part::other(conjunct));
            continue;
        };
        match parts.iter_mut().find(|part| part.column.as_ref() == Some(&column)) {
            Some(part) => {
                part.conditions.push(conjunct);
                part.has_order |= has_order;
            }
            None => parts.push(Part { conditions: vec![conjunct], column: Some(column), has_order }),
        }
    }
    parts
}

fn flatten<'f>(filter: &'f Filter, conjuncts: &mut Vec<&'f Filter>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| flatten(part, conjuncts)),
        other => conjuncts.push(other),
    }
}

/// The column whose index serves a condition, and whether that index has what matches in the order of the ids.
fn narrows(filter: &Filter, object: &Object) -> Option<(String, bool)> {
    let Filter::Condition(Condition { path, operator }) = filter else { return None };
    let is_one = match operator {
        Operator::Equal(_) | Operator::IsEmpty(true) => true,
        Operator::In(values) => values.len() == 1,
        Operator::Greater(_)
        | Operator::GreaterOrEqual(_)
        | Operator::Less(_)
        | Operator::LessOrEqual(_)
        | Operator::StartsWith(_) => false,
        Operator::NotEqual(_) | Operator::NotIn(_) | Operator::IsEmpty(false) | Operator::Contains(_) => {
            return None;
        }
    };
    let field = object.field(&path.field)?;
    let column = path.column(field);
    // The index of what points to a record has no ids beside its values.
    let has_order = is_one && field.is_indexed && !field.kind.points();
    (indexed_column(field).as_ref() == Some(&column)).then_some((column, has_order))
}

/// How many live records fulfil the conditions of a part, counted up to one more than `most`.
async fn count(work: &mut Work<'_, '_>, object: &Object, part: &Part<'_>, most: u64) -> Result<u64, Error> {
    let mut rows = Query::select();
    rows.expr(Expr::cust("1"))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .and_where(part.compile(work, object))
        .limit(most + 1);
    let counted = Query::select()
        .expr(Func::count(Expr::cust("*")))
        .from_subquery(rows.take(), Alias::new("counted"))
        .take();
    Ok(work.tx.fetch_one(&counted).await?.get(0)?)
}
