//! The words, codes and status in an error of whatever shape.

use serde_json::{Map, Value};

/// How deep errors may stand within errors.
const DEEPEST: usize = 8;
/// How many of a list's errors are told.
const MOST_OF_A_LIST: usize = 4;
/// Bytes of codes that are looked at.
const LONGEST_CODES: usize = 2_000;

/// The words in an error.
pub(super) fn of(value: &Value) -> Option<String> {
    within(value, 0)
}

fn within(value: &Value, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    match value {
        Value::String(text) => of_text(text, depth),
        Value::Array(list) => {
            let mut told: Vec<String> = Vec::new();
            for words in list.iter().filter_map(|one| within(one, depth + 1)) {
                if !told.contains(&words) && told.len() < MOST_OF_A_LIST {
                    told.push(words);
                }
            }
            (!told.is_empty()).then(|| told.join("; "))
        }
        Value::Object(object) => of_object(object, depth),
        _ => None,
    }
}

/// Gateways hand on an error as the text it came as.
fn of_text(text: &str, depth: usize) -> Option<String> {
    let text = text.trim();
    if text.starts_with(['{', '['])
        && let Ok(inner) = serde_json::from_str::<Value>(text)
        && let Some(words) = within(&inner, depth + 1)
    {
        return Some(words);
    }
    if let Some(title) = of_page(text) {
        return Some(title).filter(|title| !title.is_empty());
    }
    (!text.is_empty()).then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn of_object(object: &Map<String, Value>, depth: usize) -> Option<String> {
    let words = |key: &str| object.get(key).and_then(|value| within(value, depth + 1));
    // An error that is a word is a title beside a message.
    let error = object.get("error").filter(|error| !error.is_string());
    let keys =
        ["message", "msg", "detail", "error_message", "error_msg", "error_description", "errors", "error"];
    let more = ["reason", "title", "description", "details", "text", "fault", "faultstring"];
    let told = error
        .and_then(|error| within(error, depth + 1))
        .or_else(|| keys.into_iter().chain(more).find_map(words));
    let cause = object.get("metadata").and_then(|metadata| {
        let raw = metadata.get("raw").and_then(|raw| within(raw, depth + 1));
        let reasons = || metadata.get("reasons").and_then(|reasons| within(reasons, depth + 1));
        raw.or_else(reasons)
    });
    let place = object.get("loc").and_then(Value::as_array).map(|place| {
        let steps = place.iter().map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
        steps.collect::<Vec<_>>().join(".")
    });
    match (told, cause, place) {
        (Some(told), Some(cause), _) if !told.contains(&cause) => Some(format!("{told}: {cause}")),
        (None, Some(cause), _) => Some(cause),
        (Some(told), _, Some(place)) if !place.is_empty() => Some(format!("{place}: {told}")),
        (told, ..) => told,
    }
}

/// The title of a web page, or its first heading; empty where it has neither. `None` for what is no page.
pub(super) fn of_page(text: &str) -> Option<String> {
    let text = text.trim_start();
    let lower = text.get(..text.floor_char_boundary(4_096)).unwrap_or_default().to_ascii_lowercase();
    let is_page = ["<!doctype", "<html", "<head", "<body", "<h1", "<title", "<?xml"];
    if !is_page.iter().any(|tag| lower.starts_with(tag)) {
        return None;
    }
    let between = |tag: &str| {
        let at = lower.find(&format!("<{tag}"))?;
        let begin = at + lower.get(at..)?.find('>')? + 1;
        let end = begin + lower.get(begin..)?.find('<')?;
        let title = text.get(begin..end)?.split_whitespace().collect::<Vec<_>>().join(" ");
        (!title.is_empty()).then_some(title)
    };
    Some(["title", "h1", "h2", "message", "body"].into_iter().find_map(between).unwrap_or_default())
}

/// Adds the codes, types and states in an error, each followed by a blank.
pub(super) fn codes(value: &Value, into: &mut String, depth: usize) {
    if depth > DEEPEST || into.len() > LONGEST_CODES {
        return;
    }
    match value {
        Value::Array(list) => list.iter().for_each(|one| codes(one, into, depth + 1)),
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    (
                        "code" | "type" | "status" | "error_code" | "error_type" | "reason",
                        Value::String(code),
                    ) => {
                        into.push_str(code.get(..code.floor_char_boundary(100)).unwrap_or_default());
                        into.push(' ');
                    }
                    (
                        "error" | "errors" | "message" | "detail" | "details" | "innererror" | "metadata"
                        | "raw",
                        value,
                    ) => codes(value, into, depth + 1),
                    _ => {}
                }
            }
        }
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                codes(&inner, into, depth + 1);
            }
        }
        _ => {}
    }
}

/// A status of HTTP that stands in an error.
pub(super) fn status(value: &Value) -> Option<u16> {
    status_within(value, 0)
}

fn status_within(value: &Value, depth: usize) -> Option<u16> {
    if depth > DEEPEST {
        return None;
    }
    match value {
        Value::Array(list) => list.iter().find_map(|one| status_within(one, depth + 1)),
        Value::Object(object) => {
            let own = ["code", "status", "status_code", "statusCode", "http_status", "error_code"];
            let own = own.into_iter().filter_map(|key| object.get(key)).find_map(|code| {
                let code = code.as_u64().or_else(|| code.as_str()?.trim().parse().ok())?;
                u16::try_from(code).ok().filter(|code| (400..600).contains(code))
            });
            own.or_else(|| {
                ["error", "message", "detail", "errors"]
                    .into_iter()
                    .find_map(|key| status_within(object.get(key)?, depth + 1))
            })
        }
        _ => None,
    }
}

/// The status that words of a code stand for.
pub(super) fn status_of_codes(codes: &str) -> Option<u16> {
    let status = [
        (429, &["rate_limit", "ratelimit", "too_many_requests", "resource_exhausted", "throttl"][..]),
        (401, &["authentication", "api_key", "unauthenticated", "unauthorized"]),
        (403, &["permission", "forbidden"]),
        (404, &["not_found", "notfound"]),
        (503, &["overload", "unavailable", "capacity"]),
        (504, &["timeout", "deadline_exceeded"]),
        (
            400,
            &[
                "invalid",
                "badrequest",
                "bad_request",
                "context_length",
                "exceed_context",
                "failed_precondition",
            ],
        ),
    ];
    status
        .into_iter()
        .find(|(_, words)| words.iter().any(|word| codes.contains(word)))
        .map(|(status, _)| status)
}
