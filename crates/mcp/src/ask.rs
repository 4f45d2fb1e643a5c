//! A tool that asks an agent of Kontor, in a chat of the member that the client acts for.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use kontor_agents::{ClientAnswer, EventId, NewSession, StreamEvent, TurnStatus};
use kontor_core::{
    caller::Caller,
    error::{Issue, Problem},
    ids::{SessionId, TurnId},
    operation::Effect,
    scope::CHAT,
    turn::TurnEvent,
};
use rmcp::model::Tool;
use serde_json::{Value as Json, json};

use crate::{server::Server, tools};

pub(crate) const ASK_AGENT: &str = "ask_agent";
/// How long an answer is waited for; the turn goes on after it.
const WITHIN: Duration = Duration::from_secs(22);
const LONGEST_MESSAGE: usize = 32_000;

/// Whether a caller may chat: a member does, and software that they let talk to agents, under which the turn goes on.
pub(crate) fn may(caller: &Caller) -> bool {
    let is_bound = caller.is_in_person() || caller.delegation.is_some();
    caller.member().is_some() && is_bound && caller.scope.allows(CHAT)
}

pub(crate) fn tool() -> Tool {
    let text = |about: &str| json!({"type": "string", "description": about});
    let parameters = json!({
        "type": "object",
        "properties": {
            "message": text("What is asked."),
            "agent": text("The agent's name; without one, an agent is chosen."),
            "session": text("\"session\" of an answer, to go on in its chat."),
            "turn": text("\"turn\" of an answer that was not there yet, to wait for it; nothing is asked then."),
        },
    });
    let answers = json!({
        "type": "object",
        "properties": {
            "session": {"type": "string"},
            "turn": {"type": "string"},
            "status": {
                "type": "string",
                "enum": ["queued", "running", "waiting_for_approval", "completed", "failed", "cancelled"],
            },
            "text": {"type": "string"},
            "url": {"type": "string"},
        },
    });
    let object = |schema: Json| schema.as_object().cloned().unwrap_or_default();
    Tool::new(
        ASK_AGENT,
        "Ask an agent of Kontor, which works with the records by itself and asks the member where it must. Its answer is \
         waited for some seconds; if it takes longer, ask again with \"turn\".",
        object(parameters),
    )
    .with_title("Ask agent")
    .with_annotations(tools::hints(Effect::Write, ASK_AGENT))
    .with_raw_output_schema(Arc::new(object(answers)))
}

impl Server {
    pub(crate) async fn ask_agent(&self, caller: &Caller, arguments: &Json) -> Result<ClientAnswer, Problem> {
        let agents = &self.services.agents;
        let failed = |error: kontor_agents::Error| kontor_http::problem_of(&error);
        let (session, turn) = match id::<TurnId>(arguments, "turn")? {
            Some(turn) => (agents.turn(caller, turn).await.map_err(failed)?.session, turn),
            None => {
                let message = text(arguments, "message").unwrap_or_default();
                if message.trim().is_empty() || message.chars().count() > LONGEST_MESSAGE {
                    let expected = format!("expected a text of 1 to {LONGEST_MESSAGE} characters");
                    return Err(Problem::invalid(vec![Issue::new("message", "required", expected)]));
                }
                let session = match id::<SessionId>(arguments, "session")? {
                    Some(session) => session,
                    None => {
                        let agent = text(arguments, "agent").map(str::to_owned);
                        let new = NewSession { agent, title: None, context: None };
                        agents.create_session(caller, new).await.map_err(failed)?.id
                    }
                };
                let started = agents.start_turn(caller, session, message.to_owned(), None).await;
                (session, started.map_err(failed)?.id)
            }
        };
        let answer = Answer { session, turn, text: String::new(), status: TurnStatus::Running };
        let answer = self.wait(caller, answer).await.map_err(failed)?;
        Ok(ClientAnswer::Done(json!({
            "session": answer.session,
            "turn": answer.turn,
            "status": answer.status,
            "text": answer.text,
            "url": format!("{}/chat/{}", self.services.public_url, answer.session),
        })))
    }

    /// Follows a turn until it ends, waits for a person, or time is over.
    async fn wait(&self, caller: &Caller, mut answer: Answer) -> Result<Answer, kontor_agents::Error> {
        let from = Some(EventId::default());
        let events = self.services.agents.subscribe(caller, answer.session, from).await?;
        let mut events = std::pin::pin!(events.take_until(tokio::time::sleep(WITHIN)));
        while let Some(event) = events.next().await {
            let StreamEvent::Logged(logged) = event else { continue };
            if answer.take(&logged.event) {
                break;
            }
            let is_asked =
                matches!(*logged.event, TurnEvent::ApprovalRequested { turn, .. } if turn == answer.turn);
            // One that was asked earlier may have been answered since.
            if is_asked
                && self.services.agents.turn(caller, answer.turn).await?.status
                    == TurnStatus::WaitingForApproval
            {
                answer.status = TurnStatus::WaitingForApproval;
                break;
            }
        }
        if answer.status == TurnStatus::Running {
            answer.status = self.services.agents.turn(caller, answer.turn).await?.status;
        }
        Ok(answer)
    }
}

struct Answer {
    session: SessionId,
    turn: TurnId,
    /// What was said in the step that came last.
    text: String,
    status: TurnStatus,
}

impl Answer {
    /// Takes what an event says of the turn; whether it ended.
    fn take(&mut self, event: &TurnEvent) -> bool {
        match event {
            TurnEvent::MessageCompleted { turn, text, .. } if *turn == self.turn && !text.is_empty() => {
                self.text.clone_from(text);
            }
            TurnEvent::TurnCompleted { turn, .. } if *turn == self.turn => {
                self.status = TurnStatus::Completed
            }
            TurnEvent::TurnFailed { turn, problem, .. } if *turn == self.turn => {
                self.status = TurnStatus::Failed;
                self.text = problem.message.clone();
            }
            TurnEvent::TurnCancelled { turn, .. } if *turn == self.turn => {
                self.status = TurnStatus::Cancelled
            }
            _ => {}
        }
        self.status != TurnStatus::Running
    }
}

fn text<'j>(arguments: &'j Json, name: &str) -> Option<&'j str> {
    arguments.get(name).and_then(Json::as_str).filter(|text| !text.is_empty())
}

fn id<T: std::str::FromStr>(arguments: &Json, name: &str) -> Result<Option<T>, Problem> {
    let Some(text) = text(arguments, name) else { return Ok(None) };
    let wrong =
        || Problem::invalid(vec![Issue::new(name, "invalid_id", "expected the id that was answered")]);
    text.parse().map(Some).map_err(|_| wrong())
}
