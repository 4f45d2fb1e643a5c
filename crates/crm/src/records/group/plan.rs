//! A query for groups, checked and as SQL.

use std::{cmp::Reverse, collections::BTreeMap};

use kontor_core::{
    error::Issue,
    filter::{FieldPath, Hop, PartType, Readable as _, Scalar},
    grants::Action,
    ids::RecordId,
    locale::Offsets,
    metadata::{ColumnType, Field, Object, system_fields},
    text,
};
use kontor_store::{CalendarUnit, Dialect, Row};
use sea_query::{Alias, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};
use serde_json::{Map, Value as Json, json};

use super::{
    Aggregate, Function, Group, GroupQuery, MAX_BY, MAX_GROUPS, clocks,
    figures::{Figure, Measured},
    sums::Sum,
};
use crate::{
    Error, Work,
    kinds::{self, Grouping},
    metadata,
    records::{
        access::predicate,
        hops::Hops,
        list::filter,
        related::{Labels, Wanted, lookup},
        rows::{BASE, col, decode},
        sorting::reject_hidden_names,
    },
};

/// The most aggregates of one query.
const MAX_AGGREGATES: usize = 8;
/// The most rows that are read where money is added up: one for each currency of each group.
const MAX_ROWS: u64 = 20_000;

/// The value of each field grouped by.
type Key = Vec<Option<Scalar>>;

/// A group as it is read.
pub(super) struct Cell {
    pub(super) key: Key,
    count: u64,
    /// How many records have a value, of each counted field.
    counts: Vec<u64>,
    /// Of each measured field, by currency; under an empty one where it is no money.
    figures: Vec<BTreeMap<String, Figure>>,
}

/// A field grouped by.
struct By {
    /// As it was asked for.
    name: String,
    field: Field,
    expression: Expr,
    ty: ColumnType,
    /// What the expression is of, where it is of instants and not of UTC.
    instants: Option<Instants>,
}

/// A column of instants that are grouped by a span.
struct Instants {
    table: String,
    alias: String,
    column: String,
    unit: CalendarUnit,
}

/// A field whose values are counted.
struct Counted {
    /// As it was asked for.
    name: String,
    column: String,
}

/// What a query reads, checked.
pub(super) struct Plan {
    from: SelectStatement,
    dialect: Dialect,
    by: Vec<By>,
    counted: Vec<Counted>,
    measured: Vec<Measured>,
    limit: u32,
}

