//! Records: the use cases on the rows of any object.
//!
//! Every use case is told the object, checks the caller's grants at its head and reaches only rows that the
//! caller's row rules let through; `access` is the one place that turns grants into SQL. What is written goes
//! through `input` (JSON to values), `settle` (what follows from a value) and `journal` (timeline, outbox).
//!
//! There is no other way to write a record: operations, the demonstration data and the records of members call these
//! use cases in the unit they are in; REST and pages hand a [`RecordWrite`] to [`Crm`](crate::Crm), which runs it in a
//! unit of its own.

mod access;
mod approach;
mod authority;
mod batch;
mod board;
mod claims;
mod condition;
mod create;
mod cursor;
mod delete;
mod follow_names;
mod get;
mod group;
mod hops;
mod input;
mod journal;
mod list;
mod pipeline;
mod record;
mod referring;
mod related;
mod release;
mod rows;
mod settle;
mod similar;
mod sorting;
mod targets;
mod unique;
mod update;
mod upsert;
mod write;

pub(crate) use self::{
    access::{predicate, require},
    board::figures,
    claims::{take_free, take_primary},
    get::values,
    list::{check_kept, check_order},
    record::SIMILAR,
    related::{Labels, Wanted, lookup, may_read_every_name, padded},
    rows::{BASE, Selection, col, decode, named_cells},
};
pub use self::{
    authority::{Decided, decide, knows_all},
    batch::{BatchInput, BatchUpdate, MAX_BATCH, batch},
    board::{Amounts, Figures},
    create::{create, create_with_id},
    cursor::MAX_CURSOR,
    delete::{delete, destroy, restore},
    follow_names::FollowNames,
    get::get,
    group::{Aggregate, Function, Group, GroupQuery, Groups, MAX_BY, MAX_GROUPS, group},
    journal::{Change, Changes},
    list::{DEFAULT_LIMIT, ListQuery, MAX_LIMIT, Page, list},
    record::{Record, RelatedRecord},
    similar::{Likeness, MAX_SIMILAR, similar},
    update::{Updated, update},
    upsert::{Upserted, upsert},
    write::RecordWrite,
};
