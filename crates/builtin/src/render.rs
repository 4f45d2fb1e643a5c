//! Results as Markdown: only what they say, with labels for values and links for records.

use kontor_core::text::fold;
use serde_json::Value;

use super::{
    catalogue::{Catalogue, Field},
    conversation::{Record, record},
    kind::{Kind, readable},
    numbers,
};

/// Columns beside the record's name.
const MOST_COLUMNS: usize = 6;

/// A record's name as a link, where its page is known.
pub(super) fn link(record: &Record) -> String {
    let label = escape(&record.label);
    if record.path.is_empty() {
        format!("**{label}**")
    } else {
        format!("[{label}]({}/{})", record.path, record.id)
    }
}

/// A list of one object's records as a table, these fields among its columns; the rows are numbered from
/// `number` on.
pub(super) fn table(catalogue: &Catalogue, result: &Value, first: &[String], number: usize) -> String {
    let object = result["object"].as_str().unwrap_or_default();
    let rows: Vec<&Value> = result["records"].as_array().into_iter().flatten().collect();
    let mut present: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.as_object().into_iter().flat_map(|row| row.keys())) {
        if !present.contains(&name.as_str()) {
            present.push(name);
        }
    }
    // A row names only what it holds, so that the first does not tell the order.
    let known = catalogue.object(object).map(|object| object.fields.as_slice()).unwrap_or_default();
    present.sort_by_key(|name| known.iter().position(|field| field.name == *name).unwrap_or(usize::MAX));
    let shows_more = |name: &str| {
        let is_plumbing = ["id", "label", "position", "version"].contains(&name);
        !is_plumbing
            && rows.iter().any(|row| {
                let text = value(catalogue, object, name, &row[name]);
                !text.is_empty() && fold(&text) != fold(row["label"].as_str().unwrap_or_default())
            })
    };
    // What was asked about comes in for sure, and all stand in the order of the record.
    let mut columns: Vec<&str> = present.iter().copied().filter(|name| shows_more(name)).collect();
    columns.sort_by_key(|name| first.iter().all(|asked| asked != name));
    columns.truncate(MOST_COLUMNS);
    columns.sort_by_key(|name| present.iter().position(|known| known == name));
    let mut text = format!("| # | {} |", heading(catalogue, object));
    columns
        .iter()
        .for_each(|name| text.push_str(&format!(" {} |", escape(&label_of(catalogue, object, name)))));
    text.push_str("\n|---|---|");
    for name in &columns {
        let numeric = field(catalogue, object, name)
            .is_some_and(|field| matches!(field.kind, Kind::Number | Kind::Currency));
        text.push_str(if numeric { "---:|" } else { "---|" });
    }
    for (position, row) in rows.iter().enumerate() {
        let name = record(row, result).map_or_else(|| "?".to_owned(), |record| link(&record));
        text.push_str(&format!("\n| {} | {name} |", position + number));
        for column in &columns {
            text.push_str(&format!(" {} |", escape(&value(catalogue, object, column, &row[*column]))));
        }
    }
    text
}

/// Records of several objects as a table.
pub(super) fn mixed_table(catalogue: &Catalogue, records: &[Record]) -> String {
    let mut text = "| # | Name | Kind |\n|---|---|---|".to_owned();
    for (position, record) in records.iter().enumerate() {
        text.push_str(&format!(
            "\n| {} | {} | {} |",
            position + 1,
            link(record),
            heading(catalogue, &record.object)
        ));
    }
    text
}

/// One record with all that the result says of it.
pub(super) fn details(catalogue: &Catalogue, result: &Value) -> String {
    let object = result["object"].as_str().unwrap_or_default();
    let row = &result["record"];
    let name = record(row, result).map_or_else(|| "?".to_owned(), |record| link(&record));
    let mut text = format!("**{}** {name}\n", heading(catalogue, object));
    for (key, cell) in row.as_object().into_iter().flatten() {
        let shown = value(catalogue, object, key, cell);
        if !["id", "label", "position", "version"].contains(&key.as_str()) && !shown.is_empty() {
            text.push_str(&format!("\n- {}: {}", escape(&label_of(catalogue, object, key)), escape(&shown)));
        }
    }
    text
}

