use kontor_core::ids::RecordId;
use kontor_operations::{Error as CallError, Work, requests::Answered};
use serde_json::Value as Json;

use super::{get, problem_of};
use crate::{Error, idempotency};

/// The result of a writing operation on one record that was given under an idempotency key, as the caller may be
/// told it now.
pub(super) async fn result(work: &mut Work<'_, '_>, answered: Answered<Json>) -> Result<Json, CallError> {
    let object = answered.answer["object"].as_str().and_then(|name| work.schema.object(name));
    let object = object.ok_or(CallError::AnswerWithheld)?.clone();
    let records: Vec<RecordId> = record_of(&answered.answer).into_iter().collect();
    let again = async {
        if idempotency::may_be_told(work, &object, &answered, &records).await? {
            return Ok(answered.answer);
        }
        let again = idempotency::read_again(work, &object, &records).await?;
        let record = again.first().ok_or(CallError::AnswerWithheld)?;
        Ok(get::result(work, record, None).into())
    };
    again.await.map_err(|error| match error {
        Error::Call(error) => error,
        Error::Store(error) => error.into(),
        other => CallError::Refused(problem_of(other)),
    })
}

/// The record that the result of a writing operation is about.
fn record_of(answer: &Json) -> Option<RecordId> {
    answer["record"]["id"].as_str()?.parse().ok()
}
