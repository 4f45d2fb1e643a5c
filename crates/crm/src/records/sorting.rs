//! The order of a list as SQL, and the condition of standing behind a place in it.

use kontor_core::{
    error::Issue,
    filter::{FieldPath, Filter, Hop, PartType, Readable},
    grants::Action,
    metadata::{ColumnType, Field, Object, system_fields},
    sort::{SortField, parse_sort},
};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};

use super::{
    access::predicate,
    condition::{always, never},
    cursor::Mark,
    hops::{Hops, leads_nowhere},
    rows::{BASE, bind, col},
};
use crate::{Work, metadata::indexed_column};

/// The alias of the record that a page ended with.
const LAST: &str = "last";

/// One key of an order.
pub(crate) struct SortKey {
    hop: Option<Hop>,
    /// The alias of the record whose column it is: the one that is listed, or the one that a relation of it
    /// points to.
    alias: String,
    column: String,
    expression: Expr,
    pub(crate) ty: ColumnType,
    nullable: bool,
    descending: bool,
}

impl SortKey {
    fn order(&self, statement: &mut SelectStatement, by: Expr) {
        let order = if self.descending { Order::Desc } else { Order::Asc };
        if self.nullable {
            statement.order_by_expr_with_nulls(by, order, NullOrdering::Last);
        } else {
            statement.order_by_expr(by, order);
        }
    }
}

/// What a selected key is called; no field is.
fn selected(place: usize) -> String {
    format!("_key{place}")
}

/// A part of a list, which is asked for by a statement of its own. Only a list whose first key is that of
/// related records has two: the index on the key serves the records that lead to one, and would not if those
/// that lead nowhere were among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    /// The records that have a first key.
    Leading,
    /// Those that have none, which stand behind.
    Nowhere,
}

/// An order: its keys, the last of which no two records share.
pub(crate) struct Sorting {
    pub(crate) keys: Vec<SortKey>,
    /// What tells this order from others, for the cursor.
    pub(crate) name: String,
    hops: Hops,
}

impl Sorting {
    /// The order that `text` asks for; without one, newest first, which the ids tell. What `filter` says of
    /// the rows spares the order of empty values, so that an index can serve it.
    pub(crate) fn parse(
        work: &Work<'_, '_>,
        object: &Object,
        text: Option<&str>,
        filter: &Filter,
    ) -> Result<Self, Issue> {
        let grants = &*work.caller.grants;
        let mut fields = parse_sort(text.unwrap_or_default(), object, work.schema, grants)?;
        for field in &fields {
            let holder = match &field.hop {
                None => Some(object),
                Some(hop) => work.schema.object(&hop.object).map(|target| &**target),
            };
            if let Some(holder) = holder {
                reject_hidden_names(&field.path, holder, work, "sort")?;
            }
        }
        // What comes after the id decides nothing.
        let by_id =
            fields.iter().position(|field| field.hop.is_none() && field.path.field == *system_fields::ID);
        match (by_id, object.field(system_fields::ID)) {
            (Some(index), _) => fields.truncate(index + 1),
            (None, Some(id)) => {
                let path = FieldPath::of(id, "");
                // In the direction of the key before it, as an index on both has them.
                let descending = fields.last().is_none_or(|last| last.descending);
                fields.push(SortField { hop: None, path, descending });
            }
            (None, None) => {}
        }
        let mut hops = Hops::default();
        let keys = fields
            .iter()
            .enumerate()
            .filter_map(|(place, field)| key(work, object, &mut hops, field, filter, place == 0))
            .collect();
        let names: Vec<_> = fields.iter().map(SortField::text).collect();
        Ok(Self { keys, name: names.join(","), hops })
    }

    /// The column whose index has the records in this order, as far as its first key tells.
    pub(crate) fn index(&self, object: &Object) -> Option<String> {
        let first = self.keys.first()?;
        let is_column = !matches!(first.expression, Expr::Case(_));
        let is_indexed =
            || object.fields.iter().filter_map(indexed_column).any(|column| column == first.column);
        (first.hop.is_none() && is_column && !first.nullable && is_indexed()).then(|| first.column.clone())
    }

