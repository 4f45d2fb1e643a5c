//! A session's transcript, folded from its log. What a page shows after a reload and what a stream has
//! shown so far are the same fold.

use kontor_agents::GO_ON;
use kontor_core::{
    error::Problem,
    ids::{AgentId, ApprovalId, MemberId, TurnId},
    operation::Effect,
    reading::readable,
    time::Timestamp,
    turn::{AnsweredBy, ApprovalQuestion, RoutedBy, ToolOutcome, TurnEvent},
    usage::{Spent, dollars},
};
use serde_json::Value as Json;

use super::{prose::Prose, thought::Thought};

/// The turns of a session in the order in which they began.
#[derive(Default)]
pub(crate) struct Transcript {
    turns: Vec<Turn>,
    /// When what is taken in next was logged.
    now: Option<Timestamp>,
}

pub(crate) struct Turn {
    pub id: TurnId,
    pub message: String,
    /// Whose it is, where that is another than the session's member.
    pub by: Option<MemberId>,
    /// When what it came to last was logged.
    pub at: Option<Timestamp>,
    pub state: TurnState,
    /// The label of the agent whose it is, where that is another than the one that the chat is with now.
    pub agent: Option<String>,
    /// How the chat came to an agent with it, or went to another after it.
    pub arrivals: Vec<Arrival>,
    /// What was told the model in the place of earlier messages, from this turn on.
    pub note: Option<Note>,
    pub steps: Vec<Step>,
    /// What the model's answers have used up.
    pub spent: Spent,
}

/// The chat goes to an agent.
pub(crate) struct Arrival {
    pub id: AgentId,
    /// Its label.
    pub agent: String,
    pub reason: String,
    /// It is the first that the chat has.
    pub is_first: bool,
}

/// What became of earlier messages that the model had no room for.
pub(crate) enum Note {
    Summary(Prose),
    /// They are left out of the turn: why there is no summary.
    LeftOut(Problem),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TurnState {
    Queued,
    Running,
    Waiting,
    Completed,
    Failed(Problem),
    Cancelled,
}

impl TurnState {
    /// The word the page's elements are marked with.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

pub(crate) struct Step {
    pub number: u32,
    /// What the model thought before it answered.
    pub thought: Thought,
    pub prose: Prose,
    pub calls: Vec<Call>,
    /// Which model answered in the place of which other, in words.
    pub stand_in: Option<String>,
}

pub(crate) struct Call {
    pub index: u32,
    pub operation: String,
    pub arguments: Json,
    pub effect: Option<Effect>,
    pub state: CallState,
    /// What a person was asked about it.
    pub question: Option<ApprovalQuestion>,
    /// What the agent is called whose call it is, where that is one that was asked by another.
    pub by: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallState {
    Running,
    Waiting(ApprovalId),
    Ended {
        outcome: ToolOutcome,
        duration_ms: u64,
    },
    /// Its turn ended before it ran, by failing or else by being stopped.
    NotRun {
        failed: bool,
    },
}

/// What an event has changed, and so what must be shown anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    Turn(TurnId),
    Prose(TurnId, u32),
    Call(TurnId, u32, u32),
    /// A call, and with it whether its turn waits for a person.
    Approval(TurnId, u32, u32),
    /// What became of earlier messages.
    Note(TurnId),
    /// The chat is with another agent, or its first one.
    Agent(TurnId),
    /// A turn is over, and with it those of its calls that had not run.
    End(TurnId),
}

impl Transcript {
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    pub(crate) fn turn(&self, id: TurnId) -> Option<&Turn> {
        // The turn in question is nearly always the last.
        self.turns.iter().rev().find(|turn| turn.id == id)
    }

    pub(crate) fn step_mut(&mut self, turn: TurnId, number: u32) -> Option<&mut Step> {
        Some(self.turn_mut(turn)?.step(number))
    }

    /// Adds a message that waits for its turn, unless it has been taken up already.
    pub(crate) fn queue(&mut self, id: TurnId, message: String, by: Option<MemberId>) {
        if self.turn(id).is_none() {
            self.turns.push(Turn {
                id,
                message,
                by,
                at: None,
                state: TurnState::Queued,
                agent: None,
                arrivals: Vec::new(),
                note: None,
                steps: Vec::new(),
                spent: Spent::default(),
            });
        }
    }

    /// The calls of all turns, the latest first.
    pub(crate) fn latest_calls(&self) -> impl Iterator<Item = &Call> {
        let steps = self.turns.iter().rev().flat_map(|turn| turn.steps.iter().rev());
        steps.flat_map(|step| step.calls.iter().rev())
    }

    /// Adds a message that is taken up at once.
    pub(crate) fn run(&mut self, id: TurnId, message: String, by: Option<MemberId>) {
        self.queue(id, message, by);
        if let Some(turn) = self.turn_mut(id) {
            turn.state = TurnState::Running;
        }
    }

