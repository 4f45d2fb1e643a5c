//! A filter of the one language as rows of a list's filter, where rows can say it.

use kontor_core::{
    caller::Caller,
    metadata::{Object, Schema},
    time::Date,
};
use serde_json::{Map, Value as Json, json};

use super::filter::{COMPARISONS, Choice, Comparison, MAX_ROWS, choices};

/// A row as a list's address says it: the field, the comparison and the value.
pub(crate) type RowText = (String, &'static str, String);

/// The rows that say just what a filter does; `None` where rows cannot.
pub(crate) fn rows_of(
    schema: &Schema,
    object: &Object,
    caller: &Caller,
    filter: &Json,
    today: Date,
) -> Option<Vec<RowText>> {
    let choices = choices(schema, object, caller);
    let mut rows = Vec::new();
    for (path, tests) in conditions(filter)? {
        for (operator, operand) in tests {
            if !with_currency(&choices, &mut rows, path, operator, operand) {
                rows.push(row(&choices, object, path, operator, operand, today)?);
            }
        }
    }
    (rows.len() <= MAX_ROWS).then_some(rows)
}

/// The conditions of a filter all of which have to hold.
fn conditions(filter: &Json) -> Option<Vec<(&str, &Map<String, Json>)>> {
    let mut found = Vec::new();
    for (name, json) in filter.as_object()? {
        match name.as_str() {
            "and" => {
                for part in json.as_array()? {
                    found.extend(conditions(part)?);
                }
            }
            "or" | "not" => return None,
            path => found.push((path, json.as_object()?)),
        }
    }
    Some(found)
}

/// Adds the currency of the amount that the row before compares; whether it is that.
fn with_currency(
    choices: &[Choice],
    rows: &mut [RowText],
    path: &str,
    operator: &str,
    operand: &Json,
) -> bool {
    let Some((amount, _, value)) = rows.last_mut() else { return false };
    let is_money = choices.iter().any(|choice| choice.path == *amount && choice.kind.is_money());
    let is_its_own = path.strip_suffix(".currency") == Some(amount.as_str());
    let is_named = value.ends_with(|last: char| last.is_alphabetic());
    match operand.as_str() {
        Some(code) if is_money && is_its_own && operator == "eq" && !value.is_empty() && !is_named => {
            value.push(' ');
            value.push_str(code);
            true
        }
        _ => false,
    }
}

fn row(
    choices: &[Choice],
    object: &Object,
    path: &str,
    operator: &str,
    operand: &Json,
    today: Date,
) -> Option<RowText> {
    let text = match operand {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    let found = |word: &&'static str| COMPARISONS.iter().find(|comparison| comparison.word == *word);
    let Some(choice) = choices.iter().find(|choice| choice.path == path) else {
        // A relation to one record, which a row offers by the record's name.
        object.field(path)?.kind.relation()?;
        text.parse::<kontor_core::ids::RecordId>().ok()?;
        let word = match operator {
            "eq" => "is",
            "neq" => "not",
            _ => return None,
        };
        return Some((path.to_owned(), word, text));
    };
    let mut fitting = choice.words().iter().filter_map(found).filter(|c| c.operator == operator);
    if operator == "is_empty" {
        let word = if operand == true { "empty" } else { "filled" };
        return fitting
            .find(|comparison| comparison.word == word)
            .map(|_| (path.to_owned(), word, String::new()));
    }
    let said = json!({ path: { operator: operand } });
    let says = |comparison: &&Comparison| {
        choice.condition(comparison, &text, today).is_ok_and(|condition| condition == said)
    };
    let comparison = fitting.find(says)?;
    Some((path.to_owned(), comparison.word, text))
}
