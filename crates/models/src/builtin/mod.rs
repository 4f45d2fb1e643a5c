//! A deterministic command interpreter behind the trait of a chat model.
//!
//! It is no language model and says so. It sees what a model sees, messages and tool schemas, and keeps
//! nothing between calls: the objects and fields come from the schemas, "it" and "the second one" from the
//! results in the messages, and the place within a turn from the results that are already there. What it
//! says of records is only what results say.
//!
//! A sentence is acted upon only where every word of it was understood: whatever gives a word a meaning covers it,
//! a closed list of words may be passed over, and [`turn`] lets no call through while a word is left, other than
//! those that find out what a name stands for.
//!
//! | module | holds |
//! |---|---|
//! | [`words`], [`numbers`], [`dates`] | reading sentences |
//! | [`catalogue`], [`schema`] | objects, fields and options, from the tool schemas |
//! | [`conversation`], [`ask`] | what was shown, spoken of and asked, from the messages |
//! | [`routes`] | which command a sentence is |
//! | [`turn`] | commands that are run again until all their calls have results |
//! | [`resolve`], [`values`], [`query`] | which record, which value, which filter |
//! | [`read`], [`agenda`], [`field`], [`count`], [`history`], [`create`], [`reminder`], [`change`], [`log`], [`help`] | the commands |
//! | [`limits`] | what it cannot do, and what it does not understand |
//! | [`clauses`] | the changes that one sentence says |
//! | [`render`] | results as Markdown |

mod agenda;
mod ask;
mod catalogue;
mod change;
mod clauses;
mod conversation;
mod count;
mod create;
mod dates;
mod field;
mod help;
mod history;
mod limits;
mod log;
mod named;
mod numbers;
mod query;
mod read;
mod reminder;
mod render;
mod resolve;
mod routes;
mod schema;
mod turn;
mod values;
mod words;

use futures::{StreamExt, stream};

use crate::chat::{Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason};
use catalogue::Catalogue;
use conversation::Conversation;
use turn::{Interpreter, Outcome, Stop};
use words::{Phrase, Sentence, singular};

pub(crate) struct Builtin;

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

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        stream::once(async move { stream::iter(answer(&request).into_iter().map(Ok)) }).flatten().boxed()
    }
}

/// The whole answer to a request.
fn answer(request: &ChatRequest) -> Vec<Delta> {
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

/// Words before a command that say nothing.
const POLITE: [&str; 39] = [
    "hi there",
    "hello there",
    "good morning",
    "hi",
    "hello",
    "please",
    "pls",
    "can you",
    "can we",
    "could you",
    "could we",
    "would you",
    "will you",
    "i want to",
    "i want you to",
    "i would like to",
    "i would like",
    "i'd like to",
    "i'd like",
    "i need to",
    "i need you to",
    "i need",
    "i want",
    "let me",
    "let 's",
    "let us",
    "may i",
    "can i",
    "could i",
    "would like to",
    "you",
    "hey",
    "ok",
    "okay",
    "now",
    "and",
    "so",
    "then",
    "just",
];

/// Whether a message begins like a command, so that it is no answer to a question.
fn is_command(catalogue: &Catalogue, said: &str) -> bool {
    const BEGINNINGS: [&str; 64] = [
        "show",
        "list",
        "find",
        "search",
        "get",
        "display",
        "give me",
        "open",
        "count",
        "how many",
        "how much",
        "total",
        "sum",
        "average",
        "mean",
        "largest",
        "biggest",
        "highest",
        "smallest",
        "lowest",
        "create",
        "add",
        "new",
        "move",
        "set",
        "change",
        "update",
        "mark",
        "rename",
        "assign",
        "delete",
        "remove",
        "restore",
        "log",
        "what changed",
        "history",
        "help",
        "cancel",
        "stop",
        "remind me",
        "schedule",
        "who is",
        "who owns",
        "who works",
        "what is",
        "what 's",
        "what are",
        "what do",
        "what stage",
        "what deals",
        "when is",
        "when does",
        "how is",
        "how 's",
        "forget it",
        "which",
        "tell me",
        "look up",
        "export",
        "send an email",
        "more",
        "my",
        "top",
        "note on",
    ];
    let sentence = Sentence::new(said);
    let phrase = polite(sentence.phrase());
    let begins_with_many = catalogue
        .named(phrase)
        .is_some_and(|(_, words)| singular(phrase.at(words - 1)) != phrase.at(words - 1));
    !sentence.phrase().is_quoted(0) && (begins_with_many || phrase.strip(&BEGINNINGS).is_some())
}

fn polite(mut phrase: Phrase<'_>) -> Phrase<'_> {
    while let Some(rest) = phrase.strip(&POLITE) {
        phrase = rest.skip(&[",", "kindly"]);
    }
    phrase
}

impl Interpreter {
    fn run(&self) -> Outcome {
        if self.conversation.is_refused {
            return Ok(self.refused());
        }
        let whole = self.sentence.phrase();
        let phrase = polite(whole).trim_end(&["please", "thanks", "thank", "you", "thx", "cheers", ","]);
        whole.cover_before(polite(whole));
        if phrase.is_empty() {
            return Ok(if whole.is_empty() || whole.position(&["hi", "hello", "hey", "good"]).is_some() {
                self.help()
            } else {
                "You are welcome.".to_owned()
            });
        }
        self.about_itself(phrase)
            .or_else(|| self.impossible(phrase).map(Ok))
            .or_else(|| self.reading(phrase))
            .or_else(|| self.writing(phrase))
            .or_else(|| self.showing(phrase))
            .unwrap_or_else(|| Err(self.not_understood(&self.sentence.left())))
    }

    /// A reply with what is to be said besides.
    fn with_remarks(&self, text: String) -> String {
        let mut parts = Vec::new();
        if let Some(dropped) = self.conversation.dropped.as_ref().filter(|_| !self.conversation.is_refused) {
            parts.push(format!("I dropped “{}”.", render::escape(dropped)));
        }
        parts.push(text);
        parts.extend(self.remarks.borrow().iter().cloned());
        parts.join("\n\n")
    }

    fn refused(&self) -> String {
        match &self.conversation.dropped {
            Some(dropped) if !dropped.is_empty() => {
                format!("Nothing was changed. I dropped “{}”.", render::escape(dropped))
            }
            _ => "Nothing was changed.".to_owned(),
        }
    }

    fn about_itself(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const HELP: [&str; 10] = [
            "help",
            "commands",
            "what can you do",
            "what can you",
            "who are you",
            "what are you",
            "how do i use",
            "what do you understand",
            "how does this work",
            "how do you work",
        ];
        let is_help = phrase.strip(&HELP).is_some_and(|rest| rest.len() < 3);
        if is_help || (phrase.len() <= 2 && phrase.strip(&["good morning"]).is_some()) {
            return Some(Ok(self.help()));
        }
        if let (Some(_), Some((name, _))) = (phrase.strip(&["who am i"]), &self.conversation.member) {
            return Some(Ok(format!("You are {}.", render::escape(name))));
        }
        let thanks = phrase.strip(&["thanks", "thank you", "thx", "great", "perfect"]);
        if thanks.is_some_and(|rest| rest.len() < 3) {
            return Some(Ok("You are welcome.".to_owned()));
        }
        if phrase.len() <= 4 && ask::is_refusal(phrase) {
            return Some(Ok("Nothing was changed.".to_owned()));
        }
        None
    }
}

#[cfg(test)]
mod tests;
