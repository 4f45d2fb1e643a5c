//! Agents: sessions in which a model acts for a member, turn by turn.
//!
//! [`Agents`] is what the faces call: begin a session, send a message, follow the log, answer an approval.
//! None of them runs a turn; the [`Worker`] does. A turn is decided by a pure machine and performed by a
//! driver: the model is asked, its calls run as operations under the member's grants and the agent's role,
//! and an effect, its traces and its result commit together. The log is the truth: a turn that a crash
//! interrupts goes on where its log ends, and never acts twice. This crate must not know HTTP, nor a wire of
//! a model provider.
//!
//! | module | holds |
//! |---|---|
//! | [`service`](Agents), [`limits`](AgentSettings) | the service and what bounds it |
//! | [`workspace_setup`](WorkspaceSetup) | what a new workspace is made of |
//! | [`definition`](AgentSummary), `prompts` | what an agent is; the standard agents and how prompts are rendered |
//! | [`sessions`](Session), [`turns`](Turn), [`approvals`](Approval) | the use cases of each |
//! | `machine` | what happens next, decided without I/O |
//! | `driver` | the lease, the model, the tools and the commits of a running turn |
//! | `log`, [`stream`](StreamEvent) | the events of a session, and how they are followed |
//! | [`worker`](Worker), `running` | who runs turns, and which run here |
//! | `history` | the earlier turns a model is shown |
//! | `rows` | this crate's tables |

mod approvals;
mod data_steps;
mod definition;
mod driver;
mod error;
mod history;
mod limits;
mod log;
mod machine;
mod prompts;
mod rows;
mod running;
mod service;
mod sessions;
mod stream;
mod turns;
mod worker;
mod workspace_setup;

pub use approvals::{Approval, ApprovalStatus, Decision, ExpireApprovals, LONGEST_COMMENT, NOBODY_ANSWERED};
pub use data_steps::data_steps;
pub use definition::AgentSummary;
pub use error::Error;
pub use limits::{AgentSettings, Limits};
pub use log::LoggedEvent;
pub use service::{AgentParts, Agents};
pub use sessions::{
    AgentName, NewSession, Session, SessionContext, SessionPage, SessionPatch, SessionStatus, prune_chats,
};
pub use stream::{EventId, StreamEvent};
pub use turns::{StartedTurn, Turn, TurnStatus};
pub use worker::Worker;
pub use workspace_setup::WorkspaceSetup;
