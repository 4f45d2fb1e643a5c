//! The order of a list as SQL, and the condition of standing behind a place in it.

use kontor_core::{
    error::Issue,
    filter::{FieldPath, Filter, Operator, PartType, Readable},
    grants::Action,
    metadata::{ColumnType, Field, FieldKind, Object, system_fields},
    sort::{SortField, parse_sort},
};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};

use super::{
    access::predicate,
    condition::{always, never},
    cursor::Mark,
    rows::{bind, col},
};
use crate::Work;

/// The alias of the record that a page ended with.
const LAST: &str = "last";

/// One key of an order.
pub(crate) struct SortKey {
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

/// An order: its keys, the last of which no two records share.
pub(crate) struct Sorting {
    pub(crate) keys: Vec<SortKey>,
    /// What tells this order from others, for the cursor.
    pub(crate) name: String,
}

impl Sorting {
    /// The order that `text` asks for; without one, newest first, which the ids tell. What `filter` says of
    /// the rows spares the order of empty values, so that an index can serve it.
    pub(crate) fn parse(
        work: &Work<'_, '_>,
        object: &Object,
        alias: &str,
        text: Option<&str>,
        filter: &Filter,
    ) -> Result<Self, Issue> {
        let grants = &*work.caller.grants;
        let mut fields = parse_sort(text.unwrap_or_default(), object, grants)?;
        for field in &fields {
            reject_hidden_names(&field.path, object, work, "sort")?;
        }
        // What comes after the id decides nothing.
        let by_id = fields.iter().position(|field| field.path.field == *system_fields::ID);
        match (by_id, object.field(system_fields::ID)) {
            (Some(index), _) => fields.truncate(index + 1),
            (None, Some(id)) => {
                let path = FieldPath::of(id, "");
                fields.push(SortField { path, descending: fields.is_empty() });
            }
            (None, None) => {}
        }
        let keys = fields.iter().filter_map(|field| key(object, alias, field, filter)).collect();
        let names: Vec<_> = fields
            .iter()
            .map(|field| format!("{}{}", if field.descending { "-" } else { "" }, field.path.text()))
            .collect();
        Ok(Self { keys, name: names.join(",") })
    }

    /// Orders the statement and selects the keys behind what it already selects.
    pub(crate) fn apply(&self, statement: &mut SelectStatement) {
        for (place, key) in self.keys.iter().enumerate() {
            statement.expr_as(key.expression.clone(), Alias::new(selected(place)));
            key.order(statement, key.expression.clone());
        }
    }

    /// As [`Sorting::apply`], of what a statement to which it was applied yields under this alias.
    pub(crate) fn keep(&self, statement: &mut SelectStatement, alias: &str) {
        for (place, key) in self.keys.iter().enumerate() {
            statement.expr(col(alias, &selected(place)));
            key.order(statement, col(alias, &selected(place)));
        }
    }

    /// The rows that stand behind the one with these keys.
    pub(crate) fn behind(&self, work: &Work<'_, '_>, object: &Object, place: &[Mark]) -> Expr {
        let value = |key: &SortKey, mark: &Mark| match mark {
            Mark::Empty => None,
            Mark::At(scalar) => Some(bind(work.tx.dialect(), key.ty, Some(scalar.clone())).into()),
            Mark::Within(beginning) => Some(whole(work, object, key, beginning, place.last())),
        };
        let mut behind = never();
        for (key, mark) in self.keys.iter().zip(place).rev() {
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
        let first = self.keys.first().filter(|key| !key.nullable).zip(place.first());
        let from = match first.and_then(|(key, mark)| Some((key, value(key, mark)?))) {
            Some((key, value)) if key.descending => key.expression.clone().lte(value),
            Some((key, value)) => key.expression.clone().gte(value),
            None => always(),
        };
        from.and(behind)
    }
}

/// A text of which a cursor holds the beginning, as the record that the page ended with has it. Where that has
/// it no more, the first or last text with this beginning: then some records may be shown again, and none is
/// passed over.
fn whole(work: &Work<'_, '_>, object: &Object, key: &SortKey, beginning: &str, id: Option<&Mark>) -> Expr {
    let column = || col(LAST, &key.column);
    let id = match id {
        Some(Mark::At(id)) => Some(id.clone()),
        _ => None,
    };
    let length = i32::try_from(beginning.chars().count()).unwrap_or(i32::MAX);
    let start = Func::cust("substr").arg(column()).arg(Expr::val(1_i32)).arg(Expr::val(length));
    let kept = Query::select()
        .expr(column())
        .from_as(work.tx.table(&object.table()), Alias::new(LAST))
        .and_where(col(LAST, system_fields::ID).eq(bind(work.tx.dialect(), ColumnType::Uuid, id)))
        .and_where(Expr::from(start).eq(beginning))
        .and_where_option(predicate(work, object, LAST, Action::Read))
        .take();
    let otherwise = if key.descending { format!("{beginning}{}", char::MAX) } else { beginning.to_owned() };
    Func::coalesce([Expr::SubQuery(None, Box::new(kept.into())), Expr::val(otherwise)]).into()
}

fn key(object: &Object, alias: &str, sorted: &SortField, filter: &Filter) -> Option<SortKey> {
    let field = object.field(&sorted.path.field)?;
    let name = sorted.path.column(field);
    let column = field.columns().into_iter().find(|column| column.name == name)?;
    let (expression, ty) = match &field.kind {
        FieldKind::Select { options } => {
            let rank = (0_i64..).zip(options).fold(CaseStatement::new(), |ranks, (rank, option)| {
                ranks.case(col(alias, &name).eq(option.value.as_str()), rank)
            });
            (Expr::Case(Box::new(rank)), ColumnType::Integer)
        }
        _ => (col(alias, &name), column.ty),
    };
    Some(SortKey {
        column: name,
        expression,
        ty,
        nullable: is_nullable(field, &sorted.path) && !excludes_empty(filter, &sorted.path),
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
        Filter::Condition(condition) if condition.path == *path => match condition.operator {
            Operator::NotEqual(_) | Operator::NotIn(_) | Operator::IsEmpty(true) => false,
            Operator::Equal(_)
            | Operator::In(_)
            | Operator::Greater(_)
            | Operator::GreaterOrEqual(_)
            | Operator::Less(_)
            | Operator::LessOrEqual(_)
            | Operator::Contains(_)
            | Operator::StartsWith(_)
            | Operator::IsEmpty(false) => true,
        },
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
    let Some(FieldKind::Target { objects }) = object.field(&path.field).map(|field| &field.kind) else {
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
