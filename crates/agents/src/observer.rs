//! Who is told that a turn has ended, to tell others of it.

use kontor_core::ids::{TurnId, WorkspaceId};

/// Is told of each turn that ends in this process. It is called between commits, and must not wait.
pub trait TurnObserver: std::fmt::Debug + Send + Sync {
    fn turn_ended(&self, workspace: WorkspaceId, turn: TurnId);
}
