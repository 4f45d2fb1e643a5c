//! Where a chat is: in the workspace itself, or in the copy of it that a trial has. Its page and what its forms send
//! have other addresses there.

use kontor_core::ids::SessionId;

/// Where a chat is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Room {
    #[default]
    Workspace,
    /// A trial, by the address of its page.
    Trial(String),
}

impl Room {
    /// The address of a chat's page.
    pub(crate) fn page_of(&self, session: SessionId) -> String {
        match self {
            Self::Workspace => format!("/chat/{session}"),
            Self::Trial(page) => page.clone(),
        }
    }

    /// What the addresses of turns and approvals begin with.
    pub(crate) fn acts(&self) -> &str {
        match self {
            Self::Workspace => "/chat",
            Self::Trial(page) => page,
        }
    }

    pub(crate) fn is_trial(&self) -> bool {
        matches!(self, Self::Trial(_))
    }
}
