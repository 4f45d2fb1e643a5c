//! Mail addresses: a primary one and others.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, Parsed, contact_points, line, shown_points},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    text::excerpt,
    value::Value,
};

/// Mail addresses, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Emails {
    pub primary: String,
    #[serde(default)]
    pub additional: Vec<String>,
}

pub(super) struct EmailsKind;

impl Kind for EmailsKind {
    type Held = Emails;

    fn name(&self) -> &'static str {
        "emails"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["primary"]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::LowerText
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![field.column("primary", ColumnType::Text), field.column("additional", ColumnType::Json)]
    }

    fn is_shown_by_default(&self) -> bool {
        true
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Emails> {
        if let Value::Emails(emails) = value { Some(emails) } else { None }
    }

    fn to_cells(&self, emails: &Emails) -> Vec<Option<Scalar>> {
        vec![cells::text(&emails.primary), cells::list(&emails.additional)]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        let (primary, additional) = (cells.text(), cells.texts());
        let is_empty = primary.is_none() && additional.is_empty();
        (!is_empty).then(|| Value::Emails(Emails { primary: primary.unwrap_or_default(), additional }))
    }

    fn parse(&self, given: &Given<'_, Emails>) -> Result<Value, Issues> {
        let Emails { primary, additional } = given.current.cloned().unwrap_or_default();
        let (primary, additional) = contact_points(given.json, email, (primary, additional), str::to_owned)?;
        let is_empty = primary.is_empty() && additional.is_empty();
        Ok(if is_empty { Value::Null } else { Value::Emails(Emails { primary, additional }) })
    }

    fn serialize<S: Serializer>(&self, emails: &Emails, serializer: S) -> Result<S::Ok, S::Error> {
        emails.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        let (primary, additional) = shown_points(json)?;
        Some(Value::Emails(Emails { primary, additional }))
    }

    fn display(&self, emails: &Emails) -> String {
        emails.primary.clone()
    }

    fn search_text(&self, emails: &Emails) -> String {
        format!("{} {}", emails.primary, emails.additional.join(" "))
    }
}

/// A mail address in lower case. What surrounds it where it was copied from is taken off: `mailto:`, and the name
/// in `Jane Doe <jane@example.com>`.
fn email(text: &str) -> Parsed<String> {
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
