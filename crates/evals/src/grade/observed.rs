//! What a run of a case left and did.

use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    filter::{Readable, Related},
    ids::{MemberId, RecordId},
    locale::Locale,
    metadata::{Name, Object, Schema, system_fields},
    operation::Effect,
    time::Timestamp,
    value::Values,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a run of a case left and did.
#[derive(Debug, Clone)]
pub struct Observed {
    pub schema: Arc<Schema>,
    /// The records before the first message and after the last reply.
    pub before: Records,
    pub after: Records,
    /// The records that the case's reference operations left on a fresh copy; or why they could not be run.
    pub reference: Option<Result<Records, String>>,
    /// Every call, in order.
    pub calls: Vec<ObservedCall>,
    /// What the agent said, one text for each turn.
    pub replies: Vec<String>,
    pub usage: ObservedUsage,
    pub ending: Ending,
    /// What the judges of the rubric voted; absent where none was asked.
    pub votes: Option<Vec<Result<super::rubric::Vote, String>>>,
    /// Who asked, when, and how their days and amounts are read.
    pub member: Option<MemberId>,
    pub now: Timestamp,
    pub locale: Locale,
}

/// The records of a workspace that are not deleted, each with all of its fields.
#[derive(Debug, Clone, Default)]
pub struct Records(pub(super) BTreeMap<Name, BTreeMap<RecordId, Values>>);

impl Records {
    /// Adds a record, unless it is deleted.
    pub fn add(&mut self, object: &Name, id: RecordId, values: Values) {
        if values.get(system_fields::DELETED_AT).is_none_or(kontor_core::value::Value::is_null) {
            self.0.entry(object.clone()).or_default().insert(id, values);
        }
    }

    pub fn get(&self, object: &str, id: RecordId) -> Option<&Values> {
        self.of(object)?.get(&id)
    }

    /// The records of an object, in the order of their ids.
    pub fn all<'r>(&'r self, object: &str) -> impl Iterator<Item = (RecordId, &'r Values)> {
        self.of(object).into_iter().flatten().map(|(id, values)| (*id, values))
    }

    fn of(&self, object: &str) -> Option<&BTreeMap<RecordId, Values>> {
        self.0.iter().find(|(name, _)| name.as_str() == object).map(|(_, records)| records)
    }
}

/// Everything may be read: what is asserted is about the workspace, not about a member.
pub(crate) struct Everything;

impl Readable for Everything {
    fn can_read_field(&self, _object: &str, _field: &str) -> bool {
        true
    }
}

/// Records with what describes them, for filters that look at a related record.
pub(crate) struct Looking<'r> {
    pub(crate) schema: &'r Schema,
    pub(crate) records: &'r Records,
}

impl Related for Looking<'_> {
    fn record(&self, object: &Name, id: RecordId) -> Option<(&Object, &Values)> {
        let values = self.records.get(object.as_str(), id)?;
        Some((self.schema.object(object.as_str())?, values))
    }
}

/// A call of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedCall {
    pub operation: String,
    pub arguments: Map<String, Json>,
    /// Absent for an operation that does not exist.
    pub effect: Option<Effect>,
    pub outcome: CallOutcome,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    Succeeded,
    Failed,
    /// A person, or the grants, said no.
    Refused,
    /// Nobody knows whether it took place.
    Unknown,
}

impl ObservedCall {
    /// Whether it was made: what was refused or failed was not.
    pub fn was_made(&self) -> bool {
        match self.outcome {
            CallOutcome::Succeeded | CallOutcome::Unknown => true,
            CallOutcome::Failed | CallOutcome::Refused => false,
        }
    }
}

/// What a run used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedUsage {
    /// Requests to the model.
    pub steps: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a US dollar; absent where a price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// From the first message to the last reply; absent where there was no conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
}

/// How the conversation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Completed,
    /// A turn failed, by the agent's own doing: where the infrastructure failed, the run is tried again and never
    /// judged.
    Failed {
        problem: String,
    },
}
