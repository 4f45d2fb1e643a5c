//! The composite values, as their JSON spells them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::decimal::{format_grouped, scaled_to_json};
use crate::{ids::RecordId, metadata::Name};

/// An amount of one currency, in millionths of its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub micros: i64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}

impl Money {
    /// The decimals of an amount.
    pub const DECIMALS: u8 = 6;

    pub fn to_json(&self) -> serde_json::Value {
        json!({ "amount": scaled_to_json(self.micros, Self::DECIMALS), "currency": self.currency })
    }
}

impl fmt::Display for Money {
    /// `12,500.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = format_grouped(self.micros, Self::DECIMALS);
        match amount.split_once('.') {
            None => write!(f, "{amount} {}", self.currency),
            Some((whole, fraction)) => write!(f, "{whole}.{fraction:0<2} {}", self.currency),
        }
    }
}

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FullName {
    pub first: String,
    pub last: String,
}

impl fmt::Display for FullName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first.trim(), self.last.trim()) {
            ("", name) | (name, "") => f.write_str(name),
            (first, last) => {
                f.write_str(first)?;
                f.write_str(" ")?;
                f.write_str(last)
            }
        }
    }
}

/// Mail addresses, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Emails {
    pub primary: String,
    #[serde(default)]
    pub additional: Vec<String>,
}

/// Telephone numbers, as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phones {
    pub primary: String,
    #[serde(default)]
    pub additional: Vec<String>,
}

/// Profiles elsewhere; an empty text where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SocialLinks {
    pub linkedin: String,
    pub x: String,
    pub facebook: String,
    pub instagram: String,
    pub website: String,
}

impl SocialLinks {
    /// The links in the order of the kind's parts.
    pub fn parts(&self) -> [&str; 5] {
        [&self.linkedin, &self.x, &self.facebook, &self.instagram, &self.website]
    }

    pub fn from_parts([linkedin, x, facebook, instagram, website]: [String; 5]) -> Self {
        Self { linkedin, x, facebook, instagram, website }
    }
}

impl fmt::Display for SocialLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &self.parts())
    }
}

/// A postal address; an empty text where a part is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub state: String,
    pub postal_code: String,
    pub country: String,
}

impl Address {
    /// The parts in the order of the kind's parts.
    pub fn parts(&self) -> [&str; 5] {
        [&self.city, &self.street, &self.state, &self.postal_code, &self.country]
    }

    pub fn from_parts([city, street, state, postal_code, country]: [String; 5]) -> Self {
        Self { street, city, state, postal_code, country }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_joined(f, &[&self.street, &self.city, &self.state, &self.postal_code, &self.country])
    }
}

/// The record something is about, with the name it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetReference {
    pub object: Name,
    /// Absent when the record has been destroyed.
    pub id: Option<RecordId>,
    #[serde(default)]
    pub name: String,
}

fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[&str]) -> fmt::Result {
    let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    f.write_str(&parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_a_person_writes_it() {
        let money = |micros| Money { micros, currency: "EUR".to_owned() }.to_string();
        assert_eq!(money(12_500_500_000), "12,500.50 EUR");
        assert_eq!(money(-1_000_000_000_000), "-1,000,000 EUR");
        assert_eq!(money(999_000_000), "999 EUR");
    }
}
