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
//! | [`turn`] | commands that are run again until all their calls have results |
//! | [`resolve`], [`values`], [`query`] | which record, which value, which filter |
//! | [`read`], [`agenda`], [`field`], [`count`], [`history`], [`create`], [`change`], [`log`], [`help`] | the commands |
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
const POLITE: [&str; 40] = [
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
    "i’d like to",
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

/// The rest after one of these beginnings, which has its meaning by that.
fn taken<'s>(phrase: Phrase<'s>, beginnings: &[&str]) -> Option<Phrase<'s>> {
    let rest = phrase.strip(beginnings)?;
    phrase.cover_before(rest);
    Some(rest)
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

    fn reading(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const MORE: [&str; 10] = [
            "more",
            "next page",
            "next",
            "show more",
            "show me more",
            "continue",
            "go on",
            "next ones",
            "more of them",
            "the rest",
        ];
        if phrase.strip(&MORE).is_some_and(Phrase::is_empty) {
            phrase.cover();
            return Some(self.more());
        }
        const HISTORY: [&str; 15] = [
            "what changed",
            "what has changed",
            "what 's changed",
            "what happened",
            "what has happened",
            "show me the history",
            "show the history",
            "show history",
            "show the timeline",
            "show timeline",
            "show changes",
            "history",
            "timeline",
            "changes",
            "what 's new with",
        ];
        if let Some(rest) = taken(phrase, &HISTORY) {
            return Some(self.history(rest));
        }
        if let Some(outcome) = self.pipeline(phrase) {
            return Some(outcome);
        }
        if let Some(outcome) = self.agenda(phrase).or_else(|| self.people_at(phrase)) {
            return Some(outcome);
        }
        // "how many employees does Acme have" asks for a field, "how many deals does Acme have" for a count.
        if let Some(rest) = phrase.strip(&["how many"])
            && self.catalogue.named(rest.skip(&["open", "won", "lost", "new"])).is_none()
            && let Some(outcome) = self.one_field(phrase)
        {
            return Some(outcome);
        }
        const COUNT: [&str; 10] = [
            "how many",
            "count",
            "number of",
            "show the number of",
            "show me the number of",
            "what is the number of",
            "what 's the number of",
            "the number of",
            "give me the number of",
            "count of",
        ];
        if let Some(rest) = taken(phrase, &COUNT) {
            return Some(self.count(rest));
        }
        if phrase.at(0) == "how"
            && let Some(outcome) = self.one_field(phrase)
        {
            return Some(outcome);
        }
        if let Some(rest) = taken(phrase, &["how much", "what is the value of", "what 's the value of"]) {
            return Some(self.total(rest, "sum"));
        }
        if let Some((function, rest)) = self.reckoning(phrase) {
            phrase.cover_before(rest);
            return Some(self.total(rest, function));
        }
        self.one_field(phrase)
    }

    /// "total …", "the average …", "what is the largest amount of …": what to reckon, and of what. A superlative
    /// without a number that it is of ("the largest deals") asks for records instead.
    fn reckoning<'s>(&self, phrase: Phrase<'s>) -> Option<(&'static str, Phrase<'s>)> {
        const VERBS: [&str; 6] = ["what is", "what are", "what 's", "show", "give me", "tell me"];
        let phrase = phrase.strip(&VERBS).unwrap_or(phrase);
        let phrase = phrase.skip(&["me", "the", "our", "my"]);
        let rest = phrase.from(1);
        let function = match phrase.at(0) {
            "total" | "sum" => return Some(("sum", rest)),
            "average" | "avg" | "mean" => return Some(("avg", rest)),
            "maximum" | "max" if self.names_number(rest) => return Some(("max", rest)),
            "minimum" | "min" if self.names_number(rest) => return Some(("min", rest)),
            "largest" | "biggest" | "highest" | "greatest" => "max",
            "smallest" | "lowest" | "least" => "min",
            _ => return None,
        };
        self.names_number(rest).then_some((function, rest))
    }

    fn writing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        if let Some(rest) =
            taken(phrase, &["remind me to", "remind me", "remember to", "don't let me forget to"])
        {
            return Some(self.remind(rest));
        }
        const NOTE: [&str; 11] = [
            "note that",
            "note",
            "add a note",
            "add note",
            "write a note",
            "leave a note",
            "create a note",
            "take a note",
            "make a note",
            "new note",
            "put a note",
        ];
        if let Some(rest) = taken(phrase, &NOTE) {
            return Some(self.note(rest));
        }
        const LOG: [&str; 10] = [
            "log",
            "logged",
            "record",
            "i had",
            "we had",
            "had",
            "i just had",
            "just had",
            "i've had",
            "we just had",
        ];
        if let Some(rest) = taken(phrase, &LOG) {
            return Some(self.log(rest));
        }
        let spoken = phrase.skip(&["i", "we", "just", "have", "i've", "we've", "'ve"]);
        if let Some(outcome) = self.log_by_verb(spoken) {
            phrase.cover_before(spoken);
            return Some(outcome);
        }
        if let Some(outcome) = self.settling(phrase) {
            return Some(outcome);
        }
        if let Some(rest) =
            taken(phrase, &["create", "add", "make a", "make an", "make me a", "enter", "register"])
        {
            return Some(self.create(rest));
        }
        // "new deal Acme" makes one, "new deals this week" asks for some.
        if let Some(rest) = phrase.strip(&["new"])
            && self
                .catalogue
                .named(rest)
                .is_some_and(|(_, words)| singular(rest.at(words - 1)) == rest.at(words - 1))
        {
            phrase.cover_before(rest);
            return Some(self.create(rest));
        }
        if let Some((verb, rest)) = clauses::verb(phrase) {
            phrase.cover_before(rest);
            return Some(self.update(verb, rest));
        }
        if let Some(rest) = taken(phrase, &["delete", "remove", "erase", "throw away"]) {
            return Some(self.delete(rest));
        }
        taken(phrase, &["restore", "undelete", "recover", "bring back"]).map(|rest| self.restore(rest))
    }

    /// "we won Acme renewal", "I finished the proposal", "Acme renewal is lost".
    fn settling(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const BEGINNINGS: [(&str, &[&str]); 3] = [
            (
                "won",
                &[
                    "we won",
                    "i won",
                    "we just won",
                    "we have won",
                    "i have won",
                    "just won",
                    "we've won",
                    "i've won",
                ],
            ),
            (
                "lost",
                &[
                    "we lost",
                    "i lost",
                    "we just lost",
                    "we have lost",
                    "just lost",
                    "we've lost",
                    "i've lost",
                ],
            ),
            (
                "done",
                &[
                    "i finished",
                    "i have finished",
                    "i've finished",
                    "finished",
                    "i am done with",
                    "i'm done with",
                    "done with",
                    "i completed",
                    "complete",
                    "finish",
                    "i did",
                    "tick off",
                    "check off",
                ],
            ),
        ];
        for (outcome, beginnings) in BEGINNINGS {
            if let Some(rest) = phrase.strip(beginnings) {
                phrase.cover_before(rest);
                return self.settle(outcome, rest);
            }
        }
        const QUESTIONS: [&str; 10] =
            ["what", "which", "who", "how", "when", "where", "why", "is", "show", "list"];
        let end = phrase.len().checked_sub(2)?;
        let outcome = ["won", "lost", "done"].into_iter().find(|outcome| phrase.at(end + 1) == *outcome)?;
        let says = matches!(phrase.at(end), "is" | "was" | "'s") && end > 0;
        if !says || QUESTIONS.contains(&phrase.at(0)) || self.speaks_of_many(phrase.upto(end)) {
            return None;
        }
        phrase.from(end).cover();
        self.settle(outcome, phrase.upto(end))
    }

    fn showing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        // Those of the second kind ask for records of a kind and never for one by its name alone.
        const BY_NAME: [&str; 21] = [
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
            "who is",
            "who are",
            "tell me about",
            "what about",
            "pull up",
            "bring up",
            "do we know",
        ];
        const OTHERS: [&str; 10] = [
            "what 's",
            "which",
            "what are",
            "what is",
            "what",
            "who",
            "do we have any",
            "do i have any",
            "are there any",
            "do we have",
        ];
        if let Some(rest) = taken(phrase, &BY_NAME) {
            return Some(self.show(rest, true));
        }
        if let Some(rest) = taken(phrase, &OTHERS) {
            return Some(self.show(rest, false));
        }
        if let Some(rest) = phrase.strip(&["open"])
            && (self.points_back(rest) || self.catalogue.first_named(rest).is_none())
            && !rest.is_empty()
        {
            phrase.cover_before(rest);
            return Some(self.show(rest, true));
        }
        let lists = self.catalogue.first_named(phrase).is_some()
            || self.points_back(phrase)
            || self.object_with_option(phrase).is_some()
            || self.object_meant(phrase).is_some();
        lists.then(|| self.show(phrase, false))
    }
}

#[cfg(test)]
mod tests;
