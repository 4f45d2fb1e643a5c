//! Other agents: asking one, and handing the conversation over.

use kontor_core::text;
use kontor_models::{
    Colleague, Message,
    surface::{ASK_AGENT, HAND_OVER, HANDED_OVER},
};
use serde_json::{Value, json};

use super::{
    render,
    turn::{Interpreter, Outcome, Stop},
};

const HANDING: [&str; 3] = ["hand over to ", "hand this over to ", "hand it over to "];

impl Interpreter {
    /// `ask analyst: how many deals are there?` and `hand over to analyst: it is about numbers`, where there are others
    /// to whom that can be said.
    pub(super) fn to_another(&self) -> Option<Outcome> {
        let said = self.conversation.command.trim();
        if let Some(rest) = begins(said, "ask ") {
            let (name, question) = rest.split_once(':')?;
            let found = self.meant(ASK_AGENT, &self.scene.colleagues, name)?;
            return Some(self.ask(&found, question.trim()));
        }
        let rest = HANDING.iter().find_map(|words| begins(said, words))?;
        let (name, why) = rest.split_once(':').unwrap_or((rest, ""));
        let found = self.meant(HAND_OVER, &self.scene.successors, name)?;
        Some(self.hand_over(&found, why.trim()))
    }

    /// The agent of a name or a label: one that can be asked, or was by a call of this tool that has its result. After
    /// that it need not be offered any more.
    fn meant(&self, tool: &str, offered: &[Colleague], said: &str) -> Option<Colleague> {
        let called = || self.conversation.done.first().filter(|done| done.name == tool);
        let found = named(offered, said).cloned();
        found.or_else(|| {
            let name = called()?.arguments["agent"].as_str()?.to_owned();
            Some(Colleague { label: said.trim().to_owned(), name, description: String::new() })
        })
    }

    fn ask(&self, colleague: &Colleague, question: &str) -> Outcome {
        if question.is_empty() {
            return Ok(format!("What shall I ask {}?", render::escape(&colleague.label)));
        }
        let answer = self.done_by(ASK_AGENT, json!({"agent": colleague.name, "question": question}))?;
        // What it says is Markdown already.
        let said = answer["answer"].as_str().unwrap_or_default();
        Ok(format!("{} answers:\n\n{said}", render::escape(&colleague.label)))
    }

    fn hand_over(&self, successor: &Colleague, why: &str) -> Outcome {
        let why = if why.is_empty() { "The member asked for it." } else { why };
        let why = text::excerpt(why, 300);
        self.done_by(HAND_OVER, json!({"agent": successor.name, "why": why}))?;
        Ok(format!("This chat is with {} now.", render::escape(&successor.label)))
    }

    /// The result of a call that another agent is meant by, as often as the model is asked.
    fn done_by(&self, tool: &str, arguments: Value) -> Result<Value, Stop> {
        match self.conversation.done.first() {
            None => Err(Stop::Call(vec![(tool.to_owned(), arguments)])),
            Some(done) => Self::checked(tool, done.result.clone()).map_err(Stop::Say),
        }
    }
}

/// What follows these words.
fn begins<'s>(said: &'s str, words: &str) -> Option<&'s str> {
    let (first, rest) = (said.get(..words.len())?, said.get(words.len()..)?);
    first.eq_ignore_ascii_case(words).then_some(rest)
}

/// The agent of a name or a label.
fn named<'c>(agents: &'c [Colleague], said: &str) -> Option<&'c Colleague> {
    let plain = |text: &str| text.trim().trim_start_matches("the ").replace('-', " ").to_lowercase();
    let said = plain(said);
    agents.iter().find(|agent| plain(&agent.name) == said || plain(&agent.label) == said)
}

/// The messages of a conversation that was just handed over: the words by which it was are no command to the agent that
/// has it now, but what follows them may be.
pub(super) fn taken_over(messages: &[Message]) -> Option<Vec<Message>> {
    let last = messages.iter().rposition(|message| matches!(message, Message::User(_)))?;
    let before = messages.get(..last)?.iter().rev().find(|message| matches!(message, Message::User(_)))?;
    let (Message::User(before), Message::User(said)) = (before, messages.get(last)?) else { return None };
    if !before.starts_with(HANDED_OVER) {
        return None;
    }
    let rest = HANDING.iter().find_map(|words| begins(said.trim(), words))?;
    let wanted = rest.split_once(':').map_or("", |(_, wanted)| wanted.trim());
    let wanted = if wanted.is_empty() { "help" } else { wanted };
    let mut messages = messages.to_vec();
    *messages.get_mut(last)? = Message::User(wanted.into());
    Some(messages)
}
