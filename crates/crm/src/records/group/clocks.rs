//! By which clocks instants are grouped: the caller's, over the time in which the values lie.

use kontor_core::{
    filter::Scalar,
    locale::Offsets,
    metadata::{ColumnType, system_fields},
};
use sea_query::{Alias, Expr, ExprTrait as _, Query, SelectStatement, SubQueryStatement};

use crate::{
    Error, Work,
    records::rows::{BASE, col, decode},
};

/// The offsets of the caller's clocks from the earliest to the latest value of an indexed column of instants. Without
/// an index the two would have to be searched among all records, and what compares with every change of the zone's
/// clocks costs less.
pub(super) async fn offsets(
    work: &mut Work<'_, '_>,
    table: &str,
    column: &str,
    is_indexed: bool,
) -> Result<Offsets, Error> {
    let zone = work.caller.locale.time_zone;
    if !is_indexed {
        return Ok(zone.all_offsets());
    }
    let table = work.tx.table(table);
    let extreme = |of: Expr| -> Expr {
        let select: SelectStatement = Query::select()
            .expr(of)
            .from_as(table.clone(), Alias::new(BASE))
            .and_where(col(BASE, system_fields::DELETED_AT).is_null())
            .take();
        Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(select)))
    };
    let statement =
        Query::select().expr(extreme(col(BASE, column).min())).expr(extreme(col(BASE, column).max())).take();
    let mut row = work.tx.fetch_one(&statement).await?;
    let earliest = decode(&mut row, 0, ColumnType::Timestamp)?;
    let latest = decode(&mut row, 1, ColumnType::Timestamp)?;
    Ok(match (earliest, latest) {
        (Some(Scalar::Timestamp(earliest)), Some(Scalar::Timestamp(latest))) => {
            zone.offsets(earliest, latest)
        }
        // There is nothing to group.
        _ => Offsets::UTC,
    })
}