/// The fields an update changed: `**Stage** Proposal → Negotiation`.
pub(super) fn changes(catalogue: &Catalogue, object: &str, changes: &Value) -> Vec<String> {
    let cell = |name: &str, cell: &Value| {
        let shown = value(catalogue, object, name, cell);
        if shown.is_empty() { "(empty)".to_owned() } else { escape(&shown) }
    };
    changes
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, change)| {
            let label = escape(&label_of(catalogue, object, name));
            format!("**{label}** {} → {}", cell(name, &change["before"]), cell(name, &change["after"]))
        })
        .collect()
}

/// A failure in plain words.
pub(super) fn failure(error: &Value) -> String {
    let message = error["message"].as_str().unwrap_or("The reason was not told.");
    if error["code"] == "denied" {
        // What stands there is said to models; a person hears what the member said.
        return match message.split_once("They said: ") {
            Some((_, comment)) => format!("That was not done: you said “{}”.", escape(comment)),
            None => "That was not done: you declined it.".to_owned(),
        };
    }
    let mut text = format!("That did not work: {message}");
    let issues: Vec<&str> = error["issues"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|issue| issue["message"].as_str())
        .collect();
    if issues.len() > 1 || issues.first().is_some_and(|issue| !message.contains(issue)) {
        issues.iter().for_each(|issue| text.push_str(&format!("\n- {issue}")));
    }
    text
}

/// A field's value as a person reads it; empty for nothing.
pub(super) fn value(catalogue: &Catalogue, object: &str, name: &str, cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(_) => numbers::readable(cell),
        Value::String(text) => {
            let label = catalogue.option_label(object, name, text);
            label.map_or_else(|| moment(text), str::to_owned)
        }
        Value::Array(items) => {
            let shown: Vec<String> = items.iter().map(|item| value(catalogue, object, name, item)).collect();
            shown.join(", ")
        }
        Value::Object(parts) => {
            let text = |key: &str| parts.get(key).and_then(Value::as_str).unwrap_or_default();
            if let Some(amount) = parts.get("amount").filter(|amount| !amount.is_null()) {
                return format!("{} {}", numbers::readable(amount), text("currency")).trim_end().to_owned();
            }
            for key in ["label", "primary", "name"] {
                if !text(key).is_empty() {
                    return text(key).to_owned();
                }
            }
            let shown: Vec<String> = parts
                .iter()
                .filter(|(key, part)| *key != "id" && !part.is_array())
                .map(|(_, part)| value(catalogue, object, "", part))
                .filter(|part| !part.is_empty())
                .collect();
            let separator =
                if parts.contains_key("first") || parts.contains_key("last") { " " } else { ", " };
            shown.join(separator)
        }
    }
}

/// A moment to the minute, as the clocks show it where it was written; any other text as it is.
pub(super) fn moment(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_moment = text.is_ascii()
        && text.len() >= 16
        && bytes[4] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && !text.contains(' ');
    if is_moment { format!("{} {}", &text[..10], &text[11..16]) } else { text.to_owned() }
}

pub(super) fn label_of(catalogue: &Catalogue, object: &str, name: &str) -> String {
    field(catalogue, object, name).map_or_else(|| readable(name), |field| field.label.clone())
}

fn field<'c>(catalogue: &'c Catalogue, object: &str, name: &str) -> Option<&'c Field> {
    catalogue.object(object)?.field(name)
}

pub(super) fn heading(catalogue: &Catalogue, object: &str) -> String {
    readable(catalogue.object(object).map_or(object, |object| object.singular.as_str()))
}

/// Text that stands in Markdown as it is.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => escaped.push(' '),
            '|' | '[' | ']' | '*' | '_' | '`' | '<' | '\\' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}
