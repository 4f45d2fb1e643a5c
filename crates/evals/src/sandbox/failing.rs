//! Operations that fail once, with what somebody wants an agent to read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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

/// What is contributed, with these operations failing when they are first called.
pub(super) fn contributors(
    all: &[Arc<dyn Contributor>],
    errors: BTreeMap<String, String>,
) -> Vec<Arc<dyn Contributor>> {
    if errors.is_empty() {
        return all.to_vec();
    }
    let errors = Arc::new(Mutex::new(errors));
    let failing = |inner: &Arc<dyn Contributor>| Failing { inner: inner.clone(), errors: errors.clone() };
    all.iter().map(|inner| Arc::new(failing(inner)) as _).collect()
}

/// By operation; gone with the first call.
type Errors = Arc<Mutex<BTreeMap<String, String>>>;

struct Failing {
    inner: Arc<dyn Contributor>,
    errors: Errors,
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
    errors: Errors,
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
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        match errors.remove(&self.definition().name) {
            Some(told) => {
                let problem = Problem::new(ErrorKind::Conflict, "failed", told);
                Box::pin(std::future::ready(Err(problem)))
            }
            None => self.inner.run(work, arguments),
        }
    }
}
