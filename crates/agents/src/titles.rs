//! How a session is named after its first message.

use kontor_core::text::one_line;

/// Characters of a title that is made of a message.
const LONGEST: usize = 60;

/// A title for a conversation that begins with a message: its first line that says something, without the marks of
/// Markdown, cut between words.
pub(crate) fn title_of(message: &str) -> String {
    let marks = |c: char| c.is_whitespace() || matches!(c, '#' | '>' | '*' | '-' | '`' | '_' | '•' | '~');
    let line = message
        .lines()
        .map(|line| line.trim_matches(marks))
        .find(|line| line.chars().any(char::is_alphanumeric))
        .unwrap_or(message);
    let plain = line.chars().filter(|c| !matches!(c, '`' | '*'));
    let plain: String = plain.map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = one_line(&plain);
    let title = shortened(plain.trim_end_matches(['.', ':', ',', ';', ' ']));
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => title,
    }
}

/// As many whole words as there is room for.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST - 1).collect();
    // A word that is the half of it is cut.
    let end = head.rfind(' ').filter(|end| *end > head.len() / 2).unwrap_or(head.len());
    let cut = head.get(..end).unwrap_or(&head);
    format!("{}…", cut.trim_end_matches([' ', ',', ';', ':', '.', '–', '-']))
}

#[cfg(test)]
mod tests {
    use super::title_of;

    #[test]
    fn a_title_is_the_first_line_that_says_something_in_whole_words() {
        let cases = [
            ("show open deals over 10k by amount", "Show open deals over 10k by amount"),
            ("\n\n## Quarterly *review*:\nall of it", "Quarterly review"),
            ("---\n- `deal.find`, please.", "Deal.find, please"),
            ("  What   happened\twith Acme?  ", "What happened with Acme?"),
            (
                "Find every account in the enterprise segment that nobody has called for a month, and tell me",
                "Find every account in the enterprise segment that nobody…",
            ),
            ("übersicht", "Übersicht"),
            ("…", "…"),
        ];
        for (message, title) in cases {
            assert_eq!(title_of(message), title);
        }
        let long = "x".repeat(500);
        assert_eq!(title_of(&long).chars().count(), 60);
    }
}
