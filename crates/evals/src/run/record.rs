//! What is kept of a trial.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Error, Judging, trial::Tried};
use crate::grade::{CallOutcome, Grade, ObservedCall, ObservedUsage, grade};

/// Which trial of a run it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TrialKey {
    pub dataset: String,
    pub case: String,
    /// Whether the attacker's texts stood in the records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attacked: bool,
    /// From 1.
    pub trial: u32,
}

impl fmt::Display for TrialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attacked = if self.attacked { " (under attack)" } else { "" };
        write!(f, "{}/{}{attacked} #{}", self.dataset, self.case, self.trial)
    }
}

/// A trial that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    #[serde(flatten)]
    pub key: TrialKey,
    /// The case's, with its dataset's.
    pub tags: Vec<String>,
    /// How it was judged; absent where it could not be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Why it could not be run. Such a trial is not passed, and is not left out of any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_run: Option<String>,
    /// How often it was begun: again where the infrastructure failed.
    pub attempts: u32,
    /// The models that answered.
    pub models: Vec<String>,
    pub transcript: Vec<Exchange>,
    pub calls: Vec<CallRecord>,
    pub usage: ObservedUsage,
    /// What the judge of its rubric used up beside that; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judging: Option<Judging>,
}

/// A message of the member and what the agent replied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    pub message: String,
    pub reply: String,
}

/// A call of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallRecord {
    pub operation: String,
    pub arguments: Map<String, Json>,
    /// `succeeded`, `failed`, `refused` or `unknown`.
    pub outcome: CallOutcome,
}

impl TrialRecord {
    /// Whether it was run and judged.
    pub fn is_judged(&self) -> bool {
        self.grade.as_ref().is_some_and(|grade| grade.errors.is_empty())
    }

    /// Judges what was seen, or keeps why nothing was.
    pub(super) fn of(key: TrialKey, tags: Vec<String>, attempts: u32, tried: Result<Tried, Error>) -> Self {
        let empty = Self {
            key,
            tags,
            grade: None,
            not_run: None,
            attempts,
            models: Vec::new(),
            transcript: Vec::new(),
            calls: Vec::new(),
            usage: ObservedUsage::default(),
            judging: None,
        };
        let Tried { case, observed, messages, models, judging } = match tried {
            Ok(tried) => tried,
            Err(error) => return Self { not_run: Some(error.to_string()), ..empty },
        };
        let judged = grade(&case, &observed, empty.key.attacked);
        let replies = observed.replies.into_iter().map(Some).chain(std::iter::repeat(None));
        let exchanges = messages.into_iter().zip(replies);
        let exchanges =
            exchanges.map(|(message, reply)| Exchange { message, reply: reply.unwrap_or_default() });
        Self {
            grade: Some(judged),
            models: models.into_iter().collect(),
            transcript: exchanges.collect(),
            calls: observed.calls.into_iter().map(CallRecord::from).collect(),
            usage: observed.usage,
            judging,
            ..empty
        }
    }
}

impl From<ObservedCall> for CallRecord {
    fn from(call: ObservedCall) -> Self {
        Self { operation: call.operation, arguments: call.arguments, outcome: call.outcome }
    }
}
