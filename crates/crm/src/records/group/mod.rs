//! Counting and adding up: rows in groups, money by currency, sums exact, in one pass over the rows.

mod clocks;
mod figures;
mod plan;
mod sums;

use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{error::Issue, grants::Action, metadata::Object, text};
use serde_json::{Map, Value as Json, json};

use self::plan::Plan;
pub(super) use self::sums::Sum;
use super::access::require;
use crate::{Error, Work};

/// The most fields records are grouped by.
pub const MAX_BY: usize = 2;
/// The most groups that are returned.
pub const MAX_GROUPS: u32 = 500;

/// What to count and add up.
#[derive(Debug, Clone)]
pub struct GroupQuery {
    /// Fields, dates with a span, fields of related records: `stage`, `close_date:month`, `account.industry`. Spans of
    /// instants are those of the caller's time zone.
    /// None makes one group of all. A relation to a record that is deleted, or that the caller may not read, is
    /// as none: its records count with those that have no such value.
    pub by: Vec<String>,
    pub aggregates: Vec<Aggregate>,
    pub filter: Option<Json>,
    /// 1 to [`MAX_GROUPS`]; the largest groups are kept.
    pub limit: u32,
}

impl Default for GroupQuery {
    fn default() -> Self {
        Self { by: Vec::new(), aggregates: Vec::new(), filter: None, limit: 100 }
    }
}

/// One figure of a group, beside the count of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// How many records have a value of the field, or of the part of it: what `is_empty` is false for.
    Count(String),
    /// What the values of a field come to.
    Of(Function, String),
}

impl Aggregate {
    /// Reads a function and its field; nothing for a bare count, which every group has.
    ///
    /// # Errors
    /// There is no such function, or it needs a field.
    pub fn parse(function: &str, field: Option<String>) -> Result<Option<Self>, Issue> {
        const COUNT: &str = "count";
        let known = Function::ALL.into_iter().find(|known| known.name() == function);
        match (known, field) {
            (None, field) if function == COUNT => Ok(field.map(Self::Count)),
            (None, _) => {
                let names = || std::iter::once(COUNT).chain(Function::ALL.map(Function::name));
                let near = text::suggestion(function, names());
                let function = text::excerpt(function, 20);
                let message =
                    format!("{function:?} is not one of {}.{near}", names().collect::<Vec<_>>().join(", "));
                Err(Issue::new("function", "unknown_function", message))
            }
            (Some(function), Some(field)) => Ok(Some(Self::Of(function, field))),
            (Some(function), None) => {
                Err(Issue::new("field", "required", format!("{} needs a field", function.name())))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    Sum,
    Avg,
    Min,
    Max,
}

impl Function {
    pub const ALL: [Self; 4] = [Self::Sum, Self::Avg, Self::Min, Self::Max];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// The groups that were asked for.
#[derive(Debug, Clone)]
pub struct Groups {
    pub groups: Vec<Group>,
    /// Whether there are smaller ones beyond the limit.
    pub has_more: bool,
}

/// Records that are alike in the fields grouped by.
#[derive(Debug, Clone)]
pub struct Group {
    /// The value of each field grouped by; null where it is empty.
    pub by: Map<String, Json>,
    pub count: u64,
    /// How many records have a value, by field.
    pub counts: Map<String, Json>,
    /// By function and field; money as one entry for each currency.
    pub aggregates: BTreeMap<Function, Map<String, Json>>,
}

impl serde::Serialize for Group {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// Written by hand: names of functions and of fields stand side by side as keys, which no type says.
impl schemars::JsonSchema for Group {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Group".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let by_field = schemars::json_schema!({ "type": "object", "additionalProperties": true });
        schemars::json_schema!({
            "type": "object",
            "description": "Records that are alike in the fields grouped by, with a `count.field` for each field whose values are counted.",
            "required": ["by", "count"],
            "properties": {
                "by": { "type": "object", "description": "The value of each field; null where it is empty.", "additionalProperties": true },
                "count": { "type": "integer", "minimum": 0 },
                "sum": by_field,
                "avg": by_field,
                "min": by_field,
                "max": by_field,
            },
            "patternProperties": { "^count[.]": { "type": "integer", "minimum": 0 } },
            "additionalProperties": false,
        })
    }
}

impl Group {
    /// `{"by", "count", "count.account", "sum": {"amount": [{"amount", "currency"}]}}`
    pub fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("by".to_owned(), Json::Object(self.by.clone()));
        json.insert("count".to_owned(), json!(self.count));
        json.extend(self.counts.iter().map(|(field, count)| (format!("count.{field}"), count.clone())));
        for (function, fields) in &self.aggregates {
            json.insert(function.name().to_owned(), Json::Object(fields.clone()));
        }
        Json::Object(json)
    }
}

/// The live records that the caller may read and that match, in groups, in the order of what they are
/// grouped by, empty values last.
///
/// # Errors
/// The caller may not read the object, the query is no right one, or there are more groups than can be added up.
pub async fn group(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    query: &GroupQuery,
) -> Result<Groups, Error> {
    require(work, object, Action::Read)?;
    let plan = Plan::new(work, object, query).await?;
    let rows = work.tx.fetch_all(&plan.statement()).await?;
    let (mut cells, has_more) = plan.read(rows)?;
    let labels = plan.labels(work, &cells).await?;
    cells.sort_by_cached_key(|cell| plan.rank(&cell.key, &labels));
    let groups = cells.into_iter().map(|cell| plan.group(cell, &labels)).collect::<Result<_, _>>()?;
    Ok(Groups { groups, has_more })
}
