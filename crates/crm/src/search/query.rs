//! What is looked for, in the tokens of the index.

use kontor_core::{
    error::Issue,
    metadata::{NAME_SLOT, Object, system_fields},
    text::{self, SearchWord, Term},
};
use kontor_store::SearchQuery;
use sea_query::{Expr, ExprTrait as _};

use super::{
    caller::Slots,
    index::{token, whole_name},
};
use crate::{Error, Work, records::col};

/// The most words that are looked for.
const MAX_WORDS: usize = 10;
/// The longest query, in characters.
const MAX_QUERY: usize = 200;

/// How well a record fits, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// Its name is what was written.
    WholeName,
    /// It has every word in its name.
    WordsInName,
    /// It has every word.
    Words,
    /// Every word is the beginning of one in its name.
    BeginningsInName,
    /// Every word is the beginning of one that it has.
    Beginnings,
}

impl Rank {
    /// In two stages: first for what has the words, and only where that is too little for what has their beginnings,
    /// which costs more.
    pub(super) const STAGES: [&[Self]; 2] =
        [&[Self::WholeName, Self::WordsInName, Self::Words], &[Self::BeginningsInName, Self::Beginnings]];
}

/// The ways in which a text may have a word.
type Alternatives = fn(&SearchWord) -> &Vec<Vec<Term>>;

/// A query that was written.
pub(super) struct Written {
    words: Vec<SearchWord>,
    whole: String,
}

impl Written {
    pub(super) fn new(query: &str) -> Self {
        Self { words: text::search_words(query, MAX_WORDS), whole: text::whole_text(query) }
    }

    /// What the records of a rank, and of better ones, fulfil.
    pub(super) fn query(&self, rank: Rank, slots: &Slots, is_deleted: bool) -> SearchQuery {
        let none = SearchQuery::Any(Vec::new());
        let in_name = Slots { all: vec![NAME_SLOT], phones: Vec::new() };
        let (slots, alternatives): (&Slots, Alternatives) = match rank {
            Rank::WholeName if slots.has_name() && !self.whole.is_empty() => {
                return SearchQuery::Token(whole_name(&self.whole, is_deleted));
            }
            Rank::WordsInName if slots.has_name() => (&in_name, |word| &word.whole),
            Rank::BeginningsInName if slots.has_name() => (&in_name, |word| &word.beginning),
            Rank::WholeName | Rank::WordsInName | Rank::BeginningsInName => return none,
            Rank::Words => (slots, |word| &word.whole),
            Rank::Beginnings => (slots, |word| &word.beginning),
        };
        let word = |word: &SearchWord| {
            let all = alternatives(word).iter().map(|terms| {
                SearchQuery::All(terms.iter().map(|term| anywhere(term, slots, is_deleted)).collect())
            });
            SearchQuery::Any(all.collect())
        };
        SearchQuery::All(self.words.iter().map(word).collect())
    }

    /// What the records of these ranks fulfil, and none beside them: each has what the last asks for, or its name is
    /// what was written.
    pub(super) fn widest(&self, ranks: &[Rank], slots: &Slots, is_deleted: bool) -> SearchQuery {
        let whole = ranks.iter().filter(|rank| **rank == Rank::WholeName);
        let either = whole.chain(ranks.last()).map(|rank| self.query(*rank, slots, is_deleted));
        SearchQuery::Any(either.collect())
    }
}

/// A term in one of the fields of these slots.
fn anywhere(term: &Term, slots: &Slots, is_deleted: bool) -> SearchQuery {
    let slots = if term.is_phone { &slots.phones } else { &slots.all };
    let one = |slot: &u16| {
        let token = token(*slot, &term.text, is_deleted);
        if term.is_prefix { SearchQuery::Prefix(token) } else { SearchQuery::Token(token) }
    };
    SearchQuery::Any(slots.iter().map(one).collect())
}

/// Refuses what cannot be searched for.
pub fn check(path: &str, query: &str) -> Result<(), Error> {
    let refused = |code, message: String| Err(Error::invalid(Issue::new(path, code, message)));
    if query.contains('\0') {
        return refused("nul_byte", "expected text without NUL bytes".to_owned());
    }
    if query.chars().count() > MAX_QUERY {
        return refused("too_long", format!("expected at most {MAX_QUERY} characters"));
    }
    Ok(())
}

/// The condition that a row, deleted or not, has every word of a query that is not blank.
pub(crate) fn matching(
    work: &Work<'_, '_>,
    object: &Object,
    alias: &str,
    query: &str,
    is_deleted: bool,
) -> Expr {
    let (written, slots) = (Written::new(query), Slots::of(work, object));
    let [whole, words] =
        [Rank::WholeName, Rank::Beginnings].map(|rank| written.query(rank, &slots, is_deleted));
    // Whoever has the name has its words, if there are any.
    let query = if words.is_never() { whole } else { words };
    col(alias, system_fields::ID).in_subquery(work.tx.search_ids(&object.name, &query))
}
