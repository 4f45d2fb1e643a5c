//! What a caller can have done, by name, whatever crate does it: the one catalogue and the one way in behind REST,
//! agents' tools and what else calls operations.
//!
//! | module | holds |
//! |---|---|
//! | [`Work`] | what an operation within a transaction works with |
//! | [`RowRules`] | the caller's row rules as the conditions of statements, compiled once in a unit |
//! | [`Operation`] | an operation: within a transaction, or outside |
//! | [`batch`](is_for_programs) | several operations as one |
//! | [`Registry`] | the operations that one caller may call, and the check of their arguments |
//! | [`Catalogues`] | registries, composed of what the crates contribute, and cached |
//! | [`ApprovalPolicy`] | which calls of an agent a person is asked about first |
//! | [`explain`] | what is wrong with arguments, in words |
//! | [`Operations`] | the service: a call is checked, decided on, run, and recorded |
//! | [`Rehearsal`] | what would come of a call, found by making and undoing it |
//! | [`Audit`] | who did what in a workspace, as those read it who may |
//! | [`WorkspaceJobs`] | the jobs of a workspace, as its admins see them |
//! | [`requests`] | calls under an idempotency key, and what was answered |
//! | [`outside`] | calls that reach outside, each at most once |
//!
//! What a call needs and a model must not choose (workspace, caller, transaction) is never an argument.

mod audit;
mod batch;
mod catalogues;
mod error;
mod execute;
pub mod explain;
mod jobs;
mod operation;
pub mod outside;
mod policy;
mod registry;
mod rehearse;
pub mod requests;
mod row_rules;
#[cfg(any(feature = "testing", debug_assertions))]
pub mod testing;
mod typed;
mod work;

pub use self::{
    audit::{Audit, AuditError, AuditPage, AuditQuery, AuditRecord},
    batch::{BATCH, is_for_programs},
    catalogues::{Catalogues, Contributor},
    error::Error,
    execute::{APPROVAL_REQUIRED, Call, Executed, Journal, OperationSettings, Operations, SchemaSource},
    jobs::{JobRecord, JobState, JobsError, Planned, WorkspaceJobs},
    operation::{InTransaction, LookedUp, Operation, Outcome, Outside, OutsideCall, WhenUnknown},
    policy::{ApprovalPolicy, Consent, Decision},
    registry::Registry,
    rehearse::Rehearsal,
    requests::RequestKey,
    row_rules::RowRules,
    typed::{arguments, schema},
    work::{USUAL_ROOM, Work},
};
