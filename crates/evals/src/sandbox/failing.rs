//! Operations that fail once, with what somebody wants an agent to read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kontor_core::{
    error::{ErrorKind, Problem},
    grants::Grants,
    metadata::Schema,
    operation::Definition,
};
use kontor_operations::{Contributor, InTransaction, Operation, Work};
use kontor_store::BoxFuture;
use serde_json::Value as Json;

/// Operations that fail when they are called next, with what they tell then. Cloning is cheap.
#[derive(Clone, Default)]
pub struct FailOnce(Arc<Mutex<BTreeMap<String, String>>>);

impl FailOnce {
    /// Has an operation fail when it is called next.
    pub fn fail(&self, operation: String, told: String) {
        self.operations().insert(operation, told);
    }

    /// Those that have not been called since.
    pub fn left(&self) -> Vec<String> {
        self.operations().keys().cloned().collect()
    }

    fn operations(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is contributed, of which these operations fail once.
pub(super) fn contributors(
    all: &[Arc<dyn Contributor>],
    failing: Option<FailOnce>,
) -> Vec<Arc<dyn Contributor>> {
    let Some(errors) = failing else { return all.to_vec() };
    let failing = |inner: &Arc<dyn Contributor>| Failing { inner: inner.clone(), errors: errors.clone() };
    all.iter().map(|inner| Arc::new(failing(inner)) as _).collect()
}

struct Failing {
    inner: Arc<dyn Contributor>,
    errors: FailOnce,
}

impl Contributor for Failing {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation> {
        let once = |operation| match operation {
            Operation::InTransaction(inner) => {
                Operation::InTransaction(Arc::new(Once { inner, errors: self.errors.clone() }))
            }
            outside => outside,
        };
        self.inner.operations(schema, grants).into_iter().map(once).collect()
    }
}

struct Once {
    inner: Arc<dyn InTransaction>,
    errors: FailOnce,
}

impl InTransaction for Once {
    fn definition(&self) -> &Definition {
        self.inner.definition()
    }

    fn records(&self, arguments: &Json) -> u32 {
        self.inner.records(arguments)
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        arguments: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        let told = self.errors.operations().remove(&self.definition().name);
        match told {
            Some(told) => {
                let problem = Problem::new(ErrorKind::Conflict, "failed", told);
                Box::pin(std::future::ready(Err(problem)))
            }
            None => self.inner.run(work, arguments),
        }
    }
}
