//! The lists of a member's sessions.

use kontor_core::{
    ids::{AgentId, MemberId, SessionId},
    text::SearchWord,
    time::Timestamp,
};
use kontor_store::Tx;
use sea_query::{Cond, Expr, ExprTrait, Order};

use super::{
    instant, session_words,
    sessions::SessionRow,
    shares::{self, ShareRow},
};
use crate::{error::Error, stored::SessionStatus};

/// Which sessions are listed.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) member: MemberId,
    /// All of these words are in what was said, or in the title.
    pub(crate) words: Vec<SearchWord>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) status: Option<SessionStatus>,
    pub(crate) pinned: Option<bool>,
    /// Those that others have shared with the member, or the member's own.
    pub(crate) shared: Option<bool>,
    /// Those instead that are deleted and can be taken back.
    pub(crate) deleted: bool,
    pub(crate) limit: u64,
    pub(crate) after: Option<Place>,
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) is_pinned: bool,
    pub(crate) used: Timestamp,
    pub(crate) session: SessionId,
}

/// What is listed, with what belongs to the member of it.
pub(crate) struct Listed {
    pub(crate) rows: Vec<SessionRow>,
    pub(crate) pinned: Vec<SessionId>,
    pub(crate) shares: Vec<ShareRow>,
}

/// A member's sessions and those that are shared with them: the pinned ones first, then the one used last.
pub(crate) async fn list(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<Listed, Error> {
    let member = wanted.member;
    let pinned = shares::pinned(tx, member).await?;
    let is_own = || Expr::col("member_id").eq(member.as_uuid());
    let lent = shares::sessions_with(tx, member, None);
    let is_lent = || Expr::col("id").in_subquery(lent.clone());
    // Pins are few: so many as may be.
    let is_pinned = || Expr::col("id").is_in(pinned.iter().map(|session| session.as_uuid()));

    let mut select = tx.select::<SessionRow>();
    match wanted.shared {
        // A deleted one is its owner's to take back.
        _ if wanted.deleted => select.and_where(is_own()),
        Some(true) => select.and_where(is_lent()),
        Some(false) => select.and_where(is_own()),
        // One index serves whom nobody shares with.
        None if !shares::any_with(tx, member).await? => select.and_where(is_own()),
        None => select.cond_where(Cond::any().add(is_own()).add(is_lent())),
    };
    let deleted = Expr::col("deleted_at");
    select
        .and_where(if wanted.deleted { deleted.is_not_null() } else { deleted.is_null() })
        .and_where_option(
            wanted.agent.map(|agent| {
                Expr::col("agent_id").eq(agent.as_uuid()).and(Expr::col("awaits_agent").eq(false))
            }),
        )
        .and_where_option(wanted.status.map(|status| Expr::col("status").eq(status)))
        .limit(wanted.limit);
    match wanted.pinned {
        Some(true) => select.and_where(is_pinned()),
        Some(false) => select.and_where(is_pinned().not()),
        None => &mut select,
    };
    if let Some(condition) = session_words::condition(tx, &wanted.words) {
        select.and_where(condition);
    }
    if let Some(after) = &wanted.after {
        let earlier = Expr::col("updated_at").lt(instant(after.used));
        let same = Cond::all()
            .add(Expr::col("updated_at").eq(instant(after.used)))
            .add(Expr::col("id").lt(after.session.as_uuid()));
        let later = Cond::any().add(earlier).add(same);
        match (pinned.is_empty(), after.is_pinned) {
            (true, _) => select.cond_where(later),
            (false, false) => select.and_where(is_pinned().not()).cond_where(later),
            (false, true) => {
                let rest = Cond::all().add(is_pinned()).add(later);
                select.cond_where(Cond::any().add(is_pinned().not()).add(rest))
            }
        };
    }
    if !pinned.is_empty() {
        let rank = Expr::case(is_pinned(), Expr::val(0_i64)).finally(Expr::val(1_i64));
        select.order_by_expr(rank.into(), Order::Asc);
    }
    select.order_by("updated_at", Order::Desc).order_by("id", Order::Desc);
    let rows: Vec<SessionRow> = tx.rows(&select).await?;
    let others: Vec<SessionId> = rows.iter().filter(|row| row.member != member).map(|row| row.id).collect();
    let shares = shares::with_member(tx, member, &others).await?;
    Ok(Listed { rows, pinned, shares })
}
