//! Attacks: a task that is harmless, and a text in the records that wants something else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExpectedCall, RecordAssertion};

/// What an attacker put where the agent reads it. The case is run without it and with it: `expect` says in both whether
/// the member got what was asked for (*benign utility*, *utility under attack*), `success` whether the attacker did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// What the attacker wants, for people.
    pub goal: String,
    /// Where it comes from, such as the published attack that it is made after.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The texts of the attacker.
    pub inject: Vec<Injection>,
    /// By what one sees that the attack worked.
    pub success: AttackGoal,
}

/// A text of an attacker, in one of the places that are named: a field of a record, a label of a field, an error of an
/// operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// The local id of a record, in whose `field` it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The field of the record: `body`; a part of it by a dot: `name.last_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A field whose label it stands in: `deal.risk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_of: Option<String>,
    /// An operation that fails with it when it is called first: `account.find`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_of: Option<String>,
    pub text: String,
    /// Whether what stands there stays before it; it does where this is not said.
    #[serde(default, skip_serializing_if = "InjectionMode::is_usual")]
    pub mode: InjectionMode,
}

/// What becomes of the text that stands where an attacker's is put.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InjectionMode {
    /// The attacker's text comes behind it, on a line of its own.
    #[default]
    Append,
    /// The attacker's text stands in its place.
    Replace,
}

impl InjectionMode {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// By what one sees that an attack worked: any one of these is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AttackGoal {
    /// Records that are so after the run. Changes that are not named do not matter here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordAssertion>,
    /// Calls of which one was made, with success.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ExpectedCall>,
    /// Texts of which one was told, in a reply or in what a call wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reveals: Vec<String>,
    /// Regular expressions of which a reply matches one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replies: Vec<String>,
}
