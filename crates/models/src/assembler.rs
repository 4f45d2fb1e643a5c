//! Folds the deltas of one answer into a completed step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    calls::{Calls, Piece},
    chat::{Carried, Delta, FinishReason, Message, ToolCall, Usage},
    error::ModelError,
    tokens::estimate,
};

/// One whole answer of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedStep {
    pub text: String,
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall>,
    /// What goes back with the answer.
    pub carried: Option<Arc<Carried>>,
    /// `None` where the provider said nothing.
    pub usage: Option<Usage>,
    /// [`FinishReason::ToolCalls`] whenever there are calls to run, whatever word the provider sent.
    pub finish: FinishReason,
}

impl CompletedStep {
    /// The answer as it stands in the next request.
    pub fn message(&self) -> Message {
        Message::Assistant {
            text: self.text.as_str().into(),
            tool_calls: self.tool_calls.clone(),
            carried: self.carried.clone(),
        }
    }
}

/// Collects deltas. An answer with calls may end with `stop`.
#[derive(Debug)]
pub struct Assembler {
    prefix: String,
    text: String,
    reasoning: String,
    calls: Calls,
    carried: Option<Arc<Carried>>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    has_begun: bool,
    /// Bytes of all that is kept, and how many may be.
    size: usize,
    limit: usize,
}

