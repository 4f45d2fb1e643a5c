//! A deterministic command interpreter behind the trait of a chat model. It is no language model and says so.

use futures::{StreamExt, stream};

use crate::chat::{Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason};

pub(crate) struct Builtin;

impl Builtin {
    pub(crate) fn new() -> Self {
        Self
    }
}

impl ChatModel for Builtin {
    fn name(&self) -> &str {
        crate::registry::BUILTIN
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            language: false,
            tools: true,
            parallel_tool_calls: true,
            context_window: None,
            max_output_tokens: None,
        }
    }

    fn stream(&self, _request: ChatRequest) -> DeltaStream {
        stream::iter([Ok(Delta::Text("Say help.".into())), Ok(Delta::Finish(FinishReason::Stop))]).boxed()
    }
}
