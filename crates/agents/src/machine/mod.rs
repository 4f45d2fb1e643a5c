//! The turn machine: what an agent does next, decided without I/O, clock or randomness.
//!
//! [`State`] is the fold of a turn's logged events, so that a turn taken over after a crash stands exactly
//! where its log ends. [`next`] takes a state and what happened and answers the effects for the driver to
//! perform, in order. Events appended are buffered until the next commit; where a commit must stand is
//! decided here: the calls of a step that writes are committed before any of them runs, those of a step that
//! only reads together with their results, because a read may be repeated. Which calls a person is asked about
//! is decided by the policy that operations are executed under.
//!
//! An agent that another asks has its part in the same turn, and its steps in the same log.

mod asking;
mod conversation;
mod handover;
mod page;
mod partial;
mod parts;
mod policy;
mod state;
#[cfg(test)]
mod tests;
mod transition;

pub(crate) use asking::Engaged;
pub(crate) use conversation::{messages, messages_of_another, messages_of_another_agent};
pub(crate) use page::{Handle, Page};
pub(crate) use partial::Partial;
pub(crate) use parts::Part;
pub(crate) use policy::consent;
pub use state::GO_ON;
pub(crate) use state::{Call, DONE_BEFORE, End, State};
pub(crate) use transition::{Answer, Asked, Effect, Input, Proposed, Ran, next, opening};