    /// Leaves only the last turns.
    pub(crate) fn keep_last(&mut self, turns: usize) {
        let surplus = self.turns.len().saturating_sub(turns);
        self.turns.drain(..surplus);
    }

    /// Renders the text of every step, for a page as it is loaded.
    pub(crate) fn render(&mut self) {
        for step in self.turns.iter_mut().flat_map(|turn| &mut turn.steps) {
            step.prose.render();
            step.thought.shown();
        }
    }

    /// Notes when what is taken in next was logged.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    pub(crate) fn apply(&mut self, event: &TurnEvent) -> Change {
        let now = self.now;
        if let TurnEvent::TurnStarted { turn, message, .. } = event {
            self.queue(*turn, message.clone(), None);
        }
        if let TurnEvent::AgentChanged { from: Some(from), .. } = event {
            // All until now were the other's.
            for turn in self.turns.iter_mut().filter(|turn| turn.agent.is_none()) {
                turn.agent = Some(from.label.clone());
            }
        }
        let id = event.turn();
        let Some(turn) = self.turn_mut(id) else { return Change::Nothing };
        // A change of the agent may come long after the answer.
        if !matches!(event, TurnEvent::AgentChanged { .. }) {
            turn.at = now.or(turn.at);
        }
        turn.apply(event)
    }

    fn turn_mut(&mut self, id: TurnId) -> Option<&mut Turn> {
        self.turns.iter_mut().rev().find(|turn| turn.id == id)
    }
}

impl Turn {
    fn step(&mut self, number: u32) -> &mut Step {
        let at = self.steps.partition_point(|step| step.number < number);
        if self.steps.get(at).is_none_or(|step| step.number != number) {
            let (thought, prose) = (Thought::default(), Prose::default());
            self.steps.insert(at, Step { number, thought, prose, calls: Vec::new(), stand_in: None });
        }
        &mut self.steps[at]
    }

    /// What an agent that was asked does. What it says is in the result of the call that asked it.
    fn apply_of_another(&mut self, agent: &str, event: &TurnEvent) -> Change {
        let change = match event {
            TurnEvent::MessageCompleted { .. } | TurnEvent::StepRestarted { .. } => Change::Nothing,
            event => self.apply(event),
        };
        if let Change::Call(_, step, index) = change {
            self.step(step).call(index, "", &Json::Null).by = Some(agent.to_owned());
        }
        change
    }

    fn apply(&mut self, event: &TurnEvent) -> Change {
        let id = self.id;
        match event {
            TurnEvent::AgentEvent { agent, event, .. } => self.apply_of_another(&agent.label, event),
            TurnEvent::TurnStarted { by, .. } => {
                self.by = *by;
                self.state = TurnState::Running;
                Change::Turn(id)
            }
            TurnEvent::AgentChanged { agent, from, routing, .. } => {
                // One that is handed over is answered by the other.
                if routing.by == RoutedBy::Agent {
                    self.agent = Some(agent.label.clone());
                }
                self.arrivals.push(Arrival {
                    id: agent.id,
                    agent: agent.label.clone(),
                    reason: routing.reason.clone(),
                    is_first: from.is_none(),
                });
                Change::Agent(id)
            }
            TurnEvent::StepStarted { step, .. } => {
                self.step(*step);
                Change::Turn(id)
            }
            TurnEvent::StepRestarted { step, .. } => {
                let view = self.step(*step);
                view.thought.replace("");
                view.prose.replace("");
                Change::Prose(id, *step)
            }
            TurnEvent::MessageCompleted { step, text, reasoning, answered_by, .. } => {
                let view = self.step(*step);
                view.thought.replace(reasoning);
                view.prose.replace(text);
                view.answered(answered_by.as_ref());
                Change::Prose(id, *step)
            }
            TurnEvent::ToolCalled { step, index, operation, arguments, effect, answered_by, .. } => {
                self.step(*step).answered(answered_by.as_ref());
                let call = self.step(*step).call(*index, operation, arguments);
                call.effect = *effect;
                Change::Call(id, *step, *index)
            }
            TurnEvent::ToolResult { step, index, operation, outcome, duration_ms, .. } => {
                let call = self.step(*step).call(*index, operation, &Json::Null);
                call.state = CallState::Ended { outcome: outcome.clone(), duration_ms: *duration_ms };
                Change::Call(id, *step, *index)
            }
            TurnEvent::ApprovalRequested {
                step, index, approval, operation, arguments, question, ..
            } => {
                let call = self.step(*step).call(*index, operation, arguments);
                call.state = CallState::Waiting(*approval);
                call.question = Some(question.clone());
                call.by = question.asked_agent.as_ref().map(|agent| agent.label.clone());
                self.state = TurnState::Waiting;
                Change::Approval(id, *step, *index)
            }
            TurnEvent::ApprovalResolved { step, index, .. } => {
                let call = self.step(*step).call(*index, "", &Json::Null);
                if matches!(call.state, CallState::Waiting(_)) {
                    call.state = CallState::Running;
                }
                if !self.waits() {
                    self.state = TurnState::Running;
                }
                Change::Approval(id, *step, *index)
            }
            // What was no answer is not shown as one.
            TurnEvent::AnswerRefused { step, .. } => {
                self.step(*step).prose.replace("");
                Change::Prose(id, *step)
            }
            TurnEvent::HistorySummarized { text, .. } => {
                let mut prose = Prose::default();
                prose.replace(text);
                prose.render();
                self.note = Some(Note::Summary(prose));
                Change::Note(id)
            }
            TurnEvent::HistoryDropped { problem, .. } => {
                self.note = Some(Note::LeftOut(problem.clone()));
                Change::Note(id)
            }
            TurnEvent::Usage { usage, .. } => {
                self.spent.add(usage);
                Change::Nothing
            }
            TurnEvent::AnswerCarried { .. } | TurnEvent::AgentAsked { .. } => Change::Nothing,
            TurnEvent::TurnCompleted { .. } => self.end(TurnState::Completed),
            TurnEvent::TurnFailed { problem, .. } => self.end(TurnState::Failed(problem.clone())),
            TurnEvent::TurnCancelled { .. } => self.end(TurnState::Cancelled),
        }
    }

