//! Numbers in a text, however they are written: 12000, 12,000, 12.000,00, 12 000, 12k and 1.2 million.

use std::sync::LazyLock;

use regex::Regex;

use crate::dataset::ExpectedNumber;

/// What stands in a text and may be a number.
pub(super) struct Written<'t> {
    /// Each number it may mean: `12.000` is twelve or twelve thousand.
    pub(super) meanings: Vec<f64>,
    before: &'t str,
    after: &'t str,
}

#[expect(clippy::unwrap_used, reason = "the expression is a literal, which tests compile")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?P<sign>[-−])?",
        r"(?P<number>\d{1,3}(?:[ ,.'’\x{a0}\x{202f}]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)",
        r"(?P<scale>[ \x{a0}]?(?:k|thousand|tsd|m|mn|mio|million|millions|bn|billion)\b)?",
    ))
    .unwrap()
});
/// Addresses and ids, whose digits are no numbers.
#[expect(clippy::unwrap_used, reason = "the expression is a literal, which tests compile")]
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\]\([^)\s]*\)|https?://\S+|/records/\S+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
        .unwrap()
});

/// The text without addresses and ids.
pub(super) fn without_addresses(text: &str) -> String {
    ADDRESS.replace_all(text, " ").into_owned()
}

/// What a reply lacks of a number that is expected; nothing where it is there.
pub(super) fn missing(expected: &ExpectedNumber, reply: &str) -> Option<String> {
    let text = without_addresses(reply);
    let tolerance = match (expected.tolerance, expected.percent) {
        (Some(tolerance), _) => tolerance,
        (None, Some(percent)) => (expected.value * percent / 100.0).abs(),
        (None, None) => 0.0,
    };
    // Decimal fractions are not exact in a double.
    let tolerance = tolerance + expected.value.abs() * 1e-9 + 1e-9;
    let written = written(&text);
    let fits = |written: &Written<'_>| {
        written.meanings.iter().any(|meaning| (meaning - expected.value).abs() <= tolerance)
            && (expected.unit.is_empty() || expected.unit.iter().any(|unit| written.is_beside(unit)))
    };
    if written.iter().any(fits) {
        return None;
    }
    let unit = expected.unit.first().map(|unit| format!(" {unit}")).unwrap_or_default();
    Some(format!("the number {}{unit} is not in the reply", expected.value))
}

/// Everything in a text that may be a number.
pub(super) fn written(text: &str) -> Vec<Written<'_>> {
    let mut all = Vec::new();
    for found in NUMBER.captures_iter(text) {
        let (Some(whole), Some(number)) = (found.get(0), found.name("number")) else { continue };
        let before = text.get(..whole.start()).unwrap_or_default();
        // Digits within a word, as in A4, are part of a name.
        if before.chars().next_back().is_some_and(char::is_alphabetic) {
            continue;
        }
        let scale = found.name("scale").map_or(1.0, |scale| scale_of(scale.as_str()));
        // A hyphen after a digit or word joins, as in 2026-11-02.
        let joins = before.chars().next_back().is_some_and(char::is_alphanumeric);
        let sign = if found.name("sign").is_some() && !joins { -1.0 } else { 1.0 };
        let meanings = meanings(number.as_str()).into_iter().map(|number| number * scale * sign).collect();
        let after = text.get(whole.end()..).unwrap_or_default();
        all.push(Written { meanings, before, after });
    }
    all
}

fn scale_of(word: &str) -> f64 {
    match word.trim_matches([' ', '\u{a0}']).to_lowercase().as_str() {
        "k" | "thousand" | "tsd" => 1e3,
        "bn" | "billion" => 1e9,
        _ => 1e6,
    }
}

/// What digits with separators may mean.
fn meanings(digits: &str) -> Vec<f64> {
    let mut found = Vec::new();
    let mut add = |text: String| found.extend(text.parse::<f64>().ok());
    let marks: Vec<char> = digits.chars().filter(|c| !c.is_ascii_digit()).collect();
    let bare: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (head, tail) = digits.rsplit_once(|c: char| !c.is_ascii_digit()).unwrap_or((digits, ""));
    let head: String = head.chars().filter(char::is_ascii_digit).collect();
    match marks.as_slice() {
        [] => add(bare),
        // One mark: a group of three, or a fraction; what is apart by a space is two numbers perhaps.
        [mark] => {
            if matches!(mark, '.' | ',') {
                add(format!("{head}.{tail}"));
            }
            if tail.len() == 3 {
                add(bare);
            }
            if mark.is_whitespace() {
                add(head);
                add(tail.to_owned());
            }
        }
        // The last of several that are alike ends a group, and one that is another begins a fraction.
        [first, .., last] if first == last => add(bare),
        [.., '.' | ','] => add(format!("{head}.{tail}")),
        _ => add(bare),
    }
    found
}

impl Written<'_> {
    /// Whether a unit stands next to it, whatever marks are between.
    fn is_beside(&self, unit: &str) -> bool {
        let between = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '`');
        let unit = unit.to_lowercase();
        let after = self.after.trim_start_matches(between).to_lowercase();
        let before = self.before.trim_end_matches(between).to_lowercase();
        let ends_word = |rest: &str| !rest.starts_with(char::is_alphanumeric);
        let begins_word = |rest: &str| !rest.ends_with(char::is_alphanumeric);
        let is_word = unit.chars().all(char::is_alphanumeric);
        after.strip_prefix(&unit).is_some_and(|rest| !is_word || ends_word(rest))
            || before.strip_suffix(&unit).is_some_and(|rest| !is_word || begins_word(rest))
    }
}
