//! A day, without a time.

use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;

use super::{
    DefaultOfMoment, Kind,
    cells::Cells,
    input::{Given, Issues, Parsed, parsed, usual_year},
};
use crate::{
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    time::Date,
    value::Value,
};

pub(super) struct DateKind;

impl Kind for DateKind {
    type Held = Date;

    fn name(&self) -> &'static str {
        "date"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Date
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Date)]
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn default_of_moment(&self, word: &str) -> Option<DefaultOfMoment> {
        (word == "now").then_some(DefaultOfMoment::Today)
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Date> {
        if let Value::Date(date) = value { Some(date) } else { None }
    }

    fn to_cells(&self, date: &Date) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Date(*date))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        if let Some(Scalar::Date(date)) = cells.next() { Some(Value::Date(date)) } else { None }
    }

    fn parse(&self, given: &Given<'_, Date>) -> Result<Value, Issues> {
        Ok(Value::Date(usual_year(parse_date(given.json)?, given.json)?))
    }

    fn serialize<S: Serializer>(&self, date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        date.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_str()?.parse().ok().map(Value::Date)
    }

    fn display(&self, date: &Date) -> String {
        date.to_string()
    }

    fn search_text(&self, _date: &Date) -> String {
        String::new()
    }
}

/// A day in any year, as RFC 3339 writes it.
pub(crate) fn parse_date(json: &Json) -> Parsed<Date> {
    parsed(json, "a date such as \"2026-03-01\"")
}
