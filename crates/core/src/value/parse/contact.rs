//! Mail addresses and telephone numbers.

use unicode_normalization::UnicodeNormalization as _;

use super::{Parsed, line};
use crate::{error::Issue, text::excerpt};

/// A mail address in lower case. What surrounds it where it was copied from is taken off: `mailto:`, and the name
/// in `Jane Doe <jane@example.com>`.
pub(super) fn email(text: &str) -> Parsed<String> {
    let written = line(text)?;
    let bare = unwrapped(written).to_lowercase();
    if bare.is_empty() && written.is_empty() || bare.split_once('@').is_some_and(is_address) {
        return Ok(bare);
    }
    let message = format!("{:?} is not a mail address such as jane@example.com", excerpt(written, 100));
    Err(Issue::new("", "invalid_email", message))
}

/// The address within what an address book or a link writes around it. More than one address stays as it is,
/// which is none.
fn unwrapped(text: &str) -> &str {
    let text = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) if !name.contains('@') => address.trim(),
        _ => text,
    };
    match text.split_at_checked("mailto:".len()) {
        Some((scheme, address)) if scheme.eq_ignore_ascii_case("mailto:") => {
            address.split('?').next().unwrap_or_default().trim()
        }
        _ => text,
    }
}

fn is_address((local, host): (&str, &str)) -> bool {
    // What another letter stands for, or is not seen, would make one address look like another.
    let is_itself = |c: char| c.is_ascii() || (c.is_alphabetic() && [c].into_iter().nfkc().eq([c]));
    let is_text =
        |c: char| !(c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"@".contains(c)) && is_itself(c);
    let is_dotted = |text: &str| text.split('.').all(|part| !part.is_empty());
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| (c.is_alphanumeric() || c == '-') && is_itself(c))
    };
    (1..=64).contains(&local.len())
        && local.chars().all(is_text)
        && is_dotted(local)
        && host.len() <= 253
        && host.split('.').all(is_label)
}

/// A telephone number, as it was written.
pub(super) fn phone(text: &str) -> Parsed<String> {
    let number = line(text)?;
    let number = match number.split_at_checked("tel:".len()) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number,
        _ => number,
    };
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let plain = number.chars().all(|c| c.is_ascii_digit() || " +-().,/x#*".contains(c));
    if number.is_empty() || (plain && (3..=20).contains(&digits)) {
        return Ok(number.to_owned());
    }
    let message = format!("{:?} is not a telephone number such as +49 30 123456", excerpt(number, 100));
    Err(Issue::new("", "invalid_phone", message))
}
