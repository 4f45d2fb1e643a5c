//! The audit of a workspace: who did what to what, written with the act itself.

use kontor_core::{actor::Actor, environment::Environment, time::Timestamp};
use sea_query::{Expr, ExprTrait as _, LikeExpr, Order, Query};
use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{Error, Tx, Write};

/// One act, kept as long as the workspace's retention says.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// What was done: `field.added`, `deal.destroyed`.
    pub action: String,
    /// To what: `deal.region`, `deal:<id>`.
    pub target: String,
    pub details: Json,
}

impl AuditEntry {
    pub fn new(action: impl Into<String>, target: impl Into<String>, details: Json) -> Self {
        Self { action: action.into(), target: target.into(), details }
    }
}

/// An act as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AuditRecord {
    /// In the order in which the acts happened.
    pub id: Uuid,
    pub happened_at: Timestamp,
    pub actor: Actor,
    pub action: String,
    pub target: String,
    pub details: Json,
}

/// Which acts are asked for: those that are all of what is given.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// The action, whole; or its beginning, before a `*` at the end: `deal.*`.
    pub action: Option<String>,
    pub target: Option<String>,
    /// The id of whoever acted: a principal or an agent.
    pub by: Option<Uuid>,
    /// At this instant or later.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Older than the act of this id.
    pub after: Option<Uuid>,
    pub limit: u64,
}

impl Tx<'_> {
    /// The acts that are asked for, the latest first.
    pub async fn audit_log(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, Error> {
        let mut statement = Query::select();
        statement
            .columns(["id", "happened_at", "actor", "action", "target", "details"])
            .from(self.table("audit_entries"))
            .order_by("id", Order::Desc)
            .limit(query.limit);
        // Actions are lower-case; SQLite compares a pattern without regard to case, PostgreSQL does not.
        if let Some(action) = query.action.as_deref().map(str::to_lowercase) {
            let condition = match action.strip_suffix('*') {
                None => Expr::col("action").eq(action),
                Some(beginning) => Expr::col("action").like(containing("", beginning, "%")),
            };
            statement.and_where(condition);
        }
        if let Some(id) = query.by {
            statement.and_where(Expr::col("actor").like(containing("%", &id.to_string(), "%")));
        }
        statement
            .and_where_option(query.target.as_deref().map(|target| Expr::col("target").eq(target)))
            .and_where_option(query.from.map(|from| Expr::col("happened_at").gte(from.micros())))
            .and_where_option(query.until.map(|until| Expr::col("happened_at").lt(until.micros())))
            .and_where_option(query.after.map(|after| Expr::col("id").lt(after)));
        let rows = self.fetch_all(&statement).await?;
        let json = |index, expected| {
            move |source: serde_json::Error| Error::Decode { index, expected, source: Some(source.into()) }
        };
        let acts = rows.iter().map(|row| {
            Ok(AuditRecord {
                id: row.get(0)?,
                happened_at: Timestamp::from_micros(row.get(1)?),
                actor: serde_json::from_str(&row.get::<String>(2)?).map_err(json(2, "an actor"))?,
                action: row.get(3)?,
                target: row.get(4)?,
                details: serde_json::from_str(&row.get::<String>(5)?).map_err(json(5, "JSON"))?,
            })
        });
        acts.collect()
    }

    /// What appends entries in their order; nothing where there are none.
    pub fn audit_entries(
        &self,
        environment: &Environment,
        now: Timestamp,
        actor: &Actor,
        entries: Vec<AuditEntry>,
    ) -> Option<Write> {
        if entries.is_empty() {
            return None;
        }
        let actor = serde_json::json!(actor).to_string();
        let mut statement = Query::insert();
        statement.into_table(self.table("audit_entries")).columns([
            "id",
            "action",
            "target",
            "happened_at",
            "actor",
            "details",
        ]);
        for AuditEntry { action, target, details } in entries {
            statement.values_panic([
                environment.new_id::<Uuid>().into(),
                action.into(),
                target.into(),
                now.micros().into(),
                actor.as_str().into(),
                details.to_string().into(),
            ]);
        }
        Some(Write::Insert(statement))
    }

    /// Appends one entry.
    pub async fn audit(
        &mut self,
        environment: &Environment,
        now: Timestamp,
        actor: &Actor,
        entry: AuditEntry,
    ) -> Result<(), Error> {
        let writes = self.audit_entries(environment, now, actor, vec![entry]);
        self.write_all(writes.into_iter().collect()).await
    }
}

fn containing(before: &str, text: &str, after: &str) -> LikeExpr {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    LikeExpr::new(format!("{before}{escaped}{after}")).escape('\\')
}
