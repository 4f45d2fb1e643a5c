use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    metadata::Schema,
    time::{Date, Timestamp},
};
use kontor_store::Tx;

/// What every use case and every operation within a transaction works with: the transaction, who asks, and the
/// workspace's objects.
pub struct Work<'a, 'c> {
    pub tx: &'a mut Tx<'c>,
    pub caller: &'a Caller,
    pub schema: &'a Arc<Schema>,
    pub environment: &'a Environment,
    /// The one instant at which everything in this unit happens.
    pub now: Timestamp,
}

impl Work<'_, '_> {
    /// The caller's day.
    pub fn today(&self) -> Date {
        self.caller.today(self.now)
    }
}
