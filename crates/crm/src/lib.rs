//! The CRM: what happens to records.
//!
//! Metadata says which objects and fields a workspace has; records are rows of their tables; every change
//! leaves a timeline entry, an outbox event and search tokens in its own transaction. Each use case takes a
//! [`Work`] (the transaction, the caller, the schema) and checks the caller's grants at its head; [`Crm`]
//! opens the units of work. This crate must not know HTTP, a model or a session, nor which engine runs.
//!
//! | module | holds |
//! |---|---|
//! | [`Crm`], [`Work`] | the service that opens units of work, and what one is given |
//! | `members`, [`hand_over`](HandOverOf) | the members of a workspace as records, and to whom records belong when one goes |
//! | [`metadata`] | installing objects, adding fields, reading the schema |
//! | `kinds` | what records and operations make of each kind of field |
//! | [`records`] | list, get, create, update, delete, restore, destroy, batch, group |
//! | [`copy`](CopyBounds) | the records of a workspace, taken to be put into another |
//! | `list_states` | how members left their lists |
//! | [`views`] | ways to look at an object's records: tables, boards, calendars |
//! | [`timeline`], `outbox`, [`feed`](Feed) | what happened, for people and for programs, and for those who look on |
//! | [`events`](EventFilter) | what happens, for programs that follow it |
//! | `idempotency` | what was answered under an idempotency key, told again |
//! | [`search`] | the words records are found by |
//! | [`standard`] | the objects every workspace starts with |
//! | [`operations`] | the catalogue of what a caller can have done |
//! | [`data_steps`] | what is made of records that older versions wrote |
//! | [`demo`] | a small business to look at |

mod copy;
mod data_steps;
pub mod demo;
mod error;
mod events;
mod feed;
mod hand_over;
mod idempotency;
mod kinds;
mod list_states;
mod members;
pub mod metadata;
pub mod operations;
mod outbox;
pub mod records;
pub mod search;
mod service;
pub mod standard;
pub mod timeline;
pub mod views;

pub use copy::{Copied, CopyBounds, TakenRecords};
pub use data_steps::data_steps;
pub use error::Error;
pub use events::{EventFilter, Followed};
pub use feed::{Changed, Feed, Notice};
pub use hand_over::{HandOverOf, HandedOver};
use kontor_operations::Work;
pub use list_states::MAX_LIST_STATE;
pub use members::MemberRecord;
pub use operations::{ProgramOperations, RecordOperations};
pub use outbox::RecordChange;
pub use service::Crm;
