//! The log: what happened in a session, in its order, and the truth about every turn.

mod append;
mod read;

pub(crate) use append::{append_leased, append_unleased, insert};
pub(crate) use read::{LogSlice, SessionAgents, after, call, tail, turn_start, turn_starts};
