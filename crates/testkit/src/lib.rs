//! For tests and benchmarks alone: what stands in for the world outside.
//!
//! | module | holds |
//! |---|---|
//! | [`server`], [`client`], [`sse`] | the real binary as child process, and a client of its API |
//! | [`database`] | a PostgreSQL database of a test's own |
//! | [`waiting`] | what comes after a while, asked for again and again |
//! | [`kill`] | the server killed in the middle of turns, and what is left examined |
//! | [`scripted`] | a model server on the real wire that answers as a test tells it, and checks what it is asked |

pub mod client;
pub mod database;
pub mod kill;
pub mod scripted;
pub mod server;
pub mod sse;
pub mod waiting;
