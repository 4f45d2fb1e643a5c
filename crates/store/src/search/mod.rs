//! Text search: one document of tokens for each record, found by tokens and their beginnings.
//!
//! What the tokens mean is decided above. On SQLite they lie in a contentless FTS5 table whose row ids are
//! `search_documents`' ids; documents written lately wait in `search_pending` until many are indexed at once. On
//! PostgreSQL they are a `tsvector` with a GIN index. A search asks for the newest documents that match and takes
//! a bounded number of steps ([`Tx::begin_search`], [`Tx::search_page`]); a condition finds every document that matches
//! ([`Tx::search_ids`]).

mod documents;
mod page;
mod query;
mod statements;

pub use self::{
    page::{Found, Precision, RankedSearch, SearchCursor, SearchScope},
    query::SearchQuery,
};

/// Longer tokens are cut here, in documents and queries alike.
const LONGEST_TOKEN: usize = 120;

/// A token both engines take as one: without white space and control characters, and not too long.
fn normal(token: &str) -> String {
    let mut end = token.len().min(LONGEST_TOKEN);
    while !token.is_char_boundary(end) {
        end -= 1;
    }
    token[..end]
        .chars()
        .map(|character| if character.is_whitespace() || character.is_control() { '_' } else { character })
        .collect()
}

/// The token that every document of an object has on SQLite.
fn object_token(object: &str) -> String {
    format!("@{object}")
}

/// What every token of an object's documents begins with on PostgreSQL. The index then has the tokens of one object
/// beside each other, and a word among accounts is found without reading where contacts have it. Two objects may
/// share their mark, so that the object is compared as well.
fn object_mark(object: &str) -> String {
    let mut characters = object.chars();
    characters.next().into_iter().chain(characters.next_back()).collect()
}
