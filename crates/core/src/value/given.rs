//! What a caller gives a field as JSON, as a value.

use serde_json::Value as Json;

use super::Value;
use crate::{
    error::Issue,
    filter::{FieldPath, Scalar},
    kind::{Given, Issues, readable_limit},
    locale::Locale,
    metadata::Field,
};

/// The longest text that lists are sorted by or that no two records share, in bytes as it is compared:
/// PostgreSQL's indexes hold 2,704 bytes an entry, the id and what else is kept with it included.
const MAX_INDEXED: usize = 2_500;

/// Reads a field's JSON. Parts of a composite value that the JSON does not name are kept from `current`; days, moments
/// without an offset and amounts without a currency are those of `locale`.
///
/// # Errors
/// Every mistake, each with its path within the field.
pub fn parse_value(
    field: &Field,
    json: &Json,
    current: Option<&Value>,
    locale: &Locale,
) -> Result<Value, Vec<Issue>> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let value = field.kind.parse(&Given { json, current, field, locale }).map_err(|Issues(issues)| issues)?;
    check_indexed(field, &value).map_err(|issue| vec![issue])?;
    Ok(value)
}

/// Refuses what an index of the field could not hold, which a few hundred characters of some scripts are.
fn check_indexed(field: &Field, value: &Value) -> Result<(), Issue> {
    if !(field.is_indexed || field.is_unique) {
        return Ok(());
    }
    match FieldPath::whole(field).cell(field, value) {
        Some(Scalar::Text(text)) if text.len() > MAX_INDEXED => {
            let limit = readable_limit(MAX_INDEXED);
            let message = format!("expected at most {limit} bytes, since records are sorted by it");
            Err(Issue::new("", "too_long", message))
        }
        _ => Ok(()),
    }
}
