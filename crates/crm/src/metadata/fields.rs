//! Adding a field to an object while the workspace is in use.

use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Issue,
    grants::Permission,
    locale::Locale,
    metadata::{Field, FieldKind, Name, Object, SelectOption, TextFormat},
    text,
    time::Timestamp,
    value::{parse_scaled, parse_value},
};
use kontor_store::{AuditEntry, Tx};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    install::{add_columns, add_indexes},
    rows,
};
use crate::Error;

/// The most fields of an object.
pub const MAX_FIELDS: usize = 200;
/// The most options of a select field.
const MAX_OPTIONS: usize = 100;
/// The kinds of field that a workspace can add.
const KINDS: [&str; 6] = ["text", "number", "boolean", "date", "select", "currency"];
/// Words that would be read as something else in a filter or in a record's JSON.
const RESERVED: [&str; 9] = ["and", "or", "not", "label", "object", "path", "count", "fields", "similar"];
/// Columns that every table of an engine has by itself.
const ENGINE_COLUMNS: [&str; 8] = ["ctid", "cmax", "cmin", "oid", "rowid", "tableoid", "xmax", "xmin"];
/// The colours that options get in turn.
const COLORS: [&str; 10] =
    ["gray", "blue", "purple", "orange", "green", "red", "turquoise", "pink", "yellow", "sky"];

/// A field to be added.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    #[schemars(with = "Name")]
    pub name: String,
    /// Made from the name where there is none.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub label: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    pub description: Option<String>,
    /// `text`, `number`, `boolean`, `date`, `select` or `currency`.
    pub kind: String,
    /// What the kind asks for: `{"options": […]}`, `{"decimals": 2, "min": 0}`, `{"format": "markdown"}`.
    #[serde(default)]
    pub settings: Option<Json>,
    #[serde(default)]
    pub is_required: bool,
    #[serde(default)]
    pub is_unique: bool,
    /// The value of records that are made without one.
    #[serde(default)]
    pub default: Option<Json>,
}

/// Adds a field: its metadata, its columns, its indexes. Records that are there have it empty.
pub(crate) async fn add_field(
    tx: &mut Tx<'_>,
    environment: &Environment,
    now: Timestamp,
    caller: &Caller,
    object: &str,
    new: &NewField,
) -> Result<Field, Error> {
    caller.require(Permission::DataModel)?;
    // Counted first, so that of two who add at once one waits for the other.
    rows::advance(tx).await?;
    let schema = rows::schema(tx).await?;
    let found = schema.object(object).or_else(|| schema.object_by_plural(object));
    let object = found.ok_or_else(|| Error::unknown_object(object, &schema, &caller.grants))?;
    let field = check(object, new, environment, &caller.locale).map_err(Error::Invalid)?;
    add_columns(tx, object, &field).await?;
    add_indexes(tx, object, &field).await?;
    let position = i64::try_from(object.fields.len()).unwrap_or(i64::MAX);
    rows::insert_fields(tx, object, std::slice::from_ref(&field), position).await?;
    let target = format!("{}.{}", object.name, field.name);
    let entry = AuditEntry::new("field.added", target, json!(field));
    tx.audit(environment, now, &caller.actor(), entry).await?;
    Ok(field)
}

