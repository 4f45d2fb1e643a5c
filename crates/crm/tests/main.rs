//! The CRM on both engines, as its callers meet it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod audit;
mod boards;
mod calls;
mod conflicts;
mod create;
mod days;
mod demo;
mod feed;
mod fields;
mod filters;
mod grants;
mod groups;
mod hand_over;
mod idempotency;
mod kinds;
mod list_states;
mod lists;
mod operations;
mod pipeline;
mod plans;
mod programs;
mod removal;
mod retention;
mod search;
mod similar;
mod support;
mod targets;
mod timeline;
mod update;
mod upgrade;
mod views;
