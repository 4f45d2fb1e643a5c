//! What is looked for: the words of a query, each with the ways in which a text may have it.

use super::{
    fold::{fold, spelt_out},
    phone::{digits, is_phone_like, phone_beginnings},
    words::{cut, joined, pairs, parts, pieces, plain_apostrophes},
};

/// The most digits that are taken for a telephone number.
const LONGEST_NUMBER: usize = 20;
/// The fewest digits that are.
const SHORTEST_NUMBER: usize = 4;

/// One word of the index, or the beginning of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub text: String,
    pub is_prefix: bool,
    /// Whether it is looked for in telephone numbers alone.
    pub is_phone: bool,
}

/// A word of a query. A text has it when it has all terms of one of its alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchWord {
    /// The word as a whole.
    pub whole: Vec<Vec<Term>>,
    /// The word as the beginning of another, or in parts.
    pub beginning: Vec<Vec<Term>>,
}

/// The words of a query, at most `limit`. What may be a telephone number is one word, however it is grouped.
pub fn search_words(query: &str, limit: usize) -> Vec<SearchWord> {
    let query = plain_apostrophes(query);
    let chunks: Vec<&str> = query.split_whitespace().collect();
    let mut words = Vec::new();
    let mut rest = chunks.as_slice();
    while let [first, behind @ ..] = rest {
        let run = rest.iter().take_while(|chunk| is_phone_like(chunk)).count();
        let number = rest.get(..run).unwrap_or_default().join(" ");
        if (SHORTEST_NUMBER..=LONGEST_NUMBER).contains(&digits(&number).len()) {
            words.push(numeric(&number));
            rest = rest.get(run..).unwrap_or_default();
        } else {
            words.extend(pieces(first).filter_map(word));
            rest = behind;
        }
    }
    words.truncate(limit);
    words
}

fn word(piece: &str) -> Option<SearchWord> {
    let folded = fold(piece);
    let apart = terms(&folded, false);
    if apart.is_empty() {
        return None;
    }
    let one = |text: &str, is_prefix| vec![Term { text: cut(text).to_owned(), is_prefix, is_phone: false }];
    let mut word = SearchWord::default();
    match joined(&folded) {
        // The parts alone are less than what was typed.
        Some(joined) => {
            word.whole.push(one(&joined, false));
            word.beginning.push(one(&joined, true));
        }
        None => word.whole.push(apart),
    }
    word.beginning.push(terms(&folded, true));
    if let Some(spelt) = spelt_out(piece) {
        word.whole.push(terms(&spelt, false));
        word.beginning.push(terms(&spelt, true));
    }
    Some(word)
}

/// Digits that may be a telephone number, or the words that they are otherwise.
fn numeric(number: &str) -> SearchWord {
    let folded = fold(number);
    let mut word = SearchWord { whole: vec![terms(&folded, false)], beginning: vec![terms(&folded, true)] };
    for text in phone_beginnings(number) {
        word.whole.push(vec![Term { text: text.clone(), is_prefix: false, is_phone: true }]);
        word.beginning.push(vec![Term { text, is_prefix: true, is_phone: true }]);
    }
    word
}

/// The terms of the runs of letters and digits of a text, all of which a text has that has these.
fn terms(folded: &str, is_prefix: bool) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    let mut add = |text: &str, is_prefix| {
        let term = Term { text: cut(text).to_owned(), is_prefix, is_phone: false };
        if !terms.contains(&term) {
            terms.push(term);
        }
    };
    for part in parts(folded) {
        let mut pairs = if part.is_spaced { Vec::new() } else { pairs(part.text) };
        // The last character alone is the end of the last pair.
        if pairs.len() > 1 {
            pairs.pop();
            pairs.into_iter().for_each(|pair| add(pair, false));
        } else {
            add(part.text, is_prefix);
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{phone_words, words};

    fn has(words: &[String], phones: &[String], alternatives: &[Vec<Term>]) -> bool {
        let fits =
            |term: &Term| {
                let known: &[&[String]] = if term.is_phone { &[phones] } else { &[words, phones] };
                known.iter().copied().flatten().any(|word| {
                    if term.is_prefix { word.starts_with(&term.text) } else { *word == term.text }
                })
            };
        alternatives.iter().any(|all| all.iter().all(fits))
    }

    fn found(text: &str, query: &str) -> (bool, bool) {
        let (words, query) = (words(text, 100), search_words(query, 10));
        let every =
            |of: fn(&SearchWord) -> &Vec<Vec<Term>>| query.iter().all(|word| has(&words, &[], of(word)));
        (every(|word| &word.whole), every(|word| &word.beginning))
    }

    #[test]
    fn what_people_type_finds_what_is_written() {
        for (query, text, is_whole) in [
            ("soren", "Søren", true),
            ("søren", "Soren", true),
            ("mueller", "Müller", true),
            ("müller", "Mueller", true),
            ("obrien", "Aisha O'Brien", true),
            ("O’Brien", "Obrien", true),
            ("o'brien", "O Brien", false),
            ("brien", "O'Brien", true),
            ("jean luc", "Jean-Luc", true),
            ("jeanluc", "Jean-Luc", true),
            ("jean-luc", "Jean Luc", false),
            ("usa", "U.S.A.", true),
            ("c++", "C++ Shop", true),
            ("c++", "C Corporation", false),
            ("at&t", "AT&T Inc.", true),
            ("jane.doe@acme", "jane.doe@acme.test", true),
            ("acme", "jane@mail.acme.co.uk", true),
            ("ac", "jane@acme.test", false),
            ("山", "山田太郎", false),
            ("太郎", "山田太郎", true),
            ("민수", "김민수", true),
        ] {
            assert_eq!(found(text, query), (is_whole, true), "{query} in {text}");
        }
        for (query, text) in [("田郎", "山田太郎"), ("brian", "O'Brien"), ("c&a", "Canda")] {
            assert!(!found(text, query).1, "{query} in {text}");
        }
    }

    #[test]
    fn a_number_is_one_word_however_it_is_grouped() {
        let query = search_words("aisha (212) 555-0161 call", 10);
        assert_eq!(query.len(), 3);
        let phone = phone_words("+1 212 555 0161");
        assert!(has(&[], &phone, &query[1].whole));
        assert!(has(&words("Room 212, 555 0161", 10), &[], &query[1].whole));
        assert_eq!(search_words("42 deals", 10).len(), 2);
        assert!(search_words("- & ,", 10).is_empty());
    }
}
