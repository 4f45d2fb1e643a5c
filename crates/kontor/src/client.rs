//! A signed-in caller of a server's API, as the client commands use it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{error::Error, terminal};

/// How long the server may be silent: it sends a sign of life every fifteen seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// How long any other answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a request under a key is sent until an answer comes.
const SENDINGS: u32 = 3;

/// How a caller proves who they are.
#[derive(Clone, Default, Deserialize)]
struct Tokens {
    access_token: String,
    /// Without one, the access token is all there is.
    #[serde(default)]
    refresh_token: Option<String>,
}

pub(crate) struct Api {
    http: Client,
    server: String,
    tokens: Mutex<Tokens>,
}

impl Api {
    /// A client that is not signed in.
    pub(crate) fn new(server: &str) -> Result<Self, Error> {
        let server = server.trim_end_matches('/').to_owned();
        // Whoever runs the command chose the server, which may stand anywhere.
        let http = Client::builder().connect_timeout(Duration::from_secs(5)).read_timeout(SILENCE);
        // The answer of a redirect would be taken for the server's own.
        let http = http.redirect(reqwest::redirect::Policy::none());
        let is_secure = url::Url::parse(&server).is_ok_and(|url| url.scheme() == "https");
        let http = kontor_outbound::with_tls(http, is_secure)?
            .build()
            .map_err(|source| Error::Unreachable { server: server.clone(), source })?;
        Ok(Self { http, server, tokens: Mutex::default() })
    }

    /// The same with an access token that was got elsewhere.
    pub(crate) fn with_token(self, access_token: String) -> Self {
        self.keep(Tokens { access_token, refresh_token: None });
        self
    }

    pub(crate) async fn sign_in(
        &self,
        email: &str,
        password: &str,
        workspace: Option<&str>,
    ) -> Result<(), Error> {
        let mut body = json!({ "email": email, "password": password });
        if let Some(workspace) = workspace {
            body["workspace"] = json!(workspace);
        }
        let tokens = self.post("/api/auth/login", &body).await?;
        self.keep(tokens);
        Ok(())
    }

    /// Signed in as the environment or the person says.
    pub(crate) async fn signed_in(
        server: &str,
        email: Option<&str>,
        workspace: Option<&str>,
    ) -> Result<Self, Error> {
        let api = Self::new(server)?;
        if let Ok(token) = std::env::var("KONTOR_TOKEN") {
            return Ok(api.with_token(token));
        }
        let email = match email {
            Some(email) => email.to_owned(),
            None => terminal::ask("Mail address:")
                .ok_or_else(|| Error::Usage("name who signs in with --email or KONTOR_EMAIL".to_owned()))?,
        };
        let password = terminal::password(&email)?;
        api.sign_in(&email, &password, workspace).await?;
        Ok(api)
    }

    /// Sends a body by another method than POST.
    pub(crate) async fn send_by<T: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        path: &str,
        body: &Value,
    ) -> Result<T, Error> {
        self.answer(|| self.http.request(method.clone(), self.url(path)).json(body).timeout(ANSWER)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        let response = self.send(|| self.http.delete(self.url(path)).timeout(ANSWER)).await?;
        if response.status().is_success() { Ok(()) } else { Err(refusal(response).await) }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.answer(|| self.http.get(self.url(path)).timeout(ANSWER)).await
    }

    /// What is answered in another form than JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Error> {
        let response = self.send(|| self.http.get(self.url(path)).timeout(ANSWER)).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        response.text().await.map_err(|source| self.unreachable(source))
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Error> {
        self.answer(|| self.http.post(self.url(path)).json(body).timeout(ANSWER)).await
    }

    /// Sends what must not happen twice: under its key it can be sent again when no answer came.
    pub(crate) async fn post_once<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Result<T, Error> {
        let request =
            || self.http.post(self.url(path)).header("idempotency-key", key).json(body).timeout(ANSWER);
        let mut sent = 1;
        loop {
            match self.answer(request).await {
                Err(Error::Unreachable { .. }) if sent < SENDINGS => {
                    tokio::time::sleep(Duration::from_millis(300 << sent)).await;
                    sent += 1;
                }
                answer => return answer,
            }
        }
    }

    /// The events of a session after the one with the id `after`.
    pub(crate) async fn events(&self, session: &str, after: &str) -> Result<Response, Error> {
        let url = self.url(&format!("/api/sessions/{session}/events"));
        let response = self.send(|| self.http.get(&url).header("last-event-id", after)).await?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }

    async fn answer<T: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<T, Error> {
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        response.json().await.map_err(|source| self.unreachable(source))
    }

    /// Sends a request as the caller, once more with new tokens where the server does not take the old.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, Error> {
        let used = self.tokens();
        let response = self.authorized(request(), &used).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(refresh_token) = used.refresh_token else { return Ok(response) };
        let body = json!({ "refresh_token": refresh_token });
        let refreshing = self.http.post(self.url("/api/auth/refresh")).json(&body).timeout(ANSWER);
        let answer = refreshing.send().await.map_err(|source| self.unreachable(source))?;
        if !answer.status().is_success() {
            return Ok(response);
        }
        let renewed: Tokens = answer.json().await.map_err(|source| self.unreachable(source))?;
        self.keep(renewed.clone());
        self.authorized(request(), &renewed).await
    }

    async fn authorized(&self, request: RequestBuilder, tokens: &Tokens) -> Result<Response, Error> {
        let is_signed_in = !tokens.access_token.is_empty();
        let request = if is_signed_in { request.bearer_auth(&tokens.access_token) } else { request };
        request.send().await.map_err(|source| self.unreachable(source))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    fn unreachable(&self, source: reqwest::Error) -> Error {
        Error::Unreachable { server: self.server.clone(), source }
    }

    fn tokens(&self) -> Tokens {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, tokens: Tokens) {
        *self.tokens.lock().unwrap_or_else(PoisonError::into_inner) = tokens;
    }
}

