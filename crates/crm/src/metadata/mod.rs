//! What a workspace's records are made of: stored as rows, read as one `Schema`, changed with the tables.

mod additions;
mod fields;
mod install;
mod renew;
mod rows;

pub use self::fields::{MAX_FIELDS, NewField};
pub(crate) use self::{
    additions::{add_standard_field, add_standard_option},
    fields::{add_field, title},
    install::{create_tables, indexed_column, install},
    renew::{add_principals, is_later, renew},
    rows::{assign_search_slots, object, premise, schema, version},
};
