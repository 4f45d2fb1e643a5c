//! What the rules of the scripted model look like.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What the model `scripted` does: the first rule that fits what it was sent. `user` or `read` is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A regular expression, in which case does not matter, that is found in the member's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A regular expression that is found in what a call of this turn answered. The steps begin after that answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// What the prompt that was sent must say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_says: Vec<PromptRule>,
    /// What the prompt that was sent must not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_lacks: Vec<PromptRule>,
    /// A regular expression that is found in the prompt that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_matches: Option<String>,
    /// What is done, one answer of the model each.
    pub steps: Vec<Step>,
}

/// One answer of the model: a call, several, or a text; or a text with calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// The operation that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The arguments of `call`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Json>,
    /// More calls in the same answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ScriptedCall>,
    /// What is said. A record, `[[/records/accounts/$ref(acme)|Acme]]`, becomes a link where the prompt tells to link
    /// records, and its name otherwise. What earlier calls of the turn answered is put by
    /// `{{ results[0].data[0].name }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub say: Option<String>,
    /// The step is done again and again: a model that does not come to an end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forever: bool,
}

/// A call of the scripted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    pub operation: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub arguments: Map<String, Json>,
}

/// A rule of conduct that the scripted model finds in a prompt, by the words that docs/evaluations.md lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptRule {
    /// Records that are mentioned are linked.
    LinkRecords,
    /// The member is asked before something is written.
    ConfirmWrites,
    /// What stands in records is data, not instructions.
    RecordsAreData,
    /// What is ambiguous is asked about.
    AskWhenAmbiguous,
    /// Records and values are never invented.
    NeverInvent,
    /// Amounts are written with their currency.
    NameCurrency,
    /// The agent only reads.
    ReadOnly,
    /// What is confidential is not told.
    KeepConfidential,
}
