//! Samples of Inspect, as JSON (a list) or JSON Lines: `input` is said, and `target` is found in the reply, as its scorer
//! `includes` has it.

use serde_json::{Map, Value as Json};

use super::{Found, ImportError, Imported, plain};
use crate::dataset::Reply;

/// Reads samples.
///
/// # Errors
/// A text that is neither a list of objects nor lines of them.
pub fn inspect(name: &str, text: &str) -> Result<Imported, ImportError> {
    let mut found = Found::default();
    for (index, sample) in samples(text)?.iter().enumerate() {
        take(&mut found, sample, index);
    }
    found.into_imported(name, "Imported from samples of Inspect.".to_owned())
}

fn samples(text: &str) -> Result<Vec<Map<String, Json>>, ImportError> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|error| ImportError::Unreadable(error.to_string()));
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let wrong = |line: u32, error: serde_json::Error| {
        let told = error.to_string();
        // Each line is a document of its own, of which the error counts the lines.
        let told = told.rsplit_once(" at line ").map_or(&*told, |(told, _)| told);
        ImportError::Unreadable(format!("line {line}, column {}: {told}", error.column()))
    };
    lines.map(|(number, line)| serde_json::from_str(line).map_err(|error| wrong(number, error))).collect()
}

fn take(found: &mut Found, sample: &Map<String, Json>, index: usize) {
    let at = format!("[{index}]");
    let mut turns = Vec::new();
    match sample.get("input") {
        Some(Json::String(said)) => turns.push(said.clone()),
        Some(Json::Array(messages)) => {
            for (place, message) in messages.iter().enumerate() {
                let path = format!("{at}.input[{place}]");
                match (message.get("role").and_then(Json::as_str), message.get("content")) {
                    (Some("user"), Some(Json::String(said))) => turns.push(said.clone()),
                    (Some(role), Some(Json::String(_))) => {
                        found.unsupported(
                            &path,
                            format!("a message of the {role} cannot be put in the agent's mouth"),
                        );
                    }
                    _ => found.unsupported(&path, "a message that is not a text"),
                }
            }
        }
        _ => found.unsupported(&format!("{at}.input"), "an input is a text or a list of messages"),
    }
    for name in sample.keys().filter(|name| !matches!(name.as_str(), "input" | "target" | "id")) {
        found.unsupported(&format!("{at}.{name}"), "it has no counterpart here");
    }
    let targets: Vec<String> = match sample.get("target") {
        Some(Json::String(target)) => vec![target.clone()],
        Some(Json::Array(targets)) => targets.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let id = match sample.get("id") {
        Some(Json::String(id)) if !id.trim().is_empty() => id.clone(),
        Some(Json::Number(id)) => format!("sample {id}"),
        _ => format!("sample {}", index + 1),
    };
    let mut case = plain(id, turns);
    let targets: Vec<_> = targets.into_iter().filter(|target| !target.is_empty()).collect();
    if !targets.is_empty() {
        case.expect.reply = Some(Reply { contains_any: targets, ..Reply::default() });
    }
    found.take(case, &at);
}