    /// Nothing follows: what runs or waits now never comes to run, and there is nothing left to answer.
    fn end(&mut self, state: TurnState) -> Change {
        let failed = matches!(state, TurnState::Failed(_));
        self.state = state;
        for call in self.steps.iter_mut().flat_map(|step| &mut step.calls) {
            if matches!(call.state, CallState::Running | CallState::Waiting(_)) {
                call.state = CallState::NotRun { failed };
            }
        }
        Change::End(self.id)
    }

    /// Tokens and cost of a turn that is over, as far as its model told them.
    pub(crate) fn spent_in_words(&self) -> Option<String> {
        let is_over =
            matches!(self.state, TurnState::Completed | TurnState::Failed(_) | TurnState::Cancelled);
        let Spent { tokens, cost_micros } = self.spent;
        if !is_over || tokens == 0 {
            return None;
        }
        let tokens = format!("{} tokens", readable(&tokens.to_string()));
        Some(if cost_micros == 0 { tokens } else { format!("{tokens} · {}", dollars(cost_micros)) })
    }

    /// Whether the model is to speak next, and no tool runs.
    pub(crate) fn awaits_model(&self) -> bool {
        self.steps
            .last()
            .is_none_or(|step| step.calls.iter().all(|call| matches!(call.state, CallState::Ended { .. })))
    }

    /// Whether anything came of it on which it can go on.
    pub(crate) fn has_results(&self) -> bool {
        let mut calls = self.steps.iter().flat_map(|step| &step.calls);
        // One that goes on from another has what that had done.
        self.message == GO_ON || calls.any(|call| matches!(call.state, CallState::Ended { .. }))
    }

    /// The last agent that the chat came to with it.
    pub(crate) fn arrival(&self) -> Option<&Arrival> {
        self.arrivals.last()
    }

    /// Which model answered last in the place of which other, in words.
    pub(crate) fn stand_in(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| step.stand_in.as_deref())
    }

    /// The calls that never came to run, each with its step.
    pub(crate) fn not_run(&self) -> impl Iterator<Item = (u32, u32)> {
        let calls = self.steps.iter().flat_map(|step| step.calls.iter().map(|call| (step.number, call)));
        calls
            .filter(|(_, call)| matches!(call.state, CallState::NotRun { .. }))
            .map(|(step, call)| (step, call.index))
    }

    fn waits(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.calls).any(|call| matches!(call.state, CallState::Waiting(_)))
    }
}

impl Step {
    fn answered(&mut self, by: Option<&AnsweredBy>) {
        if let Some(words) = by.and_then(AnsweredBy::words) {
            self.stand_in = Some(words);
        }
    }

    fn call(&mut self, index: u32, operation: &str, arguments: &Json) -> &mut Call {
        let at = self.calls.partition_point(|call| call.index < index);
        if self.calls.get(at).is_none_or(|call| call.index != index) {
            let call = Call {
                index,
                operation: operation.to_owned(),
                arguments: arguments.clone(),
                effect: None,
                state: CallState::Running,
                question: None,
                by: None,
            };
            self.calls.insert(at, call);
        }
        &mut self.calls[at]
    }
}
