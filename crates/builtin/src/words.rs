//! A sentence as words that remember where they stand and whether they were understood, and the small grammar
//! of comparing them.
//!
//! Whatever gives a word a meaning covers it. A sentence with a word that nothing covered is not acted upon.

use std::cell::Cell;

use kontor_core::text::fold;

/// Words that deny what follows them.
pub(super) const NEGATIONS: [&str; 18] = [
    "not",
    "never",
    "cannot",
    "except",
    "excluding",
    "isn't",
    "aren't",
    "wasn't",
    "weren't",
    "hasn't",
    "haven't",
    "don't",
    "didn't",
    "doesn't",
    "won't",
    "can't",
    "but not",
    "other than",
];

/// Words that may stand in any sentence without changing what it asks for.
const PASSED_OVER: [&str; 35] = [
    "please",
    "pls",
    "plz",
    "kindly",
    "thanks",
    "thank",
    "you",
    "thx",
    "cheers",
    "hi",
    "hello",
    "hey",
    "ok",
    "okay",
    "so",
    "well",
    "just",
    "now",
    "right",
    "quickly",
    "quick",
    "also",
    "then",
    "the",
    "a",
    "an",
    "me",
    "us",
    "there",
    "currently",
    "actually",
    ",",
    ";",
    ":",
    "again",
];

#[derive(Debug, Clone)]
pub(super) struct Word {
    /// As compared: folded, without the punctuation around it.
    pub(super) fold: String,
    start: usize,
    end: usize,
    /// Stood in quotes, so it is a name or a text and never a keyword.
    pub(super) quoted: bool,
    covered: Cell<bool>,
}

#[derive(Debug, Clone)]
pub(super) struct Sentence {
    text: String,
    words: Vec<Word>,
}

/// A run of words of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phrase<'s> {
    text: &'s str,
    words: &'s [Word],
}

