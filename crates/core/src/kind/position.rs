//! Where a record stands in a list that people order by hand.

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

pub(super) struct PositionKind;

impl Kind for PositionKind {
    type Held = f64;

    fn name(&self) -> &'static str {
        "position"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Position
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Real)]
    }

    fn is_asked_for(&self) -> bool {
        false
    }

    fn is_legible(&self) -> bool {
        false
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v f64> {
        if let Value::Position(position) = value { Some(position) } else { None }
    }

    fn to_cells(&self, position: &f64) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Real(*position))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        if let Some(Scalar::Real(position)) = cells.next() { Some(Value::Position(position)) } else { None }
    }

    fn parse(&self, given: &Given<'_, f64>) -> Result<Value, Issues> {
        match given.json.as_f64() {
            Some(position) if position.is_finite() => Ok(Value::Position(position)),
            _ => Err(wrong_type("a number", given.json).into()),
        }
    }

    fn serialize<S: Serializer>(&self, position: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*position)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_f64().map(Value::Position)
    }

    fn display(&self, position: &f64) -> String {
        position.to_string()
    }

    fn search_text(&self, _position: &f64) -> String {
        String::new()
    }
}
