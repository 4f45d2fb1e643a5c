//! `agent_prompts`, `agent_labels` and `agent_drafts`: what agents are told.

use kontor_core::{
    actor::Actor,
    ids::{AgentId, MemberId},
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, Func, OnConflict, Order, Query};
use uuid::Uuid;

use crate::error::Error;

const TABLE: &str = "agent_prompts";
const LABELS: &str = "agent_labels";
const DRAFTS: &str = "agent_drafts";

table_row! {
    /// A version of a prompt.
    #[derive(Debug, Clone)]
    pub(crate) struct PromptRow in TABLE {
        pub(crate) id: Uuid,
        pub(crate) agent: AgentId = "agent_id",
        pub(crate) version: i64,
        pub(crate) body: String,
        pub(crate) note: String,
        pub(crate) author: Actor as json,
        pub(crate) created_at: Timestamp,
    }
}

table_row! {
    /// Where a label stands.
    #[derive(Debug, Clone)]
    pub(crate) struct LabelRow in LABELS {
        pub(crate) agent: AgentId = "agent_id",
        pub(crate) label: String,
        pub(crate) version: i64,
        pub(crate) moved_by: Actor as json,
        pub(crate) moved_at: Timestamp,
    }
}

table_row! {
    /// What an editor has not saved as a version.
    #[derive(Debug, Clone)]
    pub(crate) struct DraftRow in DRAFTS {
        pub(crate) agent: AgentId = "agent_id",
        pub(crate) member: MemberId = "member_id",
        pub(crate) body: String,
        pub(crate) based_on: Option<i64>,
        pub(crate) saved_at: Timestamp,
    }
}

/// The number of the latest version; 0 before the first.
pub(crate) async fn latest(tx: &mut Tx<'_>, agent: AgentId) -> Result<i64, Error> {
    let latest = Query::select()
        .expr(Func::max(Expr::col("version")))
        .from(tx.table(TABLE))
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .take();
    let latest: Option<i64> = tx.fetch_one(&latest).await?.get(0)?;
    Ok(latest.unwrap_or(0))
}

/// The latest versions, the last one first.
pub(crate) async fn versions(tx: &mut Tx<'_>, agent: AgentId, limit: u64) -> Result<Vec<PromptRow>, Error> {
    let mut select = tx.select::<PromptRow>();
    select.and_where(Expr::col("agent_id").eq(agent.as_uuid())).order_by("version", Order::Desc).limit(limit);
    Ok(tx.rows(&select).await?)
}

pub(crate) async fn find(tx: &mut Tx<'_>, agent: AgentId, version: i64) -> Result<Option<PromptRow>, Error> {
    let mut select = tx.select::<PromptRow>();
    select.and_where(Expr::col("agent_id").eq(agent.as_uuid())).and_where(Expr::col("version").eq(version));
    Ok(tx.row(&select).await?)
}

/// The labels of an agent's prompt, by name.
pub(crate) async fn labels(tx: &mut Tx<'_>, agent: AgentId) -> Result<Vec<LabelRow>, Error> {
    let mut select = tx.select::<LabelRow>();
    select.and_where(Expr::col("agent_id").eq(agent.as_uuid())).order_by("label", Order::Asc);
    Ok(tx.rows(&select).await?)
}

/// Has a label stand at a version, wherever it stood.
pub(crate) async fn put_label(tx: &mut Tx<'_>, row: &LabelRow) -> Result<(), Error> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::columns(["agent_id", "label"])
            .update_columns(["version", "moved_by", "moved_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn remove_label(tx: &mut Tx<'_>, agent: AgentId, label: &str) -> Result<(), Error> {
    let delete = Query::delete()
        .from_table(tx.table(LABELS))
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .and_where(Expr::col("label").eq(label))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}

pub(crate) async fn draft(
    tx: &mut Tx<'_>,
    agent: AgentId,
    member: MemberId,
) -> Result<Option<DraftRow>, Error> {
    let mut select = tx.select::<DraftRow>();
    select
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()));
    Ok(tx.row(&select).await?)
}

pub(crate) async fn put_draft(tx: &mut Tx<'_>, row: &DraftRow) -> Result<(), Error> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::columns(["agent_id", "member_id"])
            .update_columns(["body", "based_on", "saved_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn remove_draft(tx: &mut Tx<'_>, agent: AgentId, member: MemberId) -> Result<(), Error> {
    let delete = Query::delete()
        .from_table(tx.table(DRAFTS))
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}
