use kontor_core::{caller::Caller, ids::RecordId, operation::Effect};
use serde_json::Value as Json;

use super::get;
use crate::{Crm, Error, RequestKey, idempotency};

impl Crm {
    /// Runs an operation of the caller's catalogue for the caller themselves, in a unit of work of its own.
    /// Nothing asks for approval: whoever calls this has decided. Under a key one that changes something does it
    /// once.
    ///
    /// # Errors
    /// [`Error::Refused`] with what the operation, or its argument schema, had to say.
    pub async fn run_operation(
        &self,
        caller: &Caller,
        name: &str,
        arguments: Json,
        request: Option<RequestKey>,
    ) -> Result<Json, Error> {
        let schema = self.schema(caller.workspace).await?;
        let catalogue = self.catalogue(caller.workspace, &schema, &caller.grants);
        let operation = catalogue.check(name, &arguments).map_err(Error::Refused)?.clone();
        if operation.definition().effect == Effect::Read {
            self.read(caller, move |work| {
                let (operation, arguments) = (operation.clone(), arguments.clone());
                Box::pin(async move { operation.run(work, arguments).await.map_err(Error::Refused) })
            })
            .await
        } else {
            self.once(
                caller,
                request,
                move |work| {
                    let (operation, arguments) = (operation.clone(), arguments.clone());
                    Box::pin(async move {
                        let answer = operation.run(work, arguments).await.map_err(Error::Refused)?;
                        let records = record_of(&answer).into_iter().collect();
                        Ok((answer, records))
                    })
                },
                |work, told| {
                    Box::pin(async move {
                        let object = told.answer["object"].as_str().and_then(|name| work.schema.object(name));
                        let object = object.ok_or(Error::AnswerWithheld)?.clone();
                        if told.may_be_told(work, &object).await? {
                            return Ok(told.answer);
                        }
                        let again = idempotency::read_again(work, &object, &told.records).await?;
                        let record = again.first().ok_or(Error::AnswerWithheld)?;
                        Ok(get::result(record, None).into())
                    })
                },
            )
            .await
        }
    }
}

/// The record that the result of a writing operation is about.
fn record_of(answer: &Json) -> Option<RecordId> {
    answer["record"]["id"].as_str()?.parse().ok()
}
