//! The log as it is followed: what was logged, what is being said, and how one who left comes back.
//!
//! A follower is a cursor: the last logged event it was given and how much of the text in flight. What comes
//! next follows from the cursor alone, whether it is read from the database, from the memory of a running
//! session or while the model speaks. So nobody is pushed to: a slow follower finds more at once, and never
//! holds a turn up.

mod cursor;
mod event;
mod hub;
mod subscribe;

pub(crate) use cursor::Cursor;
pub use event::{EventId, StreamEvent};
pub(crate) use hub::{Found, Handle, Hub};
pub(crate) use subscribe::follow;
