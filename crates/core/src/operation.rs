//! What is known of an operation by whoever calls it: a model, a program, a person.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What running an operation does to the world.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: it may run again and beside others.
    Read,
    /// Changes records, undoably.
    Write,
    /// Puts records aside or removes them: an agent's call waits for a person's approval.
    Destructive,
    /// Reaches outside, where no transaction follows.
    External,
}

/// What a model or a program needs to know to call an operation.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Definition {
    /// `deal.update`.
    pub name: String,
    pub description: String,
    /// JSON Schema (2020-12) of the arguments, an object.
    pub parameters: Arc<serde_json::Value>,
    pub effect: Effect,
}
