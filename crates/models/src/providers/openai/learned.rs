//! What a server's refusals taught: parameters that a model is not sent again.

use kontor_core::cache::Cache;

use crate::{
    chat::{ChatRequest, Message, ToolChoice},
    config::{CallIds, ModelConfig, OutputLimit, Quirks, StandIn},
    error::ModelError,
};

/// Models whose refusals are remembered; a provider may be asked for any name.
const MOST: usize = 1_000;

/// By model, what is sent otherwise than the configuration says. What is forgotten is learned anew.
pub(super) struct Learned(Cache<String, Quirks>);

impl Default for Learned {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Learned {
    /// How a model is asked.
    pub(super) fn of(&self, model: &str, configured: &Quirks) -> Quirks {
        self.0.get(model).unwrap_or_else(|| configured.clone())
    }

    /// The way to ask again after a refusal of a parameter that was sent, or `None` where it says nothing of one.
    pub(super) fn better(
        model: &ModelConfig,
        asked: &Quirks,
        request: &ChatRequest,
        error: &ModelError,
    ) -> Option<Quirks> {
        let better = better(asked, model, request, error)?;
        tracing::info!(model = model.name, %error, "a parameter was refused and is left out");
        Some(better)
    }

    /// Remembers a way of asking that was accepted after a refusal.
    pub(super) fn keep(&self, model: &ModelConfig, quirks: Quirks) {
        self.0.insert(model.name.clone(), quirks);
    }
}

fn better(asked: &Quirks, model: &ModelConfig, request: &ChatRequest, error: &ModelError) -> Option<Quirks> {
    let ModelError::Rejected { status: 200 | 400 | 422, message } = error else { return None };
    let says = |word: &str| message.contains(word);
    let lower = message.to_ascii_lowercase();
    let mut better = asked.clone();
    let is_limited = request.settings.output_limit(model.max_output_tokens).is_some();
    if asked.include_usage && (says("stream_options") || says("include_usage")) {
        better.include_usage = false;
    } else if asked.parallel_tool_calls.is_some() && says("parallel_tool_calls") {
        better.parallel_tool_calls = None;
    } else if is_limited && says("max_completion_tokens") && says("max_tokens") {
        // Each refusal names the one that is wanted beside the one that was sent.
        better.output_limit = other(asked.output_limit);
    } else if is_limited && says(name(asked.output_limit)) && is_unknown(message) {
        better.output_limit = other(asked.output_limit);
    } else if asked.temperature && request.settings.temperature.is_some() && says("temperature") {
        better.temperature = false;
    } else if asked.reasoning_effort
        && request.settings.reasoning_effort.is_some()
        && EFFORT.iter().any(|words| lower.contains(words))
    {
        better.reasoning_effort = false;
    } else if asked.named_tool_choice
        && matches!(request.tool_choice, ToolChoice::Required(Some(_)))
        && says("tool_choice")
    {
        better.named_tool_choice = false;
    } else if let Some(call_ids) = call_ids(asked.call_ids, message) {
        better.call_ids = call_ids;
    } else if !asked.strict_sequence && ROLES.iter().any(|words| lower.contains(words)) {
        better.strict_sequence = true;
    } else if !asked.null_content
        && lower.contains("content")
        && EMPTY.iter().any(|words| lower.contains(words))
    {
        better.null_content = true;
    } else if asked.return_thoughts
        && (is_unknown(message) || lower.contains("remove"))
        && THOUGHTS.iter().any(|name| says(name))
        && request
            .messages
            .iter()
            .any(|message| matches!(message, Message::Assistant { carried: Some(_), .. }))
    {
        better.return_thoughts = false;
    } else if asked.stand_in == StandIn::None && says("reasoning_content") {
        better.stand_in = StandIn::ReasoningContent;
    } else if asked.stand_in == StandIn::None && says("thought_signature") {
        better.stand_in = StandIn::ThoughtSignature;
    } else {
        return None;
    }
    Some(better)
}

/// The rule that a refusal of a call's id tells of.
fn call_ids(asked: CallIds, message: &str) -> Option<CallIds> {
    let lower = message.to_ascii_lowercase();
    let is_of_id = ["tool call id", "tool_call_id", "tool_calls", "tool_use", "call_id", "tool id"]
        .iter()
        .any(|word| lower.contains(word))
        && lower.contains("id");
    if !is_of_id {
        None
    } else if asked != CallIds::Nine && (lower.contains("length of 9") || lower.contains("9 characters")) {
        Some(CallIds::Nine)
    } else if asked == CallIds::Short && message.contains("a-zA-Z0-9_-") {
        Some(CallIds::Word)
    } else {
        None
    }
}

/// How servers say that roles have to alternate.
const ROLES: &[&str] = &["must alternate", "should alternate", "after role", "alternating"];

/// How servers say that a text must not be empty.
const EMPTY: &[&str] =
    &["non-empty", "must not be empty", "cannot be empty", "is blank", "is empty", "too short"];

/// How servers name what is asked for as the effort of reasoning, and that a model does not think.
const EFFORT: &[&str] = &["reasoning_effort", "reasoning effort", "does not support thinking"];

/// What is sent back with an answer.
const THOUGHTS: &[&str] =
    &["reasoning", "thinking_blocks", "thinking", "extra_content", "provider_specific_fields"];

/// Whether a refusal is of the parameter, and not of its value.
fn is_unknown(message: &str) -> bool {
    let lower = message.to_ascii_lowercase();
    let words = [
        "unsupported",
        "not supported",
        "unknown",
        "unrecognized",
        "extra inputs",
        "not permitted",
        "unexpected",
    ];
    words.iter().any(|word| lower.contains(word))
}

fn name(limit: OutputLimit) -> &'static str {
    match limit {
        OutputLimit::MaxTokens => "max_tokens",
        OutputLimit::MaxCompletionTokens => "max_completion_tokens",
    }
}

