//! A moment.

use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;

use super::{
    DefaultOfMoment, Kind,
    cells::Cells,
    input::{Given, Issues, Parsed, string, usual_year, wrong_type},
};
use crate::{
    filter::{PartType, Scalar},
    locale::TimeZone,
    metadata::{Column, ColumnType, Field},
    time::{Date, Timestamp},
    value::Value,
};

pub(super) struct DateTimeKind;

impl Kind for DateTimeKind {
    type Held = Timestamp;

    fn name(&self) -> &'static str {
        "date_time"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::DateTime
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Timestamp)]
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn default_of_moment(&self, word: &str) -> Option<DefaultOfMoment> {
        (word == "now").then_some(DefaultOfMoment::Now)
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Timestamp> {
        if let Value::DateTime(instant) = value { Some(instant) } else { None }
    }

    fn to_cells(&self, instant: &Timestamp) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Timestamp(*instant))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        if let Some(Scalar::Timestamp(instant)) = cells.next() {
            Some(Value::DateTime(instant))
        } else {
            None
        }
    }

    fn parse(&self, given: &Given<'_, Timestamp>) -> Result<Value, Issues> {
        let instant = parse_instant(given.json, given.locale.time_zone)?;
        usual_year(instant.date(), given.json)?;
        Ok(Value::DateTime(instant))
    }

    fn serialize<S: Serializer>(&self, instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        instant.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_str()?.parse().ok().map(Value::DateTime)
    }

    fn display(&self, instant: &Timestamp) -> String {
        instant.to_string()
    }

    fn search_text(&self, _instant: &Timestamp) -> String {
        String::new()
    }
}

/// A moment with its offset; or, in `zone`, one without, or a date, which means its first instant.
pub(crate) fn parse_instant(json: &Json, zone: TimeZone) -> Parsed<Timestamp> {
    const EXPECTED: &str = "a moment such as \"2026-03-01T09:30:00Z\"";
    let text = string(json, EXPECTED)?;
    let wrong = || wrong_type(EXPECTED, json);
    if let Ok(date) = text.parse::<Date>() {
        return Ok(zone.start_of(date));
    }
    text.parse().or_else(|_| zone.parse_local(text)).map_err(|_| wrong())
}
