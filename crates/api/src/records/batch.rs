use axum::{Json as Answer, extract::State};
use kontor_core::ids::RecordId;
use kontor_crm::records::{BatchInput, BatchUpdate};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    extract::{Json, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
    state::ApiState,
};

/// One of the three, all or nothing.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Batch {
    Create(Vec<Map<String, Value>>),
    Update(Vec<Update>),
    Delete(Vec<RecordId>),
}

#[derive(Deserialize)]
pub(super) struct Update {
    id: RecordId,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

pub(super) async fn batch(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    Json(batch): Json<Batch>,
) -> Result<Answer<Value>> {
    let (name, input) = match batch {
        Batch::Create(records) => ("create", BatchInput::Create(records)),
        Batch::Update(updates) => {
            let updates = updates.into_iter().map(|Update { id, fields }| BatchUpdate { id, fields });
            ("update", BatchInput::Update(updates.collect()))
        }
        Batch::Delete(ids) => ("delete", BatchInput::Delete(ids)),
    };
    let done = state.crm.batch(&caller, &plural, input).await;
    let records = done.map_err(|error| ApiError::from(error).within(name))?;
    Ok(page::whole(records.iter().map(|record| record.to_json()).collect::<Vec<_>>()))
}
