//! Calls on a workspace as whoever is a member makes them.

use kontor_core::{
    caller::Caller,
    error::{Fault as _, Problem},
};
use serde_json::Value as Json;

use crate::support::Fixture;

impl Fixture {
    /// Has the operation done in a transaction of its own, undone where it fails.
    pub(crate) async fn call(&self, caller: &Caller, name: &str, arguments: Json) -> Result<Json, Problem> {
        let done = self.operations.execute(caller, name, arguments, None).await;
        done.map_err(|error| error.problem())
    }

    /// The same as Ada, who succeeds.
    pub(crate) async fn done(&self, name: &str, arguments: Json) -> Json {
        self.call(&self.ada, name, arguments).await.unwrap()
    }
}
