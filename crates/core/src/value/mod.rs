//! Typed field values: what a record holds. What a kind makes of its values (JSON, cells, words) is in its file in
//! [`crate::kind`].

mod decimal;
mod given;

use serde::{Serialize, Serializer};

pub use self::{
    decimal::{format_grouped, format_scaled, is_told_exactly, parse_scaled, scaled_percent, scaled_to_json},
    given::parse_value,
};
pub use crate::kind::{
    Address, Emails, FullName, MAX_ADDITIONAL, MAX_LINE, MAX_MARKDOWN, Money, Phones, SocialLinks,
    TargetReference,
};
use crate::{
    actor::Actor,
    filter::Scalar,
    ids::RecordId,
    metadata::{Field, FieldKind, Name, Object},
    time::{Date, Timestamp},
};

/// The value of one field of one record. What is large is boxed: records are moved about.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Id(RecordId),
    Text(String),
    /// Scaled by the field's decimals.
    Number(i64),
    Boolean(bool),
    Date(Date),
    DateTime(Timestamp),
    /// The option's value.
    Select(String),
    Money(Money),
    FullName(FullName),
    Emails(Emails),
    Phones(Phones),
    SocialLinks(Box<SocialLinks>),
    Address(Box<Address>),
    Actor(Box<Actor>),
    Relation(RecordId),
    Target(Box<TargetReference>),
    Position(f64),
    Json(Box<serde_json::Value>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as the API shows it, to be serialized where no tree of it is needed.
    pub fn shown<'a>(&'a self, kind: &'a FieldKind) -> Shown<'a> {
        Shown { value: self, kind }
    }

    /// The value as the API shows it.
    pub fn to_json(&self, kind: &FieldKind) -> serde_json::Value {
        serde_json::to_value(self.shown(kind)).unwrap_or_default()
    }

    /// The value in one line, as a person reads it; empty for an empty value.
    pub fn display(&self, kind: &FieldKind) -> String {
        kind.display(self)
    }

    /// The text that search finds this value by; empty where it finds none.
    pub fn search_text(&self, kind: &FieldKind) -> String {
        kind.search_text(self)
    }

    /// The words of that text as the search index holds them, `most` at most.
    pub fn search_words(&self, kind: &FieldKind, most: usize) -> Vec<String> {
        kind.search_words(self, most)
    }

    /// The cells of this value, one for each of the field's columns in their order, folded ones included.
    pub fn to_cells(&self, field: &Field) -> Vec<Option<Scalar>> {
        let cells = field.kind.to_cells(self);
        debug_assert!(cells.is_some() || self.is_null(), "{self:?} is no value of {}", field.name);
        cells.unwrap_or_else(|| vec![None; field.columns().len()])
    }

    /// The value that a record's cells hold: one for each column of the field that is not folded. Cells that
    /// do not fit the kind yield [`Value::Null`]: the columns are typed, so they cannot be met in practice.
    pub fn from_cells(field: &Field, cells: impl Iterator<Item = Option<Scalar>>) -> Self {
        field.kind.read_cells(cells).unwrap_or(Self::Null)
    }
}

/// A value that serializes to what [`Value::to_json`] answers.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    value: &'a Value,
    kind: &'a FieldKind,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.kind.serialize(self.value, serializer)
    }
}

/// A record's fields by name: all that were asked for and may be read. An object has few enough of them that
/// looking through them is faster than any index, the more so as they mostly lie in the object's own order.
#[derive(Debug, Clone, Default)]
pub struct Values(Vec<(Name, Value)>);

impl Values {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    pub fn set(&mut self, name: Name, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    /// Keeps the values of the fields that `keep` names.
    pub fn retain(&mut self, keep: impl Fn(&Name) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The fields of an object that have a value here, in the object's order.
    pub fn of<'v>(&'v self, object: &'v Object) -> impl Iterator<Item = (&'v Field, &'v Value)> {
        let mut next = 0;
        object.fields.iter().filter_map(move |field| {
            let is_it = |(name, _): &(Name, Value)| *name == field.name;
            let place = match self.0.get(next) {
                Some(entry) if is_it(entry) => next,
                _ => self.0.iter().position(is_it)?,
            };
            next = place + 1;
            self.0.get(place).map(|(_, value)| (field, value))
        })
    }
}

/// Of names that are all different.
impl FromIterator<(Name, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
