//! A conversation as it fits the context window of a model.

use kontor_models::{Capabilities, Message};

use crate::{
    error::Error,
    history::{History, Past, cut, tokens},
    limits::Limits,
    machine::Page,
};

/// Tokens of a summary: more are not lost on a small window, and fewer say nothing.
const SHORTEST_SUMMARY: usize = 200;
const LONGEST_SUMMARY: usize = 1_000;

/// Tokens of earlier turns that are summed up in one request, however much a model could read.
const TOLD_AT_ONCE: usize = 16_000;

/// What bounds the conversation that a model is sent.
pub(super) struct Window<'a> {
    model: &'a str,
    limits: &'a Limits,
    /// Interprets commands, and sums nothing up.
    is_language: bool,
    size: Option<u32>,
    /// Tokens of prompt and tools.
    fixed: usize,
    /// Tokens that are left for the conversation, where the size is known.
    room: Option<usize>,
}

/// What becomes of a conversation.
#[derive(Debug, PartialEq)]
pub(super) enum Fitted {
    /// All of a request but its prompt, and how many of the oldest turns are not in it.
    Messages(Vec<Message>, usize),
    /// So many of the oldest turns have no room any more, and are to be summed up first.
    Leaving(usize),
}

impl<'a> Window<'a> {
    /// The window of a model, `fixed` being the tokens of prompt and tools, which are counted where they matter.
    pub(super) fn new(
        model: &'a str,
        capabilities: &Capabilities,
        fixed: impl FnOnce() -> usize,
        limits: &'a Limits,
    ) -> Self {
        let size = capabilities.context_window;
        let fixed = size.map_or(0, |_| fixed());
        let room = size.map(|size| room(size, capabilities.max_output_tokens).saturating_sub(fixed));
        Self { model, limits, is_language: capabilities.language, size, fixed, room }
    }

    /// How much of a tool's result is shown at once.
    pub(super) fn page(&self) -> Page {
        let usual = Page::usual(self.limits);
        self.room.map_or(usual, |room| usual.within(room))
    }

    /// Tokens of the longest summary.
    pub(super) fn summary_tokens(&self) -> usize {
        let share = self.size.map_or(usize::MAX, |size| usize::try_from(size / 20).unwrap_or(usize::MAX));
        share.clamp(SHORTEST_SUMMARY, LONGEST_SUMMARY)
    }

    /// Tokens of earlier turns that one request for a summary may tell, beside the summary until then and what is
    /// asked.
    pub(super) fn told_at_once(&self, asked: usize) -> usize {
        let size = self.size.map_or(usize::MAX, |size| room(size, None));
        size.saturating_sub(asked).min(TOLD_AT_ONCE)
    }

    /// The messages of a request without its prompt: earlier turns, or what was made of them, and the one that runs.
    /// Where they are more than there is room for, results of tools in earlier turns are cut first; then the oldest
    /// turns leave, whole, down to half of the room, so that a summary of them stands for some turns. Where there
    /// is to be no summary, as many stay as fit. Results of the running turn are cut, the oldest first, where there is
    /// no room for it alone. What a turn did that ended early is told before the one that goes on from it, where it
    /// is not shown itself: nothing may be done twice.
    ///
    /// # Errors
    /// What cannot be cut is more than the window holds.
    pub(super) fn fit(
        &self,
        history: &History,
        current: Vec<Message>,
        may_sum_up: bool,
    ) -> Result<Fitted, Error> {
        // What understands no language takes a message for a command.
        if !self.is_language || history.done_beyond(0).is_none() {
            return Ok(self.lay_out(history, current, may_sum_up)?.0);
        }
        let (fitted, shown) = self.lay_out(history, current.clone(), may_sum_up)?;
        let done = history.done_beyond(shown).filter(|_| matches!(fitted, Fitted::Messages(..)));
        let Some(done) = done else { return Ok(fitted) };
        let current = done.into_iter().chain(current).collect();
        Ok(self.lay_out(history, current, may_sum_up)?.0)
    }

