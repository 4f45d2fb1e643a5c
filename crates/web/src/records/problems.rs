//! What is wrong with a form, said at its fields.

use std::collections::BTreeMap;

use kontor_core::{
    error::{Issue, Problem},
    metadata::Object,
};
use serde_json::Value as Json;

use super::names::Wanted;
use crate::show::{as_sentence, without_ids};

/// Stands in a write for what could not be read. No field takes it, so that the record is not written, while
/// everything else in the form is checked along with it.
pub(crate) const UNREADABLE: Json = Json::Array(Vec::new());

/// What is wrong with one field.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trouble {
    /// A sentence.
    pub message: String,
    /// What could be meant instead.
    pub offers: Vec<Offer>,
    /// A page that helps: its address and what it is called.
    pub link: Option<(String, String)>,
}

impl Trouble {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

/// Something that can be chosen instead of what was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Offer {
    /// As it is sent.
    pub value: String,
    pub label: String,
    /// What tells it from others of the same label; may be empty.
    pub detail: String,
}

/// What is wrong with a form, by field.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    by_field: BTreeMap<String, Trouble>,
    /// What belongs to no field of the form.
    pub general: Option<String>,
}

impl Problems {
    pub(crate) fn of(problem: &Problem, object: &Object) -> Self {
        let mut problems = Self::default();
        for Issue { path, message, record, .. } in &problem.issues {
            let name = path.split(['.', '[']).next().unwrap_or_default();
            let message = as_sentence(&without_ids(message));
            if object.field(name).is_none() {
                problems.general.get_or_insert(message);
            } else if let Some(known) = problems.by_field.get_mut(name) {
                if !known.message.contains(&message) {
                    known.message.push(' ');
                    known.message.push_str(&message);
                }
            } else {
                // The record that is in the way is one page away.
                let link = record.as_ref().filter(|record| record.object == object.name).map(|record| {
                    (format!("/records/{}/{}", object.plural, record.id), format!("Open {}", record.label))
                });
                problems.say(name, Trouble { link, ..Trouble::new(message) });
            }
        }
        if problems.is_empty() {
            problems.general = Some(without_ids(&problem.message));
        }
        problems
    }

    /// One that belongs to no field.
    pub(crate) fn general(message: impl Into<String>) -> Self {
        Self { general: Some(message.into()), ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_field.is_empty() && self.general.is_none()
    }

    pub(crate) fn say(&mut self, field: &str, trouble: Trouble) {
        self.by_field.insert(field.to_owned(), trouble);
    }

    /// Adds what is wrong with other fields.
    pub(crate) fn add(&mut self, others: Self) {
        for (field, trouble) in others.by_field {
            self.by_field.entry(field).or_insert(trouble);
        }
        if self.general.is_none() {
            self.general = others.general;
        }
    }

    /// Without what is said of fields whose records are yet to be made.
    pub(crate) fn without(mut self, wanted: &[Wanted]) -> Self {
        self.by_field.retain(|field, _| !wanted.iter().any(|wanted| *wanted.field == **field));
        self
    }

    pub(crate) fn at(&self, field: &str) -> Option<Trouble> {
        self.by_field.get(field).cloned()
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::{
        ids::FieldId,
        metadata::{Field, FieldKind, Name, TextFormat},
        value::parse_value,
    };

    use super::*;

    #[test]
    fn no_field_of_a_form_takes_what_stands_for_the_unreadable() {
        let account = Name::literal("account");
        for kind in [
            FieldKind::Text { format: TextFormat::Line },
            FieldKind::Text { format: TextFormat::Markdown },
            FieldKind::Text { format: TextFormat::Domain },
            FieldKind::Number { decimals: 2, min: None, max: None },
            FieldKind::Boolean,
            FieldKind::Date,
            FieldKind::DateTime,
            FieldKind::Select { options: Vec::new() },
            FieldKind::Currency,
            FieldKind::FullName,
            FieldKind::Emails,
            FieldKind::Phones,
            FieldKind::SocialLinks,
            FieldKind::Address,
            FieldKind::Relation { object: account.clone() },
            FieldKind::Target { objects: vec![account] },
        ] {
            let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("field"), "Field", kind);
            assert!(
                parse_value(&field, &UNREADABLE, None, &kontor_core::locale::Locale::default()).is_err(),
                "{:?}",
                field.kind
            );
        }
    }
}
