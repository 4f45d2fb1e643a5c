use kontor_core::{
    error::{ErrorKind, Fault, Issue, Problem},
    grants::NotPermitted,
    ids::{ApprovalId, SessionId, TurnId},
    reading::readable,
    scope::OutOfScope,
};

/// What can go wrong with agents, sessions and turns.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the input is not valid")]
    Invalid(Vec<Issue>),
    /// A prompt that no agent could be told, each mistake with its line and column.
    #[error("the prompt is not valid")]
    InvalidPrompt(Vec<Issue>),
    /// Sessions belong to members, and the caller is none.
    #[error("the caller is no member of the workspace")]
    NotAMember,
    #[error("there is no agent {name:?}")]
    AgentNotFound { name: String, near: String },
    /// The caller's role names the agents that may be used, and not this one.
    #[error("the caller may not use the agent {name:?}")]
    AgentNotAllowed { name: String },
    /// It takes no messages. With its label.
    #[error("the agent {0:?} is not active")]
    AgentInactive(String),
    #[error("the agent {0:?} was deleted")]
    AgentDeleted(String),
    #[error("there is an agent {0:?} already")]
    AgentExists(String),
    /// What differs since the version that a change was made of.
    #[error("the agent is at version {version}, which {by} made")]
    AgentChanged { version: i64, by: String, changed: Vec<String> },
    #[error("the agent {0:?} does not ship with Kontor")]
    NotStandard(String),
    #[error("the agent has no version {0} of its prompt")]
    PromptNotFound(i64),
    /// Where it stands, and who moved it there.
    #[error("the label {label} is elsewhere")]
    LabelMoved { label: String, at: Option<i64>, by: Option<String> },
    #[error("there is no label {0:?}")]
    LabelNotFound(String),
    #[error("the label {0} stays where agents need it")]
    LabelNeeded(String),
    /// A change was made of a version that there has never been.
    #[error("there is no version {version}: the latest is {latest}")]
    UnknownVersion { path: &'static str, version: i64, latest: i64 },
    #[error("the label {0} moves only when a second person agrees")]
    ReviewRequired(String),
    /// What has to be shown before the label moves is not.
    #[error("the label {label} moves only when more is shown")]
    GateNotPassed { label: String, missing: Vec<Issue> },
    #[error("there is no such review")]
    ReviewNotFound,
    #[error("the review was answered")]
    ReviewClosed,
    #[error("who asks for a review, or wrote what is reviewed, does not approve it")]
    OwnReview,
    #[error("the workspace has no provider of models {0:?}")]
    ProviderNotFound(String),
    #[error("the settings name models of the provider {name:?}")]
    ProviderInUse { name: String, uses: Vec<String> },
    #[error("the workspace knows nothing otherwise of the model {0:?}")]
    NothingOverridden(String),
    /// There is no such session, or it is another member's.
    #[error("there is no session {0}")]
    SessionNotFound(SessionId),
    /// It is shared with the caller, and only its member may do this.
    #[error("the session is another member's")]
    NotTheirSession,
    #[error("the session is shared to be read")]
    MayOnlyRead,
    #[error("the session is not shared with this member")]
    NotShared,
    #[error("a session is shared with {0} members at most")]
    TooManyShares(usize),
    #[error("{0} sessions are pinned already")]
    TooManyPinned(usize),
    #[error("the session cannot be forked there: {0}")]
    NothingToFork(&'static str),
    #[error("the turn has not begun")]
    NotAnswered,
    #[error("the caller has given no feedback on the turn")]
    FeedbackNotFound,
    #[error("there is no turn {0}")]
    TurnNotFound(TurnId),
    #[error("there is no approval {0}")]
    ApprovalNotFound(ApprovalId),
    #[error("the session takes no messages: {0}")]
    SessionClosed(&'static str),
    #[error("the session is completed")]
    SessionOver,
    #[error("{0} turns of the session have not ended")]
    TurnsOpen(usize),
    #[error("{0} turns of the session have not ended, so that it stays with its agent")]
    AgentBusy(usize),
    /// Of those that are there, the caller may use none that takes messages.
    #[error("there is no agent that the caller may use")]
    NoAgent,
    #[error("{0} messages wait already")]
    QueueFull(u32),
    #[error("the idempotency key was used for another message")]
    KeyReused,
    #[error("the turn has ended")]
    TurnEnded,
    #[error("the turn cannot be gone on with: {0}")]
    NothingToGoOn(&'static str),
    #[error("the log of the turn {0} cannot be read")]
    TurnUnreadable(TurnId),
    #[error("the approval was answered or has expired")]
    ApprovalClosed,
    /// A program, or an agent, answers what a person is asked.
    #[error("the caller is no person who decides for themselves")]
    NotAPerson,
    /// Another worker has taken the session over; whoever finds out stops without a trace.
    #[error("the lease was lost")]
    LeaseLost,
    /// The server stops; the turn goes on when it is back.
    #[error("the worker is stopping")]
    Stopping,
    #[error("the prompt of agent {agent} cannot be used")]
    Prompt {
        agent: String,
        #[source]
        source: minijinja::Error,
    },
    #[error("the response format of agent {agent} cannot be used: {reason}")]
    Format { agent: String, reason: String },
    #[error("the front matter of {file} cannot be read: {reason}")]
    FrontMatter { file: String, reason: String },
    /// In tokens, estimated: what prompt and tools take, and what is left of the conversation when all that can be
    /// cut is.
    #[error("the window of {model} holds {window} tokens, of which {fixed} and {conversation} are needed")]
    WindowTooSmall { model: String, window: u32, fixed: usize, conversation: usize },
    /// Nothing is left of a budget.
    #[error("{}", .0.message)]
    BudgetReached(Box<Problem>),
    #[error("there is no such budget")]
    BudgetNotFound,
    #[error("what is stored cannot be read")]
    Stored(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
    #[error(transparent)]
    Call(#[from] kontor_operations::Error),
    #[error(transparent)]
    Crm(#[from] kontor_crm::Error),
    #[error(transparent)]
    Identity(#[from] kontor_identity::Error),
    #[error(transparent)]
    OutOfScope(#[from] OutOfScope),
    /// No model is left that could be asked.
    #[error("no model can be asked: {0}")]
    Unanswered(Problem),
}

impl From<NotPermitted> for Error {
    fn from(missing: NotPermitted) -> Self {
        Self::Identity(missing.into())
    }
}

impl Error {
    pub(crate) fn invalid(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Issue::new(path, code, message)])
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        let new = |kind, code: &'static str, message: &str| Problem::new(kind, code, message);
        match self {
            Self::Invalid(issues) => Problem::invalid(issues.clone()),
            Self::InvalidPrompt(issues) => {
                Problem::of_issues(ErrorKind::Invalid, "invalid_prompt", issues.clone())
            }
            Self::NotAMember => new(
                ErrorKind::Forbidden,
                "not_a_member",
                "Only a member of the workspace can chat with agents.",
            ),
            Self::AgentNotFound { name, near } => Problem::new(
                ErrorKind::NotFound,
                "agent_not_found",
                format!("There is no agent {name:?}.{near}"),
            ),
            Self::AgentNotAllowed { name } => Problem::new(
                ErrorKind::Forbidden,
                "agent_not_allowed",
                format!("You may not use the agent {name:?}: it is not among those of your role."),
            ),
            Self::AgentInactive(label) => Problem::new(
                ErrorKind::Conflict,
                "agent_inactive",
                format!("The agent {label} is not active and takes no messages. Choose another."),
            ),
            Self::AgentDeleted(label) => Problem::new(
                ErrorKind::Conflict,
                "agent_deleted",
                format!(
                    "The agent {label} was deleted and takes no messages. What was said stays readable; go on with another agent."
                ),
            ),
            Self::AgentExists(name) => Problem::of_issues(
                ErrorKind::Conflict,
                "agent_exists",
                vec![Issue::new("name", "taken", format!("There is an agent {name:?} already."))],
            ),
            Self::AgentChanged { version, by, changed } => Problem::new(
                ErrorKind::Conflict,
                "agent_changed",
                format!(
                    "{by} changed the agent meanwhile: {}. It is at version {version} now. Look at what is different, then send your change with that version.",
                    if changed.is_empty() { "another version".to_owned() } else { changed.join(", ") }
                ),
            ),
            Self::UnknownVersion { path, version, latest } => {
                Problem::unknown_version(path, *version, *latest)
            }
            Self::NotStandard(name) => Problem::new(
                ErrorKind::Conflict,
                "not_standard",
                format!("The agent {name:?} does not ship with Kontor, so there is nothing to reset it to."),
            ),
            Self::PromptNotFound(version) => Problem::new(
                ErrorKind::NotFound,
                "prompt_not_found",
                format!("The agent has no version {version} of its prompt."),
            ),
            Self::LabelMoved { label, at, by } => {
                let by = by.as_deref().unwrap_or("Somebody");
                let told = match at {
                    Some(at) => format!("{by} moved {label} to version {at} meanwhile."),
                    None => format!("The label {label} stands nowhere."),
                };
                Problem::new(
                    ErrorKind::Conflict,
                    "label_moved",
                    format!("{told} Look at it, then move it with where it is as \"expected\"."),
                )
            }
            Self::LabelNotFound(label) => Problem::new(
                ErrorKind::NotFound,
                "label_not_found",
                format!("The agent has no label {label:?}."),
            ),
            Self::LabelNeeded(label) => Problem::new(
                ErrorKind::Conflict,
                "label_needed",
                format!("The label {label} cannot be removed: agents use the version at which it stands."),
            ),
            Self::ReviewRequired(label) => Problem::new(
                ErrorKind::Conflict,
                "review_required",
                format!("The label {label} moves only when a second person agrees. Ask for a review."),
            ),
            Self::GateNotPassed { label, missing } => {
                let told: Vec<_> = missing.iter().map(|issue| issue.message.as_str()).collect();
                let message = format!("The label {label} does not move yet: {}.", told.join("; "));
                let of = Problem::of_issues(ErrorKind::Conflict, "gate_not_passed", missing.clone());
                Problem { message, ..of }
            }
            Self::ReviewNotFound => new(ErrorKind::NotFound, "review_not_found", "There is no such review."),
            Self::NotAPerson => new(
                ErrorKind::Forbidden,
                "not_a_person",
                "Only the person who is asked answers this, signed in as themselves; no program and no agent does.",
            ),
            Self::ReviewClosed => {
                new(ErrorKind::Conflict, "review_closed", "The review was answered already.")
            }
            Self::OwnReview => new(
                ErrorKind::Forbidden,
                "own_review",
                "Whoever wrote the prompt or asked for the review cannot approve it: it takes a second person.",
            ),
            Self::ProviderNotFound(name) => Problem::new(
                ErrorKind::NotFound,
                "model_provider_not_found",
                format!("The workspace has no provider of models named {name:?}."),
            ),
            Self::ProviderInUse { name, uses } => Problem::new(
                ErrorKind::Conflict,
                "in_use",
                format!(
                    "The workspace's settings of models name models of {name:?}: {}. Choose others there first, then remove it.",
                    uses.join(", ")
                ),
            ),
            Self::NothingOverridden(model) => Problem::new(
                ErrorKind::NotFound,
                "model_override_not_found",
                format!("The workspace has set nothing of a model {model:?}."),
            ),
            Self::SessionNotFound(_) => {
                new(ErrorKind::NotFound, "session_not_found", "There is no such session.")
            }
            Self::NotTheirSession => new(
                ErrorKind::Forbidden,
                "not_your_session",
                "The session is another member's. Only they may do this.",
            ),
            Self::MayOnlyRead => new(
                ErrorKind::Forbidden,
                "session_read_only",
                "The session is shared with you to be read. Fork it to go on from it yourself.",
            ),
            Self::NotShared => {
                new(ErrorKind::NotFound, "share_not_found", "The session is not shared with this member.")
            }
            Self::TooManyShares(most) => Problem::new(
                ErrorKind::Conflict,
                "too_many_shares",
                format!("A session is shared with {most} members at most."),
            ),
            Self::TooManyPinned(most) => Problem::new(
                ErrorKind::Conflict,
                "too_many_pinned",
                format!("{most} sessions are pinned already. Unpin one first."),
            ),
            Self::NothingToFork(why) => new(ErrorKind::Conflict, "nothing_to_fork", why),
            Self::NotAnswered => {
                new(ErrorKind::Conflict, "turn_not_answered", "The message has not been answered yet.")
            }
            Self::FeedbackNotFound => {
                new(ErrorKind::NotFound, "feedback_not_found", "You have given no feedback on this turn.")
            }
            Self::TurnNotFound(_) => new(ErrorKind::NotFound, "turn_not_found", "There is no such turn."),
            Self::ApprovalNotFound(_) => {
                new(ErrorKind::NotFound, "approval_not_found", "There is no such approval.")
            }
            Self::SessionClosed(why) => new(ErrorKind::Conflict, "session_closed", why),
            Self::SessionOver => new(
                ErrorKind::Conflict,
                "session_completed",
                "The session is over and stays so. Begin a new one.",
            ),
            Self::TurnsOpen(open) => Problem::new(
                ErrorKind::Conflict,
                "turns_open",
                format!(
                    "{open} of the session's messages are not answered yet. Wait for the answers or cancel them, then complete it."
                ),
            ),
            Self::AgentBusy(open) => Problem::new(
                ErrorKind::Conflict,
                "turns_open",
                format!(
                    "{open} of the session's messages are not answered yet. Wait for the answers or cancel them, then choose another agent."
                ),
            ),
            Self::NoAgent => new(
                ErrorKind::Forbidden,
                "no_agent",
                "There is no agent that you may use and that takes messages. An admin can make one, or let your role use one.",
            ),
            Self::QueueFull(limit) => Problem::new(
                ErrorKind::Limited,
                "queue_full",
                format!("{limit} messages wait already. Send more when the agent has answered some."),
            ),
            Self::KeyReused => new(
                ErrorKind::Conflict,
                "idempotency_key_reused",
                "This idempotency key was used for another message. Take a new key for each message.",
            ),
            Self::TurnEnded => new(ErrorKind::Conflict, "turn_ended", "The turn has ended already."),
            Self::NothingToGoOn(why) => new(ErrorKind::Conflict, "nothing_to_go_on", why),
            Self::TurnUnreadable(_) => new(
                ErrorKind::Internal,
                "turn_unreadable",
                "What is stored of this turn cannot be read, so it cannot go on; what it had done stays done. Look at what is there before you send the message again.",
            ),
            Self::ApprovalClosed => new(
                ErrorKind::Conflict,
                "approval_closed",
                "The approval was answered already, or it has expired.",
            ),
            Self::LeaseLost | Self::Stopping => new(
                ErrorKind::Unavailable,
                "turn_interrupted",
                "The turn was interrupted and goes on in a moment.",
            ),
            Self::WindowTooSmall { model, window, fixed, conversation } => {
                let number = |number: usize| readable(&number.to_string());
                let window = number(usize::try_from(*window).unwrap_or(usize::MAX));
                Problem::new(
                    ErrorKind::Conflict,
                    "window_too_small",
                    format!(
                        "The context window of {model} holds {window} tokens, its answer included. The agent's prompt and tools take {}, the message and what was looked up for it {}. Choose a model with a larger window, run it with one, or ask for less at a time.",
                        number(*fixed),
                        number(*conversation)
                    ),
                )
            }
            Self::Prompt { agent, .. } => Problem::new(
                ErrorKind::Conflict,
                "prompt_unusable",
                format!("The prompt of the agent {agent} has an error. An admin can correct it."),
            ),
            Self::Format { agent, .. } => Problem::new(
                ErrorKind::Conflict,
                "format_unusable",
                format!("The response format of the agent {agent} has an error. An admin can correct it."),
            ),
            Self::BudgetReached(problem) => (**problem).clone(),
            Self::BudgetNotFound => new(ErrorKind::NotFound, "budget_not_found", "There is no such budget."),
            Self::FrontMatter { .. } | Self::Stored(_) => Problem::internal(),
            Self::Store(error) => error.problem(),
            Self::Call(error) => error.problem(),
            Self::Crm(error) => error.problem(),
            Self::Identity(error) => error.problem(),
            Self::OutOfScope(error) => error.problem(),
            Self::Unanswered(problem) => problem.clone(),
        }
    }
}
