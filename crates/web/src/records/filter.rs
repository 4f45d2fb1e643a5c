//! The filter of a list as rows of a field, a comparison and a value, and what they mean in the one filter
//! language.

use std::time::Duration;

use kontor_core::{
    caller::Caller,
    currency::Currency,
    filter::{PartType, Readable as _},
    metadata::{Field, FieldKind, Name, Object, Schema},
    text::excerpt,
    time::Date,
};
use kontor_http::Services;
use serde_json::{Value as Json, json};

use super::{problems::Trouble, reading};
use crate::{error::Result, form::Fields};

/// The most rows a filter has.
pub(super) const MAX_ROWS: usize = 12;

/// Comparisons as the page names them and as the filter language does.
pub(super) const COMPARISONS: [Comparison; 12] = [
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

pub(super) struct Comparison {
    pub(super) word: &'static str,
    label: &'static str,
    pub(super) operator: &'static str,
}

/// A field that a row can name.
pub(crate) struct Choice {
    pub path: String,
    pub label: String,
    pub ty: PartType,
    /// The kind of the field that is compared.
    pub kind: FieldKind,
    /// Values and their labels, where there is a list of them.
    pub options: Vec<(String, String)>,
    /// The object whose records the options are.
    pub object: Option<Name>,
}

impl Choice {
    pub(super) fn words(&self) -> &'static [&'static str] {
        match self.ty {
            PartType::FoldedText | PartType::LowerText | PartType::UpperText | PartType::Phone => {
                &["contains", "is", "not", "starts", "empty", "filled"]
            }
            PartType::Option => &["is", "not", "empty", "filled"],
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
            PartType::Date => "date",
            PartType::DateTime => "datetime-local",
            _ => "text",
        }
    }

    fn is_number(&self) -> bool {
        matches!(self.ty, PartType::Number(_) | PartType::Position)
    }

    /// What a row says of the field, as a condition on its path.
    pub(super) fn condition(
        &self,
        comparison: &Comparison,
        value: &str,
        today: Date,
    ) -> Result<Json, Trouble> {
        let operator = comparison.operator;
        let on_path = |condition: Json| json!({ &self.path: condition });
        Ok(match self.ty {
            PartType::Boolean => on_path(json!({ operator: value == "true" })),
            PartType::Number(_) if self.kind.is_money() => {
                let amount = reading::amount(value)?;
                let figure = on_path(json!({ operator: amount.number.to_json() }));
                match amount.currency.map(Currency::code) {
                    Some(code) => {
                        let currency = format!("{}.currency", self.path);
                        json!({ "and": [figure, { currency: { "eq": code } }] })
                    }
                    None => figure,
                }
            }
            PartType::Number(_) | PartType::Position => {
                on_path(json!({ operator: reading::number(&self.kind, value)? }))
            }
            PartType::Date => on_path(json!({ operator: reading::date(value, today)? })),
            PartType::DateTime => {
                // A moment is written to the minute, or to the second, and means the whole of it.
                let (start, seconds) = reading::moment(value)?;
                let end = start.plus(Duration::from_secs(seconds));
                on_path(match operator {
                    "gt" => json!({ "gte": end }),
                    "lte" => json!({ "lt": end }),
                    "eq" => json!({ "gte": start, "lt": end }),
                    operator => json!({ operator: start }),
                })
            }
            PartType::FoldedText
            | PartType::LowerText
            | PartType::UpperText
            | PartType::Phone
            | PartType::Option
            | PartType::Id
            | PartType::Opaque => on_path(json!({ operator: value })),
        })
    }
}

/// One row as it was sent.
pub(crate) struct Row {
    pub path: String,
    pub word: String,
    pub value: String,
    /// What it asks for; nothing where it is not finished.
    condition: Option<Json>,
    /// Why its value could not be read.
    pub wrong: Option<Trouble>,
}

impl Row {
    /// Reads the value of a row as the field of its choice is compared.
    fn read(&mut self, choices: &[Choice], today: Date) {
        let choice = choices.iter().find(|choice| choice.path == self.path);
        let comparison = COMPARISONS.iter().find(|comparison| comparison.word == self.word);
        let (Some(choice), Some(comparison)) = (choice, comparison) else { return };
        match comparison.word {
            "empty" => self.condition = Some(json!({ &self.path: { comparison.operator: true } })),
            "filled" => self.condition = Some(json!({ &self.path: { comparison.operator: false } })),
            _ if self.value.is_empty() => {}
            _ => match choice.condition(comparison, &self.value, today) {
                Ok(condition) => self.condition = Some(condition),
                Err(trouble) => self.wrong = Some(trouble),
            },
        }
    }
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
    /// The value as its input holds it.
    pub value: String,
    pub is_number: bool,
    pub needs_value: bool,
    /// Its place among the rows, from 0.
    pub index: usize,
}

