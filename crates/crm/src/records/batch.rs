use std::sync::Arc;

use kontor_core::{error::Issue, ids::RecordId, metadata::Object};
use serde_json::{Map, Value as Json};

use super::{create::create_all, delete::delete, record::Record, update::update};
use crate::{Error, Work};

/// The most items of a batch.
pub const MAX_BATCH: usize = 200;

/// What a batch does: all of it or nothing.
#[derive(Debug, Clone)]
pub enum BatchInput {
    Create(Vec<Map<String, Json>>),
    Update(Vec<BatchUpdate>),
    Delete(Vec<RecordId>),
}

/// One update of a batch.
#[derive(Debug, Clone)]
pub struct BatchUpdate {
    pub id: RecordId,
    pub fields: Map<String, Json>,
}

impl BatchInput {
    fn len(&self) -> usize {
        match self {
            Self::Create(items) => items.len(),
            Self::Update(items) => items.len(),
            Self::Delete(items) => items.len(),
        }
    }
}

/// Does the same to many records, in their order. Issues carry the item's place: `[3].stage`.
pub async fn batch(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    input: &BatchInput,
) -> Result<Vec<Record>, Error> {
    match input.len() {
        0 => return Ok(Vec::new()),
        1..=MAX_BATCH => {}
        _ => {
            let message = format!("a batch has at most {MAX_BATCH} items");
            return Err(Error::invalid(Issue::new("", "too_large", message)));
        }
    }
    let path = |index: usize| format!("[{index}]");
    match input {
        BatchInput::Create(items) => {
            let items: Vec<_> = items.iter().map(|fields| (work.environment.new_id(), fields)).collect();
            create_all(work, object, &items, path).await
        }
        BatchInput::Update(items) => {
            let mut records = Vec::with_capacity(items.len());
            for (index, BatchUpdate { id, fields }) in items.iter().enumerate() {
                let updated = update(work, object, *id, fields, None).await;
                records.push(updated.map_err(|error| error.within(&path(index)))?.record);
            }
            Ok(records)
        }
        BatchInput::Delete(ids) => {
            let mut records = Vec::with_capacity(ids.len());
            for (index, id) in ids.iter().enumerate() {
                let deleted = delete(work, object, *id, None).await;
                records.push(deleted.map_err(|error| error.within(&path(index)))?);
            }
            Ok(records)
        }
    }
}
