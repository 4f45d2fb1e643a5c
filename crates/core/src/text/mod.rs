//! Text as it is compared, sorted and searched: folded to one case without accents, in Rust, so that both
//! engines agree.

mod fold;
mod phone;
mod query;
mod words;

use std::collections::HashSet;

pub use self::{
    fold::fold,
    phone::{phone_digits, phone_words},
    query::{SearchWord, Term, search_words},
    words::{whole_text, words},
};

/// The longest search token, in characters; what is longer is cut.
const TOKEN_LENGTH: usize = 64;

/// The first distinct runs of letters and digits of a text, folded, at most `limit`, in order of appearance.
pub fn tokens(text: &str, limit: usize) -> Vec<String> {
    let folded = fold(text);
    let mut seen = HashSet::new();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(|token| match token.char_indices().nth(TOKEN_LENGTH) {
            Some((end, _)) => token.split_at(end).0,
            None => token,
        })
        .filter(|token| seen.insert(*token))
        .take(limit)
        .map(str::to_owned)
        .collect()
}

/// Characters of a label of an agent's prompt.
pub const LONGEST_LABEL: usize = 40;

/// Whether a text can be a label of an agent's prompt: of one to [`LONGEST_LABEL`] small letters, digits, hyphens, points
/// and underscores.
pub fn is_label(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=LONGEST_LABEL).contains(&text.len()) && text.bytes().all(is_letter)
}

/// What a label is, for whoever wrote one that is none.
pub fn label_expected() -> String {
    format!("expected 1 to {LONGEST_LABEL} small letters, digits, hyphens, points and underscores")
}

/// The longest text that is taken for a misspelt name, in bytes.
const LONGEST_NAME: usize = 200;

/// The candidate nearest to a misspelt name, when one is near enough to suggest.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is longer than any name is none, and comparing it would take long.
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = fold(name);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = fold(candidate);
            let begins = !name.is_empty() && (folded.starts_with(&name) || name.starts_with(&folded));
            let likeness = strsim::jaro_winkler(&name, &folded);
            (candidate, if begins { likeness.max(0.9) } else { likeness })
        })
        .filter(|(_, score)| *score >= 0.8)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(candidate, _)| candidate)
}

/// `" Did you mean stage?"` when a candidate is near, else nothing: to end an error message with.
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|near| format!(" Did you mean {near}?")).unwrap_or_default()
}

/// Bytes as lower-case hexadecimal digits, two for each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// At most `limit` characters of a text, with an ellipsis where it was cut.
pub fn excerpt(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// A text in one line as it is seen: what separates words becomes one space, and characters are left out that
/// show nothing but change what is read (control characters, directions, marks of no width, hidden tags).
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let before = line.len();
        if before > 0 {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !is_unseen(*c)));
        if line.len() <= before + 1 {
            line.truncate(before);
        }
    }
    line
}

/// Characters of no width that no script needs; the joiners are not among them, which Indic scripts, Persian and
/// emoji are written with.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_folded_words_without_repeats() {
        assert_eq!(tokens("Jane.Doe@Acme.test, JANE", 10), ["jane", "doe", "acme", "test"]);
        assert!(tokens("-- ,", 10).is_empty());
    }

    #[test]
    fn tokens_are_cut_to_their_length_and_counted_after_that() {
        let long = "é".repeat(TOKEN_LENGTH + 1);
        assert_eq!(
            tokens(&format!("{long} {long}x b c d"), 3),
            ["e".repeat(TOKEN_LENGTH).as_str(), "b", "c"]
        );
        assert!(tokens("a", 0).is_empty());
    }

    #[test]
    fn a_text_in_one_line_has_nothing_in_it_that_is_not_seen() {
        assert_eq!(one_line("  Bob\r\n\tSmith\u{0}  "), "Bob Smith");
        assert_eq!(one_line("\u{202e}evil\u{202c} \u{200b} name\u{e0041}\u{feff}"), "evil name");
        assert_eq!(one_line("می\u{200c}خواهم 👩\u{200d}💻"), "می\u{200c}خواهم 👩\u{200d}💻");
        assert_eq!(one_line(" \u{200b} "), "");
    }

    #[test]
    fn bytes_are_written_with_two_digits_each() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("stagee", ["stage", "amount"]), Some("stage"));
        assert_eq!(nearest("deal.updat", ["deal.update", "lead.update"]), Some("deal.update"));
        assert_eq!(nearest("zebra", ["stage", "amount"]), None);
        assert_eq!(suggestion("amout", ["stage", "amount"]), " Did you mean amount?");
    }
}
