//! Calls on a workspace as an agent makes them.

use std::sync::{Arc, Mutex};

use kontor_core::{caller::Caller, error::Problem};
use kontor_crm::Error;
use serde_json::Value as Json;

use crate::support::Fixture;

impl Fixture {
    /// Checks the arguments and runs the operation in a transaction of its own, undone where it fails.
    pub(crate) async fn call(&self, caller: &Caller, name: &str, arguments: Json) -> Result<Json, Problem> {
        let schema = self.crm.schema(caller.workspace).await.unwrap();
        let catalogue = self.crm.catalogue(caller.workspace, &schema, &caller.grants);
        let operation = catalogue.check(name, &arguments)?.clone();
        let problem = Arc::new(Mutex::new(None));
        let told = problem.clone();
        let result = self
            .crm
            .write(caller, move |work| {
                let (operation, arguments, told) = (operation.clone(), arguments.clone(), told.clone());
                Box::pin(async move {
                    operation.run(work, arguments).await.map_err(|problem| {
                        *told.lock().unwrap() = Some(problem);
                        Error::Invalid(Vec::new())
                    })
                })
            })
            .await;
        match problem.lock().unwrap().take() {
            Some(problem) => Err(problem),
            None => Ok(result.unwrap()),
        }
    }

    /// The same as Ada, who succeeds.
    pub(crate) async fn done(&self, name: &str, arguments: Json) -> Json {
        self.call(&self.ada, name, arguments).await.unwrap()
    }
}
