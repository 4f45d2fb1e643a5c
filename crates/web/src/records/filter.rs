//! The filter of a list as rows of a field, a comparison and a value, and what they mean in the one filter
//! language.

use std::time::Duration;

use kontor_core::{
    caller::Caller,
    filter::{FieldPath, PartType, Readable as _},
    metadata::{Field, FieldKind, Name, Object, Schema},
    text::excerpt,
    time::Timestamp,
};
use serde_json::{Value as Json, json};

use crate::{error::Result, form::Fields, state::WebState};

/// The most rows a filter has.
const MAX_ROWS: usize = 12;

/// Comparisons as the page names them and as the filter language does.
const COMPARISONS: [Comparison; 12] = [
    Comparison { word: "contains", label: "contains", operator: "contains" },
    Comparison { word: "is", label: "is", operator: "eq" },
    Comparison { word: "not", label: "is not", operator: "neq" },
    Comparison { word: "starts", label: "begins with", operator: "starts_with" },
    Comparison { word: "least", label: "is at least", operator: "gte" },
    Comparison { word: "most", label: "is at most", operator: "lte" },
    Comparison { word: "from", label: "is on or after", operator: "gte" },
    Comparison { word: "until", label: "is on or before", operator: "lte" },
    Comparison { word: "before", label: "is before", operator: "lt" },
    Comparison { word: "after", label: "is after", operator: "gt" },
    Comparison { word: "empty", label: "is empty", operator: "is_empty" },
    Comparison { word: "filled", label: "is not empty", operator: "is_empty" },
];

struct Comparison {
    word: &'static str,
    label: &'static str,
    operator: &'static str,
}

/// A field that a row can name.
pub(crate) struct Choice {
    pub path: String,
    pub label: String,
    pub ty: PartType,
    /// Values and their labels, where there is a list of them.
    pub options: Vec<(String, String)>,
    /// The object whose records the options are.
    pub object: Option<Name>,
}

impl Choice {
    fn words(&self) -> &'static [&'static str] {
        match self.ty {
            PartType::FoldedText | PartType::LowerText => {
                &["contains", "is", "not", "starts", "empty", "filled"]
            }
            PartType::Option | PartType::ExactText => &["is", "not", "empty", "filled"],
            PartType::Boolean => &["is", "empty", "filled"],
            PartType::Number(_) | PartType::Position => &["least", "most", "is", "not", "empty", "filled"],
            PartType::Date | PartType::DateTime => {
                &["from", "until", "before", "after", "is", "empty", "filled"]
            }
            PartType::Id => &["is", "not", "empty", "filled"],
            PartType::Opaque => &["empty", "filled"],
        }
    }

    fn input(&self) -> &'static str {
        match self.ty {
            PartType::Number(_) | PartType::Position => "number",
            PartType::Date => "date",
            PartType::DateTime => "datetime-local",
            _ => "text",
        }
    }

    fn operand(&self, value: &str) -> Json {
        match self.ty {
            PartType::Boolean => json!(value == "true"),
            // Numbers may be given as text, which keeps them exact.
            PartType::Number(_) | PartType::Position => {
                value.parse::<serde_json::Number>().map_or_else(|_| json!(value), Json::Number)
            }
            PartType::DateTime => json!(instant_text(value)),
            _ => json!(value),
        }
    }

    /// What a row says of the field. A moment is written to the minute, or to the second, and means the whole
    /// of it.
    fn condition(&self, comparison: &Comparison, value: &str) -> Json {
        let span = match self.ty {
            PartType::DateTime => span(value),
            _ => None,
        };
        let Some((start, end)) = span else { return json!({ comparison.operator: self.operand(value) }) };
        match comparison.operator {
            "gt" => json!({ "gte": end }),
            "lte" => json!({ "lt": end }),
            "eq" => json!({ "gte": start, "lt": end }),
            operator => json!({ operator: start }),
        }
    }
}

/// From the beginning of a moment as it is written to the beginning of the next.
fn span(value: &str) -> Option<(String, String)> {
    let unit = match value.len() {
        16 => Duration::from_secs(60),
        19 => Duration::from_secs(1),
        _ => return None,
    };
    let start: Timestamp = instant_text(value).parse().ok()?;
    Some((start.to_string(), start.plus(unit).to_string()))
}

/// What a `datetime-local` input says, as RFC 3339 in UTC.
pub(crate) fn instant_text(value: &str) -> String {
    match value.len() {
        16 if value.contains('T') => format!("{value}:00Z"),
        19 if value.contains('T') => format!("{value}Z"),
        _ => value.to_owned(),
    }
}

/// One row as it was sent.
pub(crate) struct Row {
    pub path: String,
    pub word: String,
    pub value: String,
}

/// The rows of a list's filter with all that they can be made of.
pub(crate) struct Filters {
    pub choices: Vec<Choice>,
    pub rows: Vec<Row>,
}

/// What a row offers in the page.
pub(crate) struct RowView<'a> {
    pub row: &'a Row,
    pub comparisons: Vec<(&'static str, &'static str)>,
    pub options: &'a [(String, String)],
    pub input: &'static str,
    pub needs_value: bool,
}

impl Filters {
    pub(crate) fn new(schema: &Schema, object: &Object, caller: &Caller, query: &Fields) -> Self {
        let rows: Vec<Row> = query
            .all("f")
            .zip(query.all("o"))
            .zip(query.all("v"))
            .take(MAX_ROWS)
            .map(|((path, word), value)| Row {
                path: path.to_owned(),
                word: word.to_owned(),
                value: excerpt(value.trim(), 500),
            })
            .collect();
        let mut choices = choices(schema, object, caller);
        choices.extend(by_record(object, caller, &rows));
        Self { choices, rows }
    }

