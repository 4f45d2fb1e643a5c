use std::sync::Arc;

use kontor_core::{
    error::Problem,
    ids::{ApprovalId, MemberId, TurnId},
    operation::Effect,
    text,
    turn::{ApprovalReason, CallPlace, Done, RoutedBy, ToolOutcome, TurnEvent, WrittenCall},
    usage::Spent,
};
use kontor_models::{Carried, Opaque};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{handover::Handover, parts::Part};

/// How much of what was done is told in words.
const MOST_TOLD: usize = 10;
/// What the model is told where a turn goes on after another ended early.
pub const GO_ON: &str = "Go on where you stopped. What has a result above is done: do not do it again.";
/// Where a failure begins to tell what was done before it.
pub(crate) const DONE_BEFORE: &str = " Done before it failed:";

/// Where a turn stands: its logged events, folded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) turn: TurnId,
    pub(crate) message: String,
    /// Whose turn it is, where that is another than the session's member.
    #[serde(default)]
    pub(crate) by: Option<MemberId>,
    pub(crate) steps: Vec<Step>,
    /// Summaries that were made of earlier turns.
    pub(crate) summaries: u32,
    /// Earlier turns are left out where there is no room for them: no summary of them could be made.
    pub(crate) has_dropped: bool,
    /// The member is told that they are left out.
    #[serde(default)]
    pub(crate) has_told_dropped: bool,
    /// What the model's answers have used up, also those that came to nothing.
    #[serde(default)]
    pub(crate) spent: Spent,
    /// Of the agents that were asked, in the order in which they were.
    #[serde(default)]
    pub(crate) parts: Vec<Part>,
    /// Where the conversation was handed over, in the order in which it was.
    #[serde(default)]
    pub(crate) handovers: Vec<Handover>,
    pub(crate) end: Option<End>,
}

/// One question to the model and what came of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Step {
    /// The call that asked the agent whose step it is, where that is not the turn's own.
    #[serde(default)]
    pub(crate) of: Option<CallPlace>,
    /// How often it began again because the model's answer broke off.
    pub(crate) restarts: u32,
    /// How often it began again because the process that ran it was gone.
    pub(crate) takeovers: u32,
    pub(crate) text: String,
    /// What goes back to the model with the answer.
    pub(crate) carried: Option<Arc<Carried>>,
    /// And with single calls of it.
    pub(crate) extras: Vec<(u32, Opaque)>,
    /// Why the text is no answer, where it is not of the form that answers have.
    #[serde(default)]
    pub(crate) refused: Option<String>,
    /// In the order in which the model wrote them.
    pub(crate) calls: Vec<Call>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) index: u32,
    pub(crate) id: String,
    pub(crate) operation: String,
    pub(crate) arguments: Value,
    pub(crate) effect: Option<Effect>,
    /// How many records it changes when it succeeds.
    pub(crate) records: u32,
    pub(crate) approval: Option<Approval>,
    pub(crate) outcome: Option<ToolOutcome>,
    /// What the model wrote, where that is not the operation itself.
    pub(crate) written: Option<WrittenCall>,
}

impl Step {
    /// What goes back to the model with a call.
    pub(crate) fn extra(&self, index: u32) -> Option<&Opaque> {
        self.extras.iter().find(|(of, _)| *of == index).map(|(_, extra)| extra)
    }
}

