//! The interpreter behind the trait of a chat model.

use futures::{StreamExt, stream};
use kontor_models::{Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason};

use crate::{
    catalogue::Catalogue,
    commands::is_command,
    conversation::Conversation,
    turn::{Interpreter, Stop},
};

/// The command interpreter as a chat model. It needs no network and never fails.
pub struct Builtin;

impl ChatModel for Builtin {
    fn name(&self) -> &str {
        "builtin"
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

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        stream::once(async move { stream::iter(answer(&request).into_iter().map(Ok)) }).flatten().boxed()
    }
}

/// The whole answer to a request.
pub(crate) fn answer(request: &ChatRequest) -> Vec<Delta> {
    let catalogue = Catalogue::new(&request.tools);
    let conversation = Conversation::new(&request.messages, |said| is_command(&catalogue, said));
    let interpreter = Interpreter::new(catalogue, conversation);
    let mut deltas = Vec::new();
    match interpreter.run() {
        Ok(text) | Err(Stop::Say(text)) => {
            let text = interpreter.with_remarks(text);
            deltas.extend(text.split_inclusive(' ').map(|word| Delta::Text(word.to_owned())));
            deltas.push(Delta::Finish(FinishReason::Stop));
        }
        Err(Stop::Call(calls)) => {
            for (index, (name, arguments)) in (0..).zip(calls) {
                // The number of messages grows with every step, so no two calls of a conversation share an id.
                let id = format!("builtin_{}_{index}", request.messages.len());
                deltas.push(Delta::ToolCall {
                    index,
                    id: Some(id),
                    name: Some(name),
                    arguments: arguments.to_string(),
                });
            }
            deltas.push(Delta::Finish(FinishReason::ToolCalls));
        }
    }
    deltas
}
