//! A call of an agent's as a person reads it who is asked whether it may run, in the chat and among the approvals.

use kontor_core::turn::{ApprovalDetail, ApprovalQuestion, ApprovalRecord};
use serde_json::Value as Json;

use crate::show::{Shown, Viewer, arguments, operation_label};

pub(crate) struct Asked {
    /// What is to be done, and by whom where that is an agent that another asked.
    pub label: String,
    pub arguments: Vec<(String, Shown)>,
    /// What tells the record from others of its name.
    pub details: Vec<ApprovalDetail>,
    /// What it removes can be had back.
    pub is_restorable: bool,
}

impl Asked {
    /// An operation with its arguments, by whom where that is an agent that another asked, and what is asked about it;
    /// `record` is how its record is named where the question names none.
    pub(crate) fn of(
        viewer: &Viewer,
        (operation, given): (&str, &Json),
        by: Option<&str>,
        question: Option<&ApprovalQuestion>,
        record: Option<String>,
    ) -> Self {
        let about = question.and_then(|question| question.record.as_ref());
        // By the name that it had before the agent could give it another.
        let record = about.map(ApprovalRecord::words).or(record);
        Self {
            label: call_label(viewer, operation, by),
            arguments: arguments(viewer, operation, given, record),
            details: about.map(|record| record.details.clone()).unwrap_or_default(),
            is_restorable: operation.ends_with(".delete"),
        }
    }
}

/// What a call does, and by whom where that is an agent that another asked.
pub(crate) fn call_label(viewer: &Viewer, operation: &str, by: Option<&str>) -> String {
    let label = operation_label(viewer, operation);
    match by {
        Some(agent) => format!("{agent}: {label}"),
        None => label,
    }
}
