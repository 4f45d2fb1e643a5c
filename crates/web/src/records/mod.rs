//! Between records and pages: which columns a list has, what its filter rows mean, and forms made of an
//! object's fields.

mod columns;
mod filter;
mod inputs;
mod names;
mod problems;
mod reading;
mod submitted;

pub(crate) use self::{
    columns::{Column, candidates, chosen, field_shown_on_page, fields_to_read},
    filter::{Filters, RowView},
    inputs::{Control, Input, inputs},
    names::{Names, Wanted},
    problems::{Problems, Trouble, UNREADABLE},
    submitted::{Submitted, submitted},
};
