//! Between records and pages: which columns a list has, what its filter rows mean, and forms made of an
//! object's fields.

mod columns;
mod filter;
mod inputs;
mod submitted;

pub(crate) use self::{
    columns::{Column, candidates, chosen, field_shown_on_page, fields_to_read},
    filter::{Filters, RowView},
    inputs::{CURRENCIES, Control, Input, inputs},
    submitted::{Problems, submitted},
};
