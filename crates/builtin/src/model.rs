//! The interpreter behind the trait of a chat model.

use std::sync::Arc;

use futures::{StreamExt, stream};
use kontor_core::cache::{ByAddress, Cache};
use kontor_models::{
    Capabilities, ChatModel, ChatRequest, Definitions, Delta, DeltaStream, FinishReason, Message, Scene,
};

use crate::{
    catalogue::Catalogue,
    commands::is_command,
    conversation::Conversation,
    others::taken_over,
    turn::{Interpreter, Stop},
};

/// Catalogues that are kept: one of each agent and role that was asked lately.
const KEPT: usize = 256;

/// The command interpreter as a chat model. It needs no network and never fails.
#[derive(Default)]
pub struct Builtin {
    catalogues: Arc<Catalogues>,
}

#[cfg(test)]
impl Builtin {
    pub(crate) fn kept(&self) -> usize {
        self.catalogues.0.len()
    }
}

impl ChatModel for Builtin {
    fn name(&self) -> &str {
        "builtin"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::COMMANDS
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let catalogues = self.catalogues.clone();
        let answer = async move {
            let deltas = match &request.scene {
                Some(scene) => answer(&request.messages, scene, catalogues.of(&scene.definitions)),
                None => said("These commands work on records, and there is no workspace here."),
            };
            stream::iter(deltas.into_iter().map(Ok))
        };
        stream::once(answer).flatten().boxed()
    }
}

/// What was made of definitions that are still in use somewhere.
struct Catalogues(Cache<ByAddress<Definitions>, Arc<Catalogue>>);

impl Default for Catalogues {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Catalogues {
    /// The catalogue of these definitions, made when they are first seen: a turn asks with the same ones at every
    /// step, and so do the turns of an agent's other members.
    fn of(&self, definitions: &Arc<Definitions>) -> Arc<Catalogue> {
        let key = ByAddress(definitions.clone());
        if let Some(known) = self.0.get(&key) {
            return known;
        }
        let catalogue = Arc::new(Catalogue::new(definitions));
        self.0.remove_where(|kept| Arc::strong_count(&kept.0) == 1);
        self.0.insert(key, catalogue.clone());
        catalogue
    }
}

/// The whole answer to a conversation.
pub(crate) fn answer(messages: &[Message], scene: &Arc<Scene>, catalogue: Arc<Catalogue>) -> Vec<Delta> {
    let taken_over = taken_over(messages);
    let messages = taken_over.as_deref().unwrap_or(messages);
    let conversation =
        Conversation::new(messages, scene.record.as_ref(), |said| is_command(&catalogue, said));
    let interpreter = Interpreter::new(catalogue, scene.clone(), conversation);
    match interpreter.run() {
        Ok(text) | Err(Stop::Say(text)) => said(&interpreter.with_remarks(text)),
        Err(Stop::Call(calls)) => {
            let mut deltas = Vec::with_capacity(calls.len() + 1);
            for (index, (name, arguments)) in (0..).zip(calls) {
                // The number of messages grows with every step, so no two calls of a conversation share an id.
                let id = format!("builtin_{}_{index}", messages.len());
                deltas.push(Delta::ToolCall {
                    index,
                    id: Some(id),
                    name: Some(name),
                    arguments: arguments.to_string(),
                    extra: None,
                });
            }
            deltas.push(Delta::Finish(FinishReason::ToolCalls));
            deltas
        }
    }
}

fn said(text: &str) -> Vec<Delta> {
    let words = text.split_inclusive(' ').map(|word| Delta::Text(word.to_owned()));
    words.chain([Delta::Finish(FinishReason::Stop)]).collect()
}
