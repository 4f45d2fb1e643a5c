//! Counting and adding up: rows in groups, money by currency, sums exact.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kontor_core::{
    error::Issue,
    filter::{FieldPath, Hop, PartType, Readable as _, Scalar},
    grants::Action,
    ids::RecordId,
    metadata::{ColumnType, Field, FieldKind, Object, system_fields},
    text,
    value::{Money, scaled_to_json},
};
use kontor_store::{CalendarUnit, Row};
use sea_query::{Alias, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};
use serde_json::{Map, Value as Json, json};

use super::{
    access::{predicate, require},
    hops::Hops,
    list::filter,
    related::{Labels, Wanted, lookup},
    rows::{BASE, col, decode},
    sorting::reject_hidden_names,
    sums::{Sum, average},
};
use crate::{Error, Work};

/// The most fields records are grouped by.
pub const MAX_BY: usize = 2;
/// The most groups that are returned.
pub const MAX_GROUPS: u32 = 500;
/// The most aggregates of one query.
const MAX_AGGREGATES: usize = 8;
/// The most rows that are read for the aggregates of one field, currencies counted apart.
const MAX_ROWS: u64 = 20_000;

/// What to count and add up.
#[derive(Debug, Clone)]
pub struct GroupQuery {
    /// Fields, dates with a span, fields of related records: `stage`, `close_date:month`, `account.industry`.
    /// None makes one group of all. A relation to a record that is deleted, or that the caller may not read, is
    /// as none: its records count with those that have no such value.
    pub by: Vec<String>,
    pub aggregates: Vec<Aggregate>,
    pub filter: Option<Json>,
    /// 1 to [`MAX_GROUPS`]; the largest groups are kept.
    pub limit: u32,
}

impl Default for GroupQuery {
    fn default() -> Self {
        Self { by: Vec::new(), aggregates: Vec::new(), filter: None, limit: 100 }
    }
}

/// One figure of a group, beside the count of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// How many records have a value of the field, or of the part of it: what `is_empty` is false for.
    Count(String),
    /// What the values of a field come to.
    Of(Function, String),
}

