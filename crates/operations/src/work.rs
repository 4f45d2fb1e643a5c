use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    metadata::Schema,
    time::{Date, Timestamp},
};
use kontor_store::Tx;

use crate::RowRules;

/// What every use case and every operation within a transaction works with: the transaction, who asks, and the
/// workspace's objects.
pub struct Work<'a, 'c> {
    pub tx: &'a mut Tx<'c>,
    pub caller: &'a Caller,
    pub schema: &'a Arc<Schema>,
    pub environment: &'a Environment,
    /// The one instant at which everything in this unit happens.
    pub now: Timestamp,
    /// The caller's row rules as far as they were asked for.
    pub row_rules: RowRules<'a>,
}

impl<'a, 'c> Work<'a, 'c> {
    pub fn new(
        tx: &'a mut Tx<'c>,
        caller: &'a Caller,
        schema: &'a Arc<Schema>,
        environment: &'a Environment,
        now: Timestamp,
    ) -> Self {
        Self { tx, caller, schema, environment, now, row_rules: RowRules::default() }
    }

    /// The caller's day.
    pub fn today(&self) -> Date {
        self.caller.today(self.now)
    }
}
