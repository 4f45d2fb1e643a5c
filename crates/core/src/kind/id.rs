//! A record's own id.

use serde::{Serialize as _, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::Cells,
    input::{Given, Issues, Parsed, parsed},
};
use crate::{
    filter::{PartType, Scalar},
    ids::RecordId,
    metadata::{Column, ColumnType, Field},
    value::Value,
};

pub(super) struct IdKind;

impl Kind for IdKind {
    type Held = RecordId;

    fn name(&self) -> &'static str {
        "id"
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Id
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Uuid)]
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

    fn held<'v>(&self, value: &'v Value) -> Option<&'v RecordId> {
        if let Value::Id(id) = value { Some(id) } else { None }
    }

    fn to_cells(&self, id: &RecordId) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Uuid(id.as_uuid()))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.uuid().map(|id| Value::Id(RecordId(id)))
    }

    fn parse(&self, given: &Given<'_, RecordId>) -> Result<Value, Issues> {
        Ok(Value::Id(id(given.json)?))
    }

    fn serialize<S: Serializer>(&self, id: &RecordId, serializer: S) -> Result<S::Ok, S::Error> {
        id.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_str()?.parse().ok().map(Value::Id)
    }

    fn display(&self, id: &RecordId) -> String {
        id.to_string()
    }

    fn search_text(&self, _id: &RecordId) -> String {
        String::new()
    }
}

/// A record's id as a caller gives it.
pub(super) fn id(json: &Json) -> Parsed<RecordId> {
    parsed(json, "an id such as \"018f2b6e-7c1a-7000-8000-000000000001\"")
}
