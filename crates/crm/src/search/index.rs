use kontor_core::{
    metadata::{Field, NAME_SLOT, Object},
    text,
};
use kontor_store::Write;

use crate::records::Record;

/// The most words of one field that are indexed.
const MAX_WORDS: usize = 2_000;
/// The most bytes of one record's tokens: PostgreSQL holds a mebibyte of them, all told.
const MAX_BYTES: usize = 512 * 1024;
/// What stands before the whole name of a record.
const WHOLE_NAME: char = '=';
/// What stands before every token of a deleted record.
const DELETED: char = '-';

/// What indexes records, which hold all their fields.
pub(crate) fn index<'r>(object: &Object, records: impl IntoIterator<Item = &'r Record>) -> Write {
    let documents = records.into_iter().map(|record| (record.id.as_uuid(), tokens(object, record)));
    Write::Documents { object: object.name.to_string(), documents: documents.collect() }
}

/// The tokens of a record that holds its searchable fields.
pub(super) fn tokens(object: &Object, record: &Record) -> Vec<String> {
    let mut tokens = Vec::new();
    let is_deleted = record.is_deleted;
    for field in object.searchable_fields() {
        let (Some(slot), Some(value)) = (field.search_slot, record.values.get(&field.name)) else { continue };
        if slot == NAME_SLOT {
            tokens.push(whole_name(&text::whole_text(&value.search_text(&field.kind)), is_deleted));
        }
        tokens.extend(
            value.search_words(&field.kind, MAX_WORDS).iter().map(|word| token(slot, word, is_deleted)),
        );
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
    let text = |field: &Field, record: &Record| {
        record.values.get(&field.name).map(|value| value.search_text(&field.kind))
    };
    before.is_deleted != after.is_deleted
        || object.searchable_fields().any(|field| text(field, before) != text(field, after))
}

/// A word of a field, or the beginning of one, as it lies in the index.
pub(super) fn token(slot: u16, word: &str, is_deleted: bool) -> String {
    let mut token = String::with_capacity(word.len() + 2);
    token.extend(is_deleted.then_some(DELETED));
    token.push(mark(slot));
    token.push_str(word);
    token
}

/// A whole name, as [`text::whole_text`] makes it, as it lies in the index.
pub(super) fn whole_name(name: &str, is_deleted: bool) -> String {
    let deleted = is_deleted.then_some(DELETED);
    deleted.into_iter().chain([WHOLE_NAME]).chain(name.chars()).collect()
}

/// The character that stands for a slot, which no engine takes for another one's.
fn mark(slot: u16) -> char {
    let slot = u32::from(slot);
    char::from_digit(slot, 36).or_else(|| char::from_u32(0x100 + slot)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_mark_of_its_own() {
        let marks: std::collections::HashSet<_> = (0..400).map(mark).collect();
        assert_eq!(marks.len(), 400);
        assert!(!marks.contains(&WHOLE_NAME) && !marks.contains(&DELETED) && !marks.contains(&'@'));
    }
}
