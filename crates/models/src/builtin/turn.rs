//! One turn of the interpreter: a command is run from its beginning each time the model is asked, its calls
//! answered from the results that are there, until one has none yet.

use std::cell::Cell;

use serde_json::Value;

use super::{
    catalogue::{Catalogue, Object},
    conversation::{Conversation, Record},
    render,
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
    pub(super) catalogue: Catalogue,
    pub(super) conversation: Conversation,
    cursor: Cell<usize>,
}

impl Interpreter {
    pub(super) fn new(catalogue: Catalogue, conversation: Conversation) -> Self {
        Self { catalogue, conversation, cursor: Cell::new(0) }
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

    /// The results of calls that may run together, failed ones included.
    pub(super) fn calls(&self, calls: Vec<(String, Value)>) -> Result<Vec<Value>, Stop> {
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
                Some(object) => format!("I have no permission here to {verb} {}.", object.plural),
                None => format!("I have no tool here for {object} records."),
            },
            None => format!("I have no tool {tool} here."),
        }
    }

    /// The record spoken of last; for "this" the one on the page comes first.
    pub(super) fn spoken_of(&self, this: bool) -> Option<&Record> {
        let (focus, looking) = (self.conversation.focus.as_ref(), self.conversation.looking.as_ref());
        if this { looking.or(focus) } else { focus.or(looking) }
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
