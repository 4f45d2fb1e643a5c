//! What was answered about records under an idempotency key, told again.

use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    grants::Action,
    ids::RecordId,
    metadata::{Object, system_fields},
};
use kontor_operations::{Error as CallError, requests::Answered};
use sea_query::{Alias, ExprTrait as _, Query};

use crate::{
    Error, Work,
    records::{self, BASE, Record, col, predicate},
};

/// An answer as the caller may be told it now: as it was, or of the records as they are where the caller's grants
/// have changed.
///
/// # Errors
/// [`CallError::AnswerWithheld`] where one of the records is not to be read any more.
pub(crate) async fn tell_again<T>(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    told: Answered<T>,
    tell: fn(&[Record]) -> T,
) -> Result<T, Error> {
    if may_be_told(work, object, &told, &told.records).await? {
        return Ok(told.answer);
    }
    Ok(tell(&read_again(work, object, &told.records).await?))
}

/// Whether the caller may still be told all of an answer about these records: their grants are the same, and so the
/// rows they may read.
pub(crate) async fn may_be_told<T>(
    work: &mut Work<'_, '_>,
    object: &Object,
    answered: &Answered<T>,
    records: &[RecordId],
) -> Result<bool, Error> {
    if !answered.has_same_grants(work)? {
        return Ok(false);
    }
    let Some(may_read) = predicate(work, object, BASE, Action::Read) else { return Ok(true) };
    let ids: BTreeSet<RecordId> = records.iter().copied().collect();
    let readable = Query::select()
        .expr(col(BASE, system_fields::ID))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).is_in(ids.iter().map(|id| id.as_uuid())))
        .and_where(may_read)
        .take();
    Ok(work.tx.fetch_all(&readable).await?.len() == ids.len())
}

/// The records of an answer as the caller may read them now.
///
/// # Errors
/// [`CallError::AnswerWithheld`] where one is not to be read any more.
pub(crate) async fn read_again(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    ids: &[RecordId],
) -> Result<Vec<Record>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let read = records::get(work, object, *id, None, &[]).await;
        found.push(read.map_err(|error| match error {
            Error::NotFound { .. } | Error::NotAllowed { .. } => CallError::AnswerWithheld.into(),
            other => other,
        })?);
    }
    Ok(found)
}
