//! The words of a text as they lie in a search index.

use std::{borrow::Cow, collections::HashSet};

use super::{
    TOKEN_LENGTH,
    fold::{fold, spelt_out},
};

/// What divides words whatever stands beside it. Other signs divide words as well, and what they join is a word
/// besides.
const DIVIDING: &str = "/\\,;:()[]{}<>|=*!?~^\"“”„«»";
/// The signs that are a part of a word: `C++`, `C#`, `AT&T`.
const SYMBOLS: [char; 3] = ['&', '+', '#'];

/// The first distinct words of a text by which it is found, folded, at most `limit`, in order of appearance: its
/// runs of letters and digits; what an apostrophe or a hyphen joins (`obrien`), what a sign belongs to (`c++`,
/// `at&t`) and the letters of an abbreviation (`usa`) as one word besides; words with umlauts as they are spelt
/// out, too (`mueller`); text without spaces between words, such as Chinese, in pairs of characters.
pub fn words(text: &str, limit: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut words = Vec::new();
    let mut add = |word: Cow<'_, str>| {
        let word = cut(&word);
        if !word.is_empty() && words.len() < limit && seen.insert(word.to_owned()) {
            words.push(word.to_owned());
        }
    };
    for piece in pieces(&plain_apostrophes(text)) {
        let folded = fold(piece);
        for part in parts(&folded) {
            if part.is_spaced {
                add(part.text.into());
            } else {
                pairs(part.text).into_iter().for_each(|pair| add(pair.into()));
            }
        }
        if let Some(joined) = joined(&folded) {
            add(joined.into());
        }
        if folded.contains(['@', '.']) {
            folded.split(['@', '.']).filter_map(joined).for_each(|joined| add(joined.into()));
        }
        if let Some(spelt) = spelt_out(piece) {
            parts(&spelt).iter().for_each(|part| add(part.text.into()));
        }
    }
    words
}

/// A text as one word, which another equals where both are the same but for case, accents and white space.
pub fn whole_text(text: &str) -> String {
    let folded = fold(&plain_apostrophes(text));
    let mut whole = String::with_capacity(folded.len());
    for part in folded.split_whitespace() {
        if !whole.is_empty() {
            whole.push('_');
        }
        whole.push_str(part);
    }
    cut(&whole).to_owned()
}

/// The stretches of a text between white space and other signs that divide words.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || DIVIDING.contains(c)).filter(|piece| !piece.is_empty())
}

/// A run of letters and digits.
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    /// Whether its script puts spaces between words.
    pub(super) is_spaced: bool,
}

/// The runs of letters and digits of a folded text, divided where the script changes to one without spaces.
pub(super) fn parts(folded: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for run in folded.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        if run.is_ascii() {
            parts.push(Part { text: run, is_spaced: true });
            continue;
        }
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let is_spaced = !lacks_spaces(first);
            let end = rest.find(|c| lacks_spaces(c) == is_spaced).unwrap_or(rest.len());
            let (text, behind) = rest.split_at(end);
            parts.push(Part { text, is_spaced });
            rest = behind;
        }
    }
    parts
}

/// The pairs of neighbours of a run without spaces, and its last character alone: so that each begins a word.
pub(super) fn pairs(run: &str) -> Vec<&str> {
    let starts: Vec<usize> = run.char_indices().map(|(start, _)| start).collect();
    let end = |index: usize| starts.get(index).copied().unwrap_or(run.len());
    starts.iter().enumerate().filter_map(|(index, start)| run.get(*start..end(index + 2))).collect()
}

/// The one word that a piece is where its signs join what they stand between.
pub(super) fn joined(folded: &str) -> Option<String> {
    let is_plain = folded.chars().all(char::is_alphanumeric);
    if is_plain || folded.contains('@') {
        return None;
    }
    let end = |c: char| !c.is_alphanumeric();
    let piece = folded.trim_start_matches(end).trim_end_matches(|c| end(c) && c != '+' && c != '#');
    let joined: String = piece.chars().filter(|c| *c != '\'' && *c != '-').collect();
    let whole = if joined.contains(SYMBOLS) {
        joined
    } else if joined.contains('.') {
        let mut letters = joined.split('.').filter(|part| !part.is_empty()).peekable();
        letters.peek()?;
        if !letters.clone().all(|part| part.chars().count() == 1) {
            return None;
        }
        letters.collect()
    } else {
        joined
    };
    let is_word = whole.chars().all(|c| c.is_alphanumeric() || SYMBOLS.contains(&c));
    let is_new = whole.chars().count() > 1 && (whole.len() < piece.len() || whole.contains(SYMBOLS));
    (is_word && is_new).then_some(whole)
}

/// The text with one sign for every apostrophe.
pub(super) fn plain_apostrophes(text: &str) -> Cow<'_, str> {
    const APOSTROPHES: [char; 7] = ['’', '‘', 'ʼ', 'ʻ', '′', '´', '`'];
    if text.contains(APOSTROPHES) { text.replace(APOSTROPHES, "'").into() } else { text.into() }
}

pub(super) fn cut(word: &str) -> &str {
    match word.char_indices().nth(TOKEN_LENGTH) {
        Some((end, _)) => word.get(..end).unwrap_or(word),
        None => word,
    }
}

/// Whether the script of a letter puts no spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han, Hangul.
/// (Korean has spaces, but names are written without.)
fn lacks_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x3007 | 0x3040..=0x318f
        | 0x31a0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff
        | 0xf900..=0xfaff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_distinct() {
        assert_eq!(words("Jane.Doe@Acme.test, JANE", 10), ["jane", "doe", "acme", "test"]);
        assert!(words("-- , &", 10).is_empty());
        assert_eq!(words("a b c d", 2), ["a", "b"]);
        assert_eq!(words(&"x".repeat(100), 2), ["x".repeat(64)]);
    }

    #[test]
    fn what_signs_join_is_a_word_besides() {
        for (text, expected) in [
            ("O’Brien", vec!["o", "brien", "obrien"]),
            ("Jean-Luc", vec!["jean", "luc", "jeanluc"]),
            ("C++", vec!["c", "c++"]),
            ("(C#)", vec!["c", "c#"]),
            ("C&A", vec!["c", "a", "c&a"]),
            ("AT&T,", vec!["at", "t", "at&t"]),
            ("U.S.A.", vec!["u", "s", "a", "usa"]),
            ("acme.com", vec!["acme", "com"]),
            ("jo@north-wind.test", vec!["jo", "north", "wind", "test", "northwind"]),
            ("Inc.", vec!["inc"]),
            ("+49", vec!["49"]),
            ("Müller", vec!["muller", "mueller"]),
        ] {
            assert_eq!(words(text, 10), expected, "{text}");
        }
    }

    #[test]
    fn text_without_spaces_is_taken_in_pairs() {
        assert_eq!(words("山田太郎", 10), ["山田", "田太", "太郎", "郎"]);
        assert_eq!(words("東京Tower", 10), ["東京", "京", "tower"]);
        assert_eq!(words("김민수", 10), ["김민", "민수", "수"]);
        assert_eq!(words("李", 10), ["李"]);
    }

    #[test]
    fn a_whole_text_is_one_word() {
        assert_eq!(whole_text("  C++ \t Überall "), "c++_uberall");
        assert_eq!(whole_text("O’Brien"), whole_text("o'brien"));
    }
}
