use std::sync::Arc;

use kontor_core::{
    error::{ErrorKind, Problem},
    ids::{ApprovalId, MemberId, TurnId},
    operation,
    turn::{AnsweredBy, ApprovalQuestion, ApprovalRecord, ToolOutcome, TurnEvent, WrittenCall},
    usage::StepUsage,
};
use kontor_models::{Carried, Opaque};
use kontor_operations::ApprovalPolicy;
use serde_json::Value;

use super::{
    End, State,
    asking::Engaged,
    partial::{Partial, used},
    policy::{Verdict, verdict},
    state::{Call, Step},
};
use crate::limits::Limits;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// The turn was taken up for the first time: its [`opening`] is committed.
    Opened,
    /// The turn was taken over or goes on after an approval.
    Resumed,
    /// Earlier turns were summed up, or could not be: the event that says so, and what that used up.
    SummedUp {
        event: TurnEvent,
        usage: Option<StepUsage>,
    },
    Answered(Answer),
    /// The model gave no whole answer.
    ModelFailed {
        problem: Problem,
        may_retry: bool,
        /// Another model is asked in its place; how many there are bounds it.
        goes_on: bool,
        partial: Partial,
    },
    /// Calls came to their end; nothing of it is committed.
    Ran(Vec<Ran>),
    /// A call that writes or reaches outside came to its end, and its result was committed with its effect or its
    /// outcome.
    Wrote(TurnEvent),
    /// What was found out for the approvals asked for.
    Asked(Vec<Asked>),
    Cancelled {
        by: Option<MemberId>,
        partial: Partial,
    },
    /// The agent that answers cannot go on: the turn, or the part of an agent that was asked.
    Failed {
        problem: Problem,
        partial: Partial,
    },
    /// The turn as a whole cannot go on, whoever answers.
    Over {
        problem: Problem,
        partial: Partial,
    },
    /// The agent that a call asks is there.
    Engaged(Engaged),
    /// The conversation is another agent's now. These events tell it, and that agent's first step begins with them; they
    /// are committed.
    HandedOver(Vec<TurnEvent>),
}

/// A whole answer of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) calls: Vec<Proposed>,
    /// What goes back to the model with it.
    pub(crate) carried: Option<Arc<Carried>>,
    pub(crate) usage: Option<StepUsage>,
    /// Why it is no answer to end with: its form is not the one that the agent's answers have.
    pub(crate) refused: Option<String>,
    /// The provider ended it before its own end.
    pub(crate) cut: bool,
    pub(crate) answered_by: Option<AnsweredBy>,
    /// No further request may follow for this step, whatever is wrong with this one.
    pub(crate) is_last: bool,
}

/// An approval that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) index: u32,
    pub(crate) approval: ApprovalId,
    /// The record that the call is about.
    pub(crate) record: Option<ApprovalRecord>,
}

/// A call the model wants, looked up in the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proposed {
    pub(crate) id: String,
    pub(crate) operation: String,
    pub(crate) arguments: Value,
    /// `None` for an operation that does not exist.
    pub(crate) effect: Option<operation::Effect>,
    /// How many records it changes, where that is not one.
    pub(crate) records: Option<u32>,
    /// Why it cannot run as it is.
    pub(crate) problem: Option<Problem>,
    /// What the model wrote, where that is not the operation itself.
    pub(crate) written: Option<WrittenCall>,
    /// What goes back to the model with it.
    pub(crate) extra: Option<Opaque>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ran {
    pub(crate) index: u32,
    pub(crate) outcome: ToolOutcome,
    pub(crate) duration_ms: u64,
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Into the log, with the next commit.
    Append(Vec<TurnEvent>),
    /// What was appended is to be durable before anything else happens.
    Commit,
    CallModel,
    /// Side by side.
    RunReads(Vec<u32>),
    /// Alone; its effect, its result and what was appended before commit together.
    RunWrite(u32),
    /// Alone. It is wanted again when the turn is taken over before its result is committed; that it happens at
    /// most once is up to the driver, who knows whether it was begun.
    RunOutside(u32),
    /// The agent that a call asks is to be found.
    Engage(u32),
    /// The conversation goes to the agent that a call names, in one commit with what was appended.
    HandOver(u32),
    /// A person is asked whether these may run.
    Ask(Vec<u32>),
    /// The turn waits for an answer; what was appended is committed and the lease ends.
    Wait,
    /// What was appended is committed with the end of the turn.
    Finish(End),
}