    /// The parts of the list, in their order, that stand behind a place.
    pub(crate) fn parts(&self, after: Option<&[Mark]>) -> &'static [Part] {
        let is_nowhere = after.and_then(<[Mark]>::first) == Some(&Mark::Empty);
        match self.keys.first() {
            Some(SortKey { hop: Some(_), .. }) if is_nowhere => &[Part::Nowhere],
            Some(SortKey { hop: Some(_), .. }) => &[Part::Leading, Part::Nowhere],
            _ => &[Part::Whole],
        }
    }

    /// Joins what the keys are read from, and lets through what belongs to the part.
    pub(crate) fn join(
        &self,
        work: &Work<'_, '_>,
        object: &Object,
        part: Part,
        statement: &mut SelectStatement,
    ) {
        let first = self.keys.first();
        let hop = first.and_then(|key| key.hop.as_ref());
        let required = hop.filter(|_| part == Part::Leading);
        self.hops.join(work, object, BASE, required, statement);
        match (part, first, hop) {
            (Part::Leading, Some(key), _) => {
                statement.and_where(col(&key.alias, &key.column).is_not_null());
            }
            (Part::Nowhere, Some(key), Some(hop)) => {
                statement.and_where(leads_nowhere(work, object, BASE, hop, &key.column));
            }
            _ => {}
        }
    }

    /// Orders the statement and selects the keys behind what it already selects. `sorts` keeps the engine from
    /// taking an index for the order.
    pub(crate) fn apply(&self, part: Part, sorts: bool, statement: &mut SelectStatement) {
        for (place, key) in self.keys.iter().enumerate() {
            statement.expr_as(key.expression.clone(), Alias::new(selected(place)));
            if place >= passed(part) {
                let by = key.expression.clone();
                // An index of the column serves no function of it.
                key.order(statement, if sorts { Func::coalesce([by.clone(), by]).into() } else { by });
            }
        }
    }

    /// As [`Sorting::apply`], of what a statement to which it was applied yields under this alias.
    pub(crate) fn keep(&self, part: Part, statement: &mut SelectStatement, alias: &str) {
        for (place, key) in self.keys.iter().enumerate() {
            statement.expr(col(alias, &selected(place)));
            if place >= passed(part) {
                key.order(statement, col(alias, &selected(place)));
            }
        }
    }

    /// The rows of a part that stand behind the one with these keys; none where all of them do.
    pub(crate) fn behind(
        &self,
        work: &Work<'_, '_>,
        object: &Object,
        part: Part,
        place: &[Mark],
    ) -> Option<Expr> {
        // The place is in the part before, so that the whole of this one is behind it.
        if part == Part::Nowhere && place.first() != Some(&Mark::Empty) {
            return None;
        }
        let keys = &self.keys[passed(part).min(self.keys.len())..];
        let place = &place[passed(part).min(place.len())..];
        let value = |key: &SortKey, mark: &Mark| match mark {
            Mark::Empty => None,
            Mark::At(scalar) => Some(bind(work.tx.dialect(), key.ty, Some(scalar.clone())).into()),
            Mark::Within(beginning) => Some(whole(work, object, key, beginning, place.last())),
        };
        let mut behind = never();
        for (key, mark) in keys.iter().zip(place).rev() {
            let column = || key.expression.clone();
            let (further, level) = match value(key, mark) {
                // Empty values stand last, so only equals of the rest follow.
                None => (never(), column().is_null()),
                Some(value) => {
                    let beyond =
                        if key.descending { column().lt(value.clone()) } else { column().gt(value.clone()) };
                    let beyond = if key.nullable { beyond.or(column().is_null()) } else { beyond };
                    (beyond, column().eq(value))
                }
            };
            behind = further.or(level.and(behind));
        }
        // A plain range on the first key, which an index can begin at.
        let first = keys.first().filter(|key| !key.nullable).zip(place.first());
        let from = match first.and_then(|(key, mark)| Some((key, value(key, mark)?))) {
            Some((key, value)) if key.descending => key.expression.clone().lte(value),
            Some((key, value)) => key.expression.clone().gte(value),
            None => always(),
        };
        Some(from.and(behind))
    }
}

/// How many of the first keys all records of a part have alike.
fn passed(part: Part) -> usize {
    usize::from(part == Part::Nowhere)
}

