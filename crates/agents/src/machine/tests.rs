use kontor_core::{
    error::{ErrorKind, Problem},
    ids::{ApprovalId, MemberId, TurnId},
    json::JsonText,
    operation,
    turn::{AnsweredBy, ApprovalReason, ToolOutcome, TurnEvent},
    usage::StepUsage,
};
use kontor_models::Message;
use kontor_operations::ApprovalPolicy;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::limits::Limits;

mod asks;
mod crashes;

const TURN: TurnId = TurnId(Uuid::from_u128(7));

fn limits() -> Limits {
    Limits { steps: 4, calls_per_turn: 6, calls_per_step: 4, restarts: 1, takeovers: 2, ..Limits::default() }
}

fn opened() -> State {
    State::replay(TURN, &opening(TURN, "hello".into(), None))
}

fn call(effect: operation::Effect) -> Proposed {
    Proposed {
        written: None,
        id: "c".into(),
        operation: "deal.x".into(),
        arguments: json!({}),
        effect: Some(effect),
        records: None,
        problem: None,
        extra: None,
    }
}

fn calls(effects: &[operation::Effect]) -> Input {
    Input::Answered(Answer {
        calls: effects.iter().map(|effect| call(*effect)).collect(),
        ..Answer::default()
    })
}

fn half(text: &str) -> Partial {
    Partial { text: text.into(), ..Partial::default() }
}

fn said(text: &str) -> Input {
    Input::Answered(Answer { text: text.into(), ..Answer::default() })
}

fn asked(approvals: &[(u32, ApprovalId)]) -> Input {
    let asked =
        approvals.iter().map(|(index, approval)| Asked { index: *index, approval: *approval, record: None });
    Input::Asked(asked.collect())
}

fn answered(index: u32, approved: bool) -> TurnEvent {
    TurnEvent::ApprovalResolved {
        turn: TURN,
        step: 1,
        index,
        approval: ApprovalId(Uuid::nil()),
        approved,
        by: MemberId(Uuid::nil()),
        by_name: "Ada".into(),
        comment: "no".into(),
    }
}

/// What a step of writes does under a limit of three, answered as `answers` say in their order; a crash after
/// every decision must change nothing.
fn changes(step: &[Proposed], answers: &[bool]) -> Vec<String> {
    let limits = Limits { calls_per_step: 16, ..Limits::default() };
    let policy = ApprovalPolicy { unasked_changes: 3 };
    let mut answers = answers.iter();
    let mut log: Vec<TurnEvent> = opening(TURN, "go".into(), None).into();
    let mut done = Vec::new();
    let mut input = Input::Answered(Answer { calls: step.to_vec(), ..Answer::default() });
    loop {
        let state = State::replay(TURN, &log);
        let (state, effects) = next(&limits, &policy, state, input);
        for effect in &effects {
            if let Effect::Append(events) = effect {
                log.extend(events.iter().cloned());
            }
        }
        input = match effects.last().unwrap() {
            Effect::RunWrite(index) => {
                done.push(format!("ran {index}"));
                log.push(state.result(*index, succeeded(json!(1)), 1).unwrap());
                Input::Resumed
            }
            Effect::Ask(indexes) => {
                let approvals: Vec<_> =
                    indexes.iter().map(|index| (*index, ApprovalId(Uuid::nil()))).collect();
                asked(&approvals)
            }
            Effect::Wait => {
                let open = State::replay(TURN, &log);
                let waiting = open.steps[0]
                    .calls
                    .iter()
                    .find(|call| call.approval.as_ref().is_some_and(|approval| approval.answer.is_none()));
                let waiting = waiting.unwrap();
                let approval = waiting.approval.as_ref().unwrap();
                done.push(match approval.reason {
                    ApprovalReason::Destructive => format!("asked about deleting {}", waiting.index),
                    ApprovalReason::Outside => format!("asked about reaching outside {}", waiting.index),
                    ApprovalReason::ManyChanges { changed, allows } => {
                        format!("asked at {} after {changed}, {allows} more", waiting.index)
                    }
                });
                log.push(answered(waiting.index, *answers.next().unwrap()));
                Input::Resumed
            }
            Effect::CallModel => return done,
            other => panic!("{other:?}"),
        };
    }
}

