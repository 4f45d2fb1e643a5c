//! What happened to a record, as people read it.

mod before;
mod read;
mod write;

pub use self::before::{Before, before};
pub use self::read::{Entry, Linked, Timeline, entry, list};
pub(crate) use self::{
    read::hide_names,
    write::{NewEntry, ids, write},
};