/// A text of which a cursor holds the beginning, as the record that the page ended with has it. Where that has
/// it no more, the first or last text with this beginning: then some records may be shown again, and none is
/// passed over.
fn whole(work: &Work<'_, '_>, object: &Object, key: &SortKey, beginning: &str, id: Option<&Mark>) -> Expr {
    let mut hops = Hops::default();
    let alias = key.hop.as_ref().map_or_else(|| LAST.to_owned(), |hop| hops.alias(hop));
    let column = || col(&alias, &key.column);
    let id = match id {
        Some(Mark::At(id)) => Some(id.clone()),
        _ => None,
    };
    let length = i32::try_from(beginning.chars().count()).unwrap_or(i32::MAX);
    let start = Func::cust("substr").arg(column()).arg(Expr::val(1_i32)).arg(Expr::val(length));
    let mut kept = Query::select();
    kept.expr(column()).from_as(work.tx.table(&object.table()), Alias::new(LAST));
    hops.join(work, object, LAST, key.hop.as_ref(), &mut kept);
    kept.and_where(col(LAST, system_fields::ID).eq(bind(work.tx.dialect(), ColumnType::Uuid, id)))
        .and_where(Expr::from(start).eq(beginning))
        .and_where_option(predicate(work, object, LAST, Action::Read));
    let otherwise = if key.descending { format!("{beginning}{}", char::MAX) } else { beginning.to_owned() };
    Func::coalesce([Expr::SubQuery(None, Box::new(kept.into())), Expr::val(otherwise)]).into()
}

fn key(
    work: &Work<'_, '_>,
    object: &Object,
    hops: &mut Hops,
    sorted: &SortField,
    filter: &Filter,
    is_first: bool,
) -> Option<SortKey> {
    let (holder, alias): (&Object, _) = match &sorted.hop {
        None => (object, BASE.to_owned()),
        Some(hop) => (work.schema.object(&hop.object)?, hops.alias(hop)),
    };
    let field = holder.field(&sorted.path.field)?;
    let name = sorted.path.column(field);
    let column = field.columns().into_iter().find(|column| column.name == name)?;
    let (expression, ty) = match field.kind.options() {
        [] => (col(&alias, &name), column.ty),
        options => {
            let rank = (0_i64..).zip(options).fold(CaseStatement::new(), |ranks, (rank, option)| {
                ranks.case(col(&alias, &name).eq(option.value.as_str()), rank)
            });
            (Expr::Case(Box::new(rank)), ColumnType::Integer)
        }
    };
    let nullable = match &sorted.hop {
        None => is_nullable(field, &sorted.path) && !excludes_empty(filter, &sorted.path),
        // The first key is there in the part of the list that it orders.
        Some(_) => !is_first,
    };
    Some(SortKey {
        hop: sorted.hop.clone(),
        alias,
        column: name,
        expression,
        ty,
        nullable,
        descending: sorted.descending,
    })
}

/// Whether some row may have the compared column empty. A field added later was not there for older rows.
fn is_nullable(field: &Field, path: &FieldPath) -> bool {
    let always_written =
        [system_fields::ID, system_fields::VERSION, system_fields::CREATED_AT, system_fields::UPDATED_AT];
    let is_whole = field.kind.parts().first().is_none_or(|first| *first == path.part);
    let is_sure = field.is_required && !field.is_custom && is_whole && path.ty != PartType::Option;
    !(is_sure || always_written.contains(&field.name.as_str()))
}

/// Whether a record that matches cannot have this part empty.
fn excludes_empty(filter: &Filter, path: &FieldPath) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().any(|part| excludes_empty(part, path)),
        Filter::Condition(condition) => condition.path == *path && !condition.operator.matches_empty(),
        _ => false,
    }
}

/// Refuses the name that a target field keeps of its record where the caller may not read such names.
pub(crate) fn reject_hidden_names(
    path: &FieldPath,
    object: &Object,
    work: &Work<'_, '_>,
    at: &str,
) -> Result<(), Issue> {
    let Some(objects) = object.field(&path.field).and_then(|field| field.kind.targets()) else {
        return Ok(());
    };
    let grants = &work.caller.grants;
    let is_hidden = |name: &kontor_core::metadata::Name| {
        let Some(target) = work.schema.object(name) else { return true };
        let has_rules = grants.row_rules(name, kontor_core::grants::Action::Read).next().is_some();
        has_rules || !grants.can_read_field(name, &target.label_field)
    };
    if path.part == "name" && objects.iter().any(is_hidden) {
        return Err(Issue::new(at, "unknown_part", format!("{} has no part \"name\" here", path.field)));
    }
    Ok(())
}
