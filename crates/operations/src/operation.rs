use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Problem,
    operation::{Definition, Effect},
};
use serde_json::Value as Json;

use crate::{Error, Work, requests::Answered};

/// Something a caller can have done.
#[derive(Clone)]
pub enum Operation {
    InTransaction(Arc<dyn InTransaction>),
    Outside(Arc<dyn Outside>),
}

impl Operation {
    pub fn definition(&self) -> &Definition {
        match self {
            Self::InTransaction(operation) => operation.definition(),
            Self::Outside(operation) => operation.definition(),
        }
    }

    /// What a call with these arguments does.
    pub fn effect(&self, arguments: &Json) -> Effect {
        match self {
            Self::InTransaction(operation) => operation.effect(arguments),
            Self::Outside(operation) => operation.definition().effect,
        }
    }

    /// How many records a call with these arguments changes at most.
    pub fn records(&self, arguments: &Json) -> u32 {
        match self {
            Self::InTransaction(operation) => operation.records(arguments),
            Self::Outside(_) => 0,
        }
    }

    /// Whether what it says of its effect is what it is: nothing but an operation outside has an external one.
    pub(crate) fn is_consistent(&self) -> bool {
        let is_external = self.definition().effect == Effect::External;
        is_external == matches!(self, Self::Outside(_))
    }
}

/// An operation whose whole effect is in one transaction: it is repeated when the transaction is, and undone
/// with it.
pub trait InTransaction: Send + Sync {
    fn definition(&self) -> &Definition;

    /// What a call with these arguments does: an operation of several says what the gravest of them does. It is no
    /// [`Effect::Read`] where the definition's is not.
    fn effect(&self, arguments: &Json) -> Effect {
        let _ = arguments;
        self.definition().effect
    }

    /// How many records a call with these arguments changes at most; an operation on many says how many.
    fn records(&self, arguments: &Json) -> u32 {
        let _ = arguments;
        u32::from(self.definition().effect != Effect::Read)
    }

    /// Does it. The arguments have been validated against the schema. It awaits nothing but its transaction.
    ///
    /// # Errors
    /// A problem that tells a model what to do differently.
    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        arguments: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>>;

    /// What was answered under an idempotency key, as the caller may be told it now. Unless the operation knows
    /// better, it is withheld from one whose grants have changed.
    ///
    /// # Errors
    /// [`Error::AnswerWithheld`].
    fn repeat<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        answered: Answered<Json>,
    ) -> BoxFuture<'r, Result<Json, Error>> {
        Box::pin(async move {
            if answered.has_same_grants(work)? { Ok(answered.answer) } else { Err(Error::AnswerWithheld) }
        })
    }
}

/// An operation that reaches outside, where no transaction follows. It runs with no transaction open and, under one
/// key, at most once: that it begins is committed before, and what came of it after. Whether a call that was cut off
/// in between had its effect is unknown; [`Outside::when_unknown`] says what is to be done then.
pub trait Outside: Send + Sync {
    /// Its effect is [`Effect::External`].
    fn definition(&self) -> &Definition;

    fn when_unknown(&self) -> WhenUnknown;

    /// Does it, within [`MAX_TIME`](crate::outside::MAX_TIME). The arguments have been validated against the schema.
    fn run<'r>(&'r self, call: OutsideCall<'r>, arguments: &'r Json) -> BoxFuture<'r, Outcome>;

    /// What came of an earlier call under the same key; for an operation that can look that up.
    fn look_up<'r>(&'r self, call: OutsideCall<'r>, arguments: &'r Json) -> BoxFuture<'r, LookedUp> {
        let _ = (call, arguments);
        Box::pin(std::future::ready(LookedUp::Unclear))
    }
}

/// What an operation outside is called with.
#[derive(Clone, Copy)]
pub struct OutsideCall<'c> {
    pub caller: &'c Caller,
    pub environment: &'c Environment,
    /// The same for every attempt of one call and for no other. The other side is given it, where it can tell a
    /// repetition by it.
    pub key: &'c str,
}

/// What is to be done about a call of which nobody knows whether it had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenUnknown {
    /// It is made again: the other side tells a repetition by the key, or nothing is the worse for one.
    Repeat,
    /// The other side is asked what came of it.
    LookUp,
    /// It is not made again: the outcome stays unknown, and a person decides.
    AskPerson,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Succeeded(Json),
    /// It had no effect.
    Failed(Problem),
    /// It may have had its effect or not, as after an answer that did not come.
    Unknown,
}

/// What the other side says of an earlier call.
#[derive(Debug, Clone, PartialEq)]
pub enum LookedUp {
    Happened(Outcome),
    /// It never arrived, and is made now.
    NeverHappened,
    Unclear,
}
