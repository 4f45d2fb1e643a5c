//! What has to be shown before a label moves to a version of a prompt. What that is, others know.

use futures::future::BoxFuture;
use kontor_core::{
    error::Issue,
    ids::{AgentId, WorkspaceId},
};

use crate::{definition::Definition, error::Error};

/// A version of a prompt that a label is about to move to, with all that it is published with.
#[derive(Debug, Clone)]
pub struct Publishing {
    pub workspace: WorkspaceId,
    pub agent: AgentId,
    pub name: String,
    pub label: String,
    pub definition: Definition,
    /// The id of the model that answers now, whatever the definition calls it.
    pub model: String,
    pub version: i64,
    pub prompt: String,
    /// The version at which the label stands, and what it says.
    pub present: Option<(i64, String)>,
}

/// Knows what has to be shown before a label moves.
pub trait PublishingGate: std::fmt::Debug + Send + Sync {
    /// Whether anything has to be shown before this label of this agent moves.
    ///
    /// # Errors
    /// What the database said; the label does not move then.
    fn guards<'a>(
        &'a self,
        workspace: WorkspaceId,
        agent: AgentId,
        label: &'a str,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// What of it is missing; nothing where all is there.
    ///
    /// # Errors
    /// As [`PublishingGate::guards`].
    fn missing<'a>(&'a self, publishing: &'a Publishing) -> BoxFuture<'a, Result<Vec<Issue>, Error>>;
}
