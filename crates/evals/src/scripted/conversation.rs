//! Where in its task the scripted model is, from what it was sent: it remembers nothing else.

use std::sync::LazyLock;

use kontor_models::Message;
use regex::Regex;

/// What it asks before it writes, where the prompt tells it to.
pub(super) const CONFIRMATION: &str = "Shall I do that?";

#[expect(clippy::unwrap_used, reason = "the expression is a literal, which tests compile")]
static YES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(yes|ok|okay|sure|go ahead|please do|do it|do that|confirmed|agreed)\b").unwrap()
});

/// The task at hand: the member's message, and what was done since.
pub(super) struct Task<'m> {
    /// The whole prompt.
    pub(super) prompt: String,
    /// The message that the task is about.
    pub(super) message: &'m str,
    /// Whether the member said yes to what was asked.
    pub(super) is_confirmed: bool,
    /// Answers of this model and results of calls since the message, in their order.
    pub(super) done: Vec<Done<'m>>,
}

/// What was done.
pub(super) enum Done<'m> {
    /// An answer of this model that was a step of a rule.
    Step,
    Result(&'m str),
}

impl<'m> Task<'m> {
    /// The task of a conversation; none where nobody has said anything.
    pub(super) fn of(messages: &'m [Message]) -> Option<Self> {
        let prompt: Vec<&str> = messages
            .iter()
            .filter_map(|message| match message {
                Message::System(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let last = last_said(messages)?;
        let (mut start, mut is_confirmed) = (last, false);
        if let Some(asked) = last.checked_sub(1)
            && is_confirmation(messages.get(asked))
            && matches!(messages.get(last), Some(Message::User(answer)) if YES.is_match(answer))
        {
            start = last_said(messages.get(..asked)?)?;
            is_confirmed = true;
        }
        let Some(Message::User(message)) = messages.get(start) else { return None };
        let since = messages.get(start + 1..).unwrap_or_default();
        let done = since.iter().filter_map(|message| match message {
            message if is_confirmation(Some(message)) => None,
            Message::Assistant { .. } => Some(Done::Step),
            Message::Tool { content, .. } => Some(Done::Result(content)),
            Message::System(_) | Message::User(_) => None,
        });
        Some(Self { prompt: prompt.join("\n"), message, is_confirmed, done: done.collect() })
    }

    /// What calls have answered, in their order.
    pub(super) fn results(&self) -> impl Iterator<Item = &'m str> {
        self.done.iter().filter_map(|done| match done {
            Done::Result(content) => Some(*content),
            Done::Step => None,
        })
    }

    /// How many steps were done before the first result that matches, and how many since; none where none matches.
    pub(super) fn around(&self, pattern: &Regex) -> Option<(usize, usize)> {
        let at = self
            .done
            .iter()
            .position(|done| matches!(done, Done::Result(content) if pattern.is_match(content)))?;
        let (before, since) = self.done.split_at(at);
        Some((steps(before), steps(since)))
    }

    pub(super) fn steps(&self) -> usize {
        steps(&self.done)
    }
}

fn steps(done: &[Done<'_>]) -> usize {
    done.iter().filter(|done| matches!(done, Done::Step)).count()
}

fn last_said(messages: &[Message]) -> Option<usize> {
    messages.iter().rposition(|message| matches!(message, Message::User(_)))
}

fn is_confirmation(message: Option<&Message>) -> bool {
    matches!(message, Some(Message::Assistant { text, tool_calls, .. }) if tool_calls.is_empty() && text.ends_with(CONFIRMATION))
}
