//! A case: who asks what, and what is answered when the agent asks back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Attack, Expectations, FixtureRecord, Predicate};

/// One conversation with an agent, and what must be true after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about, in a few words; no other case of the dataset has it.
    pub name: String,
    /// Why it is here, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The local id of the member who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The role that this member has in this case, in the place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The name of the agent that is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The models that it is written for: `builtin`, `scripted`, `language`. Where it is not said, all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Records that only this case begins with, made after those of the dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<FixtureRecord>,
    /// The local id of the record that the member is looking at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_view: Option<String>,
    /// What the member says, one message after the other, whatever is answered. Either this or `user`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<String>,
    /// A member who answers what the agent asks. Either this or `turns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ScriptedUser>,
    /// How approvals are answered: the first rule that fits counts, and what none fits is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<ApprovalRule>,
    /// Rules for the model `scripted`, tried before those of the dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub script: Vec<crate::scripted::Rule>,
    /// What an attacker put into the records. Such a case is run without it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack: Option<Attack>,
    /// What must be true after it. What is not named is not looked at, and counts as nothing, not as passed.
    #[serde(default, skip_serializing_if = "Expectations::is_empty")]
    pub expect: Expectations,
}

/// A member who says something and then answers by rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedUser {
    /// The first message.
    pub opening: String,
    /// What is answered to a reply: the first rule whose expression it matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<ScriptedAnswer>,
    /// What is answered where no rule fits; where it is not said, the conversation ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// The most messages of the member, the first one among them.
    #[serde(default = "ScriptedUser::usual_most")]
    #[schemars(range(min = 1, max = 50))]
    pub at_most: u32,
}

impl ScriptedUser {
    fn usual_most() -> u32 {
        6
    }
}

/// One answer of a scripted user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedAnswer {
    /// A regular expression, in which case does not matter, that is found in the reply.
    pub when: String,
    /// What is said then.
    pub say: String,
    /// It is said once only; a reply that matches again is answered by a later rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// How an approval is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRule {
    /// The operations that it is about; `*` stands for any text: `*.delete`.
    pub operation: String,
    /// What their arguments must be, by path.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub predicates: BTreeMap<String, Predicate>,
    pub answer: Answer,
}

/// What is answered to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Approve,
    Refuse,
}

impl Case {
    /// What is answered to an approval of a call.
    pub fn approval(&self, operation: &str, arguments: &Map<String, Json>) -> Answer {
        let fits = |rule: &&ApprovalRule| {
            kontor_core::scope::Patterns::new(vec![rule.operation.clone()]).allow(operation)
                && rule.predicates.iter().all(|(path, predicate)| predicate.holds_at(arguments, path))
        };
        self.approvals.iter().find(fits).map_or(Answer::Refuse, |rule| rule.answer)
    }
}
