//! Whatever a program keeps with a record.

use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::Cells,
    input::{Given, Issues, Parsed, no_nul, readable_limit},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    value::Value,
};

/// The largest JSON value, in bytes of its text.
const MAX_JSON: usize = 65_536;

pub(super) struct JsonKind;

impl Kind for JsonKind {
    type Held = Json;

    fn name(&self) -> &'static str {
        "json"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Opaque
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Json)]
    }

    fn is_legible(&self) -> bool {
        false
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Json> {
        if let Value::Json(value) = value { Some(value) } else { None }
    }

    fn to_cells(&self, value: &Json) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Json(Box::new(value.clone())))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.json().map(Value::Json)
    }

    fn parse(&self, given: &Given<'_, Json>) -> Result<Value, Issues> {
        if given.json.to_string().len() > MAX_JSON {
            let message = format!("expected at most {} bytes of JSON", readable_limit(MAX_JSON));
            return Err(Issue::new("", "too_long", message).into());
        }
        no_nul_within(given.json)?;
        Ok(Value::Json(Box::new(given.json.clone())))
    }

    fn serialize<S: Serializer>(&self, value: &Json, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        (!json.is_null()).then(|| Value::Json(Box::new(json.clone())))
    }

    fn display(&self, value: &Json) -> String {
        value.to_string()
    }

    fn search_text(&self, _value: &Json) -> String {
        String::new()
    }
}

/// As [`no_nul`], for all texts and keys of a JSON value, which is no deeper than a parser lets it be.
fn no_nul_within(json: &Json) -> Parsed<()> {
    match json {
        Json::String(text) => no_nul(text),
        Json::Array(items) => items.iter().try_for_each(no_nul_within),
        Json::Object(map) => {
            map.iter().try_for_each(|(key, item)| no_nul(key).and_then(|()| no_nul_within(item)))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}