    /// The same of what is told anyway, and how many turns are shown.
    fn lay_out(
        &self,
        history: &History,
        mut current: Vec<Message>,
        may_sum_up: bool,
    ) -> Result<(Fitted, usize), Error> {
        let room = self.room.unwrap_or(usize::MAX);
        let count =
            |messages: &[Message]| -> usize { self.room.map_or(0, |_| messages.iter().map(tokens).sum()) };
        let (summary, told) = history.summary_messages().unzip();
        let told = told.unwrap_or(0);
        let mut used = count(&current);
        if used + told > room {
            let mut results = current.iter_mut().filter(|message| matches!(message, Message::Tool { .. }));
            while used + told > room
                && let Some(result) = results.next()
            {
                used -= tokens(result);
                *result = cut(result).into_owned();
                used += tokens(result);
            }
        }
        if let Some(window) = self.size
            && used > room
        {
            let (model, fixed) = (self.model.to_owned(), self.fixed);
            return Err(Error::WindowTooSmall { model, window, fixed, conversation: used });
        }
        let summary = summary.filter(|_| used + told <= room);
        let left = room.saturating_sub(used + told);
        let turns = history.turns();
        let is_whole = self.room.is_none() || history.tokens() <= left;
        let all = Share {
            tokens: left,
            turns: self.limits.history_turns,
            characters: self.limits.history_characters,
        };
        let staying = all.holds(history, is_whole);
        let has_room = used + told.max(self.summary_tokens()) <= room;
        if staying < turns.len() && self.is_language && may_sum_up && has_room && history.may_be_summed_up() {
            // The newest is what the message goes on from.
            let staying = all.half().holds(history, is_whole).max(staying.min(1));
            return Ok((Fitted::Leaving(turns.len() - staying), staying));
        }
        let left_out = turns.len() - staying;
        let shown = turns.iter().skip(left_out);
        let shown = shown.map(|past| if is_whole { past.messages() } else { past.short().0 });
        let shown = shown.flat_map(|messages| messages.iter().cloned());
        let summary = summary.into_iter().flatten();
        Ok((Fitted::Messages(summary.chain(shown).chain(current).collect(), left_out), staying))
    }
}

/// What earlier turns may take up.
#[derive(Clone, Copy)]
struct Share {
    tokens: usize,
    turns: usize,
    characters: usize,
}

impl Share {
    fn half(self) -> Self {
        Self { tokens: self.tokens / 2, turns: self.turns / 2, characters: self.characters / 2 }
    }

    /// How many turns it holds, from the newest on, whole or with their results cut.
    fn holds(self, history: &History, is_whole: bool) -> usize {
        let (mut tokens, mut characters) = (0_usize, 0_usize);
        let is_unbounded = self.tokens >= usize::MAX / 2;
        let mut fits = |past: &Past, turns: usize| {
            if !is_unbounded {
                tokens += if is_whole { past.tokens() } else { past.short().1 };
            }
            characters += past.characters;
            // However long the newest is, it is shown where the window has room.
            tokens <= self.tokens && (turns == 1 || (turns <= self.turns && characters <= self.characters))
        };
        history.turns().iter().rev().zip(1..).take_while(|(past, turns)| fits(past, *turns)).count()
    }
}

