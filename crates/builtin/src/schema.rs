//! What a JSON Schema says of one field: its kind, its options, its parts.

use serde_json::Value;

use super::words::parts;

pub(super) struct Part {
    pub(super) name: String,
    pub(super) phrases: Vec<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    Date,
    DateTime,
    Select(Vec<Choice>),
    Currency,
    FullName,
    /// Addresses of one sort with a primary one: emails, phones.
    Contacts,
    /// To a record of this object, where the schema says which.
    Relation(Option<String>),
    /// To a record of one of several objects.
    Target(Vec<String>),
    /// Several parts, each written by its own name.
    Composite,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    /// `open`, `won`, `lost`, where options have outcomes.
    pub(super) outcome: Option<String>,
    pub(super) names: Vec<Vec<String>>,
}

impl Choice {
    fn new(value: &str, label: String, outcome: Option<String>) -> Self {
        Self { value: value.to_owned(), names: vec![parts(&label), parts(value)], label, outcome }
    }
}

pub(super) fn kind_of(schema: &Value) -> Kind {
    let properties = &schema["properties"];
    let has = |name: &str| properties.get(name).is_some();
    if schema.get("enum").is_some() {
        return Kind::Select(choices(schema));
    }
    if has("object") && has("id") {
        return Kind::Target(strings(&properties["object"]["enum"]));
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    };
    match (types, schema["format"].as_str()) {
        (Some("object"), _) if has("amount") && has("currency") => Kind::Currency,
        (Some("object"), _) if has("first") && has("last") => Kind::FullName,
        (Some("object"), _) if has("primary") => Kind::Contacts,
        (Some("object"), _) => Kind::Composite,
        (Some("number" | "integer"), _) => Kind::Number,
        (Some("boolean"), _) => Kind::Boolean,
        (_, Some("date")) => Kind::Date,
        (_, Some("uuid")) => Kind::Relation(related(schema["description"].as_str().unwrap_or_default())),
        (Some("string"), _) => Kind::Text,
        _ => Kind::Composite,
    }
}

/// The parts of a composite field as its schema has them, and what people call them.
pub(super) fn parts_of(kind: &Kind, schema: &Value) -> Vec<Part> {
    if !matches!(kind, Kind::Composite | Kind::FullName) {
        return Vec::new();
    }
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
    names
        .map(|name| {
            let spoken = parts(name);
            let other: &[&str] = match name.as_str() {
                "postal_code" => &["zip", "zip code", "postcode", "post code"],
                "last" => &["surname", "family name"],
                "first" => &["given name"],
                _ => &[],
            };
            let mut phrases: Vec<Vec<String>> = other.iter().map(|words| parts(words)).collect();
            match kind {
                // "first" alone is the first of a list.
                Kind::FullName => phrases.push([spoken, parts("name")].concat()),
                _ => phrases.push(spoken),
            }
            Part { name: name.clone(), phrases }
        })
        .collect()
}

/// The object in "Id of one account record."
pub(super) fn related(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("Id of one ")?;
    rest.split(' ').next().map(str::to_owned)
}

/// The options of a select that lists them; what describes them tells their labels and outcomes.
pub(super) fn choices(schema: &Value) -> Vec<Choice> {
    let mut described = described_choices(schema["description"].as_str().unwrap_or_default());
    strings(&schema["enum"])
        .into_iter()
        .map(|value| match described.iter().position(|choice| choice.value == value) {
            Some(position) => described.swap_remove(position),
            None => Choice::new(&value, readable(&value), None),
        })
        .collect()
}

/// The options in "One of: VALUE (Label, outcome); VALUE (Label)." or in "One of: VALUE, VALUE.", whose labels
/// read as the values do.
pub(super) fn described_choices(description: &str) -> Vec<Choice> {
    let Some((_, listed)) = description.split_once("One of: ") else { return Vec::new() };
    let listed = listed.trim_end();
    let Some(labelled) = listed.strip_suffix(").") else {
        let values = listed.trim_end_matches('.').split(", ");
        return values.map(|value| Choice::new(value, readable(value), None)).collect();
    };
    labelled
        .split("); ")
        .filter_map(|entry| {
            let (value, label) = entry.split_once(" (")?;
            Some(match label.rsplit_once(", ") {
                Some((label, outcome @ ("open" | "won" | "lost"))) => {
                    Choice::new(value, label.to_owned(), Some(outcome.to_owned()))
                }
                _ => Choice::new(value, label.to_owned(), None),
            })
        })
        .collect()
}

/// Outcomes by the words of the labels, where a schema tells none.
pub(super) fn guess_outcomes(choices: &mut [Choice]) {
    let of = |choice: &Choice| {
        let words = choice.names.concat();
        let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if any(&["won"]) {
            Some("won")
        } else if any(&["lost"]) {
            Some("lost")
        } else if any(&["done", "closed", "completed", "cancelled", "canceled"]) {
            Some("done")
        } else {
            None
        }
    };
    if choices.iter().any(|choice| of(choice).is_some()) {
        for choice in choices {
            choice.outcome = Some(of(choice).unwrap_or("open").to_owned());
        }
    }
}

pub(super) fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `close_date` and `CLOSED_WON` as `Close date` and `Closed won`.
pub(super) fn readable(name: &str) -> String {
    let text = parts(name).join(" ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
