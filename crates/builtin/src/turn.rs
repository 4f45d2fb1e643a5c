//! One turn of the interpreter: a command is run from its beginning each time the model is asked, its calls
//! answered from the results that are there, until one has none yet.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use kontor_models::Scene;
use serde_json::Value;

use super::{
    ask,
    catalogue::{Catalogue, Object},
    conversation::{Conversation, Record},
    render,
    words::Sentence,
};

/// Why a command does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// These results are needed first.
    Call(Vec<(String, Value)>),
    /// This is all there is to say.
    Say(String),
}

/// The reply a command comes to.
pub(super) type Outcome = Result<String, Stop>;

pub(super) struct Interpreter {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) scene: Arc<Scene>,
    pub(super) conversation: Conversation,
    /// What is to be done now, with what of it was understood.
    pub(super) sentence: Sentence,
    /// What a reply says besides: which of two meanings was taken.
    pub(super) remarks: RefCell<Vec<String>>,
    /// Whether what is written is closed, so that the day of its closing lies behind.
    pub(super) is_closed: Cell<bool>,
    cursor: Cell<usize>,
}

impl Interpreter {
    pub(super) fn new(catalogue: Arc<Catalogue>, scene: Arc<Scene>, conversation: Conversation) -> Self {
        let sentence = Sentence::new(&conversation.command);
        Self {
            catalogue,
            scene,
            conversation,
            sentence,
            remarks: RefCell::default(),
            is_closed: Cell::new(false),
            cursor: Cell::new(0),
        }
    }

    pub(super) fn remark(&self, text: String) {
        let mut remarks = self.remarks.borrow_mut();
        if !remarks.contains(&text) {
            remarks.push(text);
        }
    }

    /// The result of a call; a failed one ends the command with its reason.
    pub(super) fn call(&self, tool: &str, arguments: Value) -> Result<Value, Stop> {
        let results = self.calls(vec![(tool.to_owned(), arguments)])?;
        Self::checked(tool, results.into_iter().next().unwrap_or_default()).map_err(Stop::Say)
    }

    /// A result, or why there is none in words.
    pub(super) fn checked(tool: &str, result: Value) -> Result<Value, String> {
        match result.get("error") {
            Some(error) => Err(render::failure(error)),
            None if result.is_null() => {
                Err(format!("The result of {tool} could not be read, so nothing more was done."))
            }
            None => Ok(result),
        }
    }

    /// The results of calls that may run together, failed ones included. They answer or do what was said, so
    /// that every word of it must have been understood by now.
    pub(super) fn calls(&self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Stop> {
        self.all_understood()?;
        if calls.iter().any(|(tool, _)| self.is_asked(tool)) {
            let said = self.sentence.unquestioned().unwrap_or_default();
            return Err(Stop::Say(format!(
                "That is a question, so I changed nothing. {}",
                ask::rather(&said)
            )));
        }
        self.results(calls)
    }

    /// Whether a call would change something on a question that is no request: "we won Acme renewal?". The mark
    /// of a text that is written down belongs to the text.
    fn is_asked(&self, tool: &str) -> bool {
        const REQUESTS: [&str; 4] = ["can you", "could you", "would you", "will you"];
        if !self.catalogue.changes(tool) || self.sentence.unquestioned().is_none() {
            return false;
        }
        let phrase = self.sentence.phrase();
        let is_request = (0..phrase.len()).any(|at| {
            let begins = || crate::commands::polite(phrase.upto(at)).is_empty();
            matches!(phrase.at(at), "please" | "pls")
                || (phrase.from(at).strip(&REQUESTS).is_some() && begins())
        });
        let is_text =
            (tool.ends_with(".create") || tool.ends_with(".log")) && phrase.position(&[":"]).is_some();
        !is_request && !is_text
    }

    /// The results of calls that only find out what a name stands for.
    pub(super) fn lookups(&self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Stop> {
        let tools: Vec<String> = calls.iter().map(|(tool, _)| tool.clone()).collect();
        let results = self.results(calls)?;
        tools
            .iter()
            .zip(results)
            .map(|(tool, result)| Self::checked(tool, result).map_err(Stop::Say))
            .collect()
    }

    fn results(&self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Stop> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        if let Some((tool, _)) = calls.iter().find(|(tool, _)| !self.catalogue.has(tool)) {
            return Err(Stop::Say(self.no_tool(tool)));
        }
        let start = self.cursor.get();
        let done = self.conversation.done.get(start..).unwrap_or_default();
        if done.is_empty() {
            return Err(Stop::Call(calls));
        }
        self.cursor.set(start + calls.len());
        let fits =
            done.len() >= calls.len() && done.iter().zip(&calls).all(|(done, (tool, _))| done.name == *tool);
        if !fits {
            // Asking again could go on for ever; what was done stands in the results.
            return Err(Stop::Say("I lost track of this request half way. Please say it again.".to_owned()));
        }
        Ok(done.iter().take(calls.len()).map(|done| done.result.clone()).collect())
    }

    fn no_tool(&self, tool: &str) -> String {
        match tool.split_once('.') {
            Some((object, verb)) => match self.catalogue.object(object) {
                Some(object) => format!(
                    "I have no permission here to {verb} {}: your role or this agent's does not allow it.",
                    object.plural
                ),
                None => format!("I have no tool here for {object} records."),
            },
            None => format!("I have no tool {tool} here."),
        }
    }

    /// The record spoken of last that fits; for "this" the one on the page comes first.
    pub(super) fn spoken_of(&self, this: bool, fits: impl Fn(&Record) -> bool) -> Option<&Record> {
        let looking = self.conversation.looking.as_ref().filter(|record| fits(record));
        let spoken = self.conversation.spoken.iter().rev().find(|record| fits(record));
        if this { looking.or(spoken) } else { spoken.or(looking) }
    }

    pub(super) fn no_such_field(&self, object: &Object, name: &str) -> String {
        let labels: Vec<&str> = object.fields.iter().map(|field| field.label.as_str()).collect();
        let near = kontor_core::text::suggestion(name, labels.iter().copied());
        format!(
            "{} have no field “{name}”.{near} There are: {}.",
            super::query::capital(&object.plural),
            labels.join(", ")
        )
    }
}
