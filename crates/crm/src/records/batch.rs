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
    /// Refuses a batch of more than [`MAX_BATCH`] items.
    ///
    /// # Errors
    /// That it has too many.
    pub fn check_len(items: usize) -> Result<(), Issue> {
        if items <= MAX_BATCH {
            return Ok(());
        }
        Err(Issue::new("", "too_large", format!("a batch has at most {MAX_BATCH} items")))
    }

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
    BatchInput::check_len(input.len()).map_err(Error::invalid)?;
    if input.len() == 0 {
        return Ok(Vec::new());
    }
    let path = |index: usize| format!("[{index}]");
    match input {
        BatchInput::Create(items) => {
            let items: Vec<_> = items.iter().map(|fields| (work.environment.new_id(), fields)).collect();
            create_all(work, object, &items, path).await
        }
        BatchInput::Update(items) => {
            let mut done = Done::default();
            for (index, BatchUpdate { id, fields }) in items.iter().enumerate() {
                let updated = update(work, object, *id, fields, None).await;
                done.take(&path(index), updated.map(|updated| updated.record))?;
            }
            done.all()
        }
        BatchInput::Delete(ids) => {
            let mut done = Done::default();
            for (index, id) in ids.iter().enumerate() {
                done.take(&path(index), delete(work, object, *id, None).await)?;
            }
            done.all()
        }
    }
}

/// The items of a batch that are done, and what is wrong with the others: one mistake undoes them all, and the
/// rest is done all the same so that every mistake is told at once.
#[derive(Default)]
struct Done {
    records: Vec<Record>,
    errors: Vec<Error>,
}

impl Done {
    fn take(&mut self, path: &str, outcome: Result<Record, Error>) -> Result<(), Error> {
        match outcome {
            Ok(record) => self.records.push(record),
            Err(error) if error.is_mistake() => self.errors.push(error.within(path)),
            // A statement failed, by which a mistake was found, so that no other can be looked for.
            Err(Error::Store(kontor_store::Error::Aborted)) if !self.errors.is_empty() => {
                return Err(Error::all(std::mem::take(&mut self.errors)));
            }
            Err(error) => return Err(error.within(path)),
        }
        Ok(())
    }

    fn all(self) -> Result<Vec<Record>, Error> {
        if self.errors.is_empty() { Ok(self.records) } else { Err(Error::all(self.errors)) }
    }
}
