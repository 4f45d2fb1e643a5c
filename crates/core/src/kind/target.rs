//! One record of one of several objects.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{
    Kind,
    cells::{self, Cells},
    id::id,
    input::{Given, Issues, Parsed, known_keys, string, wrong_type},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    ids::RecordId,
    metadata::{Column, ColumnType, Field, Name},
    text::{excerpt, suggestion},
    value::Value,
};

/// The record something is about, with the name it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetReference {
    pub object: Name,
    /// Absent when the record has been destroyed.
    pub id: Option<RecordId>,
    #[serde(default)]
    pub name: String,
}

pub(super) struct TargetKind<'k> {
    pub(super) objects: &'k [Name],
}

impl Kind for TargetKind<'_> {
    type Held = TargetReference;

    fn name(&self) -> &'static str {
        "target"
    }

    fn settings(&self) -> Json {
        json!({ "objects": self.objects })
    }

    fn parts(&self) -> &'static [&'static str] {
        &["id", "object", "name"]
    }

    fn part_type(&self, part: &str) -> PartType {
        match part {
            "id" => PartType::Id,
            "object" => PartType::LowerText,
            _ => PartType::FoldedText,
        }
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![
            field.column("object", ColumnType::Text),
            field.column("id", ColumnType::Uuid),
            field.column("name", ColumnType::Text),
            field.folded("name"),
        ]
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v TargetReference> {
        if let Value::Target(target) = value { Some(target) } else { None }
    }

    fn to_cells(&self, target: &TargetReference) -> Vec<Option<Scalar>> {
        let id = target.id.map(|id| Scalar::Uuid(id.as_uuid()));
        vec![cells::text(&target.object), id, cells::text(&target.name), cells::folded(&target.name)]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        let object = cells.text()?.parse().ok()?;
        let id = cells.uuid().map(RecordId);
        let name = cells.text().unwrap_or_default();
        Some(Value::Target(Box::new(TargetReference { object, id, name })))
    }

    fn parse(&self, given: &Given<'_, TargetReference>) -> Result<Value, Issues> {
        let target = self.target(given.json)?;
        Ok(Value::Target(Box::new(target)))
    }

    fn serialize<S: Serializer>(&self, target: &TargetReference, serializer: S) -> Result<S::Ok, S::Error> {
        target.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        TargetReference::deserialize(json).ok().map(|target| Value::Target(Box::new(target)))
    }

    fn display(&self, target: &TargetReference) -> String {
        target.name.clone()
    }

    fn search_text(&self, target: &TargetReference) -> String {
        target.name.clone()
    }
}

impl TargetKind<'_> {
    /// As a caller gives it: without the record's name, which is the record's own to say.
    fn target(&self, json: &Json) -> Parsed<TargetReference> {
        let Json::Object(map) = json else {
            return Err(wrong_type("a target: {\"object\": …, \"id\": …}", json));
        };
        known_keys(map, &["object", "id", "name"])?;
        let object = string(map.get("object").unwrap_or(&Json::Null), "an object's name")
            .map_err(|issue| issue.within("object"))?;
        let object = self.objects.iter().find(|known| known.as_str() == object).ok_or_else(|| {
            let names: Vec<_> = self.objects.iter().map(|name| name.as_str()).collect();
            let near = suggestion(object, names.iter().copied());
            let object = excerpt(object, 60);
            let message = format!("{object:?} is not one of {}.{near}", names.join(", "));
            Issue::new("object", "unknown_object", message)
        })?;
        let id = id(map.get("id").unwrap_or(&Json::Null)).map_err(|issue| issue.within("id"))?;
        Ok(TargetReference { object: object.clone(), id: Some(id), name: String::new() })
    }
}
