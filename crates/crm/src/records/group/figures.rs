//! What the values of one field come to, in one group.

use std::cmp::Ordering;

use kontor_core::{
    filter::Scalar,
    metadata::{ColumnType, Field},
    value::scaled_to_json,
};
use kontor_store::Row;
use sea_query::{Expr, ExprTrait, SelectStatement};
use serde_json::{Value as Json, json};

use super::{
    Function,
    sums::{Sum, average},
};
use crate::{
    Error,
    records::rows::{BASE, col, decode},
};

/// A field with figures.
pub(super) struct Measured {
    pub(super) field: Field,
    pub(super) column: String,
    pub(super) ty: ColumnType,
    /// By which its numbers are scaled.
    pub(super) decimals: u8,
    pub(super) functions: Vec<Function>,
}

/// What one field's values come to, of one currency where it is money.
pub(super) struct Figure {
    /// How many records have a value.
    pub(super) count: i64,
    sum: Sum,
    least: Option<Scalar>,
    greatest: Option<Scalar>,
}

impl Figure {
    /// What both come to together.
    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.least = extreme(self.least.take(), other.least, Ordering::Less);
        self.greatest = extreme(self.greatest.take(), other.greatest, Ordering::Greater);
    }
}

/// The one of two that is less, or greater, than the other.
fn extreme(one: Option<Scalar>, other: Option<Scalar>, wanted: Ordering) -> Option<Scalar> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.compare(&one) == Some(wanted) { other } else { one }),
        (one, other) => one.or(other),
    }
}

impl Measured {
    pub(super) fn is_money(&self) -> bool {
        self.field.kind.is_money()
    }

    /// The column of the currency, where it is money.
    pub(super) fn currency(&self) -> Option<Expr> {
        self.is_money().then(|| col(BASE, &self.field.column_name("currency")))
    }

    fn adds_up(&self) -> bool {
        self.functions.iter().any(|function| matches!(function, Function::Sum | Function::Avg))
    }

    /// Selects what [`Measured::read`] reads: how many values there are, and of their sum in two halves (neither
    /// can overflow), the least and the greatest what the functions need.
    pub(super) fn select(&self, statement: &mut SelectStatement, sums: impl Fn(&str) -> [String; 2]) {
        let column = || col(BASE, &self.column);
        statement.expr(column().count());
        if self.adds_up() {
            for half in sums(&format!("\"{BASE}\".\"{}\"", self.column)) {
                statement.expr(Expr::cust(half));
            }
        }
        if self.functions.contains(&Function::Min) {
            statement.expr(column().min());
        }
        if self.functions.contains(&Function::Max) {
            statement.expr(column().max());
        }
    }

    /// Reads the cells from `index` on, and moves it behind them.
    pub(super) fn read(&self, row: &mut Row, index: &mut usize) -> Result<Figure, Error> {
        let mut next = || {
            *index += 1;
            *index - 1
        };
        let count = row.get(next())?;
        let sum = if self.adds_up() {
            let (high, low): (Option<i64>, Option<i64>) = (row.get(next())?, row.get(next())?);
            Sum::of(high.unwrap_or_default(), low.unwrap_or_default())
        } else {
            Sum::of(0, 0)
        };
        let mut cell = |function| match self.functions.contains(&function) {
            true => decode(row, next(), self.ty),
            false => Ok(None),
        };
        Ok(Figure { count, sum, least: cell(Function::Min)?, greatest: cell(Function::Max)? })
    }

    /// A number or date, or one amount for each currency.
    pub(super) fn show<'f>(
        &self,
        function: Function,
        figures: impl Iterator<Item = (&'f str, &'f Figure)>,
    ) -> Result<Json, Error> {
        let mut shown = Vec::new();
        for (currency, figure) in figures {
            let json = self.figure(function, figure)?;
            shown.push(if self.is_money() { json!({ "amount": json, "currency": currency }) } else { json });
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
            Some(Scalar::Integer(value)) => scaled_to_json(*value, self.decimals),
            Some(Scalar::Date(date)) => json!(date),
            Some(Scalar::Timestamp(instant)) => json!(instant),
            _ => Json::Null,
        };
        Ok(match function {
            Function::Sum => scaled_to_json(figure.sum.exact().ok_or_else(overflow)?, self.decimals),
            Function::Avg => average(&figure.sum, figure.count, self.decimals).ok_or_else(overflow)?,
            Function::Min => extreme(&figure.least),
            Function::Max => extreme(&figure.greatest),
        })
    }
}
