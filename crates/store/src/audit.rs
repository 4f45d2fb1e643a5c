//! The audit of a workspace: who did what to what, written with the act itself.

use kontor_core::{caller::Actor, environment::Environment, time::Timestamp};
use sea_query::Query;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{Error, Tx, Write};

/// One act, to be kept as long as its workspace.
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

impl Tx<'_> {
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