#[test]
fn more_changes_than_are_allowed_unasked_wait_for_an_approval_that_allows_as_many_again() {
    let writes = vec![call(Write); 8];
    assert_eq!(
        changes(&writes, &[true, true]),
        [
            "ran 0",
            "ran 1",
            "ran 2",
            "asked at 3 after 3, 3 more",
            "ran 3",
            "ran 4",
            "ran 5",
            "asked at 6 after 6, 3 more",
            "ran 6",
            "ran 7",
        ]
    );
    assert_eq!(changes(&writes[..3], &[]), ["ran 0", "ran 1", "ran 2"]);
}

#[test]
fn a_no_to_more_changes_holds_for_the_rest_of_the_turn() {
    assert_eq!(
        changes(&vec![call(Write); 8], &[false]),
        ["ran 0", "ran 1", "ran 2", "asked at 3 after 3, 3 more"]
    );
}

#[test]
fn a_call_that_changes_many_records_counts_them_all() {
    let many = |records| Proposed { records: Some(records), ..call(Write) };
    assert_eq!(changes(&[many(4)], &[true]), ["asked at 0 after 0, 3 more", "ran 0"]);
    assert_eq!(
        changes(&[many(2), many(2), call(Write)], &[true]),
        ["ran 0", "asked at 1 after 2, 3 more", "ran 1", "ran 2"]
    );
}

#[test]
fn deletions_are_asked_about_each_and_count_among_the_changes() {
    let calls = [call(Destructive), call(Destructive), call(Destructive), call(Write)];
    assert_eq!(
        changes(&calls, &[true, true, true, true]),
        [
            "asked about deleting 0",
            "ran 0",
            "asked about deleting 1",
            "ran 1",
            "asked about deleting 2",
            "ran 2",
            "asked at 3 after 3, 3 more",
            "ran 3",
        ]
    );
}

fn succeeded(result: serde_json::Value) -> ToolOutcome {
    ToolOutcome::Succeeded { result: JsonText::new(&result).unwrap() }
}

fn ok(index: u32) -> Ran {
    Ran { index, outcome: succeeded(json!({"n": index})), duration_ms: 1 }
}

fn problem(code: &'static str) -> Problem {
    Problem::new(ErrorKind::Unavailable, code, "It broke.")
}

/// The effects as words, events by their names.
fn words(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Append(events) => events.iter().map(TurnEvent::name).collect::<Vec<_>>().join(" "),
            other => format!("{other:?}"),
        })
        .collect()
}

fn go(state: State, input: Input) -> (State, Vec<String>) {
    let (state, effects) = next(&limits(), &ApprovalPolicy::default(), state, input);
    let told = words(&effects);
    (state, told)
}

use operation::Effect::{Destructive, External, Read, Write};

#[test]
fn a_plain_answer_ends_the_turn_with_its_message() {
    let (state, effects) = go(opened(), Input::Opened);
    assert_eq!(effects, ["CallModel"]);
    let (state, effects) = go(state, said("Hi."));
    assert_eq!(effects, ["message.completed turn.completed", "Finish(Completed)"]);
    assert_eq!(state.end, Some(End::Completed));
    assert_eq!(go(state, said("more")).1, Vec::<String>::new(), "an ended turn does nothing more");
}

#[test]
fn a_step_that_only_reads_commits_once_with_its_results() {
    let (state, effects) = go(opened(), calls(&[Read, Read]));
    assert_eq!(effects, ["tool.called tool.called", "RunReads([0, 1])"]);
    let (_, effects) = go(state, Input::Ran(vec![ok(0), ok(1)]));
    assert_eq!(effects, ["tool.result tool.result step.started", "Commit", "CallModel"]);
}

