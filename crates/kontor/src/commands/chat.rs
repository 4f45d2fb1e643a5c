//! `kontor chat`: a client of the API that streams a reply in the terminal.

use std::time::Duration;

use eventsource_stream::Eventsource as _;
use futures::StreamExt as _;
use kontor_core::turn::{ToolOutcome, TurnEvent};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{cli::Chat, error::Error, terminal};

/// How long the server may be silent: it sends a sign of life every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// How long any other answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How often in a row a broken connection is taken up again.
const ATTEMPTS: u32 = 5;

pub(crate) async fn run(chat: Chat) -> Result<(), Error> {
    let client = Api::sign_in(&chat).await?;
    let session = match &chat.session {
        Some(session) => session.clone(),
        None => {
            let made: Value = client.post("/api/sessions", &json!({ "agent": chat.agent })).await?;
            text(&made, "id")?
        }
    };
    let before: Value = client.get(&format!("/api/sessions/{session}")).await?;
    let turn: Value =
        client.post(&format!("/api/sessions/{session}/turns"), &json!({ "message": chat.message })).await?;
    let turn = text(&turn, "id")?;
    let after = before.get("last_seq").and_then(Value::as_i64).unwrap_or(0);
    let ended = client.follow(&session, &turn, after, chat.approve).await?;
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

struct Api {
    http: Client,
    server: String,
    token: String,
}

impl Api {
    async fn sign_in(chat: &Chat) -> Result<Self, Error> {
        // The ring provider is the process's one TLS implementation; a second installation keeps the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = chat.server.trim_end_matches('/').to_owned();
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(SILENCE)
            .build()
            .map_err(|source| Error::Unreachable { server: server.clone(), source })?;
        let mut api = Self { http, server, token: String::new() };
        if let Ok(token) = std::env::var("KONTOR_TOKEN") {
            api.token = token;
            return Ok(api);
        }
        let email = match &chat.email {
            Some(email) => email.clone(),
            None => terminal::ask("Mail address:")
                .ok_or_else(|| Error::Usage("name who signs in with --email or KONTOR_EMAIL".to_owned()))?,
        };
        let password = terminal::password(&email)?;
        let mut body = json!({ "email": email, "password": password });
        if let Some(workspace) = &chat.workspace {
            body["workspace"] = json!(workspace);
        }
        let tokens: Value = api.post("/api/auth/login", &body).await?;
        api.token = text(&tokens, "access_token")?;
        Ok(api)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.answer(self.http.get(format!("{}{path}", self.server))).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.answer(self.http.post(format!("{}{path}", self.server)).json(body)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let unreachable = |source| Error::Unreachable { server: self.server.clone(), source };
        let response = self.authorized(request).timeout(ANSWER).send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(unreachable);
        }
        let problem: Value = response.json().await.unwrap_or_default();
        let detail = problem.get("detail").or_else(|| problem.get("title")).and_then(Value::as_str);
        Err(Error::Refused(detail.map_or_else(|| format!("the server answered {status}"), str::to_owned)))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// Prints a turn as it happens, until it ends. A connection that breaks is taken up where it broke.
    async fn follow(&self, session: &str, turn: &str, after: i64, approve: bool) -> Result<Ended, Error> {
        let mut last = after.to_string();
        let mut failures = 0_u32;
        loop {
            let url = format!("{}/api/sessions/{session}/events", self.server);
            let request = self.authorized(self.http.get(url)).header("last-event-id", &last);
            if failures > 0 {
                tokio::time::sleep(Duration::from_millis(300 << failures)).await;
            }
            failures += 1;
            let response = match request.send().await {
                Ok(response) if response.status().is_success() && failures <= ATTEMPTS => response,
                Ok(response) if response.status().is_success() => {
                    return Err(Error::Refused("the reply breaks off again and again".to_owned()));
                }
                Ok(response) => {
                    return Err(Error::Refused(format!("the server answered {}", response.status())));
                }
                Err(source) if failures > ATTEMPTS => {
                    return Err(Error::Unreachable { server: self.server.clone(), source });
                }
                Err(_) => continue,
            };
            let mut events = response.bytes_stream().eventsource();
            while let Some(Ok(event)) = events.next().await {
                failures = 0;
                last.clone_from(&event.id);
                let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
                if data.get("turn").and_then(Value::as_str) != Some(turn) {
                    continue;
                }
                if let Some(ended) = self.show(&event.event, data, approve).await? {
                    return Ok(ended);
                }
            }
        }
    }

    /// Prints one event; tells when it ends the turn.
    async fn show(&self, name: &str, data: Value, approve: bool) -> Result<Option<Ended>, Error> {
        if name == "text.delta" {
            terminal::piece(data.get("text").and_then(Value::as_str).unwrap_or_default());
            return Ok(None);
        }
        // Events of a newer server are passed over.
        let Ok(event) = serde_json::from_value::<TurnEvent>(json!({ "event": name, "data": data })) else {
            return Ok(None);
        };
        match event {
            TurnEvent::MessageCompleted { .. } => terminal::line(""),
            TurnEvent::StepRestarted { reason, .. } => terminal::remark(&format!("\n[again: {reason}]")),
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
            TurnEvent::ApprovalRequested { approval, operation, arguments, .. } => {
                let question = format!("Approve {operation} {arguments}? (y/n)");
                let yes = approve
                    || terminal::ask(&question).is_some_and(|answer| answer.eq_ignore_ascii_case("y"));
                let decision = if yes { "approve" } else { "deny" };
                let _: Value = self
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

/// A text of an answer.
fn text(json: &Value, name: &str) -> Result<String, Error> {
    json.get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Error::Refused(format!("the server's answer has no {name}")))
}
