use kontor_core::{
    metadata::{Field, Object},
    text,
    value::Value,
};
use kontor_store::Write;

use crate::records::Record;

/// The most words of one field that are indexed.
const MAX_WORDS: usize = 2_000;
/// The most bytes of one record's tokens: PostgreSQL holds a mebibyte of them, all told.
const MAX_BYTES: usize = 512 * 1024;

/// What indexes records, which hold all their fields.
pub(crate) fn index<'r>(object: &Object, records: impl IntoIterator<Item = &'r Record>) -> Write {
    let documents = records.into_iter().map(|record| (record.id.as_uuid(), tokens(object, record)));
    Write::Documents { object: object.name.to_string(), documents: documents.collect() }
}

fn tokens(object: &Object, record: &Record) -> Vec<String> {
    let mut tokens = Vec::new();
    for field in object.searchable_fields() {
        let words = text::tokens(&words(field, record), MAX_WORDS);
        tokens.extend(words.iter().map(|word| token(object, field, word)));
    }
    let mut bytes = 0;
    let fitting = tokens.iter().take_while(|token| {
        bytes += token.len();
        bytes <= MAX_BYTES
    });
    tokens.truncate(fitting.count());
    tokens
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
