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
//! | [`engine`](Agents), [`limits`](AgentSettings) | what turns are run with, how a session gets to who runs it, and what bounds it |
//! | `service` | agents and the logs of sessions, as a member sees them |
//! | [`workspace_setup`](WorkspaceSetup), [`hand_over`](HandOver) | what a new workspace is made of, and what becomes of the records of a member who goes |
//! | [`definition`](AgentSummary), `prompts` | what an agent is; the standard agents and how prompts are rendered |
//! | [`definitions`](NewAgent) | agents made, changed, copied, reset and deleted |
//! | [`prompt_versions`](PromptVersion), [`labels`](Label), [`preview`](Preview) | what agents are told, which version of it is used, and how it looks to a model |
//! | [`gate`](PublishingGate), `publishing`, [`evaluated`](Evaluated) | what has to be shown before a label moves, and what is tried to show it |
//! | [`sessions`](Session), [`turns`](Turn), [`approvals`](Approval) | the use cases of each |
//! | `access`, `sharing`, `veil`, `following` | who may read a session, and what of it |
//! | [`client_calls`](ClientCall) | calls of programs, and the questions that they lead to |
//! | `session_agent` | the agent of a session, and its change |
//! | `session_list`, `fork`, `deletion`, `export`, `titles` | finding, copying, removing and naming sessions |
//! | `feedback` | what members think of answers |
//! | `trace`, `trace_steps`, `open_turns`, [`observer`](TurnObserver) | what happened in a turn, which have not ended, and who is told of an end |
//! | `machine` | what happens next, decided without I/O |
//! | `choice`, `assignment` | which agent a session is given that was begun without one; a session is given to an agent |
//! | `driver` | the lease, the model, the tools and the commits of a running turn |
//! | `log`, [`stream`](StreamEvent) | the events of a session, and how they are followed |
//! | [`worker`](Worker), `running` | who runs turns, and which run here |
//! | [`model_providers`](ModelProvider), `workspace_models` | the providers of models that a workspace brings itself, and what follows of them |
//! | `colleagues` | the agents that others may ask |
//! | `history` | the earlier turns a model is shown, and what was made of those before them |
//! | [`window_warnings`](WindowWarning) | which models have a window too small for an agent |
//! | [`authority`](Explanation) | what somebody may do, and what decides on it |
//! | [`copy`](TakenAgents), [`account`](Account) | agents in a copy of their workspace, and who pays for what they use up there |
//! | [`usage`](UsageReport), [`budgets`](Budget), `workspace_budgets` | what was used up, and what may be |
//! | [`model_settings`](OverriddenModel) | which models a workspace uses, and what it knows of them otherwise |
//! | `rows`, [`stored`](Approval) | this crate's tables, and what they hold as types |
//!
//! Each module names only what stands in its own layer or below, which a test holds
//! (`kontor/tests/e2e/architecture.rs`): what is stored; its tables; the log; what is decided and followed; what runs
//! turns; the use cases.

mod access;
mod account;
mod approvals;
mod assignment;
mod authority;
mod budgets;
mod choice;
mod client_calls;
mod colleagues;
mod copy;
mod data_steps;
mod definition;
mod definitions;
mod deletion;
mod driver;
mod engine;
mod error;
mod evaluated;
mod export;
mod feedback;
mod following;
mod fork;
mod gate;
mod hand_over;
mod history;
mod labels;
mod limits;
mod log;
mod machine;
mod model_providers;
mod model_settings;
mod observer;
mod open_turns;
mod preview;
mod prompt_versions;
mod prompts;
mod publishing;
mod rows;
mod running;
mod service;
mod session_agent;
mod session_list;
mod sessions;
mod sharing;
mod stored;
mod stream;
mod titles;
mod trace;
mod trace_steps;
mod turns;
mod usage;
mod veil;
mod window_warnings;
mod worker;
mod workspace_budgets;
mod workspace_models;
mod workspace_setup;

pub use kontor_core::turn::{AgentName, RoutedBy, Routing};

pub use account::Account;
pub use approvals::{Decision, ExpireApprovals, LONGEST_COMMENT, NOBODY_ANSWERED};
pub use authority::{
    AskedFor, Authority, AuthorityOfField, AuthorityOfObject, Explanation, Layer, Question, Source, Subject,
};
pub use budgets::{Budget, NewBudget};
pub use client_calls::{ClientAnswer, ClientCall, LONGEST_KEY};
pub use copy::{NewTryout, TakenAgents, TryoutSubject};
pub use data_steps::data_steps;
pub use definition::{
    AgentLimits, AgentSummary, AgentVersion, Definition, Label, PRODUCTION, PromptDraft, PromptVersion,
    ResponseFormat, Review,
};
pub use definitions::{AgentPatch, NewAgent};
pub use deletion::{DAYS_TO_TAKE_BACK, prune_chats, prune_deleted_chats, prune_sent};
pub use engine::{AgentParts, Agents};
pub use error::Error;
pub use evaluated::{AskedPrompt, Evaluated};
pub use export::{ExportedTurn, SessionExport};
pub use feedback::{FeedbackPage, FeedbackQuery, LONGEST_FEEDBACK, NewFeedback};
pub use fork::{ForkPoint, NewFork};
pub use gate::{Publishing, PublishingGate};
pub use hand_over::HandOver;
pub use labels::{LabelMove, NewReview, ReviewAnswer, ReviewDecision};
pub use limits::{AgentSettings, Limits};
pub use machine::GO_ON;
pub use model_providers::{ModelProvider, NewModelProvider, ProviderTest};
pub use model_settings::OverriddenModel;
pub use observer::TurnObserver;
pub use open_turns::{OpenLease, OpenTurn, OpenTurns, Standing};
pub use preview::{NewPreview, Preview, PreviewRecord, PreviewTokens};
pub use prompt_versions::{DiffLine, LineChange, NewDraft, NewPrompt, PromptDiff, compare_lines};
pub use prompts::{STARTER, Variable, standard_names as standard_agents};
pub use session_list::{SessionPage, SessionQuery};
pub use sessions::{NewSession, Session, SessionContext, SessionPatch};
pub use sharing::{NewShare, ShareAccess};
pub use stored::{
    Access, AnsweredApproval, AnyApproval, Approval, ApprovalStatus, BudgetScope, ClientApproval, Feedback,
    ListedApproval, LoggedEvent, MemberName, Rating, ReviewStatus, SessionStatus, Share, TurnStatus, UsageBy,
    UsageFigures,
};
pub use stream::{EventId, StreamEvent};
pub use trace::{TraceAgentChange, TraceLease, TraceTiming, TraceTotal, TurnTrace};
pub use trace_steps::{
    TraceApproval, TraceAsked, TraceCall, TraceFallback, TraceHistory, TraceRestart, TraceSent, TraceStep,
    TraceUsage,
};
pub use turns::{StartedTurn, Turn};
pub use usage::{MOST_GROUPS, Named, UsageGroup, UsageQuery, UsageReport};
pub use window_warnings::WindowWarning;
pub use worker::Worker;
pub use workspace_setup::WorkspaceSetup;