/// What a window has room for beside the answer, which may take a quarter of it.
pub(super) fn room(window: u32, longest_answer: Option<u32>) -> usize {
    let answer = longest_answer.map_or(window / 4, |longest| longest.min(window / 4));
    usize::try_from(window - answer).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use kontor_core::{
        ids::TurnId,
        turn::{ToolOutcome, TurnEvent},
    };
    use kontor_models::ToolCall;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::machine::State;

    fn capabilities(window: Option<u32>) -> Capabilities {
        Capabilities { context_window: window, ..Capabilities::LANGUAGE }
    }

    fn unlimited() -> Limits {
        Limits { history_turns: usize::MAX, history_characters: usize::MAX, ..Limits::default() }
    }

    /// What is sent within this window beside a prompt and tools of 2,600 tokens; no summary may be made.
    fn fit(window: Option<u32>, history: &History, current: Vec<Message>) -> Result<Vec<Message>, Error> {
        let limits = unlimited();
        let window = Window::new("local/small", &capabilities(window), || 2_600, &limits);
        window.fit(history, current, false).map(|fitted| match fitted {
            Fitted::Messages(messages, _) => messages,
            Fitted::Leaving(turns) => panic!("{turns} turns are to be summed up"),
        })
    }

    /// How many turns are to be summed up.
    fn leaving(window: Option<u32>, history: &History, limits: &Limits) -> usize {
        let window = Window::new("m", &capabilities(window), || 2_600, limits);
        match window.fit(history, question(), true).unwrap() {
            Fitted::Messages(..) => 0,
            Fitted::Leaving(turns) => turns,
        }
    }

    /// A conversation of so many turns, each with a look at a record of some length.
    fn history(turns: u32) -> History {
        let mut history = History::default();
        let limits = unlimited();
        for number in 0..turns {
            let turn = TurnId(Uuid::from_u128(u128::from(number)));
            let result = format!("{{\"text\": \"{}\"}}", "what a record holds, at length ".repeat(40));
            let mut state = State::new(turn);
            for event in [
                TurnEvent::TurnStarted { turn, message: format!("Question {number}?"), by: None },
                TurnEvent::StepStarted { turn, step: 1 },
                TurnEvent::ToolCalled {
                    turn,
                    step: 1,
                    index: 0,
                    call: format!("c{number}"),
                    operation: "deal.get".to_owned(),
                    arguments: json!({"id": number}),
                    effect: None,
                    records: None,
                    written: None,
                    answered_by: None,
                },
                TurnEvent::ToolResult {
                    turn,
                    step: 1,
                    index: 0,
                    call: format!("c{number}"),
                    operation: "deal.get".to_owned(),
                    outcome: ToolOutcome::Succeeded { result: serde_json::from_str(&result).unwrap() },
                    duration_ms: 1,
                },
                TurnEvent::StepStarted { turn, step: 2 },
                TurnEvent::MessageCompleted {
                    turn,
                    step: 2,
                    text: format!("Answer {number}."),
                    reasoning: String::new(),
                    interrupted: false,
                    answered_by: None,
                },
            ] {
                state.apply(&event);
            }
            history.push(&state, i64::from(number) * 10, &limits);
        }
        history
    }

    fn question() -> Vec<Message> {
        vec![Message::User("And now?".into())]
    }

    fn total(messages: &[Message]) -> usize {
        messages.iter().map(tokens).sum()
    }

    #[test]
    fn where_nothing_is_summed_up_the_newest_turns_fill_the_window() {
        let history = history(200);
        let messages = fit(Some(8_192), &history, question()).unwrap();
        assert!(total(&messages) + 2_600 <= 8_192 * 3 / 4, "{}", total(&messages));
        assert!(total(&messages) + 2_600 > 8_192 / 2, "the room is used: {}", total(&messages));
        assert_eq!(messages.last(), question().last());
        let is_question = |message: &&Message| matches!(message, Message::User(_));
        assert!(messages.first().as_ref().is_some_and(is_question), "whole turns");
        assert!(messages.iter().filter(is_question).count() > 10);
    }

    #[test]
    fn what_was_done_by_a_turn_that_ended_early_is_told_when_it_has_left() {
        use kontor_core::{error::Problem, operation::Effect};
        let turn = TurnId(Uuid::from_u128(7));
        let result = json!({"record": {"id": Uuid::from_u128(9), "label": "Ring Bob"}}).to_string();
        let mut state = State::new(turn);
        for event in [
            TurnEvent::TurnStarted {
                turn,
                message: "All that is to be done, at length. ".repeat(1_000),
                by: None,
            },
            TurnEvent::StepStarted { turn, step: 1 },
            TurnEvent::ToolCalled {
                turn,
                step: 1,
                index: 0,
                call: "c".to_owned(),
                operation: "task.create".to_owned(),
                arguments: json!({}),
                effect: Some(Effect::Write),
                records: None,
                written: None,
                answered_by: None,
            },
            TurnEvent::ToolResult {
                turn,
                step: 1,
                index: 0,
                call: "c".to_owned(),
                operation: "task.create".to_owned(),
                outcome: ToolOutcome::Succeeded { result: serde_json::from_str(&result).unwrap() },
                duration_ms: 1,
            },
            TurnEvent::TurnFailed { turn, problem: Problem::internal(), done: Vec::new() },
        ] {
            state.apply(&event);
        }
        let mut history = History::default();
        history.push(&state, 5, &unlimited());
        let told = |messages: &[Message]| {
            let said = messages.iter().filter_map(|message| match message {
                Message::Assistant { text, .. } => Some(text.to_string()),
                _ => None,
            });
            said.collect::<String>()
        };
        assert_eq!(told(&fit(None, &history, question()).unwrap()), "", "it is shown itself");
        let messages = fit(Some(8_192), &history, question()).unwrap();
        assert!(told(&messages).contains("created task “Ring Bob” (id 00000000-"), "{messages:?}");
        assert_eq!((messages.len(), messages.last()), (3, question().last()));
        assert!(matches!(fit(Some(3_490), &history, question()), Err(Error::WindowTooSmall { .. })));

        history.sum_up(5, "They talked.");
        let messages = fit(None, &history, question()).unwrap();
        assert!(told(&messages).contains("Ring Bob"), "the summary need not hold it: {messages:?}");
        let mut next = State::new(TurnId(Uuid::from_u128(8)));
        next.apply(&TurnEvent::TurnCompleted { turn: next.turn });
        history.push(&next, 9, &unlimited());
        assert!(!told(&fit(None, &history, question()).unwrap()).contains("Ring Bob"), "it was gone on from");
    }

    #[test]
    fn what_fits_is_shown_whole() {
        let history = history(3);
        let earlier = history.turns().iter().flat_map(|past| past.messages().iter().cloned());
        let whole: Vec<_> = earlier.chain(question()).collect();
        for window in [None, Some(32_000)] {
            assert_eq!(fit(window, &history, question()).unwrap(), whole);
            assert_eq!(leaving(window, &history, &unlimited()), 0);
        }
        let fitted = fit(Some(4_400), &history, question()).unwrap();
        assert!(total(&fitted) < total(&whole) && fitted.len() == whole.len(), "results are cut first");
        assert_eq!(leaving(Some(4_400), &history, &unlimited()), 0, "and are enough");
    }

    #[test]
    fn turns_leave_down_to_half_of_the_room_and_their_summary_takes_their_place() {
        let mut history = history(60);
        let leave = leaving(Some(8_192), &history, &unlimited());
        let through = history.turns()[leave - 1].last;
        history.sum_up(through, "They look at records.");
        assert_eq!(history.turns().len(), 60 - leave);
        let messages = fit(Some(8_192), &history, question()).unwrap();
        assert!(
            matches!(&messages[1], Message::Assistant { text, .. } if &**text == "They look at records.")
        );
        assert_eq!(leaving(Some(8_192), &history, &unlimited()), 0);
        let room = 8_192 * 3 / 4 - 2_600;
        assert!((room / 3..=room / 2 + 100).contains(&total(&messages)), "{}", total(&messages));
    }

    #[test]
    fn turns_beyond_the_limits_leave_whatever_the_window_is() {
        let limits = Limits { history_turns: 20, ..unlimited() };
        let window = |language: bool| {
            Window::new("m", &Capabilities { language, ..capabilities(None) }, || 2_600, &limits)
        };
        assert_eq!(window(true).fit(&history(30), question(), true).unwrap(), Fitted::Leaving(20));
        // What understands no language goes on with the newest.
        let Fitted::Messages(messages, _) = window(false).fit(&history(30), question(), true).unwrap() else {
            panic!("a command interpreter sums nothing up");
        };
        let questions = messages.iter().filter(|message| matches!(message, Message::User(_)));
        assert_eq!(questions.count(), 21);
    }

    #[test]
    fn results_of_the_running_turn_are_cut_before_it_fails() {
        let call = ToolCall { id: "a".into(), name: "find".into(), arguments: "{}".into(), extra: None };
        let mut current = question();
        current.push(Message::Assistant { text: "".into(), tool_calls: vec![call], carried: None });
        let content = "long result ".repeat(2_000);
        current.push(Message::Tool { call_id: "a".into(), name: "find".into(), content: content.into() });
        let fitted = fit(Some(4_096), &History::default(), current).unwrap();
        assert_eq!(fitted.len(), 3);
        assert!(total(&fitted) + 2_600 <= 4_096 * 3 / 4);
    }

    #[test]
    fn a_window_that_is_too_small_is_said_so_with_numbers() {
        use kontor_core::error::Fault as _;
        let problem = fit(Some(2_048), &History::default(), question()).unwrap_err().problem();
        assert_eq!(problem.code, "window_too_small");
        assert!(
            problem.message.contains("2,048") && problem.message.contains("2,600"),
            "{}",
            problem.message
        );
    }
}
