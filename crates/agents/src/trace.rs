//! What happened in a turn, read from its log.

use std::collections::HashMap;

use kontor_core::{
    actor::Actor,
    caller::{Caller, Operator},
    environment::Environment,
    error::Problem,
    grants::Permission,
    ids::{MemberId, TurnId, WorkspaceId},
    time::Timestamp,
    turn::{AgentName, Routing, TurnEvent},
    usage::Spent,
};
use kontor_store::{AuditEntry, Tx};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    access::{any_turn, member_of, readable_turn, veil},
    engine::Agents,
    error::Error,
    log,
    rows::{
        agents::AgentNames,
        sent,
        sessions::{self, SessionRow},
        turns::TurnRow,
    },
    sharing::{member_name, names},
    stored::{LoggedEvent, MemberName},
    trace_steps::{self, TraceStep},
    turns::Turn,
    veil::without_deeds,
};

/// Events that are read at once.
const PAGE: u64 = 1_000;

/// What happened in a turn.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TurnTrace {
    pub turn: Turn,
    /// Null where the turn ended before one was chosen.
    pub agent: Option<AgentName>,
    /// How the session came to its agent, or went to another, in this turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub agent_changes: Vec<TraceAgentChange>,
    /// The version of the agent that the turn began under; null in logs of older versions.
    pub agent_version: Option<i64>,
    pub member: MemberName,
    pub steps: Vec<TraceStep>,
    pub timing: TraceTiming,
    pub usage: TraceTotal,
    /// The right to run the session's turns.
    pub lease: TraceLease,
    /// Whether what the model was sent is told, which takes the permission `conversations`.
    pub tells_sent: bool,
}

/// The session goes to an agent.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceAgentChange {
    pub at: Timestamp,
    pub agent: AgentName,
    /// Whose it was until then; absent where it had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub from: Option<AgentName>,
    #[serde(flatten)]
    pub routing: Routing,
}

impl TraceAgentChange {
    fn of(logged: &LoggedEvent) -> Option<Self> {
        match &*logged.event {
            TurnEvent::AgentChanged { agent, from, routing, .. } => Some(Self {
                at: logged.at,
                agent: agent.clone(),
                from: from.clone(),
                routing: routing.clone(),
            }),
            _ => None,
        }
    }
}

/// Where the time of a turn went.
#[derive(Debug, Clone, Copy, Default, Serialize, schemars::JsonSchema)]
pub struct TraceTiming {
    /// Behind other turns, before it began.
    pub queued_ms: u64,
    /// For people to answer approvals.
    pub waiting_ms: u64,
    /// For models.
    pub model_ms: u64,
    /// In tools, one after the other.
    pub tools_ms: u64,
    /// From its beginning to its end, or until now.
    pub total_ms: u64,
}

/// What a turn has used up.
#[derive(Debug, Clone, Copy, Default, Serialize, schemars::JsonSchema)]
pub struct TraceTotal {
    pub tokens: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a US dollar, as far as prices are known.
    pub cost_micros: u64,
    /// Answers of models.
    pub answers: u32,
    /// How often a step began again: because an answer broke off, or because the process that ran it was gone.
    pub restarts: u32,
    pub takeovers: u32,
}

/// The lease of a session.
#[derive(Debug, Clone, Copy, Serialize, schemars::JsonSchema)]
pub struct TraceLease {
    /// How often it was taken.
    pub epoch: i64,
    /// The process that holds it.
    pub owner: Option<Uuid>,
    pub until: Option<Timestamp>,
}

/// Who looks into a turn.
#[derive(Clone)]
struct Look {
    turn: TurnId,
    member: MemberId,
    may_all: bool,
    actor: Actor,
    environment: Environment,
}

/// What is read for a trace.
struct Found {
    turn: TurnRow,
    logged: Vec<LoggedEvent>,
    texts: HashMap<String, String>,
    lease: TraceLease,
    agent: Option<AgentName>,
    member: MemberName,
}

impl Agents {
    /// What happened in a turn of a session that the caller may read; any turn for those who may see what agents do for
    /// others, who are told what the model was sent, too. That they look into another's turn is audited.
    pub async fn trace(&self, caller: &Caller, turn: TurnId) -> Result<TurnTrace, Error> {
        let look = Look {
            turn,
            member: member_of(caller)?,
            may_all: caller.grants.permits(Permission::Conversations),
            actor: caller.actor(),
            environment: self.0.environment.clone(),
        };
        let tells_sent = look.may_all;
        let namespace = self.namespace(caller.workspace).await?;
        let found = match namespace.read(look.clone(), |tx, look| Box::pin(look.read(tx))).await {
            // It is another's, which is noted.
            Err(Error::TurnNotFound(_)) if look.may_all => {
                namespace.write(look, |tx, look| Box::pin(look.read_noted(tx))).await?
            }
            found => found?,
        };
        Ok(told(found, tells_sent, self.0.environment.now()))
    }
}

impl Agents {
    /// What happened in a turn, for whoever runs the installation: to be told to their own tools.
    pub async fn trace_of(
        &self,
        _: Operator,
        workspace: WorkspaceId,
        turn: TurnId,
    ) -> Result<TurnTrace, Error> {
        let found = self
            .namespace(workspace)
            .await?
            .read(turn, |tx, &turn| {
                Box::pin(async move {
                    let (row, session) = any_turn(tx, turn).await?;
                    Found::read(tx, row, session, None).await
                })
            })
            .await?;
        Ok::<_, Error>(told(found, true, self.0.environment.now()))
    }
}

