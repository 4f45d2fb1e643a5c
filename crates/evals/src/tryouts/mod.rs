//! Tryouts: somebody who writes a prompt talks to its agent in a throw-away copy of the workspace, in which nothing that
//! happens changes anything.
//!
//! A tryout is its member's own and lasts for a while; it ends earlier when nobody uses it, when its member begins more
//! than they may have, and when what its member or whom they act for may do is not what it was when the copy was made:
//! the copy would know nothing of it.

mod changes;
mod error;
mod open;
mod tryout;

pub use self::{
    changes::TryoutChange,
    error::Error,
    open::{TryoutLimits, Tryouts},
    tryout::{Tryout, TryoutSummary},
};
