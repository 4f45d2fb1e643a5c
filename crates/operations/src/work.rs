use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    metadata::Schema,
    time::{Date, Timestamp},
};
use kontor_store::Tx;

use crate::RowRules;

/// Bytes of an operation's result where nobody says how much there is room for: with what surrounds it, it stays below
/// 32 kB.
pub const USUAL_ROOM: usize = 30 * 1024;

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
    /// Bytes that an operation's result may have, about; a list of more tells where to go on.
    pub room: usize,
}

impl<'a, 'c> Work<'a, 'c> {
    pub fn new(
        tx: &'a mut Tx<'c>,
        caller: &'a Caller,
        schema: &'a Arc<Schema>,
        environment: &'a Environment,
        now: Timestamp,
    ) -> Self {
        Self { tx, caller, schema, environment, now, row_rules: RowRules::default(), room: USUAL_ROOM }
    }

    /// The caller's day.
    pub fn today(&self) -> Date {
        self.caller.today(self.now)
    }
}
