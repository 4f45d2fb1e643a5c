//! The interpreter behind the trait of a chat model.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::{StreamExt, stream};
use kontor_models::{
    Capabilities, ChatModel, ChatRequest, Definitions, Delta, DeltaStream, FinishReason, Message, Scene,
};

use crate::{
    catalogue::Catalogue,
    commands::is_command,
    conversation::Conversation,
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
        self.catalogues.lock().len()
    }
}

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
            thinking: false,
            vision: false,
        }
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
#[derive(Default)]
struct Catalogues(Mutex<Vec<(Weak<Definitions>, Arc<Catalogue>)>>);

impl Catalogues {
    /// The catalogue of these definitions, made when they are first seen: a turn asks with the same ones at every
    /// step, and so do the turns of an agent's other members.
    fn of(&self, definitions: &Arc<Definitions>) -> Arc<Catalogue> {
        // A weak reference keeps the address taken, so that no later definitions are found under it.
        let is_of = |made_of: &Weak<Definitions>| std::ptr::eq(made_of.as_ptr(), Arc::as_ptr(definitions));
        if let Some((_, known)) = self.lock().iter().find(|(made_of, _)| is_of(made_of)) {
            return known.clone();
        }
        let catalogue = Arc::new(Catalogue::new(definitions));
        let mut known = self.lock();
        known.retain(|(made_of, _)| made_of.strong_count() > 0 && !is_of(made_of));
        if known.len() >= KEPT {
            known.remove(0);
        }
        known.push((Arc::downgrade(definitions), catalogue.clone()));
        catalogue
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Weak<Definitions>, Arc<Catalogue>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The whole answer to a conversation.
pub(crate) fn answer(messages: &[Message], scene: &Arc<Scene>, catalogue: Arc<Catalogue>) -> Vec<Delta> {
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