    /// Gives the records that rows name by their ids as options, by their names.
    pub(crate) async fn name_records(&mut self, state: &WebState, caller: &Caller) -> Result<()> {
        for row in &self.rows {
            let choice = self.choices.iter_mut().find(|choice| choice.path == row.path);
            let Some(choice) = choice else { continue };
            let Some(object) = choice.object.clone() else { continue };
            let Ok(id) = row.value.parse() else { continue };
            let label = match state.crm.get(caller, &object, id, Some(Vec::new()), Vec::new()).await {
                Ok(record) => record.label,
                // What is deleted, or may not be read, can still be pointed to.
                Err(kontor_crm::Error::NotFound { .. } | kontor_crm::Error::NotAllowed { .. }) => {
                    row.value.clone()
                }
                Err(error) => return Err(error.into()),
            };
            choice.options.push((row.value.clone(), label));
        }
        Ok(())
    }

    /// The rows as filter; `None` without any. A row that is not finished asks for nothing.
    pub(crate) fn to_json(&self) -> Option<Json> {
        let mut conditions = Vec::new();
        for row in &self.rows {
            let Some(choice) = self.choices.iter().find(|choice| choice.path == row.path) else { continue };
            let Some(comparison) = COMPARISONS.iter().find(|comparison| comparison.word == row.word) else {
                continue;
            };
            let condition = match comparison.word {
                "empty" => json!({ comparison.operator: true }),
                "filled" => json!({ comparison.operator: false }),
                _ if row.value.is_empty() => continue,
                _ => choice.condition(comparison, &row.value),
            };
            conditions.push(json!({ &row.path: condition }));
        }
        if conditions.is_empty() { None } else { Some(json!({ "and": conditions })) }
    }

    pub(crate) fn views(&self) -> Vec<RowView<'_>> {
        self.rows.iter().filter_map(|row| self.view(row)).collect()
    }

    fn view<'a>(&'a self, row: &'a Row) -> Option<RowView<'a>> {
        let choice = self.choices.iter().find(|choice| choice.path == row.path)?;
        Some(RowView {
            row,
            comparisons: comparisons(choice).collect(),
            options: &choice.options,
            input: choice.input(),
            needs_value: !matches!(row.word.as_str(), "empty" | "filled"),
        })
    }

    /// What the page's script makes new rows of.
    pub(crate) fn to_script(&self) -> String {
        let choices = self.choices.iter().map(|choice| {
            json!({
                "path": choice.path,
                "input": choice.input(),
                "operators": comparisons(choice).collect::<Vec<_>>(),
                "options": choice.options,
            })
        });
        Json::Array(choices.collect()).to_string()
    }
}

fn comparisons(choice: &Choice) -> impl Iterator<Item = (&'static str, &'static str)> {
    choice.words().iter().filter_map(|word| {
        let comparison = COMPARISONS.iter().find(|comparison| comparison.word == *word)?;
        Some((comparison.word, comparison.label))
    })
}

/// The relations that rows narrow to one record. They are offered only where a row does: a person knows
/// records by their names, which the other choices ask for.
fn by_record(object: &Object, caller: &Caller, rows: &[Row]) -> Vec<Choice> {
    let is_named = |field: &&Field| {
        rows.iter().any(|row| field.name == *row.path.as_str())
            && caller.grants.can_read_field(&object.name, &field.name)
    };
    let choice = |field: &Field| match &field.kind {
        FieldKind::Relation { object } => Some(Choice {
            path: field.name.to_string(),
            label: format!("{} (record)", field.label),
            ty: PartType::Id,
            options: Vec::new(),
            object: Some(object.clone()),
        }),
        _ => None,
    };
    object.fields.iter().filter(is_named).filter_map(choice).collect()
}

fn choices(schema: &Schema, object: &Object, caller: &Caller) -> Vec<Choice> {
    let readable = |object: &Object, field: &Field| caller.grants.can_read_field(&object.name, &field.name);
    let mut choices = Vec::new();
    for field in object.fields.iter().filter(|field| readable(object, field)) {
        match &field.kind {
            FieldKind::Id | FieldKind::Position | FieldKind::Json => {}
            FieldKind::Relation { object: target } => {
                let named = schema.object(target).and_then(|target| {
                    let label = target.field(&target.label_field).filter(|label| readable(target, label))?;
                    Some((format!("{}.{}", field.name, label.name), first_part(label)))
                });
                if let Some((path, ty)) = named {
                    choices.push(Choice {
                        path,
                        label: field.label.clone(),
                        ty,
                        options: Vec::new(),
                        object: None,
                    });
                }
            }
            FieldKind::Target { .. } => {
                let path = format!("{}.name", field.name);
                let ty = FieldPath::of(field, "name").ty;
                choices.push(Choice {
                    path,
                    label: field.label.clone(),
                    ty,
                    options: Vec::new(),
                    object: None,
                });
            }
            kind => {
                let options = match kind {
                    FieldKind::Boolean => {
                        vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())]
                    }
                    kind => kind.options().iter().map(|o| (o.value.clone(), o.label.clone())).collect(),
                };
                let (path, label) = (field.name.to_string(), field.label.clone());
                choices.push(Choice { path, label, ty: first_part(field), options, object: None });
            }
        }
    }
    choices
}

fn first_part(field: &Field) -> PartType {
    FieldPath::of(field, field.kind.parts().first().copied().unwrap_or_default()).ty
}
