use std::sync::Arc;

use kontor_core::{
    caller::Caller, environment::Environment, metadata::Schema, operation::ContextFamily, time::Timestamp,
};
use kontor_store::Tx;

/// What every use case and operation works with: one transaction, who asks, and the workspace's objects.
pub struct Work<'a, 'c> {
    pub tx: &'a mut Tx<'c>,
    pub caller: &'a Caller,
    pub schema: &'a Arc<Schema>,
    pub environment: &'a Environment,
    /// The one instant at which everything in this unit happens.
    pub now: Timestamp,
}

/// The family of [`Work`], for the registry of operations.
pub struct WorkFamily;

impl ContextFamily for WorkFamily {
    type Context<'a, 'c>
        = Work<'a, 'c>
    where
        'c: 'a;
}