fn other(limit: OutputLimit) -> OutputLimit {
    match limit {
        OutputLimit::MaxTokens => OutputLimit::MaxCompletionTokens,
        OutputLimit::MaxCompletionTokens => OutputLimit::MaxTokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Carried, Opaque};

    #[test]
    fn a_refused_parameter_is_left_out_once_and_for_that_model() {
        let learned = Learned::default();
        let asked = Quirks { parallel_tool_calls: Some(true), ..Quirks::default() };
        let value = Opaque::from(&serde_json::json!({"reasoning_content": "hm"}));
        let thought = Message::Assistant {
            text: "Hello".into(),
            tool_calls: Vec::new(),
            carried: Some(Carried { by: "openai:p/a".into(), value }.into()),
        };
        let request = ChatRequest::new([Message::User("Hi".into()), thought], []);
        let model = |name: &str| ModelConfig {
            name: name.to_owned(),
            max_output_tokens: Some(9),
            ..ModelConfig::default()
        };
        let refused = |message: &str| ModelError::Rejected { status: 400, message: message.to_owned() };
        let learn =
            |asked: &Quirks, message: &str| Learned::better(&model("a"), asked, &request, &refused(message));

        let first = learn(&asked, "body.stream_options: Extra inputs are not permitted").unwrap();
        assert!(!first.include_usage && first.parallel_tool_calls.is_some());
        assert!(learn(&first, "stream_options is unknown").is_none());
        let second = learn(&first, "Unsupported parameter: 'parallel_tool_calls'").unwrap();
        let third =
            learn(&second, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
                .unwrap();
        assert_eq!(third.output_limit, OutputLimit::MaxCompletionTokens);
        assert!(learn(&third, "max_completion_tokens is too large: 9").is_none());
        assert!(learn(&third, "Something else").is_none());
        let ids = "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.";
        assert_eq!(learn(&third, ids).unwrap().call_ids, CallIds::Nine);
        let ids = "messages.3.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'";
        assert_eq!(learn(&third, ids).unwrap().call_ids, CallIds::Word);
        let roles = "Unexpected role 'user' after role 'tool'";
        assert!(learn(&third, roles).unwrap().strict_sequence);
        let empty = "messages: text content blocks must be non-empty";
        assert!(learn(&third, empty).unwrap().null_content);
        let thoughts = learn(&third, "messages.2.reasoning_content: property is unsupported").unwrap();
        assert!(!thoughts.return_thoughts && thoughts.stand_in == StandIn::None);
        let unwanted = "Please remove the reasoning_content from your message to reduce network traffic.";
        assert!(!learn(&third, unwanted).unwrap().return_thoughts);
        let missing = "The `reasoning_content` in the thinking mode must be passed back to the API.";
        let missing = learn(&thoughts, missing).unwrap();
        assert_eq!(missing.stand_in, StandIn::ReasoningContent);
        let unsigned = "Function call is missing a thought_signature in functionCall parts.";
        assert_eq!(learn(&third, unsigned).unwrap().stand_in, StandIn::ThoughtSignature);
        assert!(learned.of("a", &asked).include_usage, "what did not help is not remembered");
        learned.keep(&model("a"), first);
        assert!(!learned.of("a", &asked).include_usage);
        assert!(learned.of("b", &asked).include_usage);
    }
}
