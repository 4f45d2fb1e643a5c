//! One record of another object.

use serde::{Serialize as _, Serializer};
use serde_json::{Value as Json, json};

use super::{
    DefaultOfMoment, Kind,
    cells::Cells,
    id::id,
    input::{Given, Issues},
};
use crate::{
    filter::{PartType, Scalar},
    ids::RecordId,
    metadata::{Column, ColumnType, Field, Name},
    value::Value,
};

pub(super) struct RelationKind<'k> {
    pub(super) object: &'k Name,
}

impl Kind for RelationKind<'_> {
    type Held = RecordId;

    fn name(&self) -> &'static str {
        "relation"
    }

    fn settings(&self) -> Json {
        json!({ "object": self.object })
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Id
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        let mut column = field.column("id", ColumnType::Uuid);
        column.references = Some(format!("record_{}", self.object));
        vec![column]
    }

    fn stored_part<'p>(&self, _part: &'p str) -> &'p str {
        "id"
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn default_of_moment(&self, word: &str) -> Option<DefaultOfMoment> {
        (word == "$me").then_some(DefaultOfMoment::Me)
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v RecordId> {
        if let Value::Relation(id) = value { Some(id) } else { None }
    }

    fn to_cells(&self, id: &RecordId) -> Vec<Option<Scalar>> {
        vec![Some(Scalar::Uuid(id.as_uuid()))]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.uuid().map(|id| Value::Relation(RecordId(id)))
    }

    fn parse(&self, given: &Given<'_, RecordId>) -> Result<Value, Issues> {
        Ok(Value::Relation(id(given.json)?))
    }

    fn serialize<S: Serializer>(&self, id: &RecordId, serializer: S) -> Result<S::Ok, S::Error> {
        id.serialize(serializer)
    }

    /// An id, alone or with the name of its record beside it.
    fn shown_as(&self, json: &Json) -> Option<Value> {
        let id = json.as_str().or_else(|| json.get("id")?.as_str())?;
        id.parse().ok().map(Value::Relation)
    }

    fn display(&self, id: &RecordId) -> String {
        id.to_string()
    }

    fn search_text(&self, _id: &RecordId) -> String {
        String::new()
    }
}
