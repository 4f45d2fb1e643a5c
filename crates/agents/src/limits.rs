//! What bounds a turn, and how the worker behaves.

use std::{sync::Arc, time::Duration};

use kontor_models::{RetryPolicy, surface};
use uuid::Uuid;

use crate::{account::Account, gate::PublishingGate, observer::TurnObserver};

/// The settings of agents.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    pub limits: Limits,
    /// Before the first delta of an answer.
    pub retries: RetryPolicy,
    /// Whether other processes work on the same data: their leases are honoured until they expire, and the
    /// log is read again for what they append. False where this process holds the data alone, so that what
    /// a crash left is taken over at once.
    pub shared: bool,
    /// Whose leases are ours: the same after a restart, where something keeps two processes from being the
    /// same, so that what we held when we were killed is ours again at once. Without one, a new one.
    pub owner: Option<Uuid>,
    /// How long a lease lasts without being renewed.
    pub lease: Duration,
    /// How often a running turn renews its lease and looks whether it was cancelled elsewhere.
    pub renew_every: Duration,
    /// How often a subscriber looks for what other processes appended.
    pub poll_every: Duration,
    /// Turns that run at one time in this process.
    pub concurrency: usize,
    /// How long an approval waits for its answer.
    pub approval_lifetime: Duration,
    /// How long after its last use a session takes messages.
    pub session_lifetime: Duration,
    /// Who is told of turns that end.
    pub observer: Option<Arc<dyn TurnObserver>>,
    /// Where what turns use up is counted as well, in a copy of a workspace.
    pub account: Option<Arc<dyn Account>>,
    /// What has to be shown before a label moves.
    pub gate: Option<Arc<dyn PublishingGate>>,
}

impl Default for AgentSettings {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self {
            limits: Limits::default(),
            retries: RetryPolicy::default(),
            shared: false,
            owner: None,
            lease: Duration::from_secs(30),
            renew_every: Duration::from_secs(5),
            poll_every: Duration::from_millis(500),
            concurrency: 256,
            approval_lifetime: 24 * HOUR,
            session_lifetime: 30 * 24 * HOUR,
            observer: None,
            account: None,
            gate: None,
        }
    }
}

/// What a turn may use up. Reaching one of these ends it with a problem that a person can read.
#[derive(Debug, Clone)]
pub struct Limits {
    pub steps: u32,
    pub calls_per_turn: u32,
    pub calls_per_step: u32,
    /// How often a step may begin again because the model's answer broke off.
    pub restarts: u32,
    /// How often a step may begin again because the process that ran it was gone.
    pub takeovers: u32,
    /// How deep agents may ask one another: with 2, one that was asked may ask a further one.
    pub ask_depth: usize,
    /// How often a conversation may be handed over between two messages of its member.
    pub handovers: usize,
    /// The time of running; waiting for an approval does not count.
    pub turn: Duration,
    /// Reads that run at one time within a turn.
    pub parallel_reads: usize,
    /// Tokens of the tools and the outline of objects that a model is shown, about.
    pub surface_tokens: usize,
    /// Bytes of a tool's result as the model gets it: of a longer one a page, with a handle to read on.
    pub result_bytes: usize,
    /// Bytes of a tool's result as the log keeps it.
    pub kept_result_bytes: usize,
    /// Bytes of a step's answer: text, reasoning and calls. A model that goes on is not listened to.
    pub answer_bytes: usize,
    /// Characters of a message.
    pub message_characters: usize,
    /// Messages that wait behind a running turn.
    pub queue: u32,
    /// Whole earlier turns the model is shown, at most; what is before them is summed up.
    pub history_turns: usize,
    /// Characters of the earlier turns the model is shown, at most.
    pub history_characters: usize,
    /// The time that a summary of earlier turns may take.
    pub summary: Duration,
    /// Summaries that a turn may ask for; what has no room after them is left out.
    pub summaries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 20,
            calls_per_turn: 40,
            calls_per_step: 32,
            restarts: 2,
            takeovers: 10,
            ask_depth: 2,
            handovers: 2,
            turn: Duration::from_secs(600),
            parallel_reads: 8,
            surface_tokens: surface::USUAL_BUDGET,
            result_bytes: 32 * 1024,
            kept_result_bytes: 256 * 1024,
            answer_bytes: 512 * 1024,
            message_characters: 32_000,
            queue: 20,
            history_turns: 40,
            history_characters: 60_000,
            summary: Duration::from_secs(120),
            summaries: 6,
        }
    }
}
