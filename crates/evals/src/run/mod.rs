//! Runs: the cases of datasets, each tried in a throw-away workspace of its own, a number of times.
//!
//! [`run`] makes the workspace of each fixture once, opens a copy of it for each trial, has the conversation, and
//! judges what it left. Trials run beside each other up to a number, and their results are told in the order of the
//! plan, whichever ended first. What fails by no doing of the agent is tried again, and where that does not help
//! the trial *was not run*: it is counted, never as passed.
//!
//! | module | holds |
//! |---|---|
//! | [`request`](Request) | what is to be run, and which trials that are |
//! | `engine` | trials beside each other, and what becomes of them |
//! | `world` | a fixture made real |
//! | `trial`, `speaker` | one conversation, and who talks in it |
//! | `observe` | what a log tells |
//! | `script` | the scripted model of a case, before the case's records are made |
//! | [`tape`](Tape) | which model a name is, and what becomes of what is said to it |
//! | `judge` | models that judge by a rubric |
//! | [`record`](TrialRecord) | what is kept of a trial |
//! | [`folder`](RunFolder) | what a run that was stopped goes on with |

mod engine;
mod error;
mod folder;
mod judge;
mod observe;
mod record;
mod request;
mod script;
mod speaker;
mod tape;
mod trial;
mod world;

pub use self::{
    engine::{Progress, RunParts, run},
    error::Error,
    folder::RunFolder,
    judge::Judging,
    record::{CallRecord, Exchange, TrialKey, TrialRecord},
    request::{ModelChoice, NamedDataset, Planned, Request, Skipped},
    tape::{Tape, takes_done},
    world::AgentChanges,
};
use crate::scripted::NAME as SCRIPTED;

/// The interpreter of commands.
const BUILTIN: &str = "builtin";

/// Whether a model understands nothing: what it does proves the machinery, never the quality of an agent.
pub fn is_machinery(model: &str) -> bool {
    model == BUILTIN || model == SCRIPTED
}

/// The agent of a case that names none.
const USUAL_AGENT: &str = "sales-assistant";
