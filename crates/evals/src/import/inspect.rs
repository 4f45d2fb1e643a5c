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
    Ok(found.into_imported(name, "Imported from samples of Inspect.".to_owned()))
}

fn samples(text: &str) -> Result<Vec<Map<String, Json>>, ImportError> {
    let wrong = |error: serde_json::Error| ImportError(error.to_string());
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(wrong);
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(wrong)).collect()
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
        Some(Json::String(id)) => id.clone(),
        Some(Json::Number(id)) => format!("sample {id}"),
        _ => format!("sample {}", index + 1),
    };
    let mut case = plain(id, turns);
    if case.turns.is_empty() {
        found.unsupported(&at, "nobody says anything in it, so it is left out");
        return;
    }
    let targets: Vec<_> = targets.into_iter().filter(|target| !target.is_empty()).collect();
    if !targets.is_empty() {
        case.expect.reply = Some(Reply { contains_any: targets, ..Reply::default() });
    }
    found.take(case, &at);
}
