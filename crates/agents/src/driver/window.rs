//! A conversation as it fits the context window of a model.

use std::borrow::Cow;

use kontor_core::text;
use kontor_models::{Capabilities, Message};
use serde_json::json;

use crate::{
    error::Error,
    history::{History, tokens},
};

/// Characters that are left of a tool's result which has to make room.
const SHORT_RESULT: usize = 300;

/// The messages of a request without its prompt: earlier turns and the one that runs. Where they are more than the
/// window has room for, results of tools in earlier turns are cut first, then the oldest turns are left out, and then
/// results of the running turn are cut, the oldest first.
///
/// `fixed` are the tokens of prompt and tools.
///
/// # Errors
/// What cannot be cut is more than the window holds.
pub(super) fn fit(
    model: &str,
    capabilities: &Capabilities,
    fixed: impl FnOnce() -> usize,
    history: &History,
    mut current: Vec<Message>,
) -> Result<Vec<Message>, Error> {
    let all = |current: Vec<Message>| history.messages().cloned().chain(current).collect();
    let Some(window) = capabilities.context_window else { return Ok(all(current)) };
    let fixed = fixed();
    let room = room(window, capabilities.max_output_tokens).saturating_sub(fixed);
    let mut used: usize = current.iter().map(tokens).sum();
    if used + history.tokens() <= room {
        return Ok(all(current));
    }
    if used > room {
        let mut results = current.iter_mut().filter(|message| matches!(message, Message::Tool { .. }));
        while used > room
            && let Some(result) = results.next()
        {
            used -= tokens(result);
            *result = cut(result).into_owned();
            used += tokens(result);
        }
    }
    if used > room {
        let model = model.to_owned();
        return Err(Error::WindowTooSmall { model, window, fixed, conversation: used });
    }
    let mut turns: Vec<Vec<Message>> = Vec::new();
    for turn in history.turns().rev() {
        let turn: Vec<Message> = turn.iter().map(|message| cut(message).into_owned()).collect();
        used += turn.iter().map(tokens).sum::<usize>();
        if used > room {
            break;
        }
        turns.push(turn);
    }
    Ok(turns.into_iter().rev().flatten().chain(current).collect())
}

/// What a window has room for beside the answer, which may take a quarter of it.
fn room(window: u32, longest_answer: Option<u32>) -> usize {
    let answer = longest_answer.map_or(window / 4, |longest| longest.min(window / 4));
    usize::try_from(window - answer).unwrap_or(usize::MAX)
}

/// A message with no more of a tool's result than its beginning.
fn cut(message: &Message) -> Cow<'_, Message> {
    match message {
        Message::Tool { call_id, name, content } if content.len() > 2 * SHORT_RESULT => {
            let beginning = text::excerpt(content, SHORT_RESULT);
            let content = json!({"cut": "to make room; call again for all of it", "beginning": beginning});
            Cow::Owned(Message::Tool {
                call_id: call_id.clone(),
                name: name.clone(),
                content: content.to_string().into(),
            })
        }
        other => Cow::Borrowed(other),
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::{
        ids::TurnId,
        turn::{ToolOutcome, TurnEvent},
    };
    use kontor_models::ToolCall;
    use uuid::Uuid;

    use super::*;
    use crate::{limits::Limits, machine::State};

    fn capabilities(window: Option<u32>) -> Capabilities {
        Capabilities {
            language: true,
            tools: true,
            parallel_tool_calls: true,
            context_window: window,
            max_output_tokens: None,
            thinking: false,
            vision: false,
        }
    }

    /// A conversation of so many turns, each with a look at a record of some length.
    fn history(turns: u32) -> History {
        let mut history = History::default();
        let limits =
            Limits { history_turns: usize::MAX, history_characters: usize::MAX, ..Limits::default() };
        for number in 0..turns {
            let turn = TurnId(Uuid::from_u128(u128::from(number)));
            let result = format!("{{\"text\": \"{}\"}}", "what a record holds, at length ".repeat(40));
            let mut state = State::new(turn);
            for event in [
                TurnEvent::TurnStarted { turn, message: format!("Question {number}?") },
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
            history.push(&state, &limits);
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
    fn a_conversation_of_200_turns_stays_within_8192_tokens() {
        let history = history(200);
        let messages = fit("m", &capabilities(Some(8_192)), || 2_600, &history, question()).unwrap();
        assert!(total(&messages) + 2_600 <= 8_192 * 3 / 4, "{}", total(&messages));
        assert!(total(&messages) + 2_600 > 8_192 / 2, "the room is used: {}", total(&messages));
        assert_eq!(messages.last(), question().last());
        let is_question = |message: &&Message| matches!(message, Message::User(_));
        assert!(messages.first().as_ref().is_some_and(is_question), "whole turns");
        assert!(messages.iter().filter(is_question).count() > 10);
    }

    #[test]
    fn what_fits_is_shown_whole() {
        let history = history(3);
        let whole: Vec<_> = history.messages().cloned().chain(question()).collect();
        for window in [None, Some(32_000)] {
            assert_eq!(fit("m", &capabilities(window), || 2_600, &history, question()).unwrap(), whole);
        }
        let fitted = fit("m", &capabilities(Some(4_400)), || 2_600, &history, question()).unwrap();
        assert!(total(&fitted) < total(&whole) && fitted.len() == whole.len(), "results are cut first");
    }

    #[test]
    fn results_of_the_running_turn_are_cut_before_it_fails() {
        let call = ToolCall { id: "a".into(), name: "find".into(), arguments: "{}".into(), extra: None };
        let mut current = question();
        current.push(Message::Assistant { text: "".into(), tool_calls: vec![call], carried: None });
        let content = "long result ".repeat(2_000);
        current.push(Message::Tool { call_id: "a".into(), name: "find".into(), content: content.into() });
        let fitted = fit("m", &capabilities(Some(4_096)), || 2_600, &History::default(), current).unwrap();
        assert_eq!(fitted.len(), 3);
        assert!(total(&fitted) + 2_600 <= 4_096 * 3 / 4);
    }

    #[test]
    fn a_window_that_is_too_small_is_said_so_with_numbers() {
        use kontor_core::error::Fault as _;
        let error = fit("local/small", &capabilities(Some(2_048)), || 2_600, &History::default(), question());
        let problem = error.unwrap_err().problem();
        assert_eq!(problem.code, "window_too_small");
        assert!(
            problem.message.contains("2,048") && problem.message.contains("2,600"),
            "{}",
            problem.message
        );
    }
}