fn check(
    object: &Object,
    new: &NewField,
    environment: &Environment,
    locale: &Locale,
) -> Result<Field, Vec<Issue>> {
    let mut issues = Vec::new();
    if object.is_read_only {
        issues.push(Issue::new("", "read_only", format!("{} cannot be given fields", object.name)));
    }
    if object.fields.len() >= MAX_FIELDS {
        issues.push(Issue::new("", "too_many", format!("an object has at most {MAX_FIELDS} fields")));
    }
    let name =
        new.name.parse::<Name>().map_err(|error| Issue::new("name", "invalid_name", error.to_string()));
    let kind = kind(&new.kind, new.settings.as_ref());
    let label = new.label.clone().unwrap_or_else(|| title(&new.name));
    for (path, text, limit) in
        [("label", label.as_str(), 100), ("description", new.description.as_deref().unwrap_or(""), 1_000)]
    {
        if text.contains('\0') || text.chars().count() > limit || (path == "label" && text.trim().is_empty())
        {
            let message = format!("expected text of at most {limit} characters");
            issues.push(Issue::new(path, "invalid_text", message));
        }
    }
    let (name, kind) = match (name, kind) {
        (Ok(name), Ok(kind)) if issues.is_empty() => (name, kind),
        (name, kind) => {
            issues.extend(name.err());
            issues.extend(kind.err());
            return Err(issues);
        }
    };
    let mut field = Field::new(environment.new_id(), name, label.trim(), kind);
    field.description = new.description.clone().unwrap_or_default();
    field.is_required = new.is_required;
    field.is_unique = new.is_unique;
    field.is_custom = true;
    field.is_searchable = matches!(field.kind, FieldKind::Text { .. });
    field.search_slot = field.is_searchable.then(|| object.next_search_slot());
    field.is_indexed = matches!(field.kind, FieldKind::Select { .. } | FieldKind::Date);
    check_name(object, &field, &mut issues);
    if field.is_unique && !can_be_unique(&field.kind) {
        let message = format!("a {} field cannot be unique", field.kind.name());
        issues.push(Issue::new("is_unique", "not_comparable", message));
    }
    if let Some(json) = new.default.as_ref().filter(|json| !json.is_null()) {
        match parse_value(&field, json, None, locale) {
            Ok(value) => field.default = Some(value.to_json(&field.kind)),
            Err(wrong) => issues.extend(wrong.into_iter().map(|issue| issue.within("default"))),
        }
    }
    if issues.is_empty() { Ok(field) } else { Err(issues) }
}

/// Refuses a name, or a column of it, that is taken.
fn check_name(object: &Object, field: &Field, issues: &mut Vec<Issue>) {
    let taken =
        |column: &str| object.fields.iter().flat_map(Field::columns).any(|known| known.name == column);
    let name = field.name.as_str();
    if RESERVED.contains(&name) {
        issues.push(Issue::new("name", "reserved", format!("{name} has a meaning of its own")));
    } else if field.columns().iter().any(|column| ENGINE_COLUMNS.contains(&column.name.as_str())) {
        issues.push(Issue::new("name", "reserved", format!("{name} is a name of the database's own")));
    } else if object.field(name).is_some() {
        issues.push(Issue::new("name", "taken", format!("{} has a field {name} already", object.name)));
    } else if field.columns().iter().any(|column| taken(&column.name)) {
        issues.push(Issue::new("name", "reserved", format!("{name} is a part of another field")));
    }
}

fn can_be_unique(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Text { format } => *format != TextFormat::Markdown,
        FieldKind::Number { .. } => true,
        _ => false,
    }
}

fn kind(name: &str, settings: Option<&Json>) -> Result<FieldKind, Issue> {
    if !KINDS.contains(&name) {
        let near = text::suggestion(name, KINDS);
        let message = format!("{:?} is not one of {}.{near}", text::excerpt(name, 60), KINDS.join(", "));
        return Err(Issue::new("kind", "unknown_kind", message));
    }
    let empty = Map::new();
    let settings = match settings {
        None | Some(Json::Null) => &empty,
        Some(Json::Object(settings)) => settings,
        Some(_) => return Err(Issue::new("settings", "wrong_type", "expected an object")),
    };
    let known: &[&str] = match name {
        "text" => &["format"],
        "number" => &["decimals", "min", "max"],
        "select" => &["options"],
        _ => &[],
    };
    if let Some(key) = settings.keys().find(|key| !known.contains(&key.as_str())) {
        let near = text::suggestion(key, known.iter().copied());
        let message = format!("a {name} field has no setting {:?}.{near}", text::excerpt(key, 60));
        return Err(Issue::new("settings", "unknown_setting", message));
    }
    let kind = match name {
        "text" => FieldKind::Text { format: format(settings.get("format"))? },
        "number" => number(settings)?,
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "select" => FieldKind::Select { options: options(settings.get("options"))? },
        _ => FieldKind::Currency,
    };
    Ok(kind)
}

fn format(json: Option<&Json>) -> Result<TextFormat, Issue> {
    match json {
        None | Some(Json::Null) => Ok(TextFormat::default()),
        Some(json) => TextFormat::deserialize(json).map_err(|_| {
            Issue::new("settings.format", "unknown_format", "expected line, markdown or domain")
        }),
    }
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
fn options(json: Option<&Json>) -> Result<Vec<SelectOption>, Issue> {
    let wrong = |path: String, message: String| Err(Issue::new(path, "invalid_option", message));
    let items = json.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
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
    Ok(options)
}

/// `renewal_date` as `Renewal date`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}
