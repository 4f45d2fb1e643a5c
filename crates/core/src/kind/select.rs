//! One of a list of options.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, string},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    text::{excerpt, fold, suggestion},
    value::Value,
};

/// One choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectOption {
    pub value: String,
    pub label: String,
    pub color: String,
    /// What it means for a pipeline to stand here; absent where the field is no pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The chance of winning that a deal entering this stage is given, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<u8>,
}

/// The meaning of a pipeline stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Open,
    Won,
    Lost,
}

impl Outcome {
    pub fn is_closed(self) -> bool {
        self != Self::Open
    }

    /// The chance of winning in percent, where nothing is left to chance.
    pub fn certain_probability(self) -> Option<u8> {
        match self {
            Self::Open => None,
            Self::Won => Some(100),
            Self::Lost => Some(0),
        }
    }
}

pub(super) struct SelectKind<'k> {
    pub(super) options: &'k [SelectOption],
}

impl Kind for SelectKind<'_> {
    type Held = str;

    fn name(&self) -> &'static str {
        "select"
    }

    fn settings(&self) -> Json {
        json!({ "options": self.options })
    }

    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Option
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("", ColumnType::Text)]
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v str> {
        if let Value::Select(value) = value { Some(value) } else { None }
    }

    fn to_cells(&self, value: &str) -> Vec<Option<Scalar>> {
        vec![cells::text(value)]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.text().map(Value::Select)
    }

    fn parse(&self, given: &Given<'_, str>) -> Result<Value, Issues> {
        let text = string(given.json, "one of the options")?;
        let is_it = |option: &&SelectOption| option.value == text || fold(&option.label) == fold(text);
        let Some(found) = self.options.iter().find(is_it) else {
            let values: Vec<_> = self.options.iter().map(|option| option.value.as_str()).collect();
            let near = suggestion(text, values.iter().copied());
            let text = excerpt(text, 60);
            let message = format!("{text:?} is not one of {}.{near}", values.join(", "));
            return Err(Issue::new("", "unknown_option", message).into());
        };
        Ok(Value::Select(found.value.clone()))
    }

    fn serialize<S: Serializer>(&self, value: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        json.as_str().map(|value| Value::Select(value.to_owned()))
    }

    fn display(&self, value: &str) -> String {
        let option = self.options.iter().find(|option| option.value == value);
        option.map_or_else(|| value.to_owned(), |option| option.label.clone())
    }

    fn search_text(&self, value: &str) -> String {
        value.to_owned()
    }
}
