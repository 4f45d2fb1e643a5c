//! Evaluations, each promise shown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod house;
mod mutations;
mod runs;
mod sandboxes;
mod tapes;
mod tryouts;
