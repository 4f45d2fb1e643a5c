//! An exact decimal.

use serde::{Serialize as _, Serializer};
use serde_json::{Value as Json, json};

use super::{
    Kind,
    cells::Cells,
    input::{Given, Issues, Parsed},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    reading::{Unread, whole_number, whole_percent},
    value::{Value, format_grouped, format_scaled, parse_scaled, scaled_percent, scaled_to_json},
};

pub(super) struct NumberKind {
    pub(super) decimals: u8,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
}

impl NumberKind {
    pub(super) fn is_percentage(&self) -> bool {
        self.min == Some(0) && self.max == Some(scaled_percent(100, self.decimals))
    }
}

impl Kind for NumberKind {
    type Held = i64;

    fn name(&self) -> &'static str {
        "number"
    }

    fn settings(&self) -> Json {
        let mut settings = json!({ "decimals": self.decimals });
        for (name, bound) in [("min", self.min), ("max", self.max)] {
            if let Some(bound) = bound {
                settings[name] = scaled_to_json(bound, self.decimals);
            }
        }
        settings
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Number(self.decimals)
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Integer)]
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v i64> {
        if let Value::Number(scaled) = value { Some(scaled) } else { None }
    }

    fn to_cells(&self, scaled: &i64) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Integer(*scaled))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.integer().map(Value::Number)
    }

    fn parse(&self, given: &Given<'_, i64>) -> Result<Value, Issues> {
        Ok(Value::Number(number(given.json, self)?))
    }

    fn serialize<S: Serializer>(&self, scaled: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        match self.decimals {
            0 => serializer.serialize_i64(*scaled),
            decimals => scaled_to_json(*scaled, decimals).serialize(serializer),
        }
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_number()?;
        parse_scaled(json, self.decimals).ok().map(Value::Number)
    }

    fn display(&self, scaled: &i64) -> String {
        format_scaled(*scaled, self.decimals)
    }

    fn search_text(&self, _scaled: &i64) -> String {
        String::new()
    }
}

/// A number of a field within its bounds. `60%` is a number where the bounds are those of a percentage.
fn number(json: &Json, kind: &NumberKind) -> Parsed<i64> {
    let NumberKind { decimals, min, max } = *kind;
    let read = if kind.is_percentage() { whole_percent } else { whole_number };
    let scaled = match json {
        Json::String(text) if !is_machine_written(text) => {
            let number = read(text).map_err(unread)?;
            exact(&number.to_string().into(), decimals)?
        }
        json => exact(json, decimals)?,
    };
    let outside = min.is_some_and(|min| scaled < min) || max.is_some_and(|max| scaled > max);
    if outside {
        let bound = |bound: Option<i64>| bound.map(|bound| format_grouped(bound, decimals));
        let range = match (bound(min), bound(max)) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("of at least {min}"),
            (None, max) => format!("of at most {}", max.unwrap_or_default()),
        };
        let given = format_grouped(scaled, decimals);
        return Err(Issue::new("", "out_of_range", format!("expected a number {range}, got {given}")));
    }
    Ok(scaled)
}

/// A number that is compared with others: its text may be written as people write numbers.
pub(crate) fn parse_number(json: &Json, decimals: u8) -> Parsed<i64> {
    match json {
        Json::String(text) if !is_machine_written(text) => {
            let number = whole_number(text).map_err(unread)?;
            exact(&number.to_string().into(), decimals)
        }
        json => exact(json, decimals),
    }
}

/// Whether a text is a number in the way that programs write one and people do not: with an exponent.
pub(super) fn is_machine_written(text: &str) -> bool {
    let text = text.trim();
    text.contains(['e', 'E']) && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
}

pub(super) fn exact(json: &Json, decimals: u8) -> Parsed<i64> {
    parse_scaled(json, decimals).map_err(|why| Issue::new("", "wrong_type", why))
}

pub(super) fn unread(why: Unread) -> Issue {
    let code = match why {
        Unread::Ambiguous { .. } => why.code(),
        Unread::Wrong { .. } | Unread::NoSuchDay { .. } => "wrong_type",
    };
    Issue::new("", code, why.to_string())
}
