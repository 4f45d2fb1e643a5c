use kontor_core::{caller::Actor, environment::Environment, time::Timestamp};
use kontor_store::Tx;
use sea_query::Query;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::Error;

/// Writes down who changed what the workspace is.
pub(super) async fn record(
    tx: &mut Tx<'_>,
    environment: &Environment,
    now: Timestamp,
    actor: &Actor,
    action: &str,
    target: &str,
    details: Json,
) -> Result<(), Error> {
    let statement = Query::insert()
        .into_table(tx.table("audit_entries"))
        .columns(["id", "action", "target", "happened_at", "actor", "details"])
        .values_panic([
            environment.new_id::<Uuid>().into(),
            action.into(),
            target.into(),
            now.micros().into(),
            json!(actor).to_string().into(),
            details.to_string().into(),
        ])
        .to_owned();
    tx.execute(&statement).await?;
    Ok(())
}
