//! SQLite: a file per namespace, opened by need, with one thread that writes and a few that read.
//!
//! A unit of work runs on such a thread from beginning to end, in one poll: a statement sent to another
//! thread costs twenty times the statement. Concurrent writes share one commit, and so one flush.

mod bind;
mod errors;
mod job;
mod places;
mod queue;
mod search;
mod session;
mod space;
mod writer;

pub(crate) use self::{
    errors::describe,
    job::message as panic_message,
    places::Places,
    session::{Role, Session},
    space::Space,
};