#[test]
fn a_write_is_a_barrier_and_its_call_is_durable_before_it_runs() {
    let (state, effects) = go(opened(), calls(&[Read, Read, Write, Read]));
    assert_eq!(effects[1..], ["Commit", "RunReads([0, 1])"]);
    let (state, effects) = go(state, Input::Ran(vec![ok(0), ok(1)]));
    assert_eq!(effects, ["tool.result tool.result", "Commit", "RunWrite(2)"]);
    let wrote = state.result(2, succeeded(json!(1)), 1).unwrap();
    let (state, effects) = go(state, Input::Wrote(wrote));
    assert_eq!(effects, ["Commit", "RunReads([3])"]);
    assert_eq!(go(state, Input::Ran(vec![ok(3)])).1, ["tool.result step.started", "Commit", "CallModel"]);
}

#[test]
fn a_call_that_cannot_run_is_answered_at_once_and_holds_nothing_up() {
    let mut wrong = call(Write);
    wrong.problem = Some(problem("invalid_input"));
    let unknown = Proposed { effect: None, problem: Some(problem("unknown_operation")), ..call(Read) };
    let answer = Answer { calls: vec![wrong, call(Read), unknown], ..Answer::default() };
    let (state, effects) = go(opened(), Input::Answered(answer));
    assert_eq!(
        effects,
        ["tool.called tool.called tool.called tool.result tool.result", "RunReads([1])"],
        "what never runs asks for no commit"
    );
    assert_eq!(state.calls_so_far(), 3);
}

#[test]
fn a_call_without_effect_fails_closed() {
    let odd = Proposed { effect: None, ..call(Read) };
    let answer = Answer { calls: vec![odd], ..Answer::default() };
    let (state, effects) = go(opened(), Input::Answered(answer));
    assert_eq!(effects[0], "tool.called tool.result step.started");
    assert!(matches!(state.steps[0].calls[0].outcome, Some(ToolOutcome::Failed { .. })));
}

#[test]
fn destructive_calls_wait_for_an_answer_each() {
    let (state, effects) = go(opened(), calls(&[Destructive, Read, Destructive]));
    assert_eq!(effects[1..], ["Ask([0, 2])"]);
    let ids = [ApprovalId(Uuid::from_u128(1)), ApprovalId(Uuid::from_u128(2))];
    let (mut state, effects) = go(state, asked(&[(0, ids[0]), (2, ids[1])]));
    assert_eq!(effects, ["approval.requested approval.requested", "Wait"]);
    let resolved = |index, approved| TurnEvent::ApprovalResolved {
        turn: TURN,
        step: 1,
        index,
        approval: ids[0],
        approved,
        by: MemberId(Uuid::nil()),
        by_name: "Ada".into(),
        comment: "no".into(),
    };
    assert_eq!(go(state.clone(), Input::Resumed).1, ["Wait"], "unanswered, it waits on");
    state.apply(&resolved(0, true));
    let (state, effects) = go(state, Input::Resumed);
    assert_eq!(effects, ["Commit", "RunWrite(0)"]);
    let wrote = state.result(0, succeeded(json!(1)), 1).unwrap();
    let (state, effects) = go(state, Input::Wrote(wrote));
    assert_eq!(effects, ["Commit", "RunReads([1])"]);
    let (mut state, effects) = go(state, Input::Ran(vec![ok(1)]));
    assert_eq!(effects, ["tool.result", "Wait"]);
    state.apply(&resolved(2, false));
    let (state, effects) = go(state, Input::Resumed);
    assert_eq!(effects, ["tool.result step.started", "Commit", "CallModel"]);
    assert!(matches!(state.steps[0].calls[2].outcome, Some(ToolOutcome::Denied { .. })));
}

#[test]
fn a_call_outside_that_was_agreed_to_and_has_no_outcome_may_have_had_its_effect() {
    let (state, _) = go(opened(), calls(&[External]));
    let (mut state, _) = go(state, asked(&[(0, ApprovalId(Uuid::nil()))]));
    let told = |state: &State| format!("{:?}", messages(state, Page::usual(&limits())));
    assert!(told(&state).contains("not_run") && state.done().is_empty(), "nobody agreed to it yet");
    state.apply(&answered(0, true));
    assert!(told(&state).contains("outcome_unknown"), "{}", told(&state));
    assert!(state.done()[0].unknown);
    state.apply(&TurnEvent::TurnCancelled { turn: TURN, by: None });
    assert!(told(&state).contains("outcome_unknown"));
}

