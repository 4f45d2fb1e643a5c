//! Typed field values: what a record holds, as JSON outside and as column cells inside.

mod cells;
mod composite;
mod decimal;
mod parse;

use std::collections::BTreeMap;

use serde_json::json;

pub use self::{
    composite::{Address, Emails, FullName, Money, Phones, SocialLinks, TargetReference},
    decimal::{format_scaled, parse_scaled, scaled_to_json},
    parse::parse_value,
};
use crate::{
    caller::Actor,
    ids::RecordId,
    metadata::{Field, FieldKind, Name},
    time::{Date, Timestamp},
};

/// The value of one field of one record.
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
    SocialLinks(SocialLinks),
    Address(Address),
    Actor(Actor),
    Relation(RecordId),
    Target(TargetReference),
    Position(f64),
    Json(serde_json::Value),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
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
            Self::Json(value) => value.clone(),
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
            Self::Actor(actor) => actor.describe(),
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

/// A record's fields by name: all that were asked for and may be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values(BTreeMap<Name, Value>);

impl Values {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn set(&mut self, name: Name, value: Value) -> Option<Value> {
        self.0.insert(name, value)
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.0.iter()
    }

    /// The fields as the API shows them, in the given fields' order.
    pub fn to_json<'a>(
        &self,
        fields: impl IntoIterator<Item = &'a Field>,
    ) -> serde_json::Map<String, serde_json::Value> {
        fields
            .into_iter()
            .filter_map(|field| {
                let value = self.get(&field.name)?;
                Some((field.name.to_string(), value.to_json(&field.kind)))
            })
            .collect()
    }
}

impl FromIterator<(Name, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