impl Sentence {
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let words = split(&text);
        Self { text, words }
    }

    pub(super) fn phrase(&self) -> Phrase<'_> {
        Phrase { text: &self.text, words: &self.words }
    }

    /// Where it is a question by its mark, the same without the mark; a mark within quotes or within a word is none.
    pub(super) fn unquestioned(&self) -> Option<String> {
        const QUOTES: [char; 3] = ['"', '“', '”'];
        let mut is_quoted = false;
        let mut marks = Vec::new();
        for (at, letter) in self.text.char_indices() {
            let behind = self.text.get(at + letter.len_utf8()..).and_then(|rest| rest.chars().next());
            is_quoted ^= QUOTES.contains(&letter);
            let ends = behind.is_none_or(|next| !next.is_alphanumeric());
            if matches!(letter, '?' | '？') && !is_quoted && ends {
                marks.push(at);
            }
        }
        let kept = self.text.char_indices().filter(|(at, _)| !marks.contains(at)).map(|(_, letter)| letter);
        (!marks.is_empty()).then(|| kept.collect::<String>().trim().to_owned())
    }

    /// The runs of words that nothing gave a meaning to.
    pub(super) fn left(&self) -> Vec<Phrase<'_>> {
        self.phrase().left()
    }

    /// The sentence with a run of its words written otherwise.
    pub(super) fn with(&self, run: Phrase<'_>, written: &str) -> String {
        self.with_all(&[(run, written)])
    }

    /// The same with several runs, in the order in which they stand.
    pub(super) fn with_all(&self, runs: &[(Phrase<'_>, &str)]) -> String {
        let mut text = String::with_capacity(self.text.len() + 16);
        let mut done = 0;
        for (run, written) in runs {
            let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
            text.push_str(self.text.get(done..first.start).unwrap_or_default());
            text.push_str(written);
            done = last.end;
        }
        text.push_str(self.text.get(done..).unwrap_or_default());
        text
    }
}

impl<'s> Phrase<'s> {
    pub(super) fn len(self) -> usize {
        self.words.len()
    }

    pub(super) fn is_empty(self) -> bool {
        self.words.is_empty()
    }

    /// The folded word at a position; empty beyond the end and for what stood in quotes.
    pub(super) fn at(self, position: usize) -> &'s str {
        self.words.get(position).filter(|word| !word.quoted).map_or("", |word| &word.fold)
    }

    /// All words as [`Phrase::at`] gives them.
    pub(super) fn folds(self) -> Vec<&'s str> {
        (0..self.len()).map(|position| self.at(position)).collect()
    }

    /// Whether the first word is one of this other phrase of the sentence.
    pub(super) fn is_within(self, other: Phrase<'_>) -> bool {
        match (self.words.first(), other.words.first(), other.words.last()) {
            (Some(word), Some(first), Some(last)) => word.start >= first.start && word.end <= last.end,
            _ => false,
        }
    }

    pub(super) fn has_quotes(self) -> bool {
        self.words.iter().any(|word| word.quoted)
    }

    pub(super) fn is_quoted(self, position: usize) -> bool {
        self.words.get(position).is_some_and(|word| word.quoted)
    }

    /// The runs of words that nothing gave a meaning to.
    pub(super) fn left(self) -> Vec<Self> {
        let is_left = |at: usize| {
            let word = &self.words[at];
            !word.covered.get() && (word.quoted || !PASSED_OVER.contains(&word.fold.as_str()))
        };
        let mut runs = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let length = (at..self.words.len()).take_while(|at| is_left(*at)).count();
            if length > 0 {
                runs.push(self.from(at).upto(length));
            }
            at += length.max(1);
        }
        runs
    }

    /// The words have a meaning.
    pub(super) fn cover(self) {
        self.words.iter().for_each(|word| word.covered.set(true));
    }

    /// The words before this rest have a meaning.
    pub(super) fn cover_before(self, rest: Phrase<'_>) {
        self.upto(self.len().saturating_sub(rest.len())).cover();
    }

    pub(super) fn from(self, position: usize) -> Self {
        Self { words: self.words.get(position..).unwrap_or_default(), ..self }
    }

    pub(super) fn upto(self, position: usize) -> Self {
        Self { words: self.words.get(..position).unwrap_or(self.words), ..self }
    }

    /// The text as it was written, without the quotes around a single quoted part.
    pub(super) fn raw(self) -> &'s str {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => self.text.get(first.start..last.end).unwrap_or_default().trim(),
            _ => "",
        }
    }

    /// Everything from the first word to the end of the sentence, punctuation included.
    pub(super) fn raw_to_end(self) -> &'s str {
        self.words.first().and_then(|first| self.text.get(first.start..)).unwrap_or_default().trim()
    }

    /// Whether the words begin with these.
    pub(super) fn starts(self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(position, word)| self.at(position) == *word)
    }

    /// The rest after the first of several beginnings that fits; each is one or more words.
    pub(super) fn strip(self, beginnings: &[&str]) -> Option<Self> {
        beginnings.iter().find_map(|beginning| {
            let words: Vec<&str> = beginning.split(' ').collect();
            self.starts(&words).then(|| self.from(words.len()))
        })
    }

    /// The rest after every leading word that is one of these.
    pub(super) fn skip(mut self, words: &[&str]) -> Self {
        while !self.is_empty() && words.contains(&self.at(0)) {
            self = self.from(1);
        }
        self
    }

    /// The same without trailing words that are one of these.
    pub(super) fn trim_end(mut self, words: &[&str]) -> Self {
        while !self.is_empty() && words.contains(&self.at(self.len() - 1)) {
            self = self.upto(self.len() - 1);
        }
        self
    }

    pub(super) fn position(self, words: &[&str]) -> Option<usize> {
        (0..self.len()).find(|position| words.contains(&self.at(*position)))
    }

    /// How many words the longest of these names takes here, singular or plural; 0 where none fits.
    pub(super) fn matches(self, names: &[Vec<String>]) -> usize {
        // "mid-market" is one word that stands for two.
        if self.at(0).contains('-') && names.contains(&parts(self.at(0))) {
            return 1;
        }
        names
            .iter()
            .filter(|name| {
                !name.is_empty()
                    && name.iter().enumerate().all(|(position, part)| alike(self.at(position), part))
            })
            .map(Vec::len)
            .max()
            .unwrap_or(0)
    }
}

/// The words of a name as a person would write them: `closeDate`, `close_date` and `Close date` are alike.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(if letter.is_alphanumeric() { letter } else { ' ' });
        before = letter;
    }
    fold(&spaced).split_whitespace().map(str::to_owned).collect()
}

/// Equal but for the number.
pub(super) fn alike(a: &str, b: &str) -> bool {
    !a.is_empty() && (a == b || singular(a) == singular(b))
}

pub(super) fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

pub(super) fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with(['s', 'x']) || word.ends_with("ch") || word.ends_with("sh") => {
            format!("{word}es")
        }
        _ => format!("{word}s"),
    }
}

/// A noun with its article.
pub(super) fn one(noun: &str) -> String {
    let article = if noun.to_lowercase().starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// What `close`, `closing`, `closes` and `closed` have in common.
pub(super) fn stem(word: &str) -> &str {
    ["ing", "ed", "es", "e", "s"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() >= 3))
        .unwrap_or(word)
}