impl Call {
    /// The call that these events tell of, in their order.
    pub(crate) fn of<'e>(events: impl IntoIterator<Item = &'e TurnEvent>) -> Option<Self> {
        let mut found = None;
        for event in events {
            match event {
                TurnEvent::ToolCalled { .. } => found = Self::begun(event),
                TurnEvent::ToolResult { outcome, .. } => {
                    found = found.map(|call: Self| Self { outcome: Some(outcome.clone()), ..call });
                }
                _ => {}
            }
        }
        found
    }

    fn begun(event: &TurnEvent) -> Option<Self> {
        let TurnEvent::ToolCalled { index, call, operation, arguments, effect, records, written, .. } = event
        else {
            return None;
        };
        Some(Self {
            index: *index,
            id: call.clone(),
            operation: operation.clone(),
            arguments: arguments.clone(),
            effect: *effect,
            records: match effect {
                None | Some(Effect::Read) => 0,
                Some(_) => records.unwrap_or(1),
            },
            approval: None,
            outcome: None,
            written: written.clone(),
        })
    }

    /// What came of it, where it changed something or may have.
    fn done(&self, step: u32) -> Option<Done> {
        if matches!(self.effect, None | Some(Effect::Read)) {
            return None;
        }
        let (result, unknown) = match &self.outcome {
            Some(ToolOutcome::Succeeded { result }) => (result.to_value(), false),
            Some(ToolOutcome::Unknown) => (Value::Null, true),
            None if self.may_have_run() => (Value::Null, true),
            Some(ToolOutcome::Failed { .. } | ToolOutcome::Denied { .. }) | None => return None,
        };
        let told = &result["record"];
        let record = told["id"].as_str().or_else(|| self.arguments["id"].as_str());
        Some(Done {
            step,
            index: self.index,
            operation: self.operation.clone(),
            record: record.and_then(|id| id.parse().ok()),
            name: told["label"].as_str().map(|name| text::excerpt(name, 80)).unwrap_or_default(),
            unknown,
        })
    }

    /// Whether a call without an outcome may have had its effect: one that reaches outside is begun before its outcome
    /// is written, as soon as it is agreed to.
    pub(crate) fn may_have_run(&self) -> bool {
        let is_agreed = |approval: &Approval| approval.answer.as_ref().is_some_and(|answer| answer.approved);
        self.effect == Some(Effect::External)
            && self.outcome.is_none()
            && self.approval.as_ref().is_none_or(is_agreed)
    }

    /// The event of its result.
    pub(crate) fn result(
        &self,
        turn: TurnId,
        step: u32,
        outcome: ToolOutcome,
        duration_ms: u64,
    ) -> TurnEvent {
        let (call, operation) = (self.id.clone(), self.operation.clone());
        TurnEvent::ToolResult { turn, step, index: self.index, call, operation, outcome, duration_ms }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) id: ApprovalId,
    pub(crate) reason: ApprovalReason,
    pub(crate) answer: Option<Answered>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) approved: bool,
    pub(crate) comment: String,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    Completed,
    Failed,
    Cancelled,
}

impl State {
    pub(crate) fn new(turn: TurnId) -> Self {
        Self {
            turn,
            message: String::new(),
            by: None,
            steps: Vec::new(),
            summaries: 0,
            has_dropped: false,
            has_told_dropped: false,
            spent: Spent::default(),
            parts: Vec::new(),
            handovers: Vec::new(),
            end: None,
        }
    }

