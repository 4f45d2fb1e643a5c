//! A workspace of a million contacts: what a search, a list and a figure take, and beside each what the database
//! takes for the like on the same tables, in turns.

mod measures;
mod raw;

pub use self::{
    measures::{Kind, Measure, measures},
    raw::Raw,
};
