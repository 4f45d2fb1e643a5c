//! Attributes of spans, by the names of the GenAI semantic conventions (v0.1.0 of their own repository).

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};

pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const PROVIDER: &str = "gen_ai.provider.name";
pub(super) const CONVERSATION: &str = "gen_ai.conversation.id";
pub(super) const AGENT_NAME: &str = "gen_ai.agent.name";
pub(super) const AGENT_VERSION: &str = "gen_ai.agent.version";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(super) const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(super) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(super) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(super) const CACHE_READ: &str = "gen_ai.usage.cache_read.input_tokens";
pub(super) const CACHE_CREATION: &str = "gen_ai.usage.cache_creation.input_tokens";
pub(super) const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub(super) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(super) const TOOL_TYPE: &str = "gen_ai.tool.type";
pub(super) const TOOL_CALL: &str = "gen_ai.tool.call.id";
pub(super) const TOOL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
pub(super) const TOOL_RESULT: &str = "gen_ai.tool.call.result";
pub(super) const TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
pub(super) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub(super) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(super) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
pub(super) const ERROR_TYPE: &str = "error.type";

/// Attributes as they are gathered.
#[derive(Default)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn text(mut self, key: &str, value: impl Into<String>) -> Self {
        self.push(key, Value::StringValue(value.into()));
        self
    }

    pub(super) fn text_if(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    pub(super) fn texts<'t>(mut self, key: &str, values: impl IntoIterator<Item = &'t str>) -> Self {
        let value = |value: &str| AnyValue { value: Some(Value::StringValue(value.to_owned())) };
        let values = values.into_iter().map(value).collect();
        self.push(key, Value::ArrayValue(ArrayValue { values }));
        self
    }

    pub(super) fn number(mut self, key: &str, value: u64) -> Self {
        self.push(key, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
        self
    }

    /// A number, where it is one to tell.
    pub(super) fn count(self, key: &str, value: u64) -> Self {
        if value == 0 { self } else { self.number(key, value) }
    }

    fn push(&mut self, key: &str, value: Value) {
        let value = Some(AnyValue { value: Some(value) });
        self.0.push(KeyValue { key: key.to_owned(), value, ..KeyValue::default() });
    }

    pub(super) fn into_vec(self) -> Vec<KeyValue> {
        self.0
    }
}