/// The first events of a turn, committed with the lease that takes it up.
pub(crate) fn opening(turn: TurnId, message: String, by: Option<MemberId>) -> [TurnEvent; 2] {
    [TurnEvent::TurnStarted { turn, message, by }, TurnEvent::StepStarted { turn, step: 1 }]
}

/// What follows when `input` happens in `state`. A turn that has ended stays as it is.
pub(crate) fn next(
    limits: &Limits,
    policy: &ApprovalPolicy,
    state: State,
    input: Input,
) -> (State, Vec<Effect>) {
    let mut machine = Machine { limits, policy, state, effects: Vec::new() };
    if machine.state.end.is_none() {
        machine.take(input);
    }
    (machine.state, machine.effects)
}

pub(super) struct Machine<'l> {
    pub(super) limits: &'l Limits,
    pub(super) policy: &'l ApprovalPolicy,
    pub(super) state: State,
    pub(super) effects: Vec<Effect>,
}

impl Machine<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Opened => self.effects.push(Effect::CallModel),
            Input::Resumed => self.resume(),
            Input::SummedUp { event, usage } => {
                self.append([Some(event), used(&self.state, usage)].into_iter().flatten().collect());
                // What was paid for is not asked for again after a crash.
                self.effects.extend([Effect::Commit, Effect::CallModel]);
            }
            Input::Answered(answer) => self.answered(answer),
            Input::ModelFailed { problem, may_retry, goes_on, partial } => {
                let restarts = self.state.step().map_or(0, |step| step.restarts);
                if goes_on || (may_retry && restarts < self.limits.restarts) {
                    self.append(partial.voided(&self.state).into_iter().collect());
                    self.restart(problem.message, false);
                } else {
                    self.fail(problem, partial);
                }
            }
            Input::Ran(ran) => {
                let events = ran
                    .into_iter()
                    .filter_map(|ran| self.state.result(ran.index, ran.outcome, ran.duration_ms))
                    .collect();
                self.append(events);
                self.proceed();
            }
            Input::Wrote(event) => {
                self.state.apply(&event);
                self.proceed();
            }
            Input::Asked(asked) => self.asked(asked),
            Input::Cancelled { by, partial } => {
                let mut events = partial.ended(&self.state);
                events.push(TurnEvent::TurnCancelled { turn: self.state.turn, by });
                self.finish(events, End::Cancelled);
            }
            Input::Failed { problem, partial } => self.fail(problem, partial),
            Input::Over { problem, partial } => {
                self.append(partial.ended(&self.state));
                self.finish(vec![self.state.failed(problem)], End::Failed);
            }
            Input::Engaged(engaged) => self.engaged(engaged),
            Input::HandedOver(events) => self.handed_over(&events),
        }
    }

    fn resume(&mut self) {
        match self.state.step() {
            None => self.begin_step(),
            Some(step) if step.calls.is_empty() => {
                if step.takeovers >= self.limits.takeovers {
                    self.fail(
                        Problem::new(
                            ErrorKind::Unavailable,
                            "interrupted_too_often",
                            "The server was restarted too often while the model was answering. Send the message again.",
                        ),
                        Partial::default(),
                    );
                } else {
                    self.restart("The server was restarted while the model was answering.".to_owned(), true);
                }
            }
            Some(_) => self.proceed(),
        }
    }

    fn answered(&mut self, answer: Answer) {
        let (turn, step) = (self.state.turn, self.state.step_number());
        let has_calls = !answer.calls.is_empty();
        if !has_calls && answer.text.trim().is_empty() {
            let problem = Problem::new(
                ErrorKind::Unavailable,
                "empty_answer",
                "The model gave an empty answer. Try again, or ask in other words.",
            );
            return self.take(Input::ModelFailed {
                problem,
                may_retry: !answer.is_last,
                goes_on: false,
                partial: Partial { text: answer.text, reasoning: answer.reasoning, usage: answer.usage },
            });
        }
        let mut events = Vec::with_capacity(answer.calls.len() + 4);
        let mut answered_by = answer.answered_by;
        if !has_calls || !answer.text.is_empty() || !answer.reasoning.is_empty() {
            events.push(TurnEvent::MessageCompleted {
                turn,
                step,
                text: answer.text,
                reasoning: answer.reasoning,
                interrupted: answer.cut,
                answered_by: answered_by.take(),
            });
        }
        events.extend(used(&self.state, answer.usage));
        if let Some(carried) = answer.carried {
            let extras = answer.calls.iter().zip(0..);
            let calls =
                extras.filter_map(|(call, index)| Some((index, call.extra.clone()?.into()))).collect();
            let Carried { by, value } = Arc::unwrap_or_clone(carried);
            events.push(TurnEvent::AnswerCarried { turn, step, by, value: value.into(), calls });
        }
        if !has_calls {
            let Some(reason) = answer.refused else {
                self.append(events);
                return self.conclude();
            };
            if self.state.has_refused() {
                self.append(events);
                return self.give_up(not_of_the_form(&reason));
            }
            events.push(TurnEvent::AnswerRefused { turn, step, reason });
            self.append(events);
            return self.next_step();
        }
        if let Some(problem) = self.too_many_calls(answer.calls.len()) {
            self.append(events);
            return self.give_up(problem);
        }
        let mut results = Vec::new();
        let per_step = self.limits.calls_per_step;
        for (call, index) in answer.calls.into_iter().zip(0..) {
            let problem = if index < per_step { call.problem } else { Some(beyond(per_step)) };
            if let Some(problem) = problem {
                results.push(TurnEvent::ToolResult {
                    turn,
                    step,
                    index,
                    call: call.id.clone(),
                    operation: call.operation.clone(),
                    outcome: ToolOutcome::Failed { problem },
                    duration_ms: 0,
                });
            }
            events.push(TurnEvent::ToolCalled {
                turn,
                step,
                index,
                call: call.id,
                operation: call.operation,
                arguments: call.arguments,
                effect: call.effect,
                records: call.records,
                written: call.written,
                answered_by: answered_by.take(),
            });
        }
        events.append(&mut results);
        self.append(events);
        self.proceed();
    }

    /// Goes on with the calls of the step: the first without outcome decides.
    pub(super) fn proceed(&mut self) {
        let Some(step) = self.state.step() else { return };
        let mut open: Vec<&Call> = step.calls.iter().filter(|call| call.outcome.is_none()).collect();
        // What else was wanted is done before the conversation is another's.
        open.sort_by_key(|call| call.hands_over());
        let Some(first) = open.first() else { return self.next_step() };
        let index = first.index;
        match verdict(self.policy, &self.state, first) {
            Verdict::Run => {}
            Verdict::Ask(_) => {
                let asked = open.iter().filter(|call| call.index == index || is_always_asked_about(call));
                let asked = asked.map(|call| call.index).collect();
                return self.effects.push(Effect::Ask(asked));
            }
            Verdict::Wait => return self.effects.push(Effect::Wait),
            Verdict::Deny { comment } => return self.settle(index, ToolOutcome::Denied { comment }),
        }
        match first.effect {
            Some(_) if first.hands_over() => self.pass_on(index),
            Some(_) if first.asks_an_agent() => self.effects.extend([Effect::Commit, Effect::Engage(index)]),
            Some(operation::Effect::Read) => {
                let reads: Vec<u32> =
                    open.iter().take_while(|call| is_read(call)).map(|call| call.index).collect();
                if !only_reads(step) {
                    self.effects.push(Effect::Commit);
                }
                self.effects.push(Effect::RunReads(reads));
            }
            Some(operation::Effect::Write | operation::Effect::Destructive) => {
                self.effects.extend([Effect::Commit, Effect::RunWrite(index)]);
            }
            Some(operation::Effect::External) => {
                self.effects.extend([Effect::Commit, Effect::RunOutside(index)]);
            }
            // What the catalogue does not know does not run.
            None => {
                let problem = Problem::new(
                    ErrorKind::NotFound,
                    "unknown_operation",
                    "There is no such operation you may call.",
                );
                self.settle(index, ToolOutcome::Failed { problem });
            }
        }
    }

    pub(super) fn settle(&mut self, index: u32, outcome: ToolOutcome) {
        self.append(self.state.result(index, outcome, 0).into_iter().collect());
        self.proceed();
    }

    fn asked(&mut self, asked: Vec<Asked>) {
        let (turn, step) = (self.state.turn, self.state.step_number());
        let events = asked
            .into_iter()
            .filter_map(|Asked { index, approval, record }| {
                let call = self.state.call(index)?;
                let Verdict::Ask(reason) = verdict(self.policy, &self.state, call) else { return None };
                Some(TurnEvent::ApprovalRequested {
                    turn,
                    step,
                    index,
                    approval,
                    operation: call.operation.clone(),
                    arguments: call.arguments.clone(),
                    question: ApprovalQuestion {
                        reason,
                        record,
                        asked_agent: self.state.part().map(|part| part.agent.named()),
                    },
                })
            })
            .collect();
        self.append(events);
        self.effects.push(Effect::Wait);
    }

    fn next_step(&mut self) {
        match self.too_many_steps() {
            Some(problem) => self.give_up(problem),
            None => self.begin_step(),
        }
    }

    pub(super) fn begin_step(&mut self) {
        let step = self.state.steps_so_far() + 1;
        self.append(vec![TurnEvent::StepStarted { turn: self.state.turn, step }]);
        self.effects.extend([Effect::Commit, Effect::CallModel]);
    }

    fn restart(&mut self, reason: String, taken_over: bool) {
        let (turn, step) = (self.state.turn, self.state.step_number());
        self.append(vec![TurnEvent::StepRestarted { turn, step, reason, taken_over, epoch: None }]);
        self.effects.extend([Effect::Commit, Effect::CallModel]);
    }

    fn fail(&mut self, problem: Problem, partial: Partial) {
        self.append(partial.ended(&self.state));
        self.give_up(problem);
    }

    pub(super) fn finish(&mut self, events: Vec<TurnEvent>, end: End) {
        self.append(events);
        self.effects.push(Effect::Finish(end));
    }

    pub(super) fn append(&mut self, events: Vec<TurnEvent>) {
        if events.is_empty() {
            return;
        }
        let mut placed = Vec::with_capacity(events.len());
        for event in events {
            let event = self.state.placed(event);
            self.state.apply(&event);
            placed.push(event);
        }
        match self.effects.last_mut() {
            Some(Effect::Append(before)) => before.extend(placed),
            _ => self.effects.push(Effect::Append(placed)),
        }
    }
}