impl Aggregate {
    /// Reads a function and its field; nothing for a bare count, which every group has.
    ///
    /// # Errors
    /// There is no such function, or it needs a field.
    pub fn parse(function: &str, field: Option<String>) -> Result<Option<Self>, Issue> {
        const COUNT: &str = "count";
        let known = Function::ALL.into_iter().find(|known| known.name() == function);
        match (known, field) {
            (None, field) if function == COUNT => Ok(field.map(Self::Count)),
            (None, _) => {
                let names = || std::iter::once(COUNT).chain(Function::ALL.map(Function::name));
                let near = text::suggestion(function, names());
                let function = text::excerpt(function, 20);
                let message =
                    format!("{function:?} is not one of {}.{near}", names().collect::<Vec<_>>().join(", "));
                Err(Issue::new("function", "unknown_function", message))
            }
            (Some(function), Some(field)) => Ok(Some(Self::Of(function, field))),
            (Some(function), None) => {
                Err(Issue::new("field", "required", format!("{} needs a field", function.name())))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Sum,
    Avg,
    Min,
    Max,
}

impl Function {
    pub const ALL: [Self; 4] = [Self::Sum, Self::Avg, Self::Min, Self::Max];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// The groups that were asked for.
#[derive(Debug, Clone)]
pub struct Groups {
    pub groups: Vec<Group>,
    /// Whether there are smaller ones beyond the limit.
    pub has_more: bool,
}

/// Records that are alike in the fields grouped by.
#[derive(Debug, Clone)]
pub struct Group {
    /// The value of each field grouped by; null where it is empty.
    pub by: Map<String, Json>,
    pub count: u64,
    /// How many records have a value, by field.
    pub counts: Map<String, Json>,
    /// By function and field; money as one entry for each currency.
    pub aggregates: BTreeMap<Function, Map<String, Json>>,
}

impl Group {
    /// `{"by", "count", "count.account", "sum": {"amount": [{"amount", "currency"}]}}`
    pub fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("by".to_owned(), Json::Object(self.by.clone()));
        json.insert("count".to_owned(), json!(self.count));
        json.extend(self.counts.iter().map(|(field, count)| (format!("count.{field}"), count.clone())));
        for (function, fields) in &self.aggregates {
            json.insert(function.name().to_owned(), Json::Object(fields.clone()));
        }
        Json::Object(json)
    }
}

/// The live records that the caller may read and that match, in groups, in the order of what they are
/// grouped by, empty values last.
pub async fn group(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    query: &GroupQuery,
) -> Result<Groups, Error> {
    require(work, object, Action::Read)?;
    let plan = Plan::new(work, object, query)?;
    let mut cells = Vec::new();
    for mut row in work.tx.fetch_all(&plan.counts()).await? {
        cells.push((plan.key(&mut row)?, plan.counted(&row)?));
    }
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = cells.len() > limit;
    cells.truncate(limit);
    let mut figures: HashMap<(String, usize), Vec<Figure>> = HashMap::new();
    for (index, measured) in plan.measured.iter().enumerate() {
        let rows = work.tx.fetch_all(&plan.figures(measured)).await?;
        if rows.len() as u64 > MAX_ROWS {
            return Err(Error::invalid(Issue::new("by", "too_many_groups", "there are too many groups")));
        }
        for mut row in rows {
            let key = name_of(&plan.key(&mut row)?);
            let figure = Figure::read(&mut row, plan.by.len(), measured)?;
            figures.entry((key, index)).or_default().push(figure);
        }
    }

    let labels = plan.labels(work, &cells).await?;
    cells.sort_by_cached_key(|(key, _)| plan.rank(key, &labels));
    let mut groups = Vec::with_capacity(cells.len());
    for (key, (count, counts)) in cells {
        let name = name_of(&key);
        let mut aggregates: BTreeMap<Function, Map<String, Json>> = BTreeMap::new();
        for (index, measured) in plan.measured.iter().enumerate() {
            let figures = figures.get(&(name.clone(), index)).map(Vec::as_slice).unwrap_or_default();
            for function in &measured.functions {
                let json = measured.show(*function, figures)?;
                aggregates.entry(*function).or_default().insert(measured.field.name.to_string(), json);
            }
        }
        groups.push(Group { by: plan.shown(&key, &labels), count, counts, aggregates });
    }
    Ok(Groups { groups, has_more })
}

type Key = Vec<Option<Scalar>>;

/// How many records there are, and how many have a value, by field.
type Counts = (u64, Map<String, Json>);

/// A key as text, to find its figures by.
fn name_of(key: &Key) -> String {
    format!("{key:?}")
}

/// A field grouped by.
struct By {
    /// As it was asked for.
    name: String,
    field: Field,
    expression: Expr,
    ty: ColumnType,
}

/// A field with figures.
struct Measured {
    field: Field,
    column: String,
    ty: ColumnType,
    functions: Vec<Function>,
}

/// A field whose values are counted.
struct Counted {
    /// As it was asked for.
    name: String,
    column: String,
}

struct Plan {
    from: SelectStatement,
    by: Vec<By>,
    counted: Vec<Counted>,
    measured: Vec<Measured>,
    limit: u32,
}

impl Plan {
    fn new(work: &Work<'_, '_>, object: &Object, query: &GroupQuery) -> Result<Self, Error> {
        let limit = query.limit;
        let mut issues = Vec::new();
        if !(1..=MAX_GROUPS).contains(&limit) {
            let message = format!("expected a number from 1 to {MAX_GROUPS}");
            issues.push(Issue::new("limit", "out_of_range", message));
        }
        if query.by.len() > MAX_BY {
            let message = format!("records are grouped by at most {MAX_BY} fields");
            issues.push(Issue::new("by", "too_many", message));
        }
        if query.aggregates.len() > MAX_AGGREGATES {
            let message = format!("at most {MAX_AGGREGATES} aggregates");
            issues.push(Issue::new("aggregates", "too_many", message));
        }
        let mut by = Vec::new();
        let mut hops = Hops::default();
        for (index, name) in query.by.iter().enumerate().take(MAX_BY) {
            match grouped_by(work, object, &mut hops, name) {
                Ok(field) => by.push(field),
                Err(issue) => issues.push(issue.within(&format!("by[{index}]"))),
            }
        }
        let mut counted = Vec::new();
        let mut measured: Vec<Measured> = Vec::new();
        for (index, aggregate) in query.aggregates.iter().enumerate().take(MAX_AGGREGATES) {
            let read = match aggregate {
                Aggregate::Count(name) => count(work, object, name).map(|new| counted.push(new)),
                Aggregate::Of(function, name) => measure(work, object, *function, name).map(|new| {
                    match measured.iter_mut().find(|known| known.field.name == new.field.name) {
                        Some(known) => known.functions.extend(new.functions),
                        None => measured.push(new),
                    }
                }),
            };
            if let Err(issue) = read {
                issues.push(issue.within(&format!("aggregates[{index}]")));
            }
        }
        if !issues.is_empty() {
            return Err(Error::Invalid(issues));
        }
        let mut from = Query::select();
        from.from_as(work.tx.table(&object.table()), Alias::new(BASE));
        hops.join(work, object, BASE, None, &mut from);
        from.and_where(col(BASE, system_fields::DELETED_AT).is_null()).and_where_option(predicate(
            work,
            object,
            BASE,
            Action::Read,
        ));
        if let Some(json) = &query.filter {
            from.and_where(filter(work, object, json)?);
        }
        for by in &by {
            from.expr(by.expression.clone()).add_group_by([by.expression.clone()]);
        }
        Ok(Self { from, by, counted, measured, limit })
    }

    /// How many records there are and how many have values, of one group more than are asked for.
    fn counts(&self) -> SelectStatement {
        let count = || Expr::from(Func::count(Expr::cust("*")));
        let mut statement = self.from.clone();
        statement.expr(count()).order_by_expr(count(), Order::Desc);
        for counted in &self.counted {
            statement.expr(col(BASE, &counted.column).count());
        }
        for by in &self.by {
            statement.order_by_expr_with_nulls(by.expression.clone(), Order::Asc, NullOrdering::Last);
        }
        statement.limit(u64::from(self.limit) + 1).take()
    }

    /// Reads a row of [`Plan::counts`].
    fn counted(&self, row: &Row) -> Result<Counts, Error> {
        let first = self.by.len();
        let mut counts = Map::new();
        for (index, counted) in (first + 1..).zip(&self.counted) {
            counts.insert(counted.name.clone(), json!(row.get::<u64>(index)?));
        }
        Ok((row.get(first)?, counts))
    }

    /// How many values, their sum in two halves (neither can overflow), the least and the greatest, and the
    /// currency.
    fn figures(&self, measured: &Measured) -> SelectStatement {
        let column = || col(BASE, &measured.column);
        let mut statement = self.from.clone();
        statement.expr(column().count());
        if measured.ty == ColumnType::Integer {
            let quoted = format!("\"{BASE}\".\"{}\"", measured.column);
            for half in Sum::halves(&quoted) {
                statement.expr(Expr::cust(half));
            }
        }
        statement.expr(column().min()).expr(column().max());
        if measured.is_money() {
            let currency = col(BASE, &measured.field.column_name("currency"));
            statement
                .expr(currency.clone())
                .add_group_by([currency.clone()])
                .order_by_expr(currency, Order::Asc);
        }
        statement.and_where(column().is_not_null()).limit(MAX_ROWS + 1).take()
    }

    fn key(&self, row: &mut Row) -> Result<Key, Error> {
        self.by.iter().enumerate().map(|(index, by)| decode(row, index, by.ty)).collect()
    }

    async fn labels(&self, work: &mut Work<'_, '_>, cells: &[(Key, Counts)]) -> Result<Labels, Error> {
        let mut wanted = Wanted::new();
        for (index, by) in self.by.iter().enumerate() {
            let FieldKind::Relation { object } = &by.field.kind else { continue };
            for (key, _) in cells {
                if let Some(Some(Scalar::Uuid(id))) = key.get(index) {
                    wanted.entry(object.clone()).or_default().insert(RecordId(*id));
                }
            }
        }
        lookup(work, &wanted).await
    }

    fn shown(&self, key: &Key, labels: &Labels) -> Map<String, Json> {
        let shown = |by: &By, cell: &Option<Scalar>| match (cell, &by.field.kind) {
            (Some(Scalar::Uuid(id)), FieldKind::Relation { object }) => {
                match labels.shown(object, RecordId(*id)) {
                    Some(label) => json!({ "id": id, "label": label }),
                    None => json!({ "id": id }),
                }
            }
            (Some(Scalar::Boolean(value)), _) => json!(value),
            (Some(Scalar::Text(text)), _) => json!(text),
            _ => Json::Null,
        };
        self.by.iter().zip(key).map(|(by, cell)| (by.name.clone(), shown(by, cell))).collect()
    }

    /// Where a group stands: options in their order, names and spans in theirs, empty values last.
    fn rank(&self, key: &Key, labels: &Labels) -> Vec<(bool, usize, String)> {
        let rank = |by: &By, cell: &Option<Scalar>| match (cell, &by.field.kind) {
            (Some(Scalar::Text(value)), FieldKind::Select { options }) => {
                let place = options.iter().position(|option| option.value == *value);
                (false, place.unwrap_or(options.len()), value.clone())
            }
            (Some(Scalar::Uuid(id)), FieldKind::Relation { object }) => {
                let label = labels.shown(object, RecordId(*id)).map(text::fold).unwrap_or_default();
                (false, 0, format!("{label} {id}"))
            }
            (Some(Scalar::Text(value)), _) => (false, 0, value.clone()),
            (Some(Scalar::Boolean(value)), _) => (false, usize::from(*value), String::new()),
            _ => (true, 0, String::new()),
        };
        self.by.iter().zip(key).map(|(by, cell)| rank(by, cell)).collect()
    }
}

/// Reads `stage`, `close_date:month` or `account.industry`.
fn grouped_by(work: &Work<'_, '_>, object: &Object, hops: &mut Hops, text: &str) -> Result<By, Issue> {
    let (name, span) = text.split_once(':').map_or((text, None), |(name, span)| (name, Some(span)));
    let grants = &*work.caller.grants;
    let (object, alias, within) = match Hop::split(name, object, work.schema, grants) {
        Some((hop, target, rest)) => (target, hops.alias(&hop), rest),
        None => (object, BASE.to_owned(), name),
    };
    let path = FieldPath::parse(within, object, grants)?;
    let field = object
        .field(&path.field)
        .ok_or_else(|| Issue::new("", "unknown_field", format!("{} has no field {name:?}", object.name)))?;
    let by = |column: String, ty| By {
        name: text.to_owned(),
        field: field.clone(),
        expression: col(&alias, &column),
        ty,
    };
    let refuse = |code: &'static str, message: String| Err(Issue::new("", code, message));
    match (path.ty, span) {
        (PartType::Date | PartType::DateTime, span) => {
            const SPANS: [(&str, CalendarUnit); 5] = [
                ("day", CalendarUnit::Day),
                ("week", CalendarUnit::Week),
                ("month", CalendarUnit::Month),
                ("quarter", CalendarUnit::Quarter),
                ("year", CalendarUnit::Year),
            ];
            let asked = span.unwrap_or("day");
            let Some((_, unit)) = SPANS.into_iter().find(|(name, _)| *name == asked) else {
                let near = text::suggestion(asked, SPANS.map(|(name, _)| name));
                let message = format!("{name} is grouped by day, week, month, quarter or year.{near}");
                return refuse("unknown_span", message);
            };
            let ty = if path.ty == PartType::Date { ColumnType::Date } else { ColumnType::Timestamp };
            let expression = work.tx.dialect().calendar(&alias, &path.column(field), ty, unit);
            Ok(By { name: text.to_owned(), field: field.clone(), expression, ty: ColumnType::Text })
        }
        (_, Some(span)) => {
            refuse("unknown_span", format!("{name} is no date and has no {:?}", text::excerpt(span, 20)))
        }
        (PartType::Option, None) => Ok(by(path.column(field), ColumnType::Text)),
        (PartType::Boolean, None) => Ok(by(path.column(field), ColumnType::Boolean)),
        (PartType::Id, None) if matches!(field.kind, FieldKind::Relation { .. }) => {
            Ok(by(path.column(field), ColumnType::Uuid))
        }
        // As it is written, not as it is compared.
        (PartType::FoldedText | PartType::LowerText | PartType::UpperText, None)
            if matches!(field.kind, FieldKind::Text { .. } | FieldKind::Address | FieldKind::Currency) =>
        {
            Ok(by(field.column_name(path.part), ColumnType::Text))
        }
        _ => refuse("not_groupable", format!("records cannot be grouped by {name}")),
    }
}

fn count(work: &Work<'_, '_>, object: &Object, name: &str) -> Result<Counted, Issue> {
    let path = FieldPath::parse(name, object, &*work.caller.grants).map_err(|issue| issue.within("field"))?;
    reject_hidden_names(&path, object, work, "field")?;
    let field = object.field(&path.field);
    let column = field.map(|field| path.column(field)).unwrap_or_default();
    Ok(Counted { name: name.to_owned(), column })
}

fn measure(work: &Work<'_, '_>, object: &Object, function: Function, name: &str) -> Result<Measured, Issue> {
    let grants = &work.caller.grants;
    let Some(field) = object.field(name).filter(|_| grants.can_read_field(&object.name, name)) else {
        let names = object.fields.iter().map(|field| field.name.as_str());
        let near = text::suggestion(name, names.filter(|name| grants.can_read_field(&object.name, name)));
        let name = text::excerpt(name, 60);
        let message = format!("{} has no field {name:?}.{near}", object.name);
        return Err(Issue::new("field", "unknown_field", message));
    };
    let (column, ty) = match field.kind {
        FieldKind::Number { .. } => (field.name.to_string(), ColumnType::Integer),
        FieldKind::Currency => (field.column_name("micros"), ColumnType::Integer),
        FieldKind::Date => (field.name.to_string(), ColumnType::Date),
        FieldKind::DateTime => (field.name.to_string(), ColumnType::Timestamp),
        _ => {
            let message = format!("{name} is no number, amount or date");
            return Err(Issue::new("field", "not_measurable", message));
        }
    };
    if ty != ColumnType::Integer && matches!(function, Function::Sum | Function::Avg) {
        let message = format!("dates have min and max, not {}", function.name());
        return Err(Issue::new("function", "not_measurable", message));
    }
    Ok(Measured { field: field.clone(), column, ty, functions: vec![function] })
}

/// The figures of one field in one group, of one currency where it is money.
struct Figure {
    count: i64,
    sum: Sum,
    least: Option<Scalar>,
    greatest: Option<Scalar>,
    currency: String,
}

impl Figure {
    fn read(row: &mut Row, mut index: usize, measured: &Measured) -> Result<Self, Error> {
        let mut next = || {
            index += 1;
            index - 1
        };
        let count = row.get(next())?;
        let sum = match measured.ty {
            ColumnType::Integer => {
                let (high, low): (Option<i64>, Option<i64>) = (row.get(next())?, row.get(next())?);
                Sum::of(high.unwrap_or_default(), low.unwrap_or_default())
            }
            _ => Sum::of(0, 0),
        };
        let least = decode(row, next(), measured.ty)?;
        let greatest = decode(row, next(), measured.ty)?;
        let currency = if measured.is_money() {
            row.get::<Option<String>>(next())?.unwrap_or_default()
        } else {
            String::new()
        };
        Ok(Self { count, sum, least, greatest, currency })
    }
}

impl Measured {
    fn is_money(&self) -> bool {
        matches!(self.field.kind, FieldKind::Currency)
    }

    fn decimals(&self) -> u8 {
        match self.field.kind {
            FieldKind::Number { decimals, .. } => decimals,
            FieldKind::Currency => Money::DECIMALS,
            _ => 0,
        }
    }

    /// A number or date, or one amount for each currency.
    fn show(&self, function: Function, figures: &[Figure]) -> Result<Json, Error> {
        let mut shown = Vec::with_capacity(figures.len());
        for figure in figures {
            let json = self.figure(function, figure)?;
            shown.push(if self.is_money() {
                json!({ "amount": json, "currency": figure.currency })
            } else {
                json
            });
        }
        if self.is_money() {
            return Ok(Json::Array(shown));
        }
        Ok(shown.pop().unwrap_or(match function {
            Function::Sum => json!(0),
            _ => Json::Null,
        }))
    }

    fn figure(&self, function: Function, figure: &Figure) -> Result<Json, Error> {
        let overflow = || Error::Overflow { function: function.name(), field: self.field.name.to_string() };
        let extreme = |cell: &Option<Scalar>| match cell {
            Some(Scalar::Integer(value)) => scaled_to_json(*value, self.decimals()),
            Some(Scalar::Date(date)) => json!(date),
            Some(Scalar::Timestamp(instant)) => json!(instant),
            _ => Json::Null,
        };
        Ok(match function {
            Function::Sum => scaled_to_json(figure.sum.exact().ok_or_else(overflow)?, self.decimals()),
            Function::Avg => average(&figure.sum, figure.count, self.decimals()).ok_or_else(overflow)?,
            Function::Min => extreme(&figure.least),
            Function::Max => extreme(&figure.greatest),
        })
    }
}
