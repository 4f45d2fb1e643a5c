//! Datasets: cases that an agent is tried on, as they are written in `evals/` and kept in a workspace.
//!
//! A dataset is one YAML file, or JSON Lines whose first line is its head. Both are read by [`read`], which tells all
//! that is wrong at once, each by line and path. The JSON Schema (`evals/dataset.schema.json`) is made from these types,
//! and is what a dataset is checked with; what a schema cannot say is in `check`.
//!
//! | module | holds |
//! |---|---|
//! | [`fixture`] | the workspace that a case begins in |
//! | [`case`] | who asks what, and what is answered when the agent asks back |
//! | [`expect`] | what must be true after it |
//! | [`attack`] | what an attacker put into the records, and how one sees that it worked |
//! | [`predicate`] | conditions on single values |
//! | [`read`] | text to dataset |
//! | `locate` | the line of a path |
//! | `check` | what a schema cannot say |
//! | [`names`] | whether objects, fields and filters are there |
//! | [`refs`] | local ids put in the place of their names |
//! | [`schema`] | the published JSON Schema |

pub mod attack;
pub mod case;
mod check;
pub mod expect;
pub mod fixture;
mod locate;
pub mod names;
pub mod predicate;
pub mod read;
pub mod refs;
pub mod schema;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    attack::{Attack, AttackGoal, Injection, InjectionMode},
    case::{Answer, ApprovalRule, Case, ScriptedAnswer, ScriptedUser},
    expect::{
        ArgumentMatch, Expectations, ExpectedCall, ExpectedNumber, Limits, RecordAssertion, ReferenceCall,
        Reply, Rubric, State, Trajectory, TrajectoryMode,
    },
    fixture::{Fixture, FixtureMember, FixtureRecord, FixtureTable},
    predicate::Predicate,
    read::{DatasetError, Fault, Format, Source, read, read_for},
};

/// Cases that belong together, with the workspace they begin in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Small letters, digits, hyphens and dots; no other dataset of a workspace has it.
    pub name: String,
    /// What its cases prove, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Words that all of its cases are tagged with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What each case begins with.
    #[serde(default, skip_serializing_if = "Fixture::is_empty")]
    pub fixture: Fixture,
    /// What is true of each case that does not say otherwise.
    #[serde(default, skip_serializing_if = "Defaults::is_empty")]
    pub defaults: Defaults,
    /// The rules by which the model `scripted` answers, tried after those of a case. See docs/evaluations.md.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<crate::scripted::Rule>,
    pub cases: Vec<Case>,
}

/// What is true of each case that does not say otherwise. Of expectations, each part that a case names replaces the
/// whole part here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// The local id of the member who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The agent that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The models that cases are written for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// How approvals are answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ApprovalRule>,
    #[serde(skip_serializing_if = "Expectations::is_empty")]
    pub expect: Expectations,
}

impl Defaults {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Dataset {
    /// A case with the dataset's defaults, tags and script.
    pub fn effective(&self, case: &Case) -> Case {
        let mut case = case.clone();
        let defaults = &self.defaults;
        case.member = case.member.or_else(|| defaults.member.clone());
        case.agent = case.agent.or_else(|| defaults.agent.clone());
        if case.models.is_empty() {
            case.models.clone_from(&defaults.models);
        }
        if case.approvals.is_empty() {
            case.approvals.clone_from(&defaults.approvals);
        }
        case.expect = case.expect.over(&defaults.expect);
        for tag in &self.tags {
            if !case.tags.contains(tag) {
                case.tags.push(tag.clone());
            }
        }
        case.script.extend(self.script.iter().cloned());
        case
    }
}
