//! A client of the HTTP API, as a program would write one.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{server::PASSWORD, sse, waiting::eventually};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);

/// A signed-in caller of one server.
#[derive(Debug, Clone)]
pub struct ApiClient {
    http: Client,
    pub url: String,
    pub token: String,
}

/// An answer: its status and its JSON, null where there is none.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Panics
    /// On any other answer.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test fails by panicking")]
    pub fn ok(self) -> Value {
        if !self.status.is_success() {
            panic!("{}: {}", self.status, self.body);
        }
        self.body
    }
}

impl ApiClient {
    /// A client without credentials.
    pub fn anonymous(url: &str) -> reqwest::Result<Self> {
        // The first installation in a process wins; another is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().build()?;
        Ok(Self { http, url: url.to_owned(), token: String::new() })
    }

    /// Signs one of the demonstration's people in.
    pub async fn sign_in(url: &str, email: &str) -> reqwest::Result<Self> {
        let mut client = Self::anonymous(url)?;
        let body = json!({ "email": email, "password": PASSWORD });
        let tokens = client.post("/api/auth/login", body).await?.ok();
        client.token = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// The same caller at another address: a server that was started again.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Any request with JSON in and out.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Answer> {
        let mut request = self.request(method, path).timeout(ANSWER);
        if let Some(body) = body {
            request = request.json(&body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, headers, body })
    }

    /// Whoever has another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// A token in exchange for this client's, of a scope (RFC 8693).
    pub async fn exchange(&self, scope: &str) -> reqwest::Result<Answer> {
        // All of it is made of what a form takes as it is.
        let form = format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\
             &subject_token_type=urn:ietf:params:oauth:token-type:access_token&subject_token={}&scope={}",
            self.token,
            scope.replace(' ', "+"),
        );
        let request = self.http.request(Method::POST, format!("{}/oauth/token", self.url)).timeout(ANSWER);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = serde_json::from_str(&response.text().await?).unwrap_or(Value::Null);
        Ok(Answer { status, headers, body })
    }

    /// A request with this client's credentials, to be filled in.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// Begins a session with an agent; its id.
    pub async fn session(&self, agent: &str) -> reqwest::Result<String> {
        let session = self.post("/api/sessions", json!({ "agent": agent })).await?.ok();
        Ok(session["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends a message; the turn's id.
    pub async fn turn(&self, session: &str, message: &str) -> reqwest::Result<String> {
        let path = format!("/api/sessions/{session}/turns");
        let turn = self.post(&path, json!({ "message": message })).await?.ok();
        Ok(turn["id"].as_str().unwrap_or_default().to_owned())
    }

    /// The approval that a session waits for, once it does; none where nothing asks for one.
    pub async fn approval_of(&self, session: &str) -> Option<String> {
        let path = format!("/api/approvals?session={session}");
        eventually(ANSWER, || async {
            let waiting = self.get(&path).await.ok()?.ok();
            waiting["data"][0]["id"].as_str().map(str::to_owned)
        })
        .await
    }

    /// The events of a session from after an id on, as they come.
    pub async fn events(
        &self,
        session: &str,
        after: Option<&str>,
    ) -> reqwest::Result<impl futures::Stream<Item = sse::Event> + Unpin + use<>> {
        let mut request = self.request(Method::GET, &format!("/api/sessions/{session}/events"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await?.error_for_status()?;
        Ok(sse::events(response.bytes_stream()))
    }

    /// Sends a message and returns all events of its turn, up to its end.
    pub async fn chat(&self, session: &str, message: &str) -> reqwest::Result<Vec<sse::Event>> {
        let turn = self.turn(session, message).await?;
        self.turn_events(session, &turn).await
    }

    /// All events of a turn, from the log and then live, up to its end or one minute of silence.
    pub async fn turn_events(&self, session: &str, turn: &str) -> reqwest::Result<Vec<sse::Event>> {
        let mut stream = self.events(session, None).await?;
        let mut found = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(ANSWER, stream.next()).await {
            if event.data["turn"].as_str() != Some(turn) {
                continue;
            }
            let ended = event.ends_turn();
            found.push(event);
            if ended {
                break;
            }
        }
        Ok(found)
    }
}
