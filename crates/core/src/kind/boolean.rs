//! Yes or no.

use serde::Serializer;
use serde_json::Value as Json;

use super::{
    Kind,
    cells::Cells,
    input::{Given, Issues, wrong_type},
};
use crate::{
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    value::Value,
};

pub(super) struct BooleanKind;

impl Kind for BooleanKind {
    type Held = bool;

    fn name(&self) -> &'static str {
        "boolean"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Boolean
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Boolean)]
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v bool> {
        if let Value::Boolean(value) = value { Some(value) } else { None }
    }

    fn to_cells(&self, value: &bool) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Boolean(*value))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        if let Some(Scalar::Boolean(value)) = cells.next() { Some(Value::Boolean(value)) } else { None }
    }

    fn parse(&self, given: &Given<'_, bool>) -> Result<Value, Issues> {
        let value = given.json.as_bool().ok_or_else(|| wrong_type("true or false", given.json))?;
        Ok(Value::Boolean(value))
    }

    fn serialize<S: Serializer>(&self, value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*value)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_bool().map(Value::Boolean)
    }

    fn display(&self, value: &bool) -> String {
        if *value { "yes" } else { "no" }.to_owned()
    }

    fn search_text(&self, _value: &bool) -> String {
        String::new()
    }
}
