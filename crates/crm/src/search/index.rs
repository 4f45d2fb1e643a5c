use kontor_core::{
    metadata::{Field, Object},
    text,
    value::Value,
};

use crate::{Error, Work, records::Record};

/// The most words of one field that are indexed.
const MAX_WORDS: usize = 2_000;

/// Indexes a record, which holds all its fields.
pub(crate) async fn index(work: &mut Work<'_, '_>, object: &Object, record: &Record) -> Result<(), Error> {
    let mut tokens = Vec::new();
    for field in object.searchable_fields() {
        let words = text::tokens(&words(field, record));
        tokens.extend(words.into_iter().take(MAX_WORDS).map(|word| token(object, field, &word)));
    }
    Ok(work.tx.index_document(&object.name, record.id.as_uuid(), &tokens).await?)
}

/// Whether two states of a record are found by different words.
pub(crate) fn differs(object: &Object, before: &Record, after: &Record) -> bool {
    object.searchable_fields().any(|field| words(field, before) != words(field, after))
}

/// A word of a field as it lies in the index.
pub(super) fn token(object: &Object, field: &Field, word: &str) -> String {
    format!("{}.{}:{word}", object.name, field.name)
}

fn words(field: &Field, record: &Record) -> String {
    record.values.get(&field.name).map(Value::search_text).unwrap_or_default()
}