impl Plan {
    pub(super) async fn new(
        work: &mut Work<'_, '_>,
        object: &Object,
        query: &GroupQuery,
    ) -> Result<Self, Error> {
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
        for by in &mut by {
            let Some(Instants { table, alias, column, unit }) = by.instants.take() else { continue };
            let is_indexed = metadata::indexed_column(&by.field).as_ref() == Some(&column);
            let offsets = clocks::offsets(work, &table, &column, is_indexed).await?;
            let dialect = work.tx.dialect();
            by.expression = dialect.calendar(&alias, &column, ColumnType::Timestamp, unit, &offsets);
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
        Ok(Self { from, dialect: work.tx.dialect(), by, counted, measured, limit })
    }

    /// Whether the rows of a group are counted by currency.
    fn is_split(&self) -> bool {
        self.measured.iter().any(Measured::is_money)
    }

    /// The groups with all that is asked of them, in one pass over the rows: the largest, of one more than are
    /// wanted, or all where each has a row for each currency.
    pub(super) fn statement(&self) -> SelectStatement {
        let count = || Expr::from(Func::count(Expr::cust("*")));
        let mut statement = self.from.clone();
        for currency in self.measured.iter().filter_map(Measured::currency) {
            statement.expr(currency.clone()).add_group_by([currency]);
        }
        statement.expr(count());
        for counted in &self.counted {
            statement.expr(col(BASE, &counted.column).count());
        }
        for measured in &self.measured {
            measured.select(&mut statement, |column| Sum::halves(self.dialect, column));
        }
        if !self.is_split() {
            statement.order_by_expr(count(), Order::Desc);
        }
        for by in &self.by {
            statement.order_by_expr_with_nulls(by.expression.clone(), Order::Asc, NullOrdering::Last);
        }
        statement.limit(1 + if self.is_split() { MAX_ROWS } else { u64::from(self.limit) }).take()
    }

    /// Reads the rows of [`Plan::statement`]; the largest groups, and whether there are more.
    ///
    /// # Errors
    /// There are more rows than are read.
    pub(super) fn read(&self, rows: Vec<Row>) -> Result<(Vec<Cell>, bool), Error> {
        if self.is_split() && rows.len() as u64 > MAX_ROWS {
            return Err(Error::invalid(Issue::new("by", "too_many_groups", "there are too many groups")));
        }
        let mut cells: Vec<Cell> = Vec::new();
        for mut row in rows {
            let cell = self.cell(&mut row)?;
            // The rows of one group follow one another.
            match cells.last_mut().filter(|last| last.key == cell.key) {
                Some(last) => last.add(cell),
                None => cells.push(cell),
            }
        }
        if self.is_split() {
            cells.sort_by_key(|cell| Reverse(cell.count));
            // All records are one group, also where there are none.
            if self.by.is_empty() && cells.is_empty() {
                cells.push(self.nothing());
            }
        }
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = cells.len() > limit;
        cells.truncate(limit);
        Ok((cells, has_more))
    }

    fn nothing(&self) -> Cell {
        Cell {
            key: Key::new(),
            count: 0,
            counts: vec![0; self.counted.len()],
            figures: self.measured.iter().map(|_| BTreeMap::new()).collect(),
        }
    }

    fn cell(&self, row: &mut Row) -> Result<Cell, Error> {
        let key = self.by.iter().enumerate().map(|(index, by)| decode(row, index, by.ty));
        let key = key.collect::<Result<_, _>>()?;
        let mut index = self.by.len();
        let mut next = || {
            index += 1;
            index - 1
        };
        let mut currencies = Vec::with_capacity(self.measured.len());
        for measured in &self.measured {
            let currency: Option<String> = if measured.is_money() { row.get(next())? } else { None };
            currencies.push(currency.unwrap_or_default());
        }
        let count = row.get(next())?;
        let counts = self.counted.iter().map(|_| row.get(next())).collect::<Result<_, _>>()?;
        let mut figures = Vec::with_capacity(self.measured.len());
        for (measured, currency) in self.measured.iter().zip(currencies) {
            let figure = measured.read(row, &mut index)?;
            figures.push(BTreeMap::from_iter((figure.count > 0).then_some((currency, figure))));
        }
        Ok(Cell { key, count, counts, figures })
    }

    /// A group as it is shown.
    ///
    /// # Errors
    /// A sum is too large to be told exactly.
    pub(super) fn group(&self, cell: Cell, labels: &Labels) -> Result<Group, Error> {
        let counts = self.counted.iter().zip(cell.counts);
        let counts = counts.map(|(counted, count)| (counted.name.clone(), json!(count))).collect();
        let mut aggregates: BTreeMap<Function, Map<String, Json>> = BTreeMap::new();
        for (measured, figures) in self.measured.iter().zip(&cell.figures) {
            for function in &measured.functions {
                let figures = figures.iter().map(|(currency, figure)| (currency.as_str(), figure));
                let json = measured.show(*function, figures)?;
                aggregates.entry(*function).or_default().insert(measured.field.name.to_string(), json);
            }
        }
        Ok(Group { by: self.shown(&cell.key, labels), count: cell.count, counts, aggregates })
    }

    /// The names of the records that are grouped by.
    pub(super) async fn labels(&self, work: &mut Work<'_, '_>, cells: &[Cell]) -> Result<Labels, Error> {
        let mut wanted = Wanted::new();
        for (index, by) in self.by.iter().enumerate() {
            let Some(object) = by.field.kind.relation() else { continue };
            for cell in cells {
                if let Some(Some(Scalar::Uuid(id))) = cell.key.get(index) {
                    wanted.entry(object.clone()).or_default().insert(RecordId(*id));
                }
            }
        }
        lookup(work, &wanted).await
    }

    fn shown(&self, key: &Key, labels: &Labels) -> Map<String, Json> {
        let shown = |by: &By, cell: &Option<Scalar>| match (cell, by.field.kind.relation()) {
            (Some(Scalar::Uuid(id)), Some(object)) => match labels.shown(object, RecordId(*id)) {
                Some(label) => json!({ "id": id, "label": label }),
                None => json!({ "id": id }),
            },
            (Some(Scalar::Boolean(value)), _) => json!(value),
            (Some(Scalar::Text(text)), _) => json!(text),
            _ => Json::Null,
        };
        self.by.iter().zip(key).map(|(by, cell)| (by.name.clone(), shown(by, cell))).collect()
    }

    /// Where a group stands: options in their order, names and spans in theirs, empty values last.
    pub(super) fn rank(&self, key: &Key, labels: &Labels) -> Vec<(bool, usize, String)> {
        let rank = |by: &By, cell: &Option<Scalar>| match (cell, by.field.kind.relation()) {
            (Some(Scalar::Text(value)), _) => {
                let options = by.field.kind.options();
                let place = options.iter().position(|option| option.value == *value);
                (false, place.unwrap_or(options.len()), value.clone())
            }
            (Some(Scalar::Uuid(id)), Some(object)) => {
                let label = labels.shown(object, RecordId(*id)).map(text::fold).unwrap_or_default();
                (false, 0, format!("{label} {id}"))
            }
            (Some(Scalar::Boolean(value)), _) => (false, usize::from(*value), String::new()),
            _ => (true, 0, String::new()),
        };
        self.by.iter().zip(key).map(|(by, cell)| rank(by, cell)).collect()
    }
}

impl Cell {
    /// Adds another row of this group.
    fn add(&mut self, other: Self) {
        self.count += other.count;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        for (figures, more) in self.figures.iter_mut().zip(other.figures) {
            for (currency, figure) in more {
                match figures.get_mut(&currency) {
                    Some(known) => known.add(figure),
                    None => drop(figures.insert(currency, figure)),
                }
            }
        }
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
        instants: None,
    };
    let refuse = |code: &'static str, message: String| Err(Issue::new("", code, message));
    let is_grouped = kinds::of(&field.kind).grouping != Grouping::Never;
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
            let column = path.column(field);
            let expression = work.tx.dialect().calendar(&alias, &column, ty, unit, &Offsets::UTC);
            let has_clocks = ty == ColumnType::Timestamp && !work.caller.locale.time_zone.is_utc();
            let instants = has_clocks.then(|| Instants { table: object.table(), alias, column, unit });
            Ok(By { name: text.to_owned(), field: field.clone(), expression, ty: ColumnType::Text, instants })
        }
        (_, Some(span)) => {
            refuse("unknown_span", format!("{name} is no date and has no {:?}", text::excerpt(span, 20)))
        }
        (PartType::Option, None) => Ok(by(path.column(field), ColumnType::Text)),
        (PartType::Boolean, None) => Ok(by(path.column(field), ColumnType::Boolean)),
        (PartType::Id, None) if is_grouped => Ok(by(path.column(field), ColumnType::Uuid)),
        // As it is written, not as it is compared.
        (PartType::FoldedText | PartType::LowerText | PartType::UpperText, None) if is_grouped => {
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
    let path = FieldPath::whole(field);
    let Some((ty, decimals)) = kinds::measured_as(path.ty) else {
        let message = format!("{name} is no number, amount or date");
        return Err(Issue::new("field", "not_measurable", message));
    };
    if ty != ColumnType::Integer && matches!(function, Function::Sum | Function::Avg) {
        let message = format!("dates have min and max, not {}", function.name());
        return Err(Issue::new("function", "not_measurable", message));
    }
    let (field, column) = (field.clone(), path.column(field));
    Ok(Measured { field, column, ty, decimals, functions: vec![function] })
}
