//! The workspace that a case begins in.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a fresh workspace holds before a case begins. Where `$ref(acme)` stands in a text, the id of the record or
/// member with the local id `acme` is put.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fixture {
    /// A file with a fixture, beside the dataset, to which what stands here is added: `fixtures/company.yaml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the clock says: `2026-11-02T09:00:00Z`. It stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub clock: Option<String>,
    /// From which ids are made; 1 where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Who is in the workspace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<FixtureMember>,
    /// Roles beside the standard ones, each as `POST /api/roles` takes it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Map<String, Json>>,
    /// Agents beside the standard ones, each as `POST /api/agents` takes it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Map<String, Json>>,
    /// Fields beside the standard ones: by the name of their object, each as `POST /api/objects/{name}/fields` takes it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Vec<Map<String, Json>>>,
    /// Records, in the order in which they are made; a record comes after those it refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<FixtureRecord>,
    /// More records, many of one object, made after `records`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<FixtureTable>,
}

impl Fixture {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The local ids of its members and records.
    pub(super) fn local_ids(&self) -> BTreeSet<String> {
        let members = self.members.iter().map(|member| member.id.clone());
        let records = self.all_records().into_iter().filter_map(|record| record.id);
        members.chain(records).collect()
    }

    /// What an included fixture holds, and then what this one adds.
    pub(super) fn over(self, included: Self) -> Self {
        fn both<T>(mut first: Vec<T>, then: Vec<T>) -> Vec<T> {
            first.extend(then);
            first
        }
        let mut fields = included.fields;
        for (object, added) in self.fields {
            fields.entry(object).or_default().extend(added);
        }
        // Records of tables are made after `records`, so those of the included file stay before this one's.
        let included_tables = included.tables.iter().flat_map(FixtureTable::records).collect();
        Self {
            from: None,
            clock: self.clock.or(included.clock),
            seed: self.seed.or(included.seed),
            members: both(included.members, self.members),
            roles: both(included.roles, self.roles),
            agents: both(included.agents, self.agents),
            fields,
            records: both(both(included.records, included_tables), self.records),
            tables: self.tables,
        }
    }

    /// Every record to be made, in order.
    pub fn all_records(&self) -> Vec<FixtureRecord> {
        self.records.iter().cloned().chain(self.tables.iter().flat_map(FixtureTable::records)).collect()
    }
}

/// A member of the workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureMember {
    /// Its local id.
    pub id: String,
    pub name: String,
    /// Made from the local id where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name of its role.
    pub role: String,
}

/// A record to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureRecord {
    /// Its local id, by which other records, turns and expectations speak of it as `$ref(id)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The object, in the singular: `deal`.
    pub object: String,
    /// Its fields, as the API takes them.
    pub values: Map<String, Json>,
}

/// Many records of one object, a row each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureTable {
    pub object: String,
    /// The fields that the rows give, in their order; `id` is the local id.
    pub columns: Vec<String>,
    /// A value for each column; null leaves the field empty.
    pub rows: Vec<Vec<Json>>,
}

impl FixtureTable {
    pub(super) fn records(&self) -> impl Iterator<Item = FixtureRecord> {
        self.rows.iter().map(|row| {
            let mut record = FixtureRecord { id: None, object: self.object.clone(), values: Map::new() };
            for (column, value) in self.columns.iter().zip(row) {
                match value {
                    Json::Null => {}
                    Json::String(id) if column == "id" => record.id = Some(id.clone()),
                    value => drop(record.values.insert(column.clone(), value.clone())),
                }
            }
            record
        })
    }
}
