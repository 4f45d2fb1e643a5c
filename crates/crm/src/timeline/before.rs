use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, Name, Object},
    text,
    time::Timestamp,
    value::Value,
};

use super::read::list;
use crate::{
    Error, Work,
    records::{self, MAX_LIMIT, Record},
};

/// Values that are told of a record beside its name, and the characters of each and of a name.
const DETAILS: usize = 3;
const LONGEST: usize = 120;

/// What a record was before a moment, as far as its caller may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The name that it had then; its present one where it was made since.
    pub label: String,
    /// Its present name, where that is another.
    pub renamed_to: Option<String>,
    /// Made since.
    pub is_new: bool,
    /// A few values by the labels of their fields, of fields that were not changed since.
    pub details: Vec<(String, String)>,
}

/// How a record, deleted or not, was known before `moment`.
///
/// # Errors
/// Not found, where there is none that the caller may read.
pub async fn before(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    moment: Timestamp,
) -> Result<Before, Error> {
    let timeline = list(work, object, id, MAX_LIMIT, None).await?;
    let since = timeline.entries.iter().position(|entry| entry.happened_at < moment);
    let (later, earlier) = timeline.entries.split_at(since.unwrap_or(timeline.entries.len()));
    let label = earlier.first().map(|entry| entry.record.label.clone());
    let is_new = label.is_none() && !timeline.has_more;
    let details = match records::get(work, object, id, None, &[]).await {
        Ok(record) => details(&record, |field| later.iter().any(|entry| entry.changes.contains_key(field))),
        // A deleted one is told by its name.
        Err(Error::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    let now = shortened(&timeline.label);
    let then = label.map_or_else(|| now.clone(), |label| shortened(&label));
    Ok(Before { renamed_to: (then != now).then_some(now), label: then, is_new, details })
}

fn details(record: &Record, was_changed: impl Fn(&Name) -> bool) -> Vec<(String, String)> {
    let fields = record.object.fields.iter();
    fields
        .filter(|field| !field.is_system && field.name != record.object.label_field)
        .filter(|field| !was_changed(&field.name))
        .filter_map(|field| Some((field.label.clone(), shown(record, field)?)))
        .take(DETAILS)
        .collect()
}

/// A field's value in a line; `None` where it has none, or none that tells a person something.
fn shown(record: &Record, field: &Field) -> Option<String> {
    if !field.kind.is_legible() {
        return None;
    }
    let words = match record.values.get(&field.name)? {
        Value::Relation(_) => record.related.get(&field.name)?.label.clone()?,
        value => value.display(&field.kind),
    };
    let words = shortened(&words);
    (!words.is_empty()).then_some(words)
}

fn shortened(words: &str) -> String {
    text::excerpt(&text::one_line(words), LONGEST)
}
