//! What a person is asked before a call runs.

use serde::{Deserialize, Serialize};

use super::AgentName;
use crate::ids::RecordId;

/// Why a person is asked, and about which record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalQuestion {
    #[serde(default)]
    pub reason: ApprovalReason,
    /// Absent where the call names no record, or none that the agent may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<ApprovalRecord>,
    /// The agent that wants it, where that is one that was asked by another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_agent: Option<AgentName>,
}

impl ApprovalQuestion {
    /// Whether it says no more than that a deletion is asked for.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a call waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApprovalReason {
    /// It deletes something.
    #[default]
    Destructive,
    /// It reaches outside, where nothing is undone.
    Outside,
    /// The turn has changed so many records that a person is to know before it goes on.
    ManyChanges {
        /// Records that the turn has changed until now.
        changed: u32,
        /// Records that may be changed after an approval before it is asked again, this call's among them.
        allows: u32,
    },
}

impl ApprovalReason {
    /// The reason in words for the person who is asked.
    pub fn words(self) -> String {
        let records = |count: u32| format!("{count} record{}", if count == 1 { "" } else { "s" });
        match self {
            Self::Destructive => "It deletes something, so it runs only if you agree.".to_owned(),
            Self::Outside => {
                "It reaches outside, where it cannot be undone, so it runs only if you agree.".to_owned()
            }
            Self::ManyChanges { changed: 0, .. } => {
                "It changes more at once than an agent may without asking, so it runs only if you agree."
                    .to_owned()
            }
            Self::ManyChanges { changed, allows: 0 | 1 } => format!(
                "This message has led to changes of {} already. The next change runs only if you agree.",
                records(changed)
            ),
            Self::ManyChanges { changed, allows } => format!(
                "This message has led to changes of {} already. If you agree, up to {allows} more may follow before you are asked again; if you deny, no more follow.",
                records(changed)
            ),
        }
    }
}

/// A record as the person who is asked is to know it: as it was before the turn, which may have renamed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalRecord {
    pub object: String,
    pub id: RecordId,
    /// The name that it had when the turn began; its present one where the turn made it.
    pub name: String,
    /// The name that it got since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
    /// Made by this turn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// A few values that tell it from others of its name, of fields that the turn has not touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ApprovalDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalDetail {
    /// The field's label.
    pub label: String,
    pub value: String,
}

impl ApprovalRecord {
    /// The name in words: `Bob (renamed by this turn to “Test record”)`.
    pub fn words(&self) -> String {
        match &self.renamed_to {
            Some(now) => format!("{} (renamed by this turn to “{now}”)", self.name),
            None if self.is_new => format!("{} (made by this turn)", self.name),
            None => self.name.clone(),
        }
    }
}
