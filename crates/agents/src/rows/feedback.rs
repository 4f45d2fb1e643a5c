//! `turn_feedback`: what members think of answers.

use kontor_core::{
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Cond, Expr, ExprTrait, Func, JoinType, OnConflict, Order, Query};

use super::instant;
use crate::{error::Error, stored::Rating};

const TABLE: &str = "turn_feedback";

table_row! {
    /// What a member thinks of a turn's answer.
    #[derive(Debug, Clone)]
    pub(crate) struct FeedbackRow in TABLE {
        pub(crate) turn: TurnId = "turn_id",
        pub(crate) member: MemberId = "member_id",
        pub(crate) rating: Rating,
        pub(crate) comment: String,
        pub(crate) given_at: Timestamp,
    }
}

/// Which are listed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) rating: Option<Rating>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) after: Option<(Timestamp, TurnId, MemberId)>,
    pub(crate) limit: u64,
}

/// One with the turn that it is about.
pub(crate) struct Listed {
    pub(crate) row: FeedbackRow,
    pub(crate) session: SessionId,
    pub(crate) agent: AgentId,
    pub(crate) message: String,
}

/// Writes what a member thinks, in the place of what they thought before.
pub(crate) async fn set(tx: &mut Tx<'_>, row: &FeedbackRow) -> Result<(), Error> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::columns(["turn_id", "member_id"])
            .update_columns(["rating", "comment", "given_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, turn: TurnId, member: MemberId) -> Result<bool, Error> {
    let delete = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .take();
    Ok(tx.execute(&delete).await? > 0)
}

/// What a member thinks of the turns of a session.
pub(crate) async fn of_member(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<Vec<FeedbackRow>, Error> {
    let turns = Query::select()
        .column("id")
        .from(tx.table("turns"))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .take();
    let mut select = tx.select::<FeedbackRow>();
    select
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("turn_id").in_subquery(turns));
    Ok(tx.rows(&select).await?)
}

/// The workspace's, the latest first.
pub(crate) async fn list(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<Vec<Listed>, Error> {
    let column = |name: &'static str| Expr::col(("f", name));
    // That of the turn: its session may have gone to another since.
    let agent = || Expr::from(Func::coalesce([Expr::col(("t", "agent_id")), Expr::col(("s", "agent_id"))]));
    let mut select = Query::select()
        .columns([
            ("f", "turn_id"),
            ("f", "member_id"),
            ("f", "rating"),
            ("f", "comment"),
            ("f", "given_at"),
            ("t", "session_id"),
            ("t", "message"),
        ])
        .expr(agent())
        .from_as(tx.table(TABLE), "f")
        .join_as(JoinType::InnerJoin, tx.table("turns"), "t", Expr::col(("t", "id")).equals(("f", "turn_id")))
        .join_as(
            JoinType::InnerJoin,
            tx.table("sessions"),
            "s",
            Expr::col(("s", "id")).equals(("t", "session_id")),
        )
        .and_where(Expr::col(("s", "deleted_at")).is_null())
        .and_where_option(wanted.rating.map(|rating| column("rating").eq(rating)))
        .and_where_option(wanted.agent.map(|wanted| agent().eq(wanted.as_uuid())))
        .order_by(("f", "given_at"), Order::Desc)
        .order_by(("f", "turn_id"), Order::Desc)
        .order_by(("f", "member_id"), Order::Desc)
        .limit(wanted.limit)
        .take();
    if let Some((at, turn, member)) = wanted.after {
        let same_at = || Cond::all().add(column("given_at").eq(instant(at)));
        let same_turn =
            same_at().add(column("turn_id").eq(turn.as_uuid())).add(column("member_id").lt(member.as_uuid()));
        select.cond_where(
            Cond::any()
                .add(column("given_at").lt(instant(at)))
                .add(same_at().add(column("turn_id").lt(turn.as_uuid())))
                .add(same_turn),
        );
    }
    let read = |row: &kontor_store::Row| {
        Ok(Listed {
            row: FeedbackRow {
                turn: row.get(0)?,
                member: row.get(1)?,
                rating: row.get(2)?,
                comment: row.get(3)?,
                given_at: row.get(4)?,
            },
            session: row.get(5)?,
            agent: row.get(7)?,
            message: row.get(6)?,
        })
    };
    tx.fetch_all(&select).await?.iter().map(read).collect()
}
