//! `kontor chat`: a client of the API that streams a reply in the terminal.

use std::time::Duration;

use eventsource_stream::Eventsource as _;
use futures::StreamExt as _;
use kontor_core::{
    environment::Environment,
    turn::{ApprovalRecord, ToolOutcome, TurnEvent},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{cli::Chat, client::Api, error::Error, terminal};

/// How often in a row a broken connection is taken up again.
const ATTEMPTS: u32 = 5;

pub(crate) async fn run(chat: Chat) -> Result<(), Error> {
    let client = Api::signed_in(&chat.server, chat.email.as_deref(), chat.workspace.as_deref()).await?;
    let session = match &chat.session {
        Some(session) => session.clone(),
        None => {
            let made: Value = client.post("/api/sessions", &json!({ "agent": chat.agent })).await?;
            text(&made, "id")?
        }
    };
    let before: Value = client.get(&format!("/api/sessions/{session}")).await?;
    let key: Uuid = Environment::system().new_id();
    let path = format!("/api/sessions/{session}/turns");
    let turn: Value = client.post_once(&path, &json!({ "message": chat.message }), &key.to_string()).await?;
    let turn = text(&turn, "id")?;
    let after = before.get("last_seq").and_then(Value::as_i64).unwrap_or(0);
    let reader = Reader { client: &client, session: &session, turn: &turn, approve: chat.approve };
    let ended = reader.follow(after).await?;
    terminal::remark(&format!("\nGo on with: kontor chat --session {session} \"…\""));
    match ended {
        Ended::Completed => Ok(()),
        Ended::Failed(why) => Err(Error::Refused(why)),
    }
}

enum Ended {
    Completed,
    Failed(String),
}

/// Follows a turn and prints it.
struct Reader<'a> {
    client: &'a Api,
    session: &'a str,
    turn: &'a str,
    /// Every question for approval is answered with yes.
    approve: bool,
}

impl Reader<'_> {
    /// Prints a turn as it happens, until it ends. A connection that breaks is taken up where it broke.
    async fn follow(&self, after: i64) -> Result<Ended, Error> {
        let mut last = after.to_string();
        let mut failures = 0_u32;
        loop {
            if failures > 0 {
                tokio::time::sleep(Duration::from_millis(300 << failures)).await;
            }
            failures += 1;
            let response = match self.client.events(self.session, &last).await {
                Ok(_) if failures > ATTEMPTS => {
                    return Err(Error::Refused("the reply breaks off again and again".to_owned()));
                }
                Ok(response) => response,
                Err(Error::Unreachable { .. }) if failures <= ATTEMPTS => continue,
                Err(error) => return Err(error),
            };
            let mut events = response.bytes_stream().eventsource();
            while let Some(Ok(event)) = events.next().await {
                failures = 0;
                last.clone_from(&event.id);
                let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
                if data.get("turn").and_then(Value::as_str) != Some(self.turn) {
                    continue;
                }
                if let Some(ended) = self.show(&event.event, data).await? {
                    return Ok(ended);
                }
            }
        }
    }

    /// Prints one event; tells when it ends the turn.
    async fn show(&self, name: &str, data: Value) -> Result<Option<Ended>, Error> {
        if name == "text.delta" {
            terminal::piece(data.get("text").and_then(Value::as_str).unwrap_or_default());
            return Ok(None);
        }
        // Events of a newer server are passed over.
        let Ok(event) = serde_json::from_value::<TurnEvent>(json!({ "event": name, "data": data })) else {
            return Ok(None);
        };
        match event {
            TurnEvent::MessageCompleted { answered_by, .. } => {
                terminal::line("");
                if let Some(words) = answered_by.and_then(|by| by.words()) {
                    terminal::remark(&format!("[{words}]"));
                }
            }
            TurnEvent::AgentChanged { agent, routing, .. } => {
                terminal::remark(&format!("[{} answers: {}]", agent.label, routing.reason));
            }
            TurnEvent::StepRestarted { reason, .. } => terminal::remark(&format!("\n[again: {reason}]")),
            TurnEvent::AgentAsked { agent, .. } => terminal::remark(&format!("[{} is asked]", agent.label)),
            TurnEvent::AgentEvent { agent, event, .. } => match *event {
                TurnEvent::ToolCalled { operation, arguments, .. } => {
                    terminal::remark(&format!("[{}: {operation} {arguments}]", agent.label));
                }
                TurnEvent::ToolResult { operation, outcome: ToolOutcome::Failed { problem }, .. } => {
                    terminal::remark(&format!("[{}: {operation}: {problem}]", agent.label));
                }
                _ => {}
            },
            TurnEvent::AnswerRefused { reason, .. } => {
                terminal::remark(&format!("[asked again, as the answer had another form: {reason}]"));
            }
            TurnEvent::HistorySummarized { .. } => terminal::remark("[earlier messages were summarised]"),
            TurnEvent::HistoryDropped { problem, .. } => {
                terminal::remark(&format!("[earlier messages were left out: {problem}]"));
            }
            TurnEvent::ToolCalled { operation, arguments, .. } => {
                terminal::remark(&format!("[{operation} {arguments}]"));
            }
            TurnEvent::ToolResult { operation, outcome, duration_ms, .. } => match outcome {
                ToolOutcome::Succeeded { .. } => {
                    terminal::remark(&format!("[{operation}: done in {duration_ms} ms]"))
                }
                ToolOutcome::Failed { problem } => terminal::remark(&format!("[{operation}: {problem}]")),
                ToolOutcome::Denied { .. } => terminal::remark(&format!("[{operation}: denied]")),
                ToolOutcome::Unknown => {
                    terminal::remark(&format!("[{operation}: unknown whether it took place]"))
                }
            },
            TurnEvent::ApprovalRequested { approval, operation, arguments, question, .. } => {
                terminal::remark(&format!("[{}]", question.reason.words()));
                if let Some(record) = &question.record {
                    terminal::remark(&format!("[{}]", described(record)));
                }
                let question = format!("Approve {operation} {arguments}? (y/n)");
                let yes = self.approve
                    || terminal::ask(&question).is_some_and(|answer| answer.eq_ignore_ascii_case("y"));
                let decision = if yes { "approve" } else { "deny" };
                let _: Value = self
                    .client
                    .post(&format!("/api/approvals/{approval}"), &json!({ "decision": decision }))
                    .await?;
            }
            TurnEvent::TurnCompleted { .. } => return Ok(Some(Ended::Completed)),
            TurnEvent::TurnFailed { problem, .. } => return Ok(Some(Ended::Failed(problem.message))),
            TurnEvent::TurnCancelled { .. } => {
                return Ok(Some(Ended::Failed("the turn was cancelled".to_owned())));
            }
            _ => {}
        }
        Ok(None)
    }
}

/// A record that is asked about, with what tells it from others.
fn described(record: &ApprovalRecord) -> String {
    let details = record.details.iter().map(|detail| format!(", {}: {}", detail.label, detail.value));
    format!("{} {}{}", record.object, record.words(), details.collect::<String>())
}

/// A text of an answer.
fn text(json: &Value, name: &str) -> Result<String, Error> {
    json.get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Error::Refused(format!("the server's answer has no {name}")))
}
