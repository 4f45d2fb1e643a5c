//! The store's promises, each shown on both engines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backup;
mod isolation;
mod jobs;
mod migrations;
mod missing;
mod notes;
mod outbox;
mod places;
mod schema;
mod search;
mod units;
mod values;
