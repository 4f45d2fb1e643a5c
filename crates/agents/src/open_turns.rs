//! The turns that have not ended: those that run, wait or are stuck.

use kontor_core::{
    caller::Caller,
    grants::Permission,
    ids::{MemberId, SessionId, TurnId},
    text,
    time::Timestamp,
    turn::AgentName,
};
use kontor_store::stored_enum;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::member_of,
    engine::Agents,
    error::Error,
    rows::{
        agents::AgentNames,
        open_turns::{self, After, OpenRow},
    },
    sharing::{member_name, names},
    stored::{MemberName, SessionStatus, TurnStatus},
};

/// Turns that are listed at most.
const MOST: usize = 500;
/// Turns that are read at once.
const PAGE: u64 = 500;
/// Characters of a message in the list.
const MESSAGE: usize = 120;
/// A turn that nobody has taken up for so long is stuck.
const TAKEN_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(60);

stored_enum! {
    /// How it stands with a turn that has not ended.
    pub enum Standing: "standing of a turn" {
        Running = "running",
        /// For an approval, for the turns before it, or for its session to go on.
        Waiting = "waiting",
        /// Nobody runs it: its lease or its time is over, or nobody takes it up.
        Stuck = "stuck",
    }
}

/// The turns that have not ended, the oldest first, as far as they are listed.
#[derive(Debug, Clone)]
pub struct OpenTurns {
    pub turns: Vec<OpenTurn>,
    /// Whether there are more.
    pub has_more: bool,
}

/// A turn that has not ended.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct OpenTurn {
    pub id: TurnId,
    pub session: SessionId,
    /// The title of the session.
    pub title: Option<String>,
    /// The beginning of the message; null for those who may not read the session.
    pub message: Option<String>,
    /// Null while one is to be chosen.
    pub agent: Option<AgentName>,
    pub member: MemberName,
    pub status: TurnStatus,
    pub standing: Standing,
    /// Why it waits or is stuck.
    pub because: Option<&'static str>,
    pub cancel_requested: bool,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    /// When its time of running is over.
    pub deadline_at: Option<Timestamp>,
    pub lease: OpenLease,
}

/// The lease of a turn's session.
#[derive(Debug, Clone, Copy, Serialize, schemars::JsonSchema)]
pub struct OpenLease {
    pub epoch: i64,
    /// The process that holds it.
    pub owner: Option<Uuid>,
    pub until: Option<Timestamp>,
}

impl Agents {
    /// The turns that have not ended, the oldest first: all of the workspace for those who may see what agents do for
    /// others, their own for other members.
    pub async fn open_turns(&self, caller: &Caller, standing: Option<Standing>) -> Result<OpenTurns, Error> {
        let member = member_of(caller)?;
        let only = (!caller.grants.permits(Permission::Conversations)).then_some(member);
        let now = self.0.environment.now();
        self.namespace(caller.workspace)
            .await?
            .read((only, self.limits().clone()), move |tx, (only, installed)| {
                let only = *only;
                Box::pin(async move {
                    let (agents, names) = (AgentNames::read(tx).await?, names(tx).await?);
                    let mut after: Option<After> = None;
                    let mut turns = Vec::new();
                    // As many as are asked for, however many stand otherwise before them.
                    loop {
                        let rows = open_turns::list(tx, only, after, PAGE).await?;
                        let is_last = (rows.len() as u64) < PAGE;
                        for mut row in rows {
                            // A turn ends by its agent's limits, which may be narrower.
                            let earlier = installed.turn.saturating_sub(row.limits.within(installed).turn);
                            row.deadline_at = row.deadline_at.map(|deadline| deadline.minus(earlier));
                            let place = After { session: row.session, position: row.position };
                            let before = after.replace(place).map(|before| before.session);
                            let (stands, because) = stands(&row, before != Some(row.session), now);
                            if standing.is_none_or(|standing| standing == stands) {
                                let agent = row.agent.map(|id| agents.of(id));
                                turns.push(turn(row, member, stands, because, agent, &names));
                            }
                        }
                        if is_last || turns.len() > MOST {
                            break;
                        }
                    }
                    let has_more = turns.len() > MOST;
                    turns.truncate(MOST);
                    turns.sort_by_key(|turn| (turn.created_at, turn.id));
                    Ok::<_, Error>(OpenTurns { turns, has_more })
                })
            })
            .await
    }
}

/// How it stands with a turn, the first of its session or one behind it, and why.
fn stands(row: &OpenRow, is_first: bool, now: Timestamp) -> (Standing, Option<&'static str>) {
    let is_held = row.lease_until.is_some_and(|until| until > now);
    let is_late = row.deadline_at.is_some_and(|deadline| deadline < now);
    let since = row.started_at.unwrap_or(row.created_at);
    match row.status {
        _ if !is_first => (Standing::Waiting, Some("behind another message of its chat")),
        TurnStatus::WaitingForApproval => (Standing::Waiting, Some("for an approval")),
        TurnStatus::Queued if row.session_status != SessionStatus::Active => {
            (Standing::Waiting, Some("its chat is paused"))
        }
        TurnStatus::Queued if is_held => (Standing::Waiting, Some("behind another message of its chat")),
        TurnStatus::Queued if now.since(row.created_at) > TAKEN_UP_WITHIN => {
            (Standing::Stuck, Some("nobody takes it up"))
        }
        TurnStatus::Queued => (Standing::Waiting, Some("to be taken up")),
        _ if is_late => (Standing::Stuck, Some("its time is over")),
        // An answered approval leaves it without a lease until it is taken up again.
        _ if !is_held && now.since(since) > TAKEN_UP_WITHIN => (Standing::Stuck, Some("its lease is over")),
        _ if !is_held && row.lease_until.is_some() => (Standing::Stuck, Some("its lease is over")),
        _ => (Standing::Running, None),
    }
}

fn turn(
    row: OpenRow,
    reader: MemberId,
    standing: Standing,
    because: Option<&'static str>,
    agent: Option<AgentName>,
    names: &std::collections::HashMap<MemberId, String>,
) -> OpenTurn {
    let is_own = row.member == reader || row.owner == reader;
    OpenTurn {
        id: row.id,
        session: row.session,
        title: row.title.filter(|_| is_own),
        message: is_own.then(|| text::excerpt(&row.message, MESSAGE)),
        agent,
        member: member_name(row.member, names),
        status: row.status,
        standing,
        because,
        cancel_requested: row.cancel_requested,
        created_at: row.created_at,
        started_at: row.started_at,
        deadline_at: row.deadline_at,
        lease: OpenLease { epoch: row.epoch, owner: row.lease_owner, until: row.lease_until },
    }
}
