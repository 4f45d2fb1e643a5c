//! From a message to its command: what is only polite, what asks about the interpreter itself, and in which order
//! the commands are tried.

use crate::{
    ask,
    catalogue::Catalogue,
    render,
    turn::{Interpreter, Outcome},
    words::{Phrase, Sentence, singular},
};

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
pub(crate) fn is_command(catalogue: &Catalogue, said: &str) -> bool {
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

pub(crate) fn polite(mut phrase: Phrase<'_>) -> Phrase<'_> {
    while let Some(rest) = phrase.strip(&POLITE) {
        phrase = rest.skip(&[",", "kindly"]);
    }
    phrase
}

impl Interpreter {
    pub(crate) fn run(&self) -> Outcome {
        if self.conversation.is_refused {
            return Ok(self.refused());
        }
        if let Some(outcome) = self.to_another() {
            return outcome;
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
    pub(crate) fn with_remarks(&self, text: String) -> String {
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
        if phrase.strip(&["who am i"]).is_some() {
            return Some(Ok(format!("You are {}.", render::escape(&self.scene.member.name))));
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