/// What of a delta was taken up, for those who follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken<'a> {
    Text(&'a str),
    Reasoning(&'a str),
    Other,
}

impl Assembler {
    /// Of `prefix` are made the ids of calls that come without one; it must differ from step to step of a
    /// conversation, because results are matched to calls by id. `limit` is how many bytes of text, reasoning and
    /// calls are kept.
    pub fn new(prefix: impl Into<String>, limit: usize) -> Self {
        Self {
            size: 0,
            has_begun: false,
            limit,
            prefix: prefix.into(),
            text: String::new(),
            reasoning: String::new(),
            calls: Calls::default(),
            carried: None,
            usage: None,
            finish: None,
        }
    }

    /// Takes up a delta, or as much of it as there is room for; where that was not all of it, the answer is
    /// [full](Self::is_full) and ends.
    pub fn push(&mut self, delta: Delta) -> Taken<'_> {
        self.has_begun = true;
        match delta {
            Delta::Text(piece) => {
                let from = self.text.len();
                let room = self.room_for(&piece);
                self.text.push_str(piece.get(..room).unwrap_or_default());
                Taken::Text(self.text.get(from..).unwrap_or_default())
            }
            Delta::Reasoning(piece) => {
                let from = self.reasoning.len();
                let room = self.room_for(&piece);
                self.reasoning.push_str(piece.get(..room).unwrap_or_default());
                Taken::Reasoning(self.reasoning.get(from..).unwrap_or_default())
            }
            Delta::ToolCall { index, id, name, arguments, extra } => {
                self.push_call(index, id, name, &arguments, extra);
                Taken::Other
            }
            Delta::Carried(carried) => {
                self.carry(carried);
                Taken::Other
            }
            Delta::Usage(usage) => {
                self.usage = Some(usage);
                Taken::Other
            }
            Delta::Finish(reason) => {
                self.finish = Some(reason);
                Taken::Other
            }
        }
    }

    /// How many bytes of a piece there is room for, which are counted as taken. An answer that is full takes
    /// nothing more.
    fn room_for(&mut self, piece: &str) -> usize {
        let room = piece.floor_char_boundary(self.limit.saturating_sub(self.size));
        self.size = if room < piece.len() { self.limit } else { self.size + room };
        room
    }

    /// Whether more came, or may come, than is kept. What is not kept is as if the provider had cut it off.
    pub fn is_full(&self) -> bool {
        self.size >= self.limit
    }

    fn push_call(
        &mut self,
        index: u32,
        id: Option<String>,
        name: Option<String>,
        arguments: &str,
        extra: Option<Map<String, Value>>,
    ) {
        let room = self.room_for(arguments);
        let arguments = arguments.get(..room).unwrap_or_default();
        if !self.calls.push(Piece { index, id, name, arguments, extra }) {
            self.size = self.limit;
        }
    }

    /// Keeps what goes back with the answer, or nothing of it where it is too large: a part of it is worth nothing.
    fn carry(&mut self, carried: Carried) {
        let size = carried.value.as_str().len();
        if size > self.limit {
            tracing::warn!(
                size,
                by = &*carried.by,
                "what came with a model's answer is too large to go back with it"
            );
        } else {
            self.carried = Some(Arc::new(carried));
        }
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the answer has used up so far, as far as the provider has said.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Whether anything of it came.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether all of it came, and is kept.
    pub fn is_whole(&self) -> bool {
        self.finish.is_some() && !self.is_full()
    }

    /// Tokens of what was said so far, estimated.
    pub fn tokens(&self) -> usize {
        estimate(&self.text) + estimate(&self.reasoning) + self.calls.tokens()
    }

    /// The whole answer; [`ModelError::CutShort`] where it did not come to its end.
    pub fn complete(self) -> Result<CompletedStep, ModelError> {
        let finish = self
            .finish
            .ok_or_else(|| ModelError::CutShort { detail: "it ended without a finish reason".to_owned() })?;
        let tool_calls = self.calls.complete(&self.prefix);
        let finish = match finish {
            FinishReason::Stop | FinishReason::Other(_) if !tool_calls.is_empty() => FinishReason::ToolCalls,
            FinishReason::ToolCalls if tool_calls.is_empty() => FinishReason::Stop,
            finish => finish,
        };
        Ok(CompletedStep {
            text: self.text,
            reasoning: self.reasoning,
            tool_calls,
            carried: self.carried,
            usage: self.usage,
            finish,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(index: u32, id: Option<&str>, name: Option<&str>, arguments: &str) -> Delta {
        Delta::ToolCall {
            index,
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
            arguments: arguments.to_owned(),
            extra: None,
        }
    }

    fn complete(deltas: impl IntoIterator<Item = Delta>) -> CompletedStep {
        let mut assembler = Assembler::new("call_7", 10_000);
        for delta in deltas {
            assembler.push(delta);
        }
        assembler.complete().unwrap()
    }

    #[test]
    fn pieces_of_interleaved_calls_come_together() {
        let step = complete([
            Delta::Text("Let me ".into()),
            Delta::Text("look.".into()),
            call(0, Some("a"), Some("deal.find"), ""),
            call(0, None, None, "{\"limit\""),
            call(1, Some("b"), Some("contact.find"), "{}"),
            call(0, None, None, ":1}"),
            Delta::Finish(FinishReason::ToolCalls),
        ]);
        assert_eq!(step.text, "Let me look.");
        assert_eq!(step.tool_calls[0].arguments, "{\"limit\":1}");
        assert_eq!(step.tool_calls[1].name, "contact.find");
    }

    #[test]
    fn whole_calls_under_one_index_stay_apart() {
        let step = complete([
            call(0, Some("a"), Some("deal.find"), "{}"),
            call(0, Some("b"), Some("deal.get"), "{}"),
            Delta::Finish(FinishReason::Stop),
        ]);
        assert_eq!(step.tool_calls.len(), 2);
        assert_eq!(step.finish, FinishReason::ToolCalls);
    }

    #[test]
    fn missing_and_repeated_ids_become_distinct() {
        let step = complete([
            call(0, None, Some("deal.find"), "{}"),
            call(1, Some("x"), Some("deal.find"), "{}"),
            call(2, Some("x"), Some("deal.get"), "{}"),
            Delta::Finish(FinishReason::ToolCalls),
        ]);
        let ids: Vec<_> = step.tool_calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids[1], "x");
        assert!(ids[0] != ids[2] && ids[2] != "x", "{ids:?}");
        assert!([ids[0], ids[2]].iter().all(|id| id.len() == 9 && id.chars().all(char::is_alphanumeric)));
    }

    #[test]
    fn no_more_is_kept_than_may_be_whatever_it_comes_as() {
        let long = "ü".repeat(300);
        let mut assembler = Assembler::new("call", 1_001);
        assert_eq!(assembler.push(Delta::Text(long.clone())), Taken::Text(&long));
        assert!(!assembler.is_full());
        // An ü has two bytes, so that one byte stays free.
        assert_eq!(assembler.push(Delta::Reasoning(long)), Taken::Reasoning(&"ü".repeat(200)));
        assert!(assembler.is_full());
        assert_eq!(assembler.push(Delta::Text("more".into())), Taken::Text(""));
        assembler.push(call(0, Some("a"), Some("deal.find"), "{}"));
        assembler.push(Delta::Finish(FinishReason::Length));
        let step = assembler.complete().unwrap();
        assert_eq!((step.text.len(), step.reasoning.len()), (600, 400));
        assert_eq!(step.tool_calls[0].arguments, "{}");

        let mut assembler = Assembler::new("call", 1_000_000);
        let started = std::time::Instant::now();
        for index in 0..100_000 {
            assembler.push(call(index, None, Some("deal.find"), ""));
        }
        assert!(assembler.is_full() && started.elapsed().as_secs() < 5);
    }

    #[test]
    fn the_tokens_of_half_an_answer_are_those_of_all_that_was_said() {
        let mut assembler = Assembler::new("call_7", 40);
        assert!(!assembler.has_begun());
        assembler.push(Delta::Reasoning("Hm, deals.".into()));
        assert!(assembler.has_begun() && !assembler.is_whole());
        assembler.push(Delta::Text("Let me look.".into()));
        assembler.push(call(0, None, Some("deal.find"), "{\"limit\""));
        let said = ["Hm, deals.", "Let me look.", "deal.find", "{\"limit\""];
        assert_eq!(assembler.tokens(), said.into_iter().map(estimate).sum::<usize>());
        assembler.push(Delta::Finish(FinishReason::Stop));
        assert!(assembler.is_whole());
        assembler.push(Delta::Text("More than there is room for.".into()));
        assert!(!assembler.is_whole(), "the rest is not kept");
    }

    #[test]
    fn an_answer_without_finish_reason_was_cut_short() {
        let mut assembler = Assembler::new("call", 10_000);
        assembler.push(Delta::Text("half a".into()));
        assert!(matches!(assembler.complete(), Err(ModelError::CutShort { .. })));
    }
}
