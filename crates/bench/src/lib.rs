//! Measurements, each a program that `cargo xtask bench` and `cargo xtask kill` build and run.
//!
//! | module | holds |
//! |---|---|
//! | [`bare`] | the same work on the same tables written by hand, as a yardstick |
//! | [`load`] | lanes that repeat a piece of work for a while, and what they measured |
//! | [`records`] | the records, the requests over them and the table of what was measured |
//! | [`scale`] | what searches, lists and figures take in a large workspace |
//! | [`target`] | the server that is measured, on either engine |
//!
//! The programs are in `src/bin`: `turns`, `records`, `store`, `scale`, `workspaces`, `kill`.

pub mod bare;
pub mod load;
pub mod records;
pub mod scale;
pub mod target;

/// What a measurement yields; a program of the terminal prints the failure and ends.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
