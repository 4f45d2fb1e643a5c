//! A postal address.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::{
    Kind,
    cells::{self, Cells},
    input::{Given, Issues, five_parts, line, shown_parts, write_joined},
};
use crate::{
    filter::{PartType, Scalar},
    metadata::{Column, Field},
    value::Value,
};

const PARTS: [&str; 5] = ["city", "street", "state", "postal_code", "country"];

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

pub(super) struct AddressKind;

impl Kind for AddressKind {
    type Held = Address;

    fn name(&self) -> &'static str {
        "address"
    }

    fn parts(&self) -> &'static [&'static str] {
        &PARTS
    }

    fn part_type(&self, _part: &str) -> PartType {
        PartType::FoldedText
    }

    fn columns(&self, field: &Field) -> Vec<Column> {
        field.text_columns(&PARTS)
    }

    fn is_shown_by_default(&self) -> bool {
        false
    }

    fn held<'v>(&self, value: &'v Value) -> Option<&'v Address> {
        if let Value::Address(address) = value { Some(address) } else { None }
    }

    fn to_cells(&self, address: &Address) -> Vec<Option<Scalar>> {
        cells::parts(address.parts())
    }

    fn read_cells(&self, cells: &mut Cells<impl Iterator<Item = Option<Scalar>>>) -> Option<Value> {
        cells.parts().map(|parts| Value::Address(Box::new(Address::from_parts(parts))))
    }

    fn parse(&self, given: &Given<'_, Address>) -> Result<Value, Issues> {
        let current = given.current.map(|address| address.parts().map(str::to_owned)).unwrap_or_default();
        let parts = five_parts(given.json, PARTS, current, |text| Ok(line(text)?.to_owned()))?;
        let is_empty = parts.iter().all(String::is_empty);
        Ok(if is_empty { Value::Null } else { Value::Address(Box::new(Address::from_parts(parts))) })
    }

    fn serialize<S: Serializer>(&self, address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
        address.serialize(serializer)
    }

    fn shown_as(&self, json: &Json) -> Option<Value> {
        Some(Value::Address(Box::new(Address::from_parts(shown_parts(json, PARTS)?))))
    }

    fn display(&self, address: &Address) -> String {
        address.to_string()
    }

    fn search_text(&self, address: &Address) -> String {
        address.to_string()
    }
}
