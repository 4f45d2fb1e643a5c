//! How a workspace adds a field of a kind.

use kontor_core::{
    error::Issue,
    metadata::{FieldKind, SelectOption, TextFormat},
    text,
    value::parse_scaled,
};
use serde::Deserialize as _;
use serde_json::{Map, Value as Json};

use crate::metadata::title;

/// The most options of a select field.
const MAX_OPTIONS: usize = 100;
/// The colours that options get in turn.
const COLORS: [&str; 10] =
    ["gray", "blue", "purple", "orange", "green", "red", "turquoise", "pink", "yellow", "sky"];

/// A kind that a workspace can add.
struct Added {
    name: &'static str,
    settings: &'static [&'static str],
    read: fn(&Map<String, Json>) -> Result<FieldKind, Issue>,
}

/// The kinds of field that a workspace can add.
const ADDED: [Added; 6] = [
    Added { name: "text", settings: &["format"], read: text },
    Added { name: "number", settings: &["decimals", "min", "max"], read: number },
    Added { name: "boolean", settings: &[], read: |_| Ok(FieldKind::Boolean) },
    Added { name: "date", settings: &[], read: |_| Ok(FieldKind::Date) },
    Added { name: "select", settings: &["options"], read: select },
    Added { name: "currency", settings: &[], read: |_| Ok(FieldKind::Currency) },
];

/// What a field that is added is, where nobody says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) is_searchable: bool,
    pub(crate) is_indexed: bool,
    pub(crate) can_be_unique: bool,
}

/// The row of a kind.
pub(crate) fn of(kind: &FieldKind) -> Row {
    let plain = Row { is_searchable: false, is_indexed: false, can_be_unique: false };
    match kind {
        FieldKind::Text { format } => {
            Row { is_searchable: true, can_be_unique: *format != TextFormat::Markdown, ..plain }
        }
        FieldKind::Number { .. } => Row { can_be_unique: true, ..plain },
        FieldKind::Select { .. } | FieldKind::Date => Row { is_indexed: true, ..plain },
        FieldKind::Boolean
        | FieldKind::Currency
        // Those that no workspace adds yet.
        | FieldKind::Id
        | FieldKind::DateTime
        | FieldKind::FullName
        | FieldKind::Emails
        | FieldKind::Phones
        | FieldKind::SocialLinks
        | FieldKind::Address
        | FieldKind::Actor
        | FieldKind::Relation { .. }
        | FieldKind::Target { .. }
        | FieldKind::Position
        | FieldKind::Json => plain,
    }
}

/// The kind of a field that a workspace adds, of its name and its settings.
///
/// # Errors
/// What is wrong, below `kind` or `settings`.
pub(crate) fn kind(name: &str, settings: Option<&Json>) -> Result<FieldKind, Issue> {
    let Some(Added { settings: known, read, .. }) = ADDED.iter().find(|added| added.name == name) else {
        let names = ADDED.map(|added| added.name);
        let near = text::suggestion(name, names);
        let message = format!("{:?} is not one of {}.{near}", text::excerpt(name, 60), names.join(", "));
        return Err(Issue::new("kind", "unknown_kind", message));
    };
    let empty = Map::new();
    let settings = match settings {
        None | Some(Json::Null) => &empty,
        Some(Json::Object(settings)) => settings,
        Some(_) => return Err(Issue::new("settings", "wrong_type", "expected an object")),
    };
    if let Some(key) = settings.keys().find(|key| !known.contains(&key.as_str())) {
        let near = text::suggestion(key, known.iter().copied());
        let message = format!("a {name} field has no setting {:?}.{near}", text::excerpt(key, 60));
        return Err(Issue::new("settings", "unknown_setting", message));
    }
    read(settings)
}

fn text(settings: &Map<String, Json>) -> Result<FieldKind, Issue> {
    let format = match settings.get("format") {
        None | Some(Json::Null) => TextFormat::default(),
        Some(json) => TextFormat::deserialize(json).map_err(|_| {
            Issue::new("settings.format", "unknown_format", "expected line, markdown or domain")
        })?,
    };
    Ok(FieldKind::Text { format })
}

fn number(settings: &Map<String, Json>) -> Result<FieldKind, Issue> {
    let decimals = match settings.get("decimals") {
        None | Some(Json::Null) => 0,
        Some(json) => {
            json.as_u64().filter(|decimals| *decimals <= 6).and_then(|n| u8::try_from(n).ok()).ok_or_else(
                || Issue::new("settings.decimals", "out_of_range", "expected a whole number from 0 to 6"),
            )?
        }
    };
    let bound = |key: &str| match settings.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => parse_scaled(json, decimals)
            .map(Some)
            .map_err(|why| Issue::new(format!("settings.{key}"), "wrong_type", why)),
    };
    let (min, max) = (bound("min")?, bound("max")?);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(Issue::new("settings.max", "out_of_range", "expected at least min"));
    }
    Ok(FieldKind::Number { decimals, min, max })
}

/// Options as texts or objects; labels are made of the values, colours given in turn, where there are none.
fn select(settings: &Map<String, Json>) -> Result<FieldKind, Issue> {
    let wrong = |path: String, message: String| Err(Issue::new(path, "invalid_option", message));
    let items = settings.get("options").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() || items.len() > MAX_OPTIONS {
        return wrong("settings.options".to_owned(), format!("expected 1 to {MAX_OPTIONS} options"));
    }
    let mut options: Vec<SelectOption> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("settings.options[{index}]");
        let part = |key: &str| item.get(key).and_then(Json::as_str);
        let Some(value) = item.as_str().or_else(|| part("value")) else {
            return wrong(path, "expected a text or an object with a value".to_owned());
        };
        let is_value = (1..=60).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !is_value {
            let value = text::excerpt(value, 60);
            return wrong(path, format!("{value:?} is not made of A-Z, 0-9 and _"));
        }
        if options.iter().any(|known| known.value == value) {
            return wrong(path, format!("{value} is there already"));
        }
        let label = part("label").map_or_else(|| title(&value.to_lowercase()), str::to_owned);
        let color = part("color").unwrap_or(COLORS[index % COLORS.len()]);
        let is_shown = |text: &str| (1..=60).contains(&text.chars().count()) && !text.contains('\0');
        if !is_shown(&label) || !COLORS.contains(&color) {
            return wrong(
                path,
                format!("expected a label of at most 60 characters and one of {}", COLORS.join(", ")),
            );
        }
        let (value, color) = (value.to_owned(), color.to_owned());
        options.push(SelectOption { value, label, color, outcome: None, probability: None });
    }
    Ok(FieldKind::Select { options })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_that_can_be_added_is_the_one_that_its_name_says() {
        for Added { name, .. } in ADDED {
            let settings = if name == "select" { json!({"options": ["A"]}) } else { json!({}) };
            assert_eq!(kind(name, Some(&settings)).unwrap().name(), name);
        }
    }
}
