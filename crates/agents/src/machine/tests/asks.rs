//! Agents that ask one another, and hand over.

use std::sync::Arc;

use kontor_core::{
    ids::AgentId,
    turn::{AgentName, AskedAgent, CallPlace, RoutedBy, Routing},
};
use kontor_models::surface::{ASK_AGENT, HAND_OVER};

use super::*;

pub(super) fn asking(question: &str) -> Proposed {
    Proposed {
        operation: ASK_AGENT.into(),
        arguments: json!({"agent": "clerk", "question": question}),
        ..call(Read)
    }
}

pub(super) fn engaged(index: u32, steps: u32, calls: u32) -> Input {
    let agent =
        AskedAgent { id: AgentId(Uuid::nil()), name: "clerk".into(), label: "Clerk".into(), version: 3 };
    Input::Engaged(Engaged { index, agent: Arc::new(agent), steps, calls, seconds: 60 })
}

pub(super) fn handing() -> Proposed {
    Proposed {
        operation: HAND_OVER.into(),
        arguments: json!({"agent": "clerk", "why": "It is theirs.", "note": "Be kind."}),
        ..call(Read)
    }
}

pub(super) fn handed_over() -> TurnEvent {
    let named = |name: &str| AgentName { id: AgentId(Uuid::nil()), name: name.into(), label: name.into() };
    TurnEvent::AgentChanged {
        turn: TURN,
        agent: named("clerk"),
        from: Some(named("front")),
        routing: Routing { by: RoutedBy::Agent, reason: "It is theirs.".into() },
    }
}

/// A turn that goes as the inputs say.
struct Turn {
    state: State,
    effects: Vec<Effect>,
    log: Vec<TurnEvent>,
}

impl Turn {
    fn new() -> Self {
        let log: Vec<TurnEvent> = opening(TURN, "hello".into(), None).into();
        Self { state: State::replay(TURN, &log), effects: Vec::new(), log }
    }

    fn take(mut self, limits: &Limits, input: Input) -> Self {
        let (state, effects) = next(limits, &ApprovalPolicy::default(), self.state, input);
        for effect in &effects {
            if let Effect::Append(events) = effect {
                self.log.extend(events.iter().cloned());
            }
        }
        // What the log tells is where it stands.
        assert_eq!(State::replay(TURN, &self.log), state);
        Self { state, effects, log: self.log }
    }

    fn outcome(&self) -> &ToolOutcome {
        self.state.call_of(CallPlace { step: 1, index: 0 }).unwrap().outcome.as_ref().unwrap()
    }
}

fn ask(proposed: Vec<Proposed>) -> Input {
    Input::Answered(Answer { calls: proposed, ..Answer::default() })
}

#[test]
fn the_steps_of_an_agent_that_was_asked_are_its_own_and_its_answer_is_a_result() {
    let limits = Limits { steps: 9, ..limits() };
    let turn = Turn::new().take(&limits, ask(vec![asking("how many?")]));
    assert_eq!(turn.effects[1..], [Effect::Commit, Effect::Engage(0)]);
    let turn = turn.take(&limits, engaged(0, 5, 5));
    assert_eq!(turn.effects[1..], [Effect::Commit, Effect::CallModel]);
    assert_eq!((turn.state.step_number(), turn.state.is_asking()), (2, true));
    let page = Page { bytes: 1_000, tokens: None };
    assert_eq!(messages(&turn.state, page), [Message::User("how many?".into())]);

    let turn = turn.take(&limits, calls(&[Read]));
    assert_eq!(turn.effects.last(), Some(&Effect::RunReads(vec![0])));
    let turn = turn.take(&limits, Input::Ran(vec![ok(0)]));
    assert_eq!(turn.state.step_number(), 3);
    assert_eq!(messages(&turn.state, page).len(), 3);
    let turn = turn.take(&limits, said("Seven."));
    let ToolOutcome::Succeeded { result } = turn.outcome() else { panic!() };
    assert_eq!(result.to_value(), json!({"agent": "clerk", "answer": "Seven."}));
    // The one that asked sees the answer, and nothing of how it came to be.
    assert_eq!((turn.state.step_number(), turn.state.part()), (4, None));
    assert_eq!(messages(&turn.state, page).len(), 3);
    let turn = turn.take(&limits, said("There are seven."));
    assert_eq!(turn.effects.last(), Some(&Effect::Finish(End::Completed)));
    let whose: Vec<_> = turn.log.iter().map(|event| event.name()).collect();
    assert_eq!(whose.iter().filter(|name| **name == "agent.event").count(), 5);
}

