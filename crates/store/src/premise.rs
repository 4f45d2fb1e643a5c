//! What a unit of work takes for granted.

use sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UpdateStatement};

use crate::{Error, Tx};

/// That a number in the one row of a table is still the one with which a unit was prepared, in the unit's own
/// transaction.
///
/// On SQLite it is looked at before the unit runs. On PostgreSQL, where that would be a round trip, the first writes
/// of [`Tx::write_all`] take it along; all that a unit reads is of one snapshot, so that it does not matter when it
/// is looked at, as long as it is before the unit's result counts. The unit itself leaves the row as it is.
#[derive(Debug, Clone, Copy)]
pub struct Premise {
    pub table: &'static str,
    pub column: &'static str,
    pub value: i64,
}

impl Premise {
    pub(crate) async fn holds(self, tx: &mut Tx<'_>) -> Result<bool, Error> {
        Ok(tx.fetch_optional(&self.question(tx)).await?.is_some())
    }

    /// A row where it holds.
    fn question(self, tx: &Tx<'_>) -> SelectStatement {
        Query::select()
            .expr(Expr::val(1))
            .from(tx.table(self.table))
            .and_where(Expr::col(Alias::new(self.column)).eq(self.value))
            .take()
    }

    /// A part of a statement that changes nothing, and that divides by zero where it does not hold.
    pub(crate) fn assertion(self, tx: &Tx<'_>) -> UpdateStatement {
        let column = || Alias::new(self.column);
        let holds = Expr::col(column()).eq(self.value).cast_as("int");
        Query::update()
            .table(tx.table(self.table))
            .value(column(), Expr::col(column()))
            .and_where(Expr::val(1_i32).div(holds).eq(0_i32))
            .take()
    }
}
