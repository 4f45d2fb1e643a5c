//! A person's name.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, line, parts, shown_parts, wrong_type},
};
use crate::{
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    value::Value,
};

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FullName {
    pub first: String,
    pub last: String,
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first.trim(), self.last.trim()) {
            ("", name) | (name, "") => f.write_str(name),
            (first, last) => {
                f.write_str(first)?;
                f.write_str(" ")?;
                f.write_str(last)
            }
        }
    }
}

pub(super) struct FullNameKind;

impl Kind for FullNameKind {
    type Held = FullName;

    fn name(&self) -> &'static str {
        "full_name"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["full", "first", "last"]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::FoldedText
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![
            field.column("first", ColumnType::Text),
            field.column("last", ColumnType::Text),
            field.folded("full"),
            field.folded("first"),
            field.folded("last"),
        ]
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v FullName> {
        if let Value::FullName(name) = value { Some(name) } else { None }
    }

    fn to_cells(&self, name: &FullName) -> Vec<Option<Scalar>> {
        vec![
            cells::text(&name.first),
            cells::text(&name.last),
            cells::folded(&name.to_string()),
            cells::folded(&name.first),
            cells::folded(&name.last),
        ]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        match (cells.text(), cells.text()) {
            (None, None) => None,
            (first, last) => Some(Value::FullName(FullName {
                first: first.unwrap_or_default(),
                last: last.unwrap_or_default(),
            })),
        }
    }

    fn parse(&self, given: &Given<'_, FullName>) -> Result<Value, Issues> {
        let name = match given.json {
            Json::String(text) => {
                let text = line(text)?;
                let (first, last) = text.rsplit_once(' ').unwrap_or((text, ""));
                FullName { first: first.trim().to_owned(), last: last.to_owned() }
            }
            Json::Object(map) => {
                let current = given.current.cloned().unwrap_or_default();
                let [first, last] = parts(map, ["first", "last"], [current.first, current.last], |text| {
                    Ok(line(text)?.to_owned())
                })?;
                FullName { first, last }
            }
            other => return Err(wrong_type("a name: {\"first\": …, \"last\": …}", other).into()),
        };
        Ok(if name == FullName::default() { Value::Null } else { Value::FullName(name) })
    }

    fn serialize<S: Serializer>(&self, name: &FullName, serializer: S) -> Result<S::Ok, S::Error> {
        name.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        let [first, last] = shown_parts(json, ["first", "last"])?;
        Some(Value::FullName(FullName { first, last }))
    }

    fn display(&self, name: &FullName) -> String {
        name.to_string()
    }

    fn search_text(&self, name: &FullName) -> String {
        name.to_string()
    }
}
