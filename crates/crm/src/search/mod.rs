//! The words by which records are found.
//!
//! Every searchable field of a record, deleted or not, lies in the index as tokens `object.field:word`, so that a search
//! can name the fields its caller may read.

mod index;
mod query;

pub use self::query::{Hit, MAX_HITS, search};
pub(crate) use self::{
    index::{differs, index},
    query::{check, matching},
};