impl Look {
    /// A turn of a session that the member may read.
    async fn read(&self, tx: &mut Tx<'_>) -> Result<Found, Error> {
        let (turn, session, _) = readable_turn(tx, self.turn, self.member).await?;
        if self.may_all && turn.member != self.member {
            // Shown whole, which is noted, though the session is shared with them or theirs.
            return Err(Error::TurnNotFound(self.turn));
        }
        Found::read(tx, turn, session, Some(self.member).filter(|_| !self.may_all)).await
    }

    /// Any turn, and that it was looked into.
    async fn read_noted(&self, tx: &mut Tx<'_>) -> Result<Found, Error> {
        let (turn, session) = any_turn(tx, self.turn).await?;
        let details = json!({ "session": session.id, "member": turn.member });
        let entry = AuditEntry::new("turn.inspected", format!("turn:{}", self.turn), details);
        tx.audit(&self.environment, self.environment.now(), &self.actor, entry).await?;
        Found::read(tx, turn, session, None).await
    }
}

impl Found {
    /// What there is of a turn; as this member is shown it, where one is given.
    async fn read(
        tx: &mut Tx<'_>,
        mut turn: TurnRow,
        session: SessionRow,
        reader: Option<MemberId>,
    ) -> Result<Self, Error> {
        let mut logged = of_turn(tx, &session, turn.id).await?;
        let mut texts = HashMap::new();
        if let Some(reader) = reader {
            let mut veil = veil(tx, &session, reader).await?;
            logged = logged.into_iter().map(|logged| veil.see(logged)).collect::<Result<_, _>>()?;
            if turn.member != reader {
                turn.problem.iter_mut().for_each(without_deeds);
            }
        } else {
            texts = sent::find(tx, &trace_steps::digests(&logged)).await?;
        }
        let (owner, until) = sessions::lease(tx, session.id).await?;
        let agent = turn.agent.or(session.chosen_agent());
        let agents = AgentNames::read(tx).await?;
        Ok(Self {
            agent: agent.map(|id| agents.of(id)),
            member: member_name(turn.member, &names(tx).await?),
            lease: TraceLease { epoch: session.epoch, owner, until },
            turn,
            logged,
            texts,
        })
    }
}

/// The events of a turn, in their order.
pub(crate) async fn of_turn(
    tx: &mut Tx<'_>,
    session: &SessionRow,
    turn: TurnId,
) -> Result<Vec<LoggedEvent>, Error> {
    let (mut logged, mut after) = (Vec::new(), log::turn_start(tx, session.id, turn).await?.unwrap_or(1) - 1);
    loop {
        let page = log::after(tx, session.id, after, PAGE).await?;
        let is_over = page.rows < PAGE;
        for event in page.events.into_iter().filter(|logged| logged.event.turn() == turn) {
            let ends = event.event.ends_turn();
            logged.push(event);
            // What follows is of the time after it.
            if ends {
                return Ok(logged);
            }
        }
        match page.last {
            Some(last) if !is_over => after = last,
            _ => return Ok(logged),
        }
    }
}

fn told(found: Found, tells_sent: bool, now: Timestamp) -> TurnTrace {
    let Found { turn, logged, texts, lease, agent, member } = found;
    let steps = trace_steps::fold(&logged, &texts);
    let milliseconds =
        |from: Timestamp, to: Timestamp| u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX);
    let began = turn.started_at.unwrap_or(turn.ended_at.unwrap_or(now));
    let ended = turn.ended_at.unwrap_or(now);
    let mut timing = TraceTiming {
        queued_ms: milliseconds(turn.created_at, began),
        total_ms: milliseconds(began, ended),
        ..TraceTiming::default()
    };
    let (mut usage, mut spent) = (TraceTotal::default(), Spent::default());
    for logged in &logged {
        match logged.event.inner() {
            TurnEvent::Usage { usage: step, .. } => {
                spent.add(step);
                usage.input_tokens += step.input_tokens;
                usage.output_tokens += step.output_tokens;
                usage.answers += 1;
                timing.model_ms += step.latency_ms;
            }
            TurnEvent::StepRestarted { taken_over, .. } => {
                usage.restarts += u32::from(!taken_over);
                usage.takeovers += u32::from(*taken_over);
            }
            _ => {}
        }
    }
    (usage.tokens, usage.cost_micros) = (spent.tokens, spent.cost_micros);
    for call in trace_steps::all(&steps).into_iter().flat_map(|step| &step.calls) {
        // What an agent that was asked took is told of its models and tools.
        timing.tools_ms += call.duration_ms.filter(|_| call.asked.is_none()).unwrap_or_default();
        timing.waiting_ms += call
            .approval
            .as_ref()
            .map_or(0, |approval| milliseconds(approval.requested_at, approval.resolved_at.unwrap_or(ended)));
    }
    let agent_version = turn.agent_version;
    let agent_changes = logged.iter().filter_map(TraceAgentChange::of).collect();
    TurnTrace {
        turn: turn.into(),
        agent,
        agent_changes,
        agent_version,
        member,
        steps,
        timing,
        usage,
        lease,
        tells_sent,
    }
}

/// A problem as it stands in a trace.
pub(crate) fn problem_of(problem: &Problem) -> Value {
    json!({ "code": problem.code, "message": problem.message, "issues": problem.issues })
}
