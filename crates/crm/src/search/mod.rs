//! The words by which records are found.
//!
//! Every searchable field of a record lies in the index as tokens of its [slot](kontor_core::metadata::Field) and
//! a word, so that a search can name the fields its caller may read; a record's whole name is a token besides. The
//! tokens of a deleted record are others, so that it is found among the deleted ones alone.
//!
//! [`search`] ranks: the record with exactly this name, then those that have every word as a whole in their name,
//! as a whole elsewhere, as a beginning in their name, and as a beginning elsewhere; among equals the one changed
//! last. What it costs is bounded: of each rank it looks at some of the newest records and at those changed
//! lately, so that where very many match, one that was changed long ago may not be where its change would put it.

mod caller;
mod index;
mod query;
mod ranked;
mod recent;

pub(crate) use self::{
    index::{differs, index},
    query::matching,
};
pub use self::{
    query::check,
    ranked::{Hit, MAX_HITS, search},
};
