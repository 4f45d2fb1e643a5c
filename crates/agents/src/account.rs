//! Where what turns use up is counted beside their own workspace.

use futures::future::BoxFuture;
use kontor_core::{
    ids::{AgentId, TurnId},
    usage::{Spent, StepUsage},
};

use crate::error::Error;

/// Counts what the turns of a copy of a workspace use up for the workspace that it is a copy of, by whose budgets they
/// are bounded.
pub trait Account: std::fmt::Debug + Send + Sync {
    /// Whether anything is left, for a turn that has used up so much, to the agent of this id and label, or before one is
    /// chosen; asked before each request to a model.
    ///
    /// # Errors
    /// [`Error::BudgetReached`].
    fn check<'a>(
        &'a self,
        agent: Option<(AgentId, &'a str)>,
        spent: Spent,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Counts what an answer to an agent has used up; before it is kept, so that nothing is used up uncounted.
    ///
    /// # Errors
    /// What the database said.
    fn charge<'a>(
        &'a self,
        agent: AgentId,
        turn: TurnId,
        step: u32,
        usage: &'a StepUsage,
    ) -> BoxFuture<'a, Result<(), Error>>;
}
