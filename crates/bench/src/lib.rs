//! Measurements, each a program that `cargo xtask bench` and `cargo xtask kill` build and run.
//!
//! | module | holds |
//! |---|---|
//! | [`load`] | lanes that repeat a piece of work for a while, and what they measured |
//! | [`target`] | the server that is measured, on either engine |
//!
//! The programs are in `src/bin`: `turns`, `records`, `store`, `kill`.

pub mod load;
pub mod target;