#[test]
fn a_call_that_reaches_outside_is_wanted_until_its_result_is_there() {
    let (state, effects) = go(opened(), calls(&[External]));
    assert_eq!(effects[1..], ["Ask([0])"]);
    let (mut state, _) = go(state, asked(&[(0, ApprovalId(Uuid::nil()))]));
    state.apply(&answered(0, true));
    let (state, effects) = go(state, Input::Resumed);
    assert_eq!(effects, ["Commit", "RunOutside(0)"]);
    assert_eq!(go(state.clone(), Input::Resumed).1, ["Commit", "RunOutside(0)"]);
    let unknown = Ran { index: 0, outcome: ToolOutcome::Unknown, duration_ms: 1 };
    let (state, effects) = go(state, Input::Ran(vec![unknown]));
    assert_eq!(effects, ["tool.result step.started", "Commit", "CallModel"]);
    assert_eq!(state.steps[0].calls[0].outcome, Some(ToolOutcome::Unknown));
}

#[test]
fn an_answer_that_broke_off_is_asked_for_again_and_not_for_ever() {
    let broke = || Input::ModelFailed {
        problem: problem("model_cut_short"),
        may_retry: true,
        goes_on: false,
        partial: half("Half a"),
    };
    let (state, effects) = go(opened(), broke());
    assert_eq!(effects, ["step.restarted", "Commit", "CallModel"]);
    let (state, effects) = go(state, broke());
    assert_eq!(effects, ["message.completed turn.failed", "Finish(Failed)"]);
    assert_eq!(state.steps[0].text, "Half a", "what was said stays readable");
}

#[test]
fn a_summary_is_durable_before_the_model_is_asked_again_and_is_paid_for_in_its_step() {
    let event = TurnEvent::HistorySummarized {
        turn: TURN,
        step: 1,
        through: 12,
        text: "They sell sails.".into(),
        model: "m".into(),
        agent: None,
    };
    let summed_up = Input::SummedUp { event, usage: Some(StepUsage::default()) };
    let (state, effects) = go(opened(), summed_up);
    assert_eq!(effects, ["history.summarized usage", "Commit", "CallModel"]);
    assert_eq!((state.summaries, state.has_dropped, state.is_asking()), (1, false, true));
    let problem = problem("no_summary");
    let dropped = TurnEvent::HistoryDropped { turn: TURN, step: 1, problem, again: false };
    let (state, effects) = go(state, Input::SummedUp { event: dropped, usage: None });
    assert_eq!(effects, ["history.dropped", "Commit", "CallModel"]);
    assert!(state.has_dropped && state.is_asking());
}

#[test]
fn another_model_begins_the_step_anew_however_often_it_began() {
    let input = |goes_on| Input::ModelFailed {
        problem: problem("model_unreachable"),
        may_retry: false,
        goes_on,
        partial: half("Half a"),
    };
    let mut state = opened();
    for _ in 0..5 {
        let (after, effects) = go(state, input(true));
        assert_eq!(effects, ["step.restarted", "Commit", "CallModel"]);
        assert_eq!(after.steps[0].text, "", "what was said is withdrawn");
        state = after;
    }
    assert_eq!(go(state, input(false)).1, ["message.completed turn.failed", "Finish(Failed)"]);
}

#[test]
fn which_model_answered_stands_once_with_its_step() {
    let answered_by = Some(AnsweredBy { model: "a/x".to_owned(), instead_of: None, sent: None });
    let by = |events: &[Effect]| -> Vec<&'static str> {
        let appended = events.iter().filter_map(|effect| match effect {
            Effect::Append(events) => Some(events),
            _ => None,
        });
        let named = appended.flatten().filter(|event| match event {
            TurnEvent::MessageCompleted { answered_by, .. } | TurnEvent::ToolCalled { answered_by, .. } => {
                answered_by.is_some()
            }
            _ => false,
        });
        named.map(TurnEvent::name).collect()
    };
    for (text, named) in [("", "tool.called"), ("Let me look.", "message.completed")] {
        let calls = vec![call(operation::Effect::Read), call(operation::Effect::Read)];
        let answer =
            Answer { text: text.to_owned(), calls, answered_by: answered_by.clone(), ..Answer::default() };
        let (_, effects) = next(&limits(), &ApprovalPolicy::default(), opened(), Input::Answered(answer));
        assert_eq!(by(&effects), [named]);
    }
}

