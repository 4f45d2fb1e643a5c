//! Values as columns of a record table, bound and decoded in this one place.

use kontor_core::{
    filter::Scalar,
    metadata::{Column, ColumnType, Field, Object},
    value::{Value, Values},
};
use kontor_store::{Dialect, Row};
use sea_query::{Alias, Expr, SelectStatement, Value as Bound};

use crate::Error;

/// The alias of the table a use case is about.
pub(crate) const BASE: &str = "r0";

/// How many columns a field has, as a rule at most.
const MOST_COLUMNS: usize = 8;

/// A column of an aliased table.
pub(crate) fn col(alias: &str, column: &str) -> Expr {
    Expr::col((Alias::new(alias), Alias::new(column)))
}

/// The columns of some fields, selected and read in one order.
pub(crate) struct Selection<'o> {
    fields: Vec<(&'o Field, Vec<Column>)>,
}

impl<'o> Selection<'o> {
    pub(crate) fn new(object: &'o Object, wanted: impl Fn(&Field) -> bool) -> Self {
        let fields = object.fields.iter().filter(|field| wanted(field));
        Self {
            fields: fields
                .map(|field| {
                    (field, field.columns().into_iter().filter(|column| !column.is_folded).collect())
                })
                .collect(),
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &'o Field> {
        self.fields.iter().map(|(field, _)| *field)
    }

    pub(crate) fn select(&self, statement: &mut SelectStatement, alias: &str) {
        for column in self.fields.iter().flat_map(|(_, columns)| columns) {
            statement.expr(col(alias, &column.name));
        }
    }

    /// Takes the fields of a row whose first selected column is at `index`; answers where the next one is.
    pub(crate) fn read(&self, row: &mut Row, mut index: usize) -> Result<(Values, usize), Error> {
        let mut values = Vec::with_capacity(self.fields.len());
        let mut cells = Vec::with_capacity(MOST_COLUMNS);
        for (field, columns) in &self.fields {
            for column in columns {
                cells.push(decode(row, index, column.ty)?);
                index += 1;
            }
            values.push((field.name.clone(), Value::from_cells(field, cells.drain(..))));
        }
        Ok((values.into_iter().collect(), index))
    }
}

/// The cells that a value fills a field's columns with.
pub(crate) fn cells(dialect: Dialect, field: &Field, columns: &[Column], value: &Value) -> Vec<Bound> {
    if value.is_null() {
        return columns.iter().map(|column| bind(dialect, column.ty, None)).collect();
    }
    let cells = columns.iter().zip(value.to_cells(field));
    cells.map(|(column, cell)| bind(dialect, column.ty, cell)).collect()
}

/// A field's columns, each with the cell that a value fills it with.
pub(crate) fn named_cells(dialect: Dialect, field: &Field, value: &Value) -> Vec<(Alias, Bound)> {
    let columns = field.columns();
    let cells = cells(dialect, field, &columns, value);
    columns.into_iter().map(|column| Alias::new(column.name)).zip(cells).collect()
}

/// A cell of a column, as it is bound. A cell that does not fit its column becomes null: values are made by
/// the field's kind, so none does.
pub(crate) fn bind(dialect: Dialect, ty: ColumnType, cell: Option<Scalar>) -> Bound {
    match (ty, cell) {
        (ColumnType::Uuid, Some(Scalar::Uuid(id))) => Bound::Uuid(Some(id)),
        (ColumnType::Uuid, _) => Bound::Uuid(None),
        (ColumnType::Text, Some(Scalar::Text(text))) => Bound::String(Some(text)),
        (ColumnType::Text, _) => Bound::String(None),
        (ColumnType::Integer, Some(Scalar::Integer(value))) => Bound::BigInt(Some(value)),
        (ColumnType::Integer, _) => Bound::BigInt(None),
        (ColumnType::Real, Some(Scalar::Real(value))) => Bound::Double(Some(value)),
        (ColumnType::Real, _) => Bound::Double(None),
        (ColumnType::Boolean, Some(Scalar::Boolean(value))) => Bound::Bool(Some(value)),
        (ColumnType::Boolean, _) => Bound::Bool(None),
        (ColumnType::Date, Some(Scalar::Date(date))) => dialect.bind_date(Some(date)),
        (ColumnType::Date, _) => dialect.bind_date(None),
        (ColumnType::Timestamp, Some(Scalar::Timestamp(instant))) => dialect.bind_timestamp(Some(instant)),
        (ColumnType::Timestamp, _) => dialect.bind_timestamp(None),
        (ColumnType::Json, Some(Scalar::Json(json))) => dialect.bind_json(Some(*json)),
        (ColumnType::Json, _) => dialect.bind_json(None),
    }
}

/// An operand, bound as its own type.
pub(crate) fn operand(dialect: Dialect, scalar: &Scalar) -> Bound {
    let ty = match scalar {
        Scalar::Text(_) => ColumnType::Text,
        Scalar::Integer(_) => ColumnType::Integer,
        Scalar::Real(_) => ColumnType::Real,
        Scalar::Boolean(_) => ColumnType::Boolean,
        Scalar::Date(_) => ColumnType::Date,
        Scalar::Timestamp(_) => ColumnType::Timestamp,
        Scalar::Uuid(_) => ColumnType::Uuid,
        Scalar::Json(_) => ColumnType::Json,
    };
    bind(dialect, ty, Some(scalar.clone()))
}

/// Takes a cell of a column of this type from its row.
pub(crate) fn decode(row: &mut Row, index: usize, ty: ColumnType) -> Result<Option<Scalar>, Error> {
    Ok(match ty {
        ColumnType::Uuid => row.take::<Option<uuid::Uuid>>(index)?.map(Scalar::Uuid),
        ColumnType::Text => row.take::<Option<String>>(index)?.map(Scalar::Text),
        ColumnType::Integer => row.take::<Option<i64>>(index)?.map(Scalar::Integer),
        ColumnType::Real => row.take::<Option<f64>>(index)?.map(Scalar::Real),
        ColumnType::Boolean => row.take::<Option<bool>>(index)?.map(Scalar::Boolean),
        ColumnType::Date => row.take::<Option<kontor_core::time::Date>>(index)?.map(Scalar::Date),
        ColumnType::Timestamp => {
            row.take::<Option<kontor_core::time::Timestamp>>(index)?.map(Scalar::Timestamp)
        }
        ColumnType::Json => {
            row.take::<Option<serde_json::Value>>(index)?.map(|json| Scalar::Json(Box::new(json)))
        }
    })
}
