//! A call that is made as any other, and undone: what would come of it.

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{environment::Environment, error::Problem, operation::Effect, turn::ApprovalReason};
use serde_json::Value as Json;

use crate::{
    Call, Consent, Decision, Error, InTransaction, Journal, Operation, Operations, Outcome, Work, outside,
};

/// What would come of a call.
#[derive(Debug)]
pub struct Rehearsal {
    /// Why a person would be asked first; what would come of it is as if they agreed.
    pub asks: Option<ApprovalReason>,
    /// Nothing is known of what an operation would do outside but that it may be called.
    pub outcome: Outcome,
}

impl Operations {
    /// Makes a call and undoes it, so that what it says is what the call itself would say. An operation that reaches
    /// outside is checked and not run, and so is every one with `is_run` false.
    ///
    /// # Errors
    /// What the database said.
    pub async fn rehearse(&self, call: Call, is_run: bool) -> Result<Rehearsal, Error> {
        let schema = self.current_schema(call.caller.workspace).await.map_err(Error::Refused)?;
        let registry = self.catalogue(call.caller.workspace, &schema, &call.caller.grants);
        let operation = match registry.check(&call.caller.scope, &call.operation, &call.arguments) {
            Ok(operation) => operation,
            Err(problem) => return Ok(Rehearsal { asks: None, outcome: Outcome::Failed(problem) }),
        };
        let effect = operation.effect(&call.arguments);
        let asks = match self.policy().decide(effect, operation.records(&call.arguments), &call.consent) {
            Decision::Allow => None,
            Decision::Ask(reason) => Some(reason),
        };
        if !is_run || effect == Effect::External || matches!(operation, Operation::Outside(_)) {
            return Ok(Rehearsal { asks, outcome: Outcome::Succeeded(Json::Null) });
        }
        let agreed = Call { consent: Consent::Given, ..call };
        let outcome = match self.execute_with(agreed, Undoing).await {
            Ok(executed) => executed.outcome,
            Err(Ended::Outcome(outcome)) => outcome,
            Err(Ended::Error(error)) => return Err(error),
        };
        Ok(Rehearsal { asks, outcome })
    }
}

/// The journal of calls that leave no trace: it ends each by an error, which undoes it.
#[derive(Clone)]
struct Undoing;

enum Ended {
    Outcome(Outcome),
    Error(Error),
}

impl From<kontor_store::Error> for Ended {
    fn from(error: kontor_store::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Journal for Undoing {
    type Receipt = ();
    type Error = Ended;

    fn outside_key(&self, _: &Call, environment: &Environment) -> outside::Key {
        outside::Key { text: format!("rehearsal/{}", environment.new_id::<uuid::Uuid>()), waits: false }
    }

    fn begin<'w>(
        &'w self,
        _: &'w mut Work<'_, '_>,
        _: &'w Arc<dyn InTransaction>,
    ) -> BoxFuture<'w, Result<Option<Outcome>, Ended>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn end<'w>(&'w self, _: &'w mut Work<'_, '_>, outcome: &'w Outcome) -> BoxFuture<'w, Result<(), Ended>> {
        Box::pin(std::future::ready(Err(Ended::Outcome(outcome.clone()))))
    }

    fn begin_outside<'w>(&'w self, _: &'w mut Work<'_, '_>) -> BoxFuture<'w, Result<(), Ended>> {
        Box::pin(std::future::ready(Err(Ended::Error(Error::Refused(Problem::internal())))))
    }

    fn end_outside<'w>(
        &'w self,
        _: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<(), Ended>> {
        Box::pin(std::future::ready(Err(Ended::Outcome(outcome.clone()))))
    }
}
