//! How members left their lists: what narrows and orders them, and their columns. It is a view of a member's own, so
//! that it leaves no trace beside itself.

use kontor_core::{caller::Caller, ids::MemberId, time::Timestamp};
use kontor_operations::Work;
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};

use crate::{Crm, Error};

/// The longest state that is kept, in bytes.
pub const MAX_LIST_STATE: usize = 4_000;

const TABLE: &str = "list_states";

table_row! {
    struct StateRow in TABLE {
        query: String,
        changed_at: Timestamp,
    }
}

impl Crm {
    /// How the caller left an object's list; nothing where it is as it comes, or where no member asks.
    pub async fn list_state(&self, caller: &Caller, object: &str) -> Result<Option<String>, Error> {
        let Some(member) = caller.member() else { return Ok(None) };
        self.read_of(caller, object, member, |work, object, member| {
            Box::pin(async move { find(work.tx, *member, &object.name).await })
        })
        .await
    }

    /// Remembers how the caller leaves an object's list; an empty state is the list as it comes. One that is too long,
    /// or of nobody, is not kept.
    pub async fn keep_list_state(&self, caller: &Caller, object: &str, state: &str) -> Result<(), Error> {
        let Some(member) = caller.member() else { return Ok(()) };
        // Most often it is as it was.
        let is_kept = self.list_state(caller, object).await?.unwrap_or_default() == state;
        if is_kept || state.len() > MAX_LIST_STATE {
            return Ok(());
        }
        self.write_of(caller, object, (member, state.to_owned()), |work, object, (member, state)| {
            Box::pin(keep(work, *member, &object.name, state))
        })
        .await
    }
}

async fn find(tx: &mut Tx<'_>, member: MemberId, object: &str) -> Result<Option<String>, Error> {
    let mut statement = tx.select::<StateRow>();
    statement.and_where(of(member, object));
    Ok(tx.row(&statement).await?.map(|row: StateRow| row.query))
}

async fn keep(work: &mut Work<'_, '_>, member: MemberId, object: &str, state: &str) -> Result<(), Error> {
    if state.is_empty() {
        let statement = Query::delete().from_table(work.tx.table(TABLE)).and_where(of(member, object)).take();
        work.tx.execute(&statement).await?;
        return Ok(());
    }
    let row = StateRow { query: state.to_owned(), changed_at: work.now };
    let key = [("member_id", member.as_uuid().into()), ("object", object.into())];
    let on_conflict = OnConflict::columns(["member_id", "object"])
        .update_columns(StateRow::COLUMNS.iter().copied())
        .to_owned();
    let statement = work.tx.insertion(&row, key)?.on_conflict(on_conflict).take();
    work.tx.execute(&statement).await?;
    Ok(())
}

fn of(member: MemberId, object: &str) -> Expr {
    Expr::col("member_id").eq(member.as_uuid()).and(Expr::col("object").eq(object))
}
