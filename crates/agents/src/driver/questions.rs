use std::sync::Arc;

use kontor_core::{
    error::{Chain, ErrorKind, Fault as _},
    ids::RecordId,
    turn::{ApprovalDetail, ApprovalRecord},
};
use kontor_crm::timeline;
use kontor_operations::Work;
use serde_json::Value;

use super::{Run, prepare::Prepared};
use crate::{
    error::Error,
    machine::{Asked, Call, Input},
    rows::turns,
};

impl Run<'_> {
    /// Finds out what a person needs to know who is asked about these calls.
    pub(super) async fn ask(&self, indexes: &[u32]) -> Result<Input, Error> {
        let prepared = self.prepare().await;
        let mut asked = Vec::with_capacity(indexes.len());
        for call in indexes.iter().filter_map(|index| self.state.call(*index)) {
            let record = match &prepared {
                Ok(prepared) => self.record_of(call, prepared).await?,
                // When the call runs, it fails for the same reason.
                Err(_) => None,
            };
            let approval = self.agents.0.environment.new_id();
            asked.push(Asked { index: call.index, approval, record });
        }
        Ok(Input::Asked(asked))
    }

    /// The record that a call is about, as it was before the turn.
    async fn record_of(
        &self,
        call: &Call,
        prepared: &Arc<Prepared>,
    ) -> Result<Option<ApprovalRecord>, Error> {
        let Some((object, id)) = named(&call.operation, &call.arguments) else { return Ok(None) };
        let Some(object) = prepared.schema.object(object).cloned() else { return Ok(None) };
        let (prepared, environment) = (prepared.clone(), self.agents.0.environment.clone());
        let (turn, member) = (self.turn, self.member);
        let kind = object.name.to_string();
        let found = self
            .namespace
            .read((prepared, environment, object), move |tx, (prepared, environment, object)| {
                Box::pin(async move {
                    let Some(row) = turns::find(tx, turn, member).await? else { return Ok(None) };
                    let since = row.started_at.unwrap_or(row.created_at);
                    let mut work = Work::new(tx, &prepared.caller, &prepared.schema, environment, environment.now());
                    match timeline::before(&mut work, object, id, since).await {
                        Ok(before) => Ok(Some(before)),
                        // A fault of ours or of the database must not hide what is asked about.
                        Err(error) if matches!(error.problem().kind, ErrorKind::Internal) => {
                            Err(Error::from(error))
                        }
                        Err(error) if error.problem().kind.is_transient() => Err(Error::from(error)),
                        Err(error) => {
                            tracing::debug!(error = %Chain(&error), "a call names no record that can be shown");
                            Ok(None)
                        }
                    }
                })
            })
            .await?;
        Ok(found.map(|before| ApprovalRecord {
            object: kind,
            id,
            name: before.label,
            renamed_to: before.renamed_to,
            is_new: before.is_new,
            details: before
                .details
                .into_iter()
                .map(|(label, value)| ApprovalDetail { label, value })
                .collect(),
        }))
    }
}

/// The object and the record that a call on one record names.
fn named<'c>(operation: &'c str, arguments: &Value) -> Option<(&'c str, RecordId)> {
    let (object, _) = operation.split_once('.')?;
    Some((object, arguments.get("id")?.as_str()?.parse().ok()?))
}
