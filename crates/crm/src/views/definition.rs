//! What a view is made of, as it is given and as it is told.

use kontor_core::{
    actor::Actor,
    ids::{MemberId, ViewId},
    metadata::Name,
    time::Timestamp,
};
use kontor_store::stored_enum;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

/// The most columns of a view.
pub const MAX_COLUMNS: usize = 50;

stored_enum! {
    /// How a view shows records.
    pub enum ViewType: "type of a view" {
        Table = "TABLE",
        /// As cards, in a column for each option of a field.
        Kanban = "KANBAN",
        /// By the day of a date.
        Calendar = "CALENDAR",
    }
}

stored_enum! {
    /// Who sees a view.
    pub enum Visibility: "visibility of a view" {
        /// Every member who may read what it is about.
        Workspace = "WORKSPACE",
        /// Its owner alone.
        Private = "PRIVATE",
    }
}

/// A column of a view, as it was given: a field, or a field with the width of its column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Column {
    Field(String),
    Sized {
        field: String,
        /// In pixels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 32, max = 1_000))]
        width: Option<u32>,
    },
}

impl Column {
    pub fn field(&self) -> &str {
        match self {
            Self::Field(field) | Self::Sized { field, .. } => field,
        }
    }

    /// In pixels, where one is given.
    pub fn width(&self) -> Option<u32> {
        match self {
            Self::Field(_) => None,
            Self::Sized { width, .. } => *width,
        }
    }
}

/// An order, as it was given: `-amount,name`, or the same as a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Order {
    Text(String),
    List(Vec<String>),
}

impl Order {
    /// As lists take it.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(fields) => fields.join(","),
        }
    }

    /// The fields of the order, each with its direction.
    pub(super) fn fields(&self) -> Vec<&str> {
        let fields: Box<dyn Iterator<Item = &str>> = match self {
            Self::Text(text) => Box::new(text.split(',')),
            Self::List(fields) => Box::new(fields.iter().map(String::as_str)),
        };
        fields.map(str::trim).filter(|field| !field.is_empty()).collect()
    }
}

/// A view, as far as its reader may see what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct View {
    pub id: ViewId,
    pub object: Name,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ViewType,
    /// The field whose options are the columns of a board, or whose days are those of a calendar.
    pub group_by: Option<Name>,
    /// In the filter language of lists.
    pub filter: Option<Json>,
    pub sort: Option<Order>,
    /// What is shown of each record, in this order; null where that is left to whoever shows it.
    pub columns: Option<Vec<Column>>,
    pub visibility: Visibility,
    pub icon: String,
    /// Where it stands among the views of its object.
    pub position: i64,
    /// Null where it was made by no member.
    pub owner: Option<MemberId>,
    /// Whether the reader may change and delete it.
    pub can_update: bool,
    pub created_by: Actor,
    pub updated_by: Actor,
    /// Goes up with every change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A view to be made.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// The name or plural of an object.
    pub object: String,
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// A table where it is left out.
    #[serde(rename = "type", default)]
    pub kind: Option<ViewType>,
    /// A board needs a field with options, a calendar a date or a moment.
    #[serde(default)]
    pub group_by: Option<String>,
    #[serde(default)]
    pub filter: Option<Json>,
    #[serde(default)]
    #[schemars(with = "Option<Order>")]
    pub sort: Option<Json>,
    #[serde(default)]
    #[schemars(with = "Option<Vec<Column>>")]
    pub columns: Option<Json>,
    /// Private where it is left out.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub icon: Option<String>,
    /// Behind the others where it is left out.
    #[serde(default)]
    pub position: Option<i64>,
}

/// What of a view is changed: what is absent stays, null empties.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ViewChanges {
    #[schemars(length(min = 1, max = 100))]
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<ViewType>,
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<String>")]
    pub group_by: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Json>")]
    pub filter: Option<Option<Json>>,
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Order>")]
    pub sort: Option<Option<Json>>,
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Vec<Column>>")]
    pub columns: Option<Option<Json>>,
    pub visibility: Option<Visibility>,
    #[schemars(length(max = 40))]
    pub icon: Option<String>,
    pub position: Option<i64>,
    /// The version that the change was made for; it is refused where somebody was faster.
    pub version: Option<i64>,
}

/// What is absent stays, and null is a value.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
