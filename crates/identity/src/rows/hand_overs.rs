//! `hand_overs` of a workspace: records that go from one member to another.

use kontor_core::{ids::MemberId, time::Timestamp};
use kontor_store::{Tx, stored_enum, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use crate::Result;

const TABLE: &str = "hand_overs";

stored_enum! {
    /// How far a hand-over is.
    pub enum HandOverState: "state of a hand-over" {
        Running = "running",
        Done = "done",
        /// It came to an end before all was handed over.
        Failed = "failed",
    }
}

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct HandOverRow in TABLE {
        pub(crate) id: Uuid,
        pub(crate) from: MemberId = "from_member",
        pub(crate) to: MemberId = "to_member",
        /// Nobody where it was the operator.
        pub(crate) asked_by: Option<MemberId>,
        pub(crate) state: HandOverState,
        pub(crate) handed_over: i64,
        pub(crate) left_over: i64,
        /// Whether there are others that who asked may not read.
        pub(crate) has_hidden: bool,
        /// Where it goes on.
        pub(crate) place: Option<String>,
        pub(crate) problem: Option<String>,
        pub(crate) begun_at: Timestamp,
        pub(crate) ended_at: Option<Timestamp>,
    }
}

pub(crate) async fn insert(tx: &mut Tx<'_>, row: &HandOverRow) -> Result<()> {
    Ok(tx.insert(row).await?)
}

/// The last one of each member, or of one: of a member there is only one.
pub(crate) async fn latest(tx: &mut Tx<'_>, from: Option<MemberId>) -> Result<Vec<HandOverRow>> {
    let mut statement = tx.select::<HandOverRow>();
    statement
        .and_where_option(from.map(|from| Expr::col("from_member").eq(from.as_uuid())))
        .order_by("begun_at", Order::Asc)
        .order_by("id", Order::Asc);
    Ok(tx.rows(&statement).await?)
}

/// Forgets those of a member that have ended: what is told is the last one.
pub(crate) async fn forget_ended(tx: &mut Tx<'_>, from: MemberId) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("from_member").eq(from.as_uuid()))
        .and_where(Expr::col("state").ne(HandOverState::Running))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Who asked for one, where there is one of this id.
pub(crate) async fn asked_by(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Option<MemberId>>> {
    let statement = tx.select::<HandOverRow>().and_where(Expr::col("id").eq(id)).take();
    Ok(tx.row::<HandOverRow>(&statement).await?.map(|row| row.asked_by))
}

/// One that is gone on with: nobody else does so meanwhile.
pub(crate) async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<HandOverRow>> {
    let mut statement = tx.select::<HandOverRow>();
    statement.and_where(Expr::col("id").eq(id));
    tx.dialect().lock_rows(&mut statement);
    Ok(tx.row(&statement).await?)
}

/// Writes down how far one is.
pub(crate) async fn update(tx: &mut Tx<'_>, row: &HandOverRow) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("state", row.state)
        .value("handed_over", row.handed_over)
        .value("left_over", row.left_over)
        .value("has_hidden", row.has_hidden)
        .value("place", row.place.clone())
        .value("problem", row.problem.clone())
        .value("ended_at", row.ended_at.map(Timestamp::micros))
        .and_where(Expr::col("id").eq(row.id))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
