//! Between records and pages: which columns a list has, what its filter rows mean, and forms made of an
//! object's fields.

mod columns;
mod filter;
mod filter_rows;
mod held;
mod inputs;
mod names;
mod problems;
pub(crate) mod reading;
mod submitted;

pub(crate) use self::{
    columns::{Column, candidates, chosen, field_shown_on_page, fields_to_read},
    filter::{Filters, RowView},
    filter_rows::{RowText, rows_of},
    held::Held,
    inputs::{Control, DAYS, Form, Input, Source, currencies, inputs, parts, points, record},
    names::{Names, Wanted},
    problems::{Problems, Trouble, UNREADABLE},
    submitted::{Sent, Submitted, money, read, submitted},
};
