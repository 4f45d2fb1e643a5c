//! What keeps a throw-away workspace from reaching outside.

use std::sync::Arc;

use kontor_core::{
    error::{ErrorKind, Problem},
    grants::Grants,
    metadata::Schema,
    operation::Definition,
};
use kontor_operations::{Contributor, Operation, Outcome, Outside, OutsideCall, WhenUnknown};
use kontor_store::BoxFuture;
use serde_json::Value as Json;

/// What a crate contributes, with a stand-in for each operation that reaches outside: an agent is offered the same
/// operations as ever.
pub(super) struct Inside(pub(super) Arc<dyn Contributor>);

impl Contributor for Inside {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation> {
        let kept = |operation| match operation {
            Operation::Outside(outside) => Operation::Outside(Arc::new(NotMade(outside))),
            within => within,
        };
        self.0.operations(schema, grants).into_iter().map(kept).collect()
    }
}

/// An operation outside that is not made.
struct NotMade(Arc<dyn Outside>);

impl Outside for NotMade {
    fn definition(&self) -> &Definition {
        self.0.definition()
    }

    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::Repeat
    }

    fn run<'r>(&'r self, _: OutsideCall<'r>, _: &'r Json) -> BoxFuture<'r, Outcome> {
        let told = "This is a copy of the workspace that is thrown away: nothing outside it is reached. In the workspace itself this would have been done.";
        let problem = Problem::new(ErrorKind::Conflict, "nothing_outside", told);
        Box::pin(std::future::ready(Outcome::Failed(problem)))
    }
}