#[test]
fn an_empty_answer_is_no_answer() {
    assert_eq!(go(opened(), said("  ")).1, ["step.restarted", "Commit", "CallModel"]);
}

#[test]
fn a_takeover_restarts_an_open_answer_and_gives_up_after_too_many() {
    let mut state = opened();
    for _ in 0..2 {
        let (after, effects) = go(state, Input::Resumed);
        assert_eq!(effects, ["step.restarted", "Commit", "CallModel"]);
        state = after;
    }
    assert_eq!(go(state, Input::Resumed).1, ["turn.failed", "Finish(Failed)"]);
}

#[test]
fn takeovers_and_answers_that_broke_off_are_counted_apart() {
    let broke = || Input::ModelFailed {
        problem: problem("model_cut_short"),
        may_retry: true,
        goes_on: false,
        partial: Partial::default(),
    };
    let taken_over = || Input::Resumed;
    let mut state = opened();
    // As many of each as are allowed, whichever comes first.
    for input in [taken_over(), broke(), taken_over()] {
        let (after, effects) = go(state, input);
        assert_eq!(effects, ["step.restarted", "Commit", "CallModel"]);
        state = after;
    }
    assert_eq!(go(state.clone(), taken_over()).1, ["turn.failed", "Finish(Failed)"]);
    assert_eq!(go(state, broke()).1, ["turn.failed", "Finish(Failed)"]);
}

#[test]
fn a_cancellation_keeps_what_was_said() {
    let cancelled = |text: &str| Input::Cancelled { by: None, partial: half(text) };
    let (state, effects) = go(opened(), cancelled("So f"));
    assert_eq!(effects, ["message.completed turn.cancelled", "Finish(Cancelled)"]);
    assert_eq!(state.steps[0].text, "So f");
    let (state, _) = go(opened(), calls(&[Write]));
    assert_eq!(go(state, cancelled("")).1, ["turn.cancelled", "Finish(Cancelled)"]);
}

#[test]
fn of_more_calls_than_a_step_may_have_the_first_run_and_the_model_hears_of_the_rest() {
    let (state, effects) = go(opened(), calls(&[Read; 5]));
    let called = "tool.called tool.called tool.called tool.called tool.called tool.result";
    assert_eq!(effects, [called, "RunReads([0, 1, 2, 3])"]);
    let Some(ToolOutcome::Failed { problem }) = &state.steps[0].calls[4].outcome else { panic!("it ran") };
    assert_eq!(problem.code, "too_many_calls_at_once");
}

#[test]
fn limits_end_a_turn_with_a_problem() {
    let mut state = opened();
    for _ in 0..3 {
        (state, _) = go(state, calls(&[Read]));
        (state, _) = go(state, Input::Ran(vec![ok(0)]));
    }
    let (state, _) = go(state, calls(&[Read]));
    assert_eq!(go(state, Input::Ran(vec![ok(0)])).1, ["tool.result turn.failed", "Finish(Failed)"]);
    let (state, _) = go(opened(), calls(&[Read; 4]));
    let (state, _) = go(state, Input::Ran((0..4).map(ok).collect()));
    assert_eq!(go(state, calls(&[Read; 3])).1, ["turn.failed", "Finish(Failed)"], "too many calls in all");
}

#[test]
fn every_call_has_a_result_in_what_the_model_is_shown() {
    let (state, _) = go(opened(), calls(&[Read, Write]));
    let messages = messages(&state, Page::usual(&limits()));
    assert_eq!(messages[0], Message::User("hello".into()));
    assert!(matches!(&messages[1], Message::Assistant { tool_calls, .. } if tool_calls.len() == 2));
    assert!(
        messages[2..]
            .iter()
            .all(|m| matches!(m, Message::Tool { content, .. } if content.contains("not_run")))
    );
    assert_eq!(messages.len(), 4);
}

#[test]
fn a_state_survives_its_serialization() {
    let (state, _) = go(opened(), calls(&[Read, Destructive]));
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
}
