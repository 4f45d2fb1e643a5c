//! A session as a file: for people in Markdown, for programs in JSON.

use std::{collections::HashMap, fmt::Write as _};

use kontor_core::{
    caller::Caller,
    error::Problem,
    ids::{SessionId, TurnId},
    time::Timestamp,
    turn::{AgentName, Routing, TurnEvent},
};
use serde::Serialize;

use crate::{
    access::{member_of, readable, veil},
    engine::Agents,
    error::Error,
    log,
    rows::{agents::AgentNames, turns},
    sessions::Session,
    sharing::{member_name, names},
    stored::{LoggedEvent, MemberName, TurnStatus},
    trace_steps::{self, TraceStep},
};

/// Events that are read at once.
const PAGE: u64 = 1_000;

/// A session with all that was said in it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct SessionExport {
    pub session: Session,
    pub turns: Vec<ExportedTurn>,
}

/// A message and all that the agent did in answer to it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ExportedTurn {
    pub id: TurnId,
    pub number: i64,
    pub member: MemberName,
    /// The agent that answered; null where none had been chosen.
    pub agent: Option<AgentName>,
    pub status: TurnStatus,
    pub message: String,
    pub steps: Vec<TraceStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub problem: Option<Problem>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Agents {
    /// A session that the caller may read, whole: as they are shown it.
    pub async fn export_session(&self, caller: &Caller, id: SessionId) -> Result<SessionExport, Error> {
        let member = member_of(caller)?;
        let session = self.session(caller, id).await?;
        let turns = self
            .namespace(caller.workspace)
            .await?
            .read((id, member), |tx, &(id, member)| {
                Box::pin(async move {
                    let (row, _) = readable(tx, id, member).await?;
                    let mut veil = veil(tx, &row, member).await?;
                    let mut by_turn: HashMap<TurnId, Vec<LoggedEvent>> = HashMap::new();
                    let mut after = 0;
                    loop {
                        let page = log::after(tx, id, after, PAGE).await?;
                        for logged in page.events {
                            let logged = veil.see(logged)?;
                            by_turn.entry(logged.event.turn()).or_default().push(logged);
                        }
                        match page.last {
                            Some(last) if page.rows == PAGE => after = last,
                            _ => break,
                        }
                    }
                    let (names, agents) = (names(tx).await?, AgentNames::read(tx).await?);
                    let mut turns = Vec::new();
                    for turn in turns::up_to(tx, id, row.turn_count).await? {
                        let logged = by_turn.remove(&turn.id).unwrap_or_default();
                        turns.push(ExportedTurn {
                            id: turn.id,
                            number: turn.position,
                            member: member_name(turn.member, &names),
                            agent: turn.agent.map(|id| agents.of(id)),
                            status: turn.status,
                            problem: shown_problem(turn.problem, &logged, turn.member == member),
                            message: turn.message,
                            steps: trace_steps::fold(&logged, &HashMap::new()),
                            created_at: turn.created_at,
                            ended_at: turn.ended_at,
                        });
                    }
                    Ok::<_, Error>(turns)
                })
            })
            .await?;
        Ok(SessionExport { session, turns })
    }
}

/// Why a turn failed, as its reader is told it.
fn shown_problem(stored: Option<Problem>, logged: &[LoggedEvent], is_own: bool) -> Option<Problem> {
    let told = logged.iter().rev().find_map(|logged| match &*logged.event {
        TurnEvent::TurnFailed { problem, .. } => Some(problem.clone()),
        _ => None,
    });
    told.or(stored.filter(|_| is_own))
}

impl SessionExport {
    /// As Markdown: who said what, and which tools were called with which outcome.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let title = self.session.title.as_deref().unwrap_or("Chat");
        // Writing to a string does not fail.
        let _ = writeln!(text, "# {title}\n");
        let with = self.session.agent.as_ref().map_or("no agent yet", |agent| &agent.label);
        let _ = writeln!(text, "With {with}, begun {}.", self.session.created_at);
        if let Some(Routing { reason, .. }) = &self.session.routing {
            let _ = writeln!(text, "\nWhy {with}: {reason}");
        }
        for turn in &self.turns {
            let agent = turn.agent.as_ref().map_or(with, |agent| &agent.label);
            turn.write_markdown(&mut text, agent);
        }
        text
    }

    /// A name for the file, with an ending such as `md`.
    pub fn file_name(&self, ending: &str) -> String {
        let title = self.session.title.as_deref().unwrap_or("chat").to_lowercase();
        let plain: String = title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).take(8).collect();
        let name = if words.is_empty() { "chat".to_owned() } else { words.join("-") };
        format!("{name}.{ending}")
    }
}

impl ExportedTurn {
    fn write_markdown(&self, text: &mut String, agent: &str) {
        let who = self.member.name.as_deref().unwrap_or("Member");
        let _ = writeln!(text, "\n## {who}, {}\n\n{}", self.created_at, self.message.trim());
        let mut before = None;
        for step in &self.steps {
            let by = step.agent.as_ref().map_or(agent, |agent| &agent.label);
            if before.replace(by) != Some(by) {
                let _ = writeln!(text, "\n### {by}");
            }
            if !step.text.trim().is_empty() {
                let _ = writeln!(text, "\n{}", step.text.trim());
            }
            if !step.calls.is_empty() {
                text.push('\n');
            }
            for call in &step.calls {
                let outcome = call.outcome.unwrap_or("not run");
                let _ = writeln!(text, "- `{}`: {outcome}", call.operation);
            }
        }
        match (&self.problem, self.status) {
            (Some(problem), _) => {
                let _ = writeln!(text, "\n*{}*", problem.message);
            }
            (None, TurnStatus::Cancelled) => text.push_str("\n*Stopped.*\n"),
            (None, _) => {}
        }
    }
}