/// How a turn fails whose model did not answer in the form that was asked for, though it was told what is wrong.
fn not_of_the_form(reason: &str) -> Problem {
    let message = format!("The model did not answer in the form that this agent answers in: {reason}");
    Problem::new(ErrorKind::Unavailable, "answer_not_in_format", message)
}

fn is_read(call: &Call) -> bool {
    call.effect == Some(operation::Effect::Read) && !call.asks_an_agent() && !call.hands_over()
}

/// A call that is asked about whatever comes before it in its step, and so together with the first one.
fn is_always_asked_about(call: &Call) -> bool {
    let is_asked = matches!(call.effect, Some(operation::Effect::Destructive | operation::Effect::External));
    is_asked && call.approval.is_none()
}

/// Whether nothing of the step but reads can run.
fn only_reads(step: &Step) -> bool {
    step.calls.iter().all(|call| call.effect.is_none() || is_read(call) || failed_at_once(call))
}

/// A call whose arguments did not fit never runs, whatever its effect.
fn failed_at_once(call: &Call) -> bool {
    matches!(call.outcome, Some(ToolOutcome::Failed { .. })) && call.approval.is_none()
}

/// What the model is told of a call that was one too many in its step; those before it run.
fn beyond(per_step: u32) -> Problem {
    let message = format!("It was not run: at most {per_step} calls run at once. Make the rest of them now.");
    Problem::new(ErrorKind::Limited, "too_many_calls_at_once", message)
}