impl Filters {
    pub(crate) fn new(
        schema: &Schema,
        object: &Object,
        caller: &Caller,
        query: &Fields,
        today: Date,
    ) -> Self {
        let mut rows: Vec<Row> = query
            .all("f")
            .zip(query.all("o"))
            .zip(query.all("v"))
            .take(MAX_ROWS)
            .map(|((path, word), value)| Row {
                path: path.to_owned(),
                word: word.to_owned(),
                value: excerpt(value.trim(), 500),
                condition: None,
                wrong: None,
            })
            .collect();
        let mut choices = choices(schema, object, caller);
        choices.extend(by_record(object, caller, &rows));
        for row in &mut rows {
            row.read(&choices, today);
        }
        Self { choices, rows }
    }

    /// Gives the records that rows name by their ids as options, by their names.
    pub(crate) async fn name_records(&mut self, state: &Services, caller: &Caller) -> Result<()> {
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
        let conditions: Vec<_> = self.rows.iter().filter_map(|row| row.condition.clone()).collect();
        if conditions.is_empty() { None } else { Some(json!({ "and": conditions })) }
    }

    /// Whether a row holds what could not be read.
    pub(crate) fn is_unread(&self) -> bool {
        self.rows.iter().any(|row| row.wrong.is_some())
    }

    pub(crate) fn views(&self) -> Vec<RowView<'_>> {
        self.rows.iter().enumerate().filter_map(|(index, row)| self.view(index, row)).collect()
    }

    fn view<'a>(&'a self, index: usize, row: &'a Row) -> Option<RowView<'a>> {
        let choice = self.choices.iter().find(|choice| choice.path == row.path)?;
        Some(RowView {
            row,
            comparisons: comparisons(choice).collect(),
            options: &choice.options,
            input: choice.input(),
            value: match choice.ty {
                PartType::DateTime => reading::moment_input(&row.value),
                _ => row.value.clone(),
            },
            is_number: choice.is_number(),
            index,
            needs_value: !matches!(row.word.as_str(), "empty" | "filled"),
        })
    }

    /// What the page's script makes new rows of.
    pub(crate) fn to_script(&self) -> String {
        let choices = self.choices.iter().map(|choice| {
            json!({
                "path": choice.path,
                "input": choice.input(),
                "mode": if choice.is_number() { "decimal" } else { "" },
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
    let choice = |field: &Field| {
        Some(Choice {
            path: field.name.to_string(),
            label: format!("{} (record)", field.label),
            ty: PartType::Id,
            kind: field.kind.clone(),
            options: Vec::new(),
            object: Some(field.kind.relation()?.clone()),
        })
    };
    object.fields.iter().filter(is_named).filter_map(choice).collect()
}

pub(super) fn choices(schema: &Schema, object: &Object, caller: &Caller) -> Vec<Choice> {
    let readable = |object: &Object, field: &Field| caller.grants.can_read_field(&object.name, &field.name);
    let is_offered = |field: &&Field| readable(object, field) && field.kind.is_legible();
    let choice = |field: &Field| {
        let (path, ty, kind) = match field.kind.relation() {
            Some(target) => {
                let target = schema.object(target)?;
                let label = target.field(&target.label_field).filter(|label| readable(target, label))?;
                (format!("{}.{}", field.name, label.name), first_part(label), label.kind.clone())
            }
            None if field.kind.targets().is_some() => {
                (format!("{}.name", field.name), field.kind.part_type("name"), field.kind.clone())
            }
            None => (field.name.to_string(), first_part(field), field.kind.clone()),
        };
        let options = match ty {
            PartType::Boolean => {
                vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())]
            }
            _ => field.kind.options().iter().map(|o| (o.value.clone(), o.label.clone())).collect(),
        };
        Some(Choice { path, label: field.label.clone(), ty, kind, options, object: None })
    };
    object.fields.iter().filter(is_offered).filter_map(choice).collect()
}

fn first_part(field: &Field) -> PartType {
    field.kind.whole_type()
}