#[test]
fn a_part_that_fails_is_a_call_that_failed_and_tells_no_names() {
    let limits = Limits { steps: 9, ..limits() };
    let turn = Turn::new().take(&limits, ask(vec![asking("change it")])).take(&limits, engaged(0, 5, 5));
    let turn = turn.take(&limits, calls(&[Write]));
    let result = turn
        .state
        .placed(turn.state.result(0, succeeded(json!({"record": {"label": "Secret"}})), 1).unwrap());
    let mut turn = turn;
    turn.log.push(result.clone());
    let turn = turn.take(&limits, Input::Wrote(result));
    let problem = Problem::new(ErrorKind::Unavailable, "model_failed", "It is down.");
    let turn = turn.take(&limits, Input::Failed { problem, partial: half("It was ab") });
    let ToolOutcome::Failed { problem } = turn.outcome() else { panic!() };
    let told = "The agent clerk gave no answer: It is down. It had made 1 change before, which stay.";
    assert_eq!(problem.message, told);
    assert_eq!(turn.effects.last(), Some(&Effect::CallModel));
    // The member is told what was done, whoever did it.
    let problem = Problem::new(ErrorKind::Limited, "turn_too_long", "Too long.");
    let turn = turn.take(&limits, Input::Over { problem, partial: Partial::default() });
    let Some(TurnEvent::TurnFailed { done, .. }) = turn.log.last() else { panic!() };
    assert_eq!(done.len(), 1);
}

#[test]
fn a_turn_that_is_over_is_over_for_whoever_answers() {
    let limits = limits();
    for input in [
        Input::Cancelled { by: None, partial: half("It w") },
        Input::Over { problem: Problem::internal(), partial: half("It w") },
    ] {
        let turn = Turn::new().take(&limits, ask(vec![asking("wait")])).take(&limits, engaged(0, 5, 5));
        let turn = turn.take(&limits, input);
        assert!(turn.state.end.is_some() && turn.state.part().is_none());
        let page = Page { bytes: 1_000, tokens: None };
        let shown = messages(&turn.state, page);
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(matches!(&shown[2], Message::Tool { content, .. } if content.contains("not_answered")));
    }
}

#[test]
fn steps_are_shared_and_one_stays_for_whoever_asked() {
    let limits = Limits { steps: 3, ..limits() };
    let turn = Turn::new().take(&limits, ask(vec![asking("go on"), asking("again")]));
    let turn = turn.take(&limits, engaged(0, 5, 5)).take(&limits, calls(&[Read]));
    let turn = turn.take(&limits, Input::Ran(vec![ok(0)]));
    let ToolOutcome::Failed { problem } = turn.outcome() else { panic!() };
    assert!(problem.message.contains("did not finish within 1 steps"), "{problem}");
    // Nothing is left for the second.
    assert_eq!(turn.effects.last(), Some(&Effect::Engage(1)));
    let turn = turn.take(&limits, engaged(1, 5, 5));
    let second = turn.state.call_of(CallPlace { step: 1, index: 1 }).unwrap().outcome.clone();
    assert!(matches!(second, Some(ToolOutcome::Failed { problem }) if problem.code == "no_steps_left"));
    let turn = turn.take(&limits, said("That is all."));
    assert_eq!(turn.effects.last(), Some(&Effect::Finish(End::Completed)));
}

#[test]
fn whoever_the_turn_is_handed_over_to_sees_what_was_said_and_no_results() {
    let limits = limits();
    let both =
        Answer { text: "I pass this on.".into(), calls: vec![handing(), call(Read)], ..Answer::default() };
    let turn = Turn::new().take(&limits, Input::Answered(both));
    // What else was wanted comes first.
    assert_eq!(turn.effects.last(), Some(&Effect::RunReads(vec![1])));
    let mut turn = turn.take(&limits, Input::Ran(vec![Ran { outcome: succeeded(json!("secret")), ..ok(1) }]));
    assert_eq!(turn.effects.last(), Some(&Effect::HandOver(0)));
    let result = turn.state.result(0, succeeded(json!({"agent": "clerk"})), 0).unwrap();
    let events = vec![result, handed_over(), TurnEvent::StepStarted { turn: TURN, step: 2 }];
    turn.log.extend(events.iter().cloned());
    let turn = turn.take(&limits, Input::HandedOver(events));
    assert_eq!(turn.effects, [Effect::CallModel]);
    let page = Page { bytes: 1_000, tokens: None };
    let shown = messages(&turn.state, page);
    let [Message::User(told), Message::Assistant { .. }, Message::User(asked)] = &shown[..] else {
        panic!("{shown:?}")
    };
    assert_eq!(&**asked, "hello");
    assert!(
        told.contains("I pass this on.") && told.contains("Be kind.") && !told.contains("secret"),
        "{told}"
    );
    assert!(turn.state.call_in_sight(CallPlace { step: 1, index: 1 }).is_none());
    let turn = turn.take(&limits, said("Hello."));
    // The next turn of that agent shows the same.
    assert_eq!(messages(&turn.state, page).len(), 4);
}
