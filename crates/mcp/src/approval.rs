//! A call that waits for a person's word.

use std::{collections::BTreeMap, sync::Arc};

use kontor_agents::{ApprovalStatus, ClientApproval};
use kontor_core::operation::Effect;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, ElicitRequest, ElicitRequestParams, InputRequest,
    InputRequiredResult, Tool,
};
use serde_json::{Value as Json, json};

use crate::tools;

/// The tool that tells what became of an approval. It is no operation: it makes the call that a person has agreed to.
pub(crate) const GET_APPROVAL: &str = "get_approval";

pub(crate) fn tool() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {"id": {"type": "string", "description": "The id of \"approval\" in the answer to the call."}},
        "required": ["id"],
    });
    let answers = json!({"type": "object", "properties": {"approval": tools::approval()}});
    let object = |schema: Json| schema.as_object().cloned().unwrap_or_default();
    Tool::new(
        GET_APPROVAL,
        "Ask what became of a call that waits for a person. Once they agreed, it is made and its result answered.",
        object(parameters),
    )
    .with_title("Get approval")
    // What it does is what was agreed to, once.
    .with_annotations(tools::hints(Effect::Destructive, "update"))
    .with_raw_output_schema(Arc::new(object(answers)))
}

/// Where the person who is asked answers.
fn page(public_url: &str) -> String {
    format!("{public_url}/approvals")
}

/// The answer to a call that has not run. A client that can show its user an address is asked to.
pub(crate) fn answer(public_url: &str, approval: &ClientApproval, can_show: bool) -> CallToolResponse {
    let url = page(public_url);
    if can_show && approval.status == ApprovalStatus::Pending {
        let message = format!("{} {} Answer it in Kontor.", what(approval), approval.why);
        let params = ElicitRequestParams::UrlElicitationParams {
            meta: None,
            message,
            url,
            elicitation_id: approval.id.to_string(),
        };
        let request = InputRequest::Elicitation(ElicitRequest::new(params));
        return InputRequiredResult::from_input_requests(BTreeMap::from([("approval".to_owned(), request)]))
            .into();
    }
    let told = match approval.status {
        ApprovalStatus::Pending | ApprovalStatus::Approved => format!(
            "Nothing was done yet: {} {} A person answers it at {url}. Then ask with {GET_APPROVAL} and the id {}, or make the \
             same call again.",
            what(approval),
            approval.why,
            approval.id
        ),
        ApprovalStatus::Denied if approval.comment.is_empty() => {
            "Nothing was done: the person said no.".to_owned()
        }
        ApprovalStatus::Denied => format!("Nothing was done: the person said no: {:?}", approval.comment),
        ApprovalStatus::Expired => "Nothing was done: nobody answered in time.".to_owned(),
    };
    let mut shown = json!({
        "id": approval.id,
        "status": approval.status,
        "url": url,
        "expires_at": approval.expires_at,
    });
    if !approval.comment.is_empty() {
        shown["comment"] = json!(approval.comment);
    }
    let mut result = CallToolResult::structured(json!({"approval": shown}));
    result.content = vec![ContentBlock::text(told)];
    result.into()
}

fn what(approval: &ClientApproval) -> String {
    let record = approval.question.record.as_ref();
    let record = record.map(|record| format!(" ({:?})", record.name)).unwrap_or_default();
    format!("{}{record} waits for approval.", approval.operation)
}