    /// The state a turn's events lead to; those of other turns are passed over.
    pub(crate) fn replay<'e>(turn: TurnId, events: impl IntoIterator<Item = &'e TurnEvent>) -> Self {
        let mut state = Self::new(turn);
        for event in events.into_iter().filter(|event| event.turn() == turn) {
            state.apply(event);
        }
        state
    }

    /// The number of the step the turn is in, from 1; 0 before the first. Of the agent that answers now.
    pub(crate) fn step_number(&self) -> u32 {
        let of = self.part().map(|part| part.of);
        let place = self.steps.iter().rposition(|step| step.of == of);
        place.map_or(0, |place| number(place + 1))
    }

    pub(crate) fn step(&self) -> Option<&Step> {
        let of = self.part().map(|part| part.of);
        self.steps.iter().rev().find(|step| step.of == of)
    }

    /// The steps that all agents of the turn have taken.
    pub(crate) fn steps_so_far(&self) -> u32 {
        number(self.steps.len())
    }

    pub(crate) fn call(&self, index: u32) -> Option<&Call> {
        self.step()?.calls.iter().find(|call| call.index == index)
    }

    /// Whether the model is to answer now.
    pub(crate) fn is_asking(&self) -> bool {
        self.end.is_none() && self.step().is_some_and(|step| step.calls.is_empty())
    }

    /// Whether an answer of the agent that answers now was refused for its form.
    pub(crate) fn has_refused(&self) -> bool {
        let of = self.part().map(|part| part.of);
        let is_its = |number: u32| of.is_some() || number > self.handed_after();
        let mut steps = self.steps.iter().zip(1..);
        steps.any(|(step, number)| step.of == of && is_its(number) && step.refused.is_some())
    }

    pub(crate) fn calls_so_far(&self) -> u32 {
        number(self.steps.iter().map(|step| step.calls.len()).sum())
    }

    /// What the turn has done, or may have: its calls that change something, which stays so whatever becomes of it.
    pub(crate) fn done(&self) -> Vec<Done> {
        let calls = self
            .steps
            .iter()
            .zip(1..)
            .flat_map(|(step, number)| step.calls.iter().map(move |call| (number, call)));
        calls.filter_map(|(step, call)| call.done(step)).collect()
    }

    /// The event of a turn's failure, which tells what was done before it.
    pub(crate) fn failed(&self, mut problem: Problem) -> TurnEvent {
        let done = self.done();
        if !done.is_empty() {
            let told: Vec<_> = done.iter().take(MOST_TOLD).map(Done::words).collect();
            problem.message.push_str(&format!("{DONE_BEFORE} {}", told.join(", ")));
            if done.len() > MOST_TOLD {
                problem.message.push_str(&format!(" and {} more", done.len() - MOST_TOLD));
            }
            problem.message.push('.');
        }
        TurnEvent::TurnFailed { turn: self.turn, problem, done }
    }

    /// The event of a call's result in the step the turn is in.
    pub(crate) fn result(&self, index: u32, outcome: ToolOutcome, duration_ms: u64) -> Option<TurnEvent> {
        Some(self.call(index)?.result(self.turn, self.step_number(), outcome, duration_ms))
    }

    pub(crate) fn apply(&mut self, event: &TurnEvent) {
        match event {
            TurnEvent::AgentEvent { of, event, .. } => self.take_in(event, Some(*of)),
            event => self.take_in(event, None),
        }
    }

    /// Takes in what happened to the turn's own agent, or to the one that a call has asked.
    fn take_in(&mut self, event: &TurnEvent, of: Option<CallPlace>) {
        match event {
            TurnEvent::TurnStarted { message, by, .. } => {
                self.message.clone_from(message);
                self.by = *by;
            }
            // Whose the turn is stands in its row.
            TurnEvent::AgentChanged { from, routing, .. } if routing.by == RoutedBy::Agent => {
                self.hand_over(from.as_ref(), &routing.reason);
            }
            TurnEvent::AgentChanged { .. } => {}
            TurnEvent::StepStarted { .. } => self.steps.push(Step { of, ..Step::default() }),
            TurnEvent::StepRestarted { step, taken_over, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    *step = Step {
                        of: step.of,
                        restarts: step.restarts + u32::from(!taken_over),
                        takeovers: step.takeovers + u32::from(*taken_over),
                        ..Step::default()
                    };
                }
            }
            TurnEvent::MessageCompleted { step, text, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    step.text.clone_from(text);
                }
            }
            TurnEvent::AnswerCarried { step, by, value, calls, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    step.carried = Some(Arc::new(Carried { by: by.clone(), value: value.clone().into() }));
                    step.extras = calls.iter().map(|(index, extra)| (*index, extra.clone().into())).collect();
                }
            }
            TurnEvent::AnswerRefused { step, reason, .. } => {
                if let Some(step) = self.step_mut(*step) {
                    step.refused = Some(reason.clone());
                }
            }
            TurnEvent::ToolCalled { step, .. } => {
                if let (Some(step), Some(call)) = (self.step_mut(*step), Call::begun(event)) {
                    step.calls.push(call);
                }
            }
            TurnEvent::ToolResult { step, index, outcome, duration_ms, .. } => {
                let place = CallPlace { step: *step, index: *index };
                // What an agent that was asked has taken is counted already, with its own steps.
                if !self.call_of(place).is_some_and(Call::asks_an_agent) {
                    self.took(*duration_ms);
                }
                self.end_parts(place);
                if let Some(call) = self.call_mut(place) {
                    call.outcome = Some(outcome.clone());
                }
            }
            TurnEvent::ApprovalRequested { step, index, approval, question, .. } => {
                if let Some(call) = self.call_mut(CallPlace { step: *step, index: *index }) {
                    call.approval = Some(Approval { id: *approval, reason: question.reason, answer: None });
                }
            }
            TurnEvent::ApprovalResolved { step, index, approved, comment, .. } => {
                let call = self.call_mut(CallPlace { step: *step, index: *index });
                if let Some(approval) = call.and_then(|call| call.approval.as_mut()) {
                    approval.answer = Some(Answered { approved: *approved, comment: comment.clone() });
                }
            }
            TurnEvent::HistorySummarized { .. } => self.summaries += 1,
            TurnEvent::HistoryDropped { again, .. } => {
                self.has_dropped |= !again;
                self.has_told_dropped = true;
            }
            TurnEvent::Usage { usage, .. } => {
                self.spent.add(usage);
                self.took(usage.latency_ms);
            }
            TurnEvent::AgentAsked { .. } => self.begin_part(event),
            // None stands in another.
            TurnEvent::AgentEvent { .. } => {}
            TurnEvent::TurnCompleted { .. } => self.end_as(End::Completed),
            TurnEvent::TurnFailed { .. } => self.end_as(End::Failed),
            TurnEvent::TurnCancelled { .. } => self.end_as(End::Cancelled),
        }
    }

    fn end_as(&mut self, end: End) {
        self.end = Some(end);
        self.end_all_parts();
    }

    /// A call of any step.
    pub(crate) fn call_of(&self, place: CallPlace) -> Option<&Call> {
        let step = self.steps.get(usize::try_from(place.step).ok()?.checked_sub(1)?)?;
        step.calls.iter().find(|call| call.index == place.index)
    }

    fn call_mut(&mut self, place: CallPlace) -> Option<&mut Call> {
        self.step_mut(place.step)?.calls.iter_mut().find(|call| call.index == place.index)
    }

    fn step_mut(&mut self, number: u32) -> Option<&mut Step> {
        self.steps.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
