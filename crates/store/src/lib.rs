//! The engines: SQLite and PostgreSQL behind one transaction type.
//!
//! A [`Store`] holds the *directory* and one [`Namespace`] per workspace: a file on SQLite, a schema with a
//! role of its own on PostgreSQL. Work is done in units, re-runnable closures over a [`Tx`] that await nothing
//! but that transaction, with the arguments that the unit owns and lends to each run:
//! `namespace.write((id, name), |tx, (id, name)| Box::pin(async move { … }))`.
//! Statements are built with sea-query and run through the transaction; what truly differs between the engines is
//! a method of [`Dialect`] or [`Tx`]. This crate knows no record, member or agent: each domain crate keeps its
//! own tables' statements.
//!
//! | module | holds |
//! |---|---|
//! | [`store`](Store), [`namespace`](Namespace) | opening, creating, checking; units of work |
//! | `unit` | a unit of work: a closure and the arguments that it owns, as the engines run it |
//! | [`premise`](Premise) | what a unit takes for granted, and is not run without |
//! | [`stored_enum`](stored_enum!) | enums that are stored as words |
//! | [`table_row`](table_row!) | tables whose columns and rows are declared together |
//! | [`tx`](Tx), [`row`](Row), [`statement`](Statement) | what a unit can do: run statements, decode rows |
//! | [`table_rows`](TableRows) | rows as they are, from one namespace to another |
//! | [`prune`] | removing what is kept for a time only |
//! | [`write`](Write), [`audit`](AuditEntry) | several writes at once; who did what to what |
//! | [`dialect`](Dialect), [`ddl`](ColumnSpec), `search` | types and binding, tables and indexes, text search |
//! | [`calendar`](CalendarUnit) | parts of the calendar to group rows by |
//! | `sqlite` | the writer and reader threads of a file, group commit, deadlines |
//! | `postgres` | the pool, schemas and roles, retries |
//! | `migrations`, [`data_steps`](DataStep) | the embedded SQL files, what no SQL can do, and how a namespace gets them |
//! | [`jobs`] | work that is done later, or by itself, and the dispatcher that finds what is due |
//! | [`outbox`], `commits` | who is handed the events of changes, and what wakes them |
//! | [`inspect`](Store::inspect) | looking at the data without changing it |
//! | [`backup`](Store::backup), [`folder`](DataDirLock) | consistent copies; the data folder and its lock |
//! | `testing` | for tests alone: stores on both engines that clean up after themselves |

mod audit;
mod backup;
mod calendar;
mod commits;
mod config;
mod data_steps;
mod ddl;
mod dialect;
mod error;
mod folder;
mod inspect;
pub mod jobs;
mod migrations;
mod namespace;
pub mod outbox;
mod postgres;
mod premise;
pub mod prune;
mod row;
mod search;
mod sqlite;
mod statement;
mod store;
#[doc(hidden)]
pub mod stored_enum;
mod table;
mod table_rows;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod unit;
mod write;

pub use audit::{AuditEntry, AuditQuery, AuditRecord};
pub use calendar::CalendarUnit;
pub use config::StoreConfig;
pub use data_steps::{DataStep, NextPart, PartResult};
pub use ddl::{ColumnSpec, IndexSpec};
pub use dialect::Dialect;
pub use error::Error;
pub use folder::DataDirLock;
/// The future a unit of work returns.
pub use futures::future::BoxFuture;
pub use inspect::{Check, Depth, Register, Registered};
pub use namespace::Namespace;
pub use premise::Premise;
pub use row::{Cell, Decode, Row};
pub use search::{Found, Precision, RankedSearch, SearchCursor, SearchQuery, SearchScope};
pub use statement::Statement;
pub use store::Store;
#[doc(hidden)]
pub use table::encode_json;
pub use table::{Columns, Encode, TableRow};
pub use table_rows::TableRows;
pub use tx::Tx;
pub use write::Write;