/// What the server said when it refused.
async fn refusal(response: Response) -> Error {
    let status = response.status();
    let problem: Value = response.json().await.unwrap_or_default();
    let detail = problem.get("detail").or_else(|| problem.get("title")).and_then(Value::as_str);
    Error::Refused(detail.map_or_else(|| format!("the server answered {status}"), str::to_owned))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{
        Json, Router,
        extract::State,
        http::HeaderMap,
        response::{IntoResponse as _, Response},
        routing::{get, post},
    };
    use tokio::{net::TcpListener, task::JoinSet};

    use super::*;

    /// A server whose access tokens hold for one request, and which loses its first answer under a key.
    #[derive(Default)]
    struct Fickle {
        tokens: u32,
        used: Option<String>,
        keys: Vec<String>,
    }

    type Shared = Arc<Mutex<Fickle>>;

    impl Fickle {
        fn pair(&mut self) -> Json<Value> {
            self.tokens += 1;
            Json(json!({
                "access_token": format!("access-{}", self.tokens),
                "refresh_token": format!("refresh-{}", self.tokens),
            }))
        }

        fn admits(&mut self, headers: &HeaderMap) -> bool {
            let given = headers["authorization"].to_str().unwrap().to_owned();
            let admitted =
                given == format!("Bearer access-{}", self.tokens) && self.used.as_ref() != Some(&given);
            self.used = Some(given);
            admitted
        }
    }

    async fn login(State(fickle): State<Shared>) -> Json<Value> {
        fickle.lock().unwrap().pair()
    }

    async fn refresh(State(fickle): State<Shared>, Json(given): Json<Value>) -> Response {
        let mut fickle = fickle.lock().unwrap();
        match given["refresh_token"] == format!("refresh-{}", fickle.tokens) {
            true => fickle.pair().into_response(),
            false => StatusCode::UNAUTHORIZED.into_response(),
        }
    }

    async fn me(State(fickle): State<Shared>, headers: HeaderMap) -> Response {
        match fickle.lock().unwrap().admits(&headers) {
            true => Json(json!({"name": "Ada"})).into_response(),
            false => (StatusCode::UNAUTHORIZED, Json(json!({"detail": "Sign in."}))).into_response(),
        }
    }

    async fn turn(State(fickle): State<Shared>, headers: HeaderMap) -> Response {
        let mut fickle = fickle.lock().unwrap();
        fickle.keys.push(headers["idempotency-key"].to_str().unwrap().to_owned());
        // Half an answer is none.
        match fickle.keys.len() {
            1 => "{\"id\": ".into_response(),
            _ => Json(json!({"id": "turn"})).into_response(),
        }
    }

    async fn serve(fickle: &Shared) -> (String, JoinSet<()>) {
        let router = Router::new()
            .route("/api/auth/login", post(login))
            .route("/api/auth/refresh", post(refresh))
            .route("/api/me", get(me))
            .route("/api/turns", post(turn))
            .route("/api/sessions/{id}/events", get(me))
            .with_state(fickle.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        (url, server)
    }

    #[tokio::test]
    async fn an_expired_token_is_renewed_for_requests_and_for_the_stream() {
        let fickle = Shared::default();
        let (url, _server) = serve(&fickle).await;
        let api = Api::new(&url).unwrap();
        api.sign_in("ada@demo.test", "secret", None).await.unwrap();
        for _ in 0..3 {
            let me: Value = api.get("/api/me").await.unwrap();
            assert_eq!(me["name"], "Ada");
        }
        assert!(api.events("session", "7").await.unwrap().status().is_success());
        assert_eq!(fickle.lock().unwrap().tokens, 4, "one sign-in and three renewals");
    }

    #[tokio::test]
    async fn a_token_that_cannot_be_renewed_is_told_with_the_server_s_words() {
        let (url, _server) = serve(&Shared::default()).await;
        let api = Api::new(&url).unwrap().with_token("stolen".to_owned());
        let refused = api.get::<Value>("/api/me").await.unwrap_err();
        assert_eq!(refused.to_string(), "Sign in.");
    }

    #[tokio::test]
    async fn a_message_whose_answer_was_lost_is_sent_again_under_the_same_key() {
        let fickle = Shared::default();
        let (url, _server) = serve(&fickle).await;
        let api = Api::new(&url).unwrap();
        let turn: Value = api.post_once("/api/turns", &json!({"message": "hi"}), "k").await.unwrap();
        assert_eq!(turn["id"], "turn");
        assert_eq!(fickle.lock().unwrap().keys, ["k", "k"]);
    }
}
