//! Results in the space they are given: empty fields left out, long texts cut, and never more than fits.

use kontor_core::{
    filter::PartType,
    locale::TimeZone,
    metadata::{Object, system_fields},
    text,
    value::Value,
};
use serde_json::{Map, Value as Json, json};

use crate::records::Record;

/// The most characters of a text in a list.
pub(super) const IN_LIST: usize = 500;
/// The most characters of a text in a single record, and what is tried when the record is too large so.
const ALONE: [usize; 4] = [8_000, 2_000, 500, 100];

/// What says nothing to whoever reads a result, or is there without.
const UNTOLD: [&str; 3] = [system_fields::ID, system_fields::VERSION, system_fields::POSITION];

/// A record as a result shows it, and whether a text of it was cut.
pub(super) struct Compact {
    pub json: Json,
    pub is_cut: bool,
}

/// A record of a list.
pub(super) fn in_list(record: &Record, zone: TimeZone) -> Compact {
    compact(record, IN_LIST, zone)
}

/// A record by itself, with as much of its texts as there is room for.
pub(super) fn alone(record: &Record, zone: TimeZone, room: usize) -> Compact {
    let fits = ALONE.into_iter().map(|limit| compact(record, limit, zone)).find(|it| size(&it.json) <= room);
    fits.unwrap_or_else(|| Compact { json: json!({"id": record.id, "label": record.label}), is_cut: true })
}

/// How many of these, from the first, fit into so many bytes.
pub(super) fn fitting(items: &[Json], room: usize) -> usize {
    let mut used = 0;
    items
        .iter()
        .take_while(|item| {
            used += size(item) + 1;
            used <= room
        })
        .count()
}

/// A value with its texts cut to `limit` characters, and whether one was.
pub(super) fn cut(json: &mut Json, limit: usize) -> bool {
    match json {
        Json::String(text) if text.len() > limit && text.chars().count() > limit => {
            *text = text::excerpt(text, limit);
            true
        }
        Json::Array(items) => cut_all(items, limit),
        Json::Object(map) => cut_all(map.values_mut(), limit),
        _ => false,
    }
}

fn cut_all<'j>(items: impl IntoIterator<Item = &'j mut Json>, limit: usize) -> bool {
    let mut is_cut = false;
    for item in items {
        is_cut |= cut(item, limit);
    }
    is_cut
}

fn compact(record: &Record, limit: usize, zone: TimeZone) -> Compact {
    let mut shown = Map::new();
    shown.insert("id".to_owned(), json!(record.id));
    shown.insert("label".to_owned(), json!(record.label));
    let mut is_cut = false;
    for (field, mut value) in record.filled_fields() {
        if UNTOLD.contains(&field.name.as_str()) {
            continue;
        }
        let held = record.values.get(&field.name);
        if let Some(Value::Json(_)) = held {
            // Free JSON may be any number of small texts, so it is cut as one.
            let whole = value.to_string();
            if whole.len() > limit {
                value = text::excerpt(&whole, limit).into();
                is_cut = true;
            }
        } else {
            if let Some(Value::DateTime(at)) = held.filter(|_| !zone.is_utc()) {
                value = zone.rfc3339(*at).into();
            }
            drop_empty_parts(&mut value);
            is_cut |= cut(&mut value, limit);
        }
        if !is_empty(&value) {
            shown.insert(field.name.to_string(), value);
        }
    }
    Compact { json: shown.into(), is_cut }
}

/// Writes the moments in the changes of an object's fields as the clocks of the caller's time zone show them.
pub(super) fn localise_changes(changes: &mut Json, object: &Object, zone: TimeZone) {
    // In UTC they are written so already.
    if zone.is_utc() {
        return;
    }
    for (name, change) in changes.as_object_mut().into_iter().flatten() {
        if object.field(name).is_none_or(|field| field.kind.whole_type() != PartType::DateTime) {
            continue;
        }
        for value in change.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(at) = value.as_str().and_then(|text| text.parse().ok()) {
                *value = zone.rfc3339(at).into();
            }
        }
    }
}

fn drop_empty_parts(value: &mut Json) {
    if let Json::Object(parts) = value {
        parts.retain(|_, part| !is_empty(part));
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(parts) => parts.is_empty(),
        _ => false,
    }
}

fn size(json: &Json) -> usize {
    json.to_string().len()
}
