//! A deterministic command interpreter behind the trait of a chat model.
//!
//! It is no language model and says so. It sees what a model sees, messages and tool schemas, and keeps
//! nothing between calls: the objects and fields come from the schemas, "it" and "the second one" from the
//! results in the messages, and the place within a turn from the results that are already there. What it
//! says of records is only what results say.
//!
//! | module | holds |
//! |---|---|
//! | [`words`], [`numbers`], [`dates`] | reading sentences |
//! | [`catalogue`], [`schema`] | objects, fields and options, from the tool schemas |
//! | [`conversation`], [`ask`] | what was shown, spoken of and asked, from the messages |
//! | [`turn`] | commands that are run again until all their calls have results |
//! | [`resolve`], [`values`], [`query`] | which record, which value, which filter |
//! | [`read`], [`field`], [`count`], [`history`], [`create`], [`change`], [`log`], [`help`] | the commands |
//! | [`clauses`] | the changes that one sentence says |
//! | [`render`] | results as Markdown |

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
mod log;
mod numbers;
mod query;
mod read;
mod render;
mod resolve;
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
    let conversation = Conversation::new(&request.messages, is_command);
    let interpreter = Interpreter::new(Catalogue::new(&request.tools), conversation);
    let mut deltas = Vec::new();
    match interpreter.run() {
        Ok(text) | Err(Stop::Say(text)) => {
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
const POLITE: [&str; 16] = [
    "hi there",
    "hello there",
    "hi",
    "hello",
    "please",
    "can you",
    "could you",
    "would you",
    "will you",
    "i want to",
    "i would like to",
    "i'd like to",
    "hey",
    "ok",
    "now",
    "and",
];

/// Whether a message begins like a command, so that it is no answer to a question.
fn is_command(said: &str) -> bool {
    const BEGINNINGS: [&str; 48] = [
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
        "what is",
        "what 's",
        "when",
        "how is",
        "forget it",
    ];
    let sentence = Sentence::new(said);
    polite(sentence.phrase()).strip(&BEGINNINGS).is_some()
}

fn polite(mut phrase: Phrase<'_>) -> Phrase<'_> {
    while let Some(rest) = phrase.strip(&POLITE) {
        phrase = rest.skip(&[","]);
    }
    phrase
}

impl Interpreter {
    fn run(&self) -> Outcome {
        let sentence = Sentence::new(&self.conversation.command);
        let phrase = polite(sentence.phrase());
        if phrase.is_empty() {
            return Ok(self.help());
        }
        self.about_itself(phrase)
            .or_else(|| self.reading(phrase))
            .or_else(|| self.writing(phrase))
            .or_else(|| self.showing(phrase))
            .unwrap_or_else(|| Ok(self.not_understood(&self.conversation.command)))
    }

    fn about_itself(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        let greets = phrase.len() <= 2 && phrase.strip(&["good morning"]).is_some();
        if greets
            || phrase
                .strip(&["help", "commands", "what can you", "how do i", "who are you", "what are you"])
                .is_some()
        {
            return Some(Ok(self.help()));
        }
        if let (Some(_), Some((name, _))) = (phrase.strip(&["who am i"]), &self.conversation.member) {
            return Some(Ok(format!("You are {}.", render::escape(name))));
        }
        if phrase.strip(&["thanks", "thank you", "thx"]).is_some() {
            return Some(Ok("You are welcome.".to_owned()));
        }
        if phrase.len() <= 2 && phrase.strip(&["cancel", "stop", "forget it", "never mind", "no"]).is_some() {
            return Some(Ok("Nothing was changed.".to_owned()));
        }
        None
    }

    fn reading(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        if phrase.len() <= 2
            && phrase.strip(&["more", "next page", "next", "show more", "continue"]).is_some()
        {
            return Some(self.more());
        }
        const HISTORY: [&str; 12] = [
            "what changed",
            "what has changed",
            "what happened",
            "what has happened",
            "show the history",
            "show history",
            "show the timeline",
            "show timeline",
            "show changes",
            "history",
            "timeline",
            "changes",
        ];
        if let Some(rest) = phrase.strip(&HISTORY) {
            return Some(self.history(rest));
        }
        if let Some(outcome) = self.pipeline(phrase) {
            return Some(outcome);
        }
        if let Some(rest) = phrase.strip(&["how many", "count", "number of", "show the number of"]) {
            return Some(self.count(rest));
        }
        if let Some(rest) = phrase.strip(&["how much"]) {
            return Some(self.total(rest, "sum"));
        }
        let reckoned = self.reckoning(phrase).map(|(function, rest)| self.total(rest, function));
        reckoned.or_else(|| self.one_field(phrase))
    }

    /// "total …", "the average …", "what is the largest amount of …": what to reckon, and of what. A superlative
    /// without a number that it is of ("the largest deals") asks for records instead.
    fn reckoning<'s>(&self, phrase: Phrase<'s>) -> Option<(&'static str, Phrase<'s>)> {
        let phrase = phrase.strip(&["what is", "what are", "what 's", "show", "give me"]).unwrap_or(phrase);
        let phrase = phrase.skip(&["me", "the"]);
        let rest = phrase.from(1);
        let function = match phrase.at(0) {
            "total" | "sum" => return Some(("sum", rest)),
            "average" | "avg" | "mean" => return Some(("avg", rest)),
            "maximum" | "max" => return Some(("max", rest)),
            "minimum" | "min" => return Some(("min", rest)),
            "largest" | "biggest" | "highest" | "greatest" => "max",
            "smallest" | "lowest" | "least" => "min",
            _ => return None,
        };
        self.names_number(rest).then_some((function, rest))
    }

    fn writing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        if let Some(rest) =
            phrase.strip(&["remind me to", "remind me", "schedule a", "schedule an", "schedule"])
        {
            return Some(self.remind(rest));
        }
        if let Some(rest) = phrase.strip(&[
            "note that",
            "note",
            "add a note",
            "add note",
            "write a note",
            "leave a note",
            "create a note",
            "take a note",
        ]) {
            return Some(self.note(rest));
        }
        if let Some(rest) = phrase.strip(&["log", "logged", "record", "i had", "had"]) {
            return Some(self.log(rest));
        }
        if let Some(outcome) = self.log_by_verb(phrase.skip(&["i", "we", "just", "have"])) {
            return Some(outcome);
        }
        if let Some(rest) = phrase.strip(&["create", "add", "make a", "make an"]) {
            return Some(self.create(rest));
        }
        // "new deal Acme" makes one, "new deals this week" asks for some.
        if let Some(rest) = phrase.strip(&["new"])
            && self
                .catalogue
                .named(rest)
                .is_some_and(|(_, words)| singular(rest.at(words - 1)) == rest.at(words - 1))
        {
            return Some(self.create(rest));
        }
        if let Some((verb, rest)) = clauses::verb(phrase) {
            return Some(self.update(verb, rest));
        }
        if let Some(rest) = phrase.strip(&["delete", "remove"]) {
            return Some(self.delete(rest));
        }
        phrase.strip(&["restore", "undelete", "recover", "bring back"]).map(|rest| self.restore(rest))
    }

    fn showing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const VERBS: [&str; 23] = [
            "what 's",
            "who 's",
            "how about",
            "show",
            "list",
            "find",
            "get",
            "display",
            "search for",
            "search",
            "look up",
            "look for",
            "give me",
            "view",
            "see",
            "which",
            "what are",
            "what is",
            "who is",
            "who are",
            "tell me about",
            "what",
            "who",
        ];
        if let Some(rest) = phrase.strip(&VERBS) {
            return Some(self.show(rest));
        }
        if let Some(rest) = phrase.strip(&["open"])
            && (self.points_back(rest) || self.catalogue.first_named(rest).is_none())
        {
            return Some(self.show(rest));
        }
        if self.is_other_verb(phrase) {
            return None;
        }
        let lists = self.catalogue.first_named(phrase).is_some()
            || self.points_back(phrase)
            || self.object_with_option(phrase).is_some();
        lists.then(|| self.show(phrase))
    }

    /// Whether a sentence begins with a word that says to do something to one record: "convert lead Jane Doe".
    fn is_other_verb(&self, phrase: Phrase<'_>) -> bool {
        let rest = phrase.from(1).skip(&["the", "this", "that"]);
        let Some((object, words)) = self.catalogue.named(rest) else { return false };
        let noun = rest.at(words - 1);
        let points = rest.len() > words || rest.len() + 1 < phrase.len();
        let names_one = singular(noun) == noun && points;
        let is_said_of_it = |object: &catalogue::Object| {
            object.field_at(phrase).is_some() || object.option_at(phrase).is_some()
        };
        let first = query::Parser::new(self, object, false).parse(&[phrase.upto(1)]);
        names_one
            && !self.catalogue.objects.iter().any(is_said_of_it)
            && first.is_ok_and(|query| !query.search.is_empty())
    }
}

#[cfg(test)]
mod tests;
