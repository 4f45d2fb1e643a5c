//! Adding a field to an object while the workspace is in use.

use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Issue,
    grants::Permission,
    locale::Locale,
    metadata::{Field, Name, Object},
    time::Timestamp,
    value::parse_value,
};
use kontor_store::{AuditEntry, Tx};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    install::{add_columns, add_indexes},
    rows,
};
use crate::{Error, kinds::added};

/// The most fields of an object.
pub const MAX_FIELDS: usize = 200;
/// Words that would be read as something else in a filter or in a record's JSON.
const RESERVED: [&str; 9] = ["and", "or", "not", "label", "object", "path", "count", "fields", "similar"];
/// Columns that every table of an engine has by itself.
const ENGINE_COLUMNS: [&str; 8] = ["ctid", "cmax", "cmin", "oid", "rowid", "tableoid", "xmax", "xmin"];

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
    if object.is_read_only && new.is_required {
        let message = format!("a {} is not made by whoever would have to fill it in", object.name);
        issues.push(Issue::new("is_required", "read_only", message));
    }
    if object.fields.len() >= MAX_FIELDS {
        issues.push(Issue::new("", "too_many", format!("an object has at most {MAX_FIELDS} fields")));
    }
    let name =
        new.name.parse::<Name>().map_err(|error| Issue::new("name", "invalid_name", error.to_string()));
    let kind = added::kind(&new.kind, new.settings.as_ref());
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
    let row = added::of(&field.kind);
    field.is_searchable = row.is_searchable;
    field.search_slot = field.is_searchable.then(|| object.next_search_slot());
    field.is_indexed = row.is_indexed;
    check_name(object, &field, &mut issues);
    if field.is_unique && !row.can_be_unique {
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

/// `renewal_date` as `Renewal date`.
pub(crate) fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}
