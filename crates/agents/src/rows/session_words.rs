//! `session_words`: the words of what was said, by which sessions are found.

use std::collections::HashSet;

use kontor_core::{
    ids::{MemberId, SessionId},
    text::{SearchWord, words},
    turn::{Sequence, TurnEvent},
};
use kontor_store::Tx;
use sea_query::{Cond, Expr, ExprTrait, Func, JoinType, LikeExpr, OnConflict, Order, Query};

use super::shares;
use crate::error::Error;

const TABLE: &str = "session_words";
/// The distinct words that are kept of one text, and of one session.
const OF_A_TEXT: usize = 4_000;
const OF_A_SESSION: usize = 30_000;
/// Events that are read at once.
const PAGE: u64 = 1_000;

/// A session of whose log some is not among its words.
pub(crate) struct Behind {
    session: SessionId,
    title: Option<String>,
    last: Sequence,
    /// What it has, and up to which event.
    known: Option<(Sequence, String)>,
}

/// Those sessions of a member that are behind, those that were used last before others, at most `limit`.
pub(crate) async fn behind(tx: &mut Tx<'_>, member: MemberId, limit: u64) -> Result<Vec<Behind>, Error> {
    let lent = shares::sessions_with(tx, member, None);
    let through = Func::coalesce([Expr::col(("w", "through_seq")), Expr::val(-1_i64)]);
    let select = Query::select()
        .columns([("s", "id"), ("s", "title"), ("s", "last_seq"), ("w", "through_seq"), ("w", "words")])
        .from_as(tx.table("sessions"), "s")
        .join_as(JoinType::LeftJoin, tx.table(TABLE), "w", Expr::col(("w", "session_id")).equals(("s", "id")))
        .cond_where(
            Cond::any()
                .add(Expr::col(("s", "member_id")).eq(member.as_uuid()))
                .add(Expr::col(("s", "id")).in_subquery(lent)),
        )
        .and_where(Expr::col(("s", "deleted_at")).is_null())
        .and_where(Expr::col(("s", "last_seq")).gt(through))
        .order_by(("s", "updated_at"), Order::Desc)
        .order_by(("s", "id"), Order::Desc)
        .limit(limit)
        .take();
    let read = |row: &kontor_store::Row| {
        let (through, words): (Option<Sequence>, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Behind { session: row.get(0)?, title: row.get(1)?, last: row.get(2)?, known: through.zip(words) })
    };
    tx.fetch_all(&select).await?.iter().map(read).collect()
}

/// Takes what was said since into a session's words.
pub(crate) async fn catch_up(tx: &mut Tx<'_>, behind: Behind) -> Result<(), Error> {
    let Behind { session, title, last, known } = behind;
    let (mut through, stored) = known.unwrap_or_default();
    let mut said: HashSet<String> = stored.split_whitespace().map(str::to_owned).collect();
    let mut add = |text: &str| said.extend(words(text, OF_A_TEXT));
    add(title.as_deref().unwrap_or_default());
    while through < last {
        let select = Query::select()
            .columns(["seq", "data"])
            .from(tx.table("session_events"))
            .and_where(Expr::col("session_id").eq(session.as_uuid()))
            .and_where(Expr::col("seq").gt(through))
            .and_where(Expr::col("seq").lte(last))
            .and_where(Expr::col("name").is_in(["turn.started", "message.completed"]))
            .order_by("seq", Order::Asc)
            .limit(PAGE)
            .take();
        let rows = tx.fetch_all(&select).await?;
        for row in &rows {
            through = row.get(0)?;
            let data: String = row.get(1)?;
            match serde_json::from_str(&data) {
                Ok(TurnEvent::TurnStarted { message, .. }) => add(&message),
                Ok(TurnEvent::MessageCompleted { text, .. }) => add(&text),
                // What cannot be read is told where the log is.
                Ok(_) | Err(_) => {}
            }
        }
        if (rows.len() as u64) < PAGE {
            break;
        }
    }
    let mut text = String::from(" ");
    for word in said.iter().take(OF_A_SESSION) {
        text.push_str(word);
        text.push(' ');
    }
    let mut insert = Query::insert();
    insert
        .into_table(tx.table(TABLE))
        .columns(["session_id", "through_seq", "words"])
        .values_panic([Expr::val(session.as_uuid()), Expr::val(last), Expr::val(text)])
        .on_conflict(OnConflict::column("session_id").update_columns(["through_seq", "words"]).to_owned());
    tx.execute(&insert).await?;
    Ok(())
}

/// Forgets a session's words, so that they are found anew.
pub(crate) async fn forget(tx: &mut Tx<'_>, session: SessionId) -> Result<(), Error> {
    let delete = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}

/// That a session has all of these words; `None` where there are none.
pub(crate) fn condition(tx: &Tx<'_>, wanted: &[SearchWord]) -> Option<Expr> {
    if wanted.is_empty() {
        return None;
    }
    let mut all = Cond::all();
    for word in wanted {
        let mut any = Cond::any();
        for terms in word.whole.iter().chain(&word.beginning) {
            let mut each = Cond::all();
            for term in terms {
                let end = if term.is_prefix { "%" } else { " %" };
                // Words are letters and digits, and so are no patterns; what may be one is taken literally.
                let text = term.text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                each =
                    each.add(Expr::col("words").like(LikeExpr::new(format!("% {text}{end}")).escape('\\')));
            }
            any = any.add(each);
        }
        all = all.add(any);
    }
    let found = Query::select().column("session_id").from(tx.table(TABLE)).cond_where(all).take();
    Some(Expr::col("id").in_subquery(found))
}