/// The place an ordinal or a number names: `second`, `2nd`, `#2`, `2`; `None` within for the last.
pub(super) fn ordinal(word: &str) -> Option<Option<usize>> {
    const NAMES: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    if word == "last" {
        return Some(None);
    }
    if let Some(position) = NAMES.iter().position(|name| *name == word) {
        return Some(Some(position));
    }
    let digits = word.trim_start_matches('#');
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| digits.strip_suffix(end)).unwrap_or(digits);
    let number: usize = digits.parse().ok()?;
    (1..=999).contains(&number).then(|| Some(number - 1))
}

fn split(text: &str) -> Vec<Word> {
    const QUOTES: [char; 3] = ['"', '“', '”'];
    let mut words = Vec::new();
    let mut position = 0;
    while let Some(letter) = text[position..].chars().next() {
        let rest = &text[position..];
        if QUOTES.contains(&letter) {
            let start = position + letter.len_utf8();
            let length = text[start..].find(QUOTES).unwrap_or(text.len() - start);
            push(&mut words, text, start, start + length, true);
            let close = text[start + length..].chars().next().map_or(0, char::len_utf8);
            position = start + length + close;
        } else if letter.is_whitespace() {
            position += letter.len_utf8();
        } else {
            let length = rest.find(|c: char| c.is_whitespace() || QUOTES.contains(&c)).unwrap_or(rest.len());
            plain(&mut words, text, position, position + length);
            position += length;
        }
    }
    words
}

/// A run of letters without space: its punctuation at either end, its possessive and itself.
fn plain(words: &mut Vec<Word>, text: &str, start: usize, end: usize) {
    let run = &text[start..end];
    let mut body = run.trim_start_matches(['(', '\'', '‘', '-', '–']);
    if body.starts_with(|first: char| first.is_ascii_digit() || ['$', '€', '£', '¥'].contains(&first)) {
        // A dash before a number is its sign.
        body = run.trim_start_matches(['(', '\'', '‘', '–']);
    }
    let start = end - body.len();
    let core = body.trim_end_matches([',', ';', ':', '.', '!', '?', ')', '\'', '’', '–']);
    let core_end = start + core.len();
    let owner = core.strip_suffix("'s").or_else(|| core.strip_suffix("’s"));
    match owner {
        Some(owner) => {
            push(words, text, start, start + owner.len(), false);
            words.push(Word {
                fold: "'s".to_owned(),
                start: start + owner.len(),
                end: core_end,
                quoted: false,
                covered: Cell::new(false),
            });
        }
        None => push(words, text, start, core_end, false),
    }
    if let Some(mark) = text[core_end..end].chars().find(|c| [',', ';', ':'].contains(c)) {
        words.push(Word {
            fold: mark.to_string(),
            start: core_end,
            end: core_end + 1,
            quoted: false,
            covered: Cell::new(false),
        });
    }
}

fn push(words: &mut Vec<Word>, text: &str, start: usize, end: usize, quoted: bool) {
    if end > start {
        words.push(Word { fold: fold(&text[start..end]), start, end, quoted, covered: Cell::new(false) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(text: &str) -> Vec<String> {
        Sentence::new(text).words.into_iter().map(|word| word.fold).collect()
    }

    #[test]
    fn punctuation_possessives_and_quotes_are_told_from_words() {
        assert_eq!(
            folds("Set Acme's amount, to 10,000.50: “Big Deal”!"),
            ["set", "acme", "'s", "amount", ",", "to", "10,000.50", ":", "big deal"]
        );
        assert_eq!(folds("at 10:30 (today)?"), ["at", "10:30", "today"]);
    }

    #[test]
    fn the_text_of_a_phrase_is_as_written() {
        let sentence = Sentence::new("log a call with Zoë Ångström: Discussed renewal, twice.");
        let phrase = sentence.phrase();
        let colon = phrase.position(&[":"]).unwrap();
        assert_eq!(phrase.from(4).upto(2).raw(), "Zoë Ångström");
        assert_eq!(phrase.from(colon + 1).raw_to_end(), "Discussed renewal, twice.");
    }

    #[test]
    fn singular_and_plural_are_alike_whatever_the_case() {
        for (one, many) in
            [("deal", "deals"), ("activity", "activities"), ("address", "addresses"), ("status", "status")]
        {
            assert!(alike(one, many), "{one} {many}");
        }
        assert_eq!(plural("activity"), "activities");
        assert_eq!(parts("closeDate"), parts("Close date"));
        assert_eq!(stem("closing"), stem("close"));
    }
}
