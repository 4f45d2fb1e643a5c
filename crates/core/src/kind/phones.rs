//! Telephone numbers: a primary one and others.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, Parsed, contact_points, line, shown_points},
};
use crate::{
    error::Issue,
    filter::{PartType, Scalar},
    metadata::{Column, ColumnType, Field},
    text::{excerpt, phone_digits, phone_words},
    value::Value,
};

/// Telephone numbers, as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phones {
    pub primary: String,
    #[serde(default)]
    pub additional: Vec<String>,
}

pub(super) struct PhonesKind;

impl Kind for PhonesKind {
    type Held = Phones;

    fn name(&self) -> &'static str {
        "phones"
    }

    fn parts(&self) -> &'static [&'static str] {
        &["primary"]
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::Phone
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        vec![
            field.column("primary", ColumnType::Text),
            field.column("additional", ColumnType::Json),
            field.folded("primary"),
        ]
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Phones> {
        if let Value::Phones(phones) = value { Some(phones) } else { None }
    }

    fn to_cells(&self, phones: &Phones) -> Vec<Option<Scalar>> {
        vec![
            cells::text(&phones.primary),
            cells::list(&phones.additional),
            cells::text(&phone_digits(&phones.primary)),
        ]
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        let (primary, additional) = (cells.text(), cells.texts());
        let is_empty = primary.is_none() && additional.is_empty();
        (!is_empty).then(|| Value::Phones(Phones { primary: primary.unwrap_or_default(), additional }))
    }

    fn parse(&self, given: &Given<'_, Phones>) -> Result<Value, Issues> {
        let Phones { primary, additional } = given.current.cloned().unwrap_or_default();
        let (primary, additional) = contact_points(given.json, phone, (primary, additional), phone_digits)?;
        let is_empty = primary.is_empty() && additional.is_empty();
        Ok(if is_empty { Value::Null } else { Value::Phones(Phones { primary, additional }) })
    }

    fn serialize<S: Serializer>(&self, phones: &Phones, serializer: S) -> Result<S::Ok, S::Error> {
        phones.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        let (primary, additional) = shown_points(json)?;
        Some(Value::Phones(Phones { primary, additional }))
    }

    fn display(&self, phones: &Phones) -> String {
        phones.primary.clone()
    }

    fn search_text(&self, phones: &Phones) -> String {
        // A number is found by its digits, however they were grouped.
        let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
        let mut words = vec![digits(&phones.primary)];
        words.extend(phones.additional.iter().map(|phone| digits(phone)));
        words.join(" ")
    }

    fn search_words(&self, phones: &Phones, most: usize) -> Vec<String> {
        let numbers = std::iter::once(&phones.primary).chain(&phones.additional);
        numbers.flat_map(|number| phone_words(number)).take(most).collect()
    }
}

/// A telephone number, as it was written.
fn phone(text: &str) -> Parsed<String> {
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
