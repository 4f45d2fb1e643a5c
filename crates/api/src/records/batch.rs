use axum::extract::State;
use kontor_core::ids::RecordId;
use kontor_crm::records::{BatchInput, BatchUpdate, RecordWrite};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::written::Written;
use crate::{
    extract::{IdempotencyKey, Json, NoParameters, Segments, SignedIn},
    problem::{ApiError, Result},
    state::ApiState,
};

/// One of the three, all or nothing.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", try_from = "Body")]
pub(super) enum Batch {
    Create(Vec<Map<String, Value>>),
    Update(Vec<Update>),
    Delete(Vec<RecordId>),
}

/// The body as it is sent. An enum alone would have serde call an object with two keys malformed JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    create: Option<Vec<Map<String, Value>>>,
    update: Option<Vec<Update>>,
    delete: Option<Vec<RecordId>>,
}

impl TryFrom<Body> for Batch {
    type Error = &'static str;

    fn try_from(body: Body) -> std::result::Result<Self, Self::Error> {
        match body {
            Body { create: Some(records), update: None, delete: None } => Ok(Self::Create(records)),
            Body { create: None, update: Some(updates), delete: None } => Ok(Self::Update(updates)),
            Body { create: None, update: None, delete: Some(ids) } => Ok(Self::Delete(ids)),
            _ => Err("a batch has one of create, update and delete"),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Update {
    id: RecordId,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

pub(super) async fn batch(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    key: IdempotencyKey,
    _: NoParameters,
    Json(batch): Json<Batch>,
) -> Result<Written> {
    let key = key.over(&batch);
    let (name, input) = match batch {
        Batch::Create(records) => ("create", BatchInput::Create(records)),
        Batch::Update(updates) => {
            let updates = updates.into_iter().map(|Update { id, fields }| BatchUpdate { id, fields });
            ("update", BatchInput::Update(updates.collect()))
        }
        Batch::Delete(ids) => ("delete", BatchInput::Delete(ids)),
    };
    let write = RecordWrite::Batch(input);
    let written = state.crm.write_once(&caller, &plural, write, key, Written::all).await;
    written.map_err(|error| ApiError::from(error).within(name))
}
