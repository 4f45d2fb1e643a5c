//! Objects and fields: what a workspace's records are made of.
//!
//! An object is a table, a field one or more of its columns. Standard objects are declared in code and
//! installed through the same path as custom ones, so nothing below tells the two apart.

mod columns;
mod name;
mod pipeline;
mod schema;

use serde::{Deserialize, Serialize};

pub use self::{
    columns::{Column, ColumnType},
    name::{InvalidName, Name},
    pipeline::{Forecast, Pipeline},
    schema::Schema,
};
use crate::ids::{FieldId, ObjectId};
pub use crate::kind::{DefaultOfMoment, FieldKind, Outcome, PRINCIPAL, SelectOption, TextFormat};

/// The number, in the search index, of the field that names an object's records.
pub const NAME_SLOT: u16 = 0;

/// The fields that every object has, in the order in which they are shown last.
pub mod system_fields {
    pub const ID: &str = "id";
    pub const OWNER: &str = "owner";
    pub const POSITION: &str = "position";
    pub const CREATED_AT: &str = "created_at";
    pub const UPDATED_AT: &str = "updated_at";
    pub const DELETED_AT: &str = "deleted_at";
    pub const CREATED_BY: &str = "created_by";
    pub const UPDATED_BY: &str = "updated_by";
    /// Counts the writes of a record; its text form is the record's entity tag.
    pub const VERSION: &str = "version";
}

/// A kind of record: contact, account, deal and whatever a workspace adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    pub id: ObjectId,
    /// Singular, as in operations: `deal`.
    pub name: Name,
    /// Plural, as in paths: `deals`.
    pub plural: Name,
    pub label: String,
    pub label_plural: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub icon: String,
    /// The field whose text names a record.
    pub label_field: Name,
    /// Made by the workspace rather than shipped.
    pub is_custom: bool,
    /// Changed only by the system: member records follow the workspace's members.
    pub is_read_only: bool,
    /// What follows from the stage of a record, where the object has stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Pipeline>,
    pub fields: Vec<Field>,
}

impl Object {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.as_str() == name)
    }

    /// The table that holds the records. Prefixed, so that no object's name meets a system table's.
    pub fn table(&self) -> String {
        format!("record_{}", self.name)
    }

    /// The fields whose words are found by search.
    pub fn searchable_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_searchable)
    }

    /// The number in the search index that the next searchable field gets.
    pub fn next_search_slot(&self) -> u16 {
        self.fields.iter().filter_map(|field| field.search_slot).max().unwrap_or(NAME_SLOT) + 1
    }

    /// Gives numbers in the search index to the searchable fields that have none: [`NAME_SLOT`] to the one that
    /// names records, the next free ones to others, in their order. Whether there were any.
    pub fn assign_search_slots(&mut self) -> bool {
        let mut next = self.next_search_slot();
        let mut is_changed = false;
        for field in &mut self.fields {
            if !field.is_searchable || field.search_slot.is_some() {
                continue;
            }
            let is_name = field.name == self.label_field;
            field.search_slot = Some(if is_name { NAME_SLOT } else { next });
            next += u16::from(!is_name);
            is_changed = true;
        }
        is_changed
    }
}

/// One property of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub id: FieldId,
    pub name: Name,
    pub label: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(flatten)]
    pub kind: FieldKind,
    /// A record cannot be written with this field empty.
    #[serde(default)]
    pub is_required: bool,
    /// No two records that are not deleted share a value.
    #[serde(default)]
    pub is_unique: bool,
    /// An amount of it is never less than zero.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_never_negative: bool,
    /// Written by the system alone.
    #[serde(default)]
    pub is_system: bool,
    #[serde(default)]
    pub is_custom: bool,
    #[serde(default)]
    pub is_indexed: bool,
    #[serde(default)]
    pub is_searchable: bool,
    /// Which of its object's searchable fields it is: its words stand in the search index under this number, so
    /// it never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_slot: Option<u16>,
    /// The JSON value a record gets where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

impl Field {
    /// A field of a kind, plain otherwise.
    pub fn new(id: FieldId, name: Name, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            id,
            name,
            label: label.into(),
            description: String::new(),
            kind,
            is_required: false,
            is_unique: false,
            is_never_negative: false,
            is_system: false,
            is_custom: false,
            is_indexed: false,
            is_searchable: false,
            search_slot: None,
            default: None,
        }
    }

    /// Whether it says how a record stands, so that it is shown where not all fields are.
    pub fn is_shown_by_default(&self) -> bool {
        !self.is_system && self.kind.is_shown_by_default()
    }
}
