//! Typed field values: what a record holds, as JSON outside and as column cells inside.

mod cells;
mod composite;
mod decimal;
mod parse;

use serde::{Serialize, Serializer};
use serde_json::json;

pub(crate) use self::parse::{parse_date, parse_instant, parse_number};
pub use self::{
    composite::{Address, Emails, FullName, Money, Phones, SocialLinks, TargetReference},
    decimal::{format_grouped, format_scaled, is_told_exactly, parse_scaled, scaled_percent, scaled_to_json},
    parse::{MAX_ADDITIONAL, MAX_LINE, MAX_MARKDOWN, parse_value},
};
use crate::{
    actor::Actor,
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
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Id(id) | Self::Relation(id) => json!(id),
            Self::Text(text) | Self::Select(text) => json!(text),
            Self::Number(scaled) => match kind {
                FieldKind::Number { decimals, .. } => scaled_to_json(*scaled, *decimals),
                _ => json!(scaled),
            },
            Self::Boolean(value) => json!(value),
            Self::Date(date) => json!(date),
            Self::DateTime(instant) => json!(instant),
            Self::Money(money) => money.to_json(),
            Self::FullName(name) => json!(name),
            Self::Emails(emails) => json!(emails),
            Self::Phones(phones) => json!(phones),
            Self::SocialLinks(links) => json!(links),
            Self::Address(address) => json!(address),
            Self::Actor(actor) => json!(actor),
            Self::Target(target) => json!(target),
            Self::Position(position) => json!(position),
            Self::Json(value) => (**value).clone(),
        }
    }

    /// The value in one line, as a person reads it; empty for an empty value.
    pub fn display(&self, kind: &FieldKind) -> String {
        match self {
            Self::Null => String::new(),
            Self::Id(id) | Self::Relation(id) => id.to_string(),
            Self::Text(text) => text.clone(),
            Self::Select(value) => kind
                .options()
                .iter()
                .find(|option| option.value == *value)
                .map_or_else(|| value.clone(), |option| option.label.clone()),
            Self::Number(scaled) => match kind {
                FieldKind::Number { decimals, .. } => format_scaled(*scaled, *decimals),
                _ => scaled.to_string(),
            },
            Self::Boolean(value) => if *value { "yes" } else { "no" }.to_owned(),
            Self::Date(date) => date.to_string(),
            Self::DateTime(instant) => instant.to_string(),
            Self::Money(money) => money.to_string(),
            Self::FullName(name) => name.to_string(),
            Self::Emails(Emails { primary, .. }) | Self::Phones(Phones { primary, .. }) => primary.clone(),
            Self::SocialLinks(links) => links.to_string(),
            Self::Address(address) => address.to_string(),
            Self::Actor(actor) => actor.to_string(),
            Self::Target(target) => target.name.clone(),
            Self::Position(position) => position.to_string(),
            Self::Json(value) => value.to_string(),
        }
    }

    /// The words search finds this value by.
    pub fn search_text(&self) -> String {
        match self {
            Self::Text(text) | Self::Select(text) => text.clone(),
            Self::FullName(name) => name.to_string(),
            Self::Emails(Emails { primary, additional }) => format!("{primary} {}", additional.join(" ")),
            Self::Phones(Phones { primary, additional }) => {
                // A number is found by its digits, however they were grouped.
                let digits = |phone: &str| phone.chars().filter(char::is_ascii_digit).collect::<String>();
                let mut words = vec![digits(primary)];
                words.extend(additional.iter().map(|phone| digits(phone)));
                words.join(" ")
            }
            Self::Address(address) => address.to_string(),
            Self::Target(target) => target.name.clone(),
            _ => String::new(),
        }
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
        match (self.value, self.kind) {
            (Value::Null, _) => serializer.serialize_unit(),
            (Value::Id(id) | Value::Relation(id), _) => id.serialize(serializer),
            (Value::Text(text) | Value::Select(text), _) => serializer.serialize_str(text),
            (Value::Number(scaled), FieldKind::Number { decimals: 0, .. }) => {
                serializer.serialize_i64(*scaled)
            }
            (Value::Boolean(value), _) => serializer.serialize_bool(*value),
            (Value::DateTime(instant), _) => instant.serialize(serializer),
            (Value::FullName(name), _) => name.serialize(serializer),
            (Value::Emails(emails), _) => emails.serialize(serializer),
            (Value::Phones(phones), _) => phones.serialize(serializer),
            (Value::Address(address), _) => address.serialize(serializer),
            (Value::SocialLinks(links), _) => links.serialize(serializer),
            (Value::Actor(actor), _) => actor.serialize(serializer),
            (Value::Target(target), _) => target.serialize(serializer),
            (Value::Json(value), _) => value.serialize(serializer),
            (value, kind) => value.to_json(kind).serialize(serializer),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_serializes_to_its_json() {
        let number = |decimals| FieldKind::Number { decimals, min: None, max: None };
        let name = FullName { first: "Ada".to_owned(), last: "Brandt".to_owned() };
        let money = Money { micros: 1_500_000, currency: "EUR".to_owned() };
        for (value, kind) in [
            (Value::Null, FieldKind::Boolean),
            (Value::Number(125), number(0)),
            (Value::Number(125), number(1)),
            (Value::DateTime(Timestamp::EPOCH), FieldKind::DateTime),
            (Value::FullName(name), FieldKind::FullName),
            (Value::Money(money), FieldKind::Currency),
            (Value::Position(f64::NAN), FieldKind::Position),
            (Value::Actor(Box::new(Actor::SYSTEM)), FieldKind::Actor),
        ] {
            assert_eq!(serde_json::to_value(value.shown(&kind)).unwrap(), value.to_json(&kind));
        }
    }
}
