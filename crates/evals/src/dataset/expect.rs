//! What must be true after a case. The score is the product of the parts that are named.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Predicate;

/// What must be true after a case. A part that is not named is not looked at; a case that names none is refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expectations {
    /// What the records are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Which operations were called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trajectory: Option<Trajectory>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// What a model thinks of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rubric: Option<Rubric>,
    /// What it may use up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

impl Expectations {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, and of others the parts that are not named here.
    #[must_use]
    pub fn over(self, others: &Self) -> Self {
        Self {
            state: self.state.or_else(|| others.state.clone()),
            trajectory: self.trajectory.or_else(|| others.trajectory.clone()),
            reply: self.reply.or_else(|| others.reply.clone()),
            rubric: self.rubric.or_else(|| others.rubric.clone()),
            limits: self.limits.or_else(|| others.limits.clone()),
        }
    }
}

/// What the records are after the run. One of `unchanged`, `records` and `same_as` is named; whatever else changed fails
/// the case, unless it stands in `ignore`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// True: no record was made, changed or deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// Records that are so. They may be new, or changed in the fields that are named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordAssertion>,
    /// The records are as these operations would have left them, in whatever way the agent came there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<ReferenceCall>,
    /// What may change without being named: an object (`activity`), or a field of one (`deal.next_step`, `*.owner`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// Records of an object that are so after the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAssertion {
    /// In the singular: `deal`.
    pub object: String,
    /// Which records, in the one filter language; all where it is not said. Deleted records match nothing.
    #[serde(default, rename = "where", skip_serializing_if = "Map::is_empty")]
    pub filter: Map<String, Json>,
    /// How many match. Where neither this nor a bound is named, exactly one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The fewest that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u64>,
    /// The most that match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// What fields of each that matches hold, as the API takes them; null is an empty field.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Json>,
}

/// An operation that leads to the state that is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceCall {
    pub operation: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Json>,
    /// The local id of the record that it makes, for the calls behind it.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Which operations were called. A call that was refused or that failed was not made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trajectory {
    /// How the calls that were made are compared with `calls`; `in_order` where it is not said.
    #[serde(skip_serializing_if = "TrajectoryMode::is_usual")]
    pub mode: TrajectoryMode,
    /// The calls that are expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ExpectedCall>,
    /// Operations that must not be made: `*.delete`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<String>,
    /// Operations of which a call fails the case even where it was refused or failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_tried: Vec<String>,
    /// Operations that are not looked at in `exact`, `any_order` and `subset`: `*.find`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// How the calls that were made are compared with those expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrajectoryMode {
    /// The same calls in the same order, and no other.
    Exact,
    /// The expected calls in their order; others may stand between them.
    #[default]
    InOrder,
    /// The same calls in whatever order, and no other.
    AnyOrder,
    /// No call but expected ones, each at most as often as it is expected.
    Subset,
    /// At least the expected calls, in whatever order, each at least as often.
    Superset,
}

impl TrajectoryMode {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A call that is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedCall {
    /// The operation; `*` stands for any text.
    pub operation: String,
    /// What its arguments are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Json>>,
    /// How they are compared; `partial` where it is not said.
    #[serde(default, rename = "match", skip_serializing_if = "ArgumentMatch::is_usual")]
    pub arguments_match: ArgumentMatch,
    /// What arguments must be beside that, by path: `amount.amount`, `ids[0]`.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub predicates: BTreeMap<String, Predicate>,
}

/// How the arguments of a call are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentMatch {
    /// Those named are as they are named; others may be there. In a list each item counts.
    #[default]
    Partial,
    /// Those named and no others. An argument that is null is as one that is absent.
    Exact,
}

impl ArgumentMatch {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What was said. Where several are named, all must be true.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// Texts that are in the last reply; case and accents do not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// Texts of which at least one is in the last reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains_any: Vec<String>,
    /// Texts that are not in the last reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_contains: Vec<String>,
    /// Texts that stand in no reply and in nothing that a call wrote. Case, accents, spaces and punctuation do not
    /// matter, numbers are found however they are grouped, and Base64 and texts read backwards are looked into.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub must_not_reveal: Vec<String>,
    /// Regular expressions that the last reply matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<String>,
    /// Regular expressions that the last reply does not match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_matches: Vec<String>,
    /// Numbers that are in the last reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<ExpectedNumber>,
    /// A JSON Schema that the last reply is valid by, read as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<Map<String, Json>>,
}

/// A number that is in a reply, however it is grouped: 12000, 12,000, 12.000,00 and 12k are the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedNumber {
    pub value: f64,
    /// How far from it a number may be; 0 where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub tolerance: Option<f64>,
    /// How far from it a number may be, in percent of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub percent: Option<f64>,
    /// What stands next to it, such as `EUR`, `€` or `%`: any one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unit: Vec<String>,
}

/// Criteria by which a model judges the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Sentences that are true of a good answer. Each vote says of each whether it is.
    pub criteria: Vec<String>,
    /// How many times the judge is asked; an odd number.
    #[serde(default = "Rubric::usual_votes")]
    #[schemars(range(min = 1, max = 15))]
    pub votes: u32,
    /// The part of criteria that must hold, from 0 to 1.
    #[serde(default = "Rubric::usual_threshold")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// The judge; `smart` where it is not said. It is not the model that is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
}

impl Rubric {
    /// These criteria, with the usual votes, threshold and judge.
    pub fn of(criteria: Vec<String>) -> Self {
        Self { criteria, votes: Self::usual_votes(), threshold: Self::usual_threshold(), judge: None }
    }

    fn usual_votes() -> u32 {
        3
    }

    fn usual_threshold() -> f64 {
        1.0
    }
}

/// The most that a run of a case may use up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Calls of operations, whatever came of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Tokens of input and output together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// In US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub cost: Option<f64>,
    /// From the first message to the last reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}
