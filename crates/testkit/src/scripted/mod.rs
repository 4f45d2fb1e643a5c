//! A model server that speaks OpenAI's chat completions and Anthropic's messages over real HTTP and answers by script.
//!
//! It checks invariants on every request it receives ([`ScriptedModel::violations`]), so that a test of
//! anything above also tests what is sent.

mod fixed;
mod invariants;
mod messages;
mod script;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt as _,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

pub use fixed::Fixed;
pub use messages::answer;
pub use script::Script;

type Rule = Box<dyn Fn(&Value) -> Script + Send + Sync>;

/// The name of the one model the server lists.
pub const MODEL: &str = "scripted";

/// A running server; dropping it stops it.
pub struct ScriptedModel {
    address: SocketAddr,
    state: Arc<Shared>,
    _server: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    rule: Option<Rule>,
    /// The names and capabilities that are told in place of [`MODEL`] and its own.
    models: Vec<(String, Vec<String>)>,
    /// With which context window a model is loaded when it is asked.
    window: Option<u32>,
    /// How many requests there were when the model was unloaded.
    unloaded_after: AtomicUsize,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    scripts: VecDeque<Script>,
    requests: Vec<Value>,
    bodies: Vec<Bytes>,
    violations: Vec<String>,
    forbidden: Vec<String>,
    /// The one key that is taken, where not every one is.
    key: Option<String>,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ScriptedModel {
    /// A server that answers with what [`push`](Self::push) queues.
    pub async fn start() -> std::io::Result<Self> {
        Self::serve("127.0.0.1:0", Shared::default()).await
    }

    /// A server that tells of these models and what they can do, as Ollama does.
    pub async fn with_models(models: &[(&str, &[&str])]) -> std::io::Result<Self> {
        let owned = |(name, can): &(&str, &[&str])| {
            ((*name).to_owned(), can.iter().map(|capability| (*capability).to_owned()).collect())
        };
        let shared = Shared { models: models.iter().map(owned).collect(), ..Shared::default() };
        Self::serve("127.0.0.1:0", shared).await
    }

    /// A server that loads its model with this context window when it is asked first, and tells it from then on, as
    /// Ollama does.
    pub async fn loading(window: u32) -> std::io::Result<Self> {
        Self::serve("127.0.0.1:0", Shared { window: Some(window), ..Shared::default() }).await
    }

    /// Unloads the model, as such a server does that was not asked for a while.
    pub fn unload(&self) {
        let requests = self.state.log().requests.len();
        self.state.unloaded_after.store(requests, Ordering::SeqCst);
    }

    /// A server that decides each answer from the request's body.
    pub async fn with_rule(rule: impl Fn(&Value) -> Script + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::with_rule_at("127.0.0.1:0", rule).await
    }

    /// The same at a chosen address.
    pub async fn with_rule_at(
        listen: &str,
        rule: impl Fn(&Value) -> Script + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        Self::serve(listen, Shared { rule: Some(Box::new(rule)), ..Shared::default() }).await
    }

    /// A server that does the least work a request can cost, for benchmarks: it answers a conversation that
    /// ends with a tool result by a reply of 40 pieces, any other by one tool call, and checks nothing.
    pub async fn fixed(listen: &str, fixed: Fixed) -> std::io::Result<Self> {
        let router = fixed.router();
        Self::run(listen, router, Arc::default()).await
    }

    async fn serve(listen: &str, shared: Shared) -> std::io::Result<Self> {
        let state = Arc::new(shared);
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/messages", post(messages::complete))
            .route("/v1/models", get(listed))
            .route("/api/show", post(capabilities))
            .route("/api/ps", get(loaded))
            .layer(DefaultBodyLimit::max(2 * invariants::LONGEST_BODY))
            .layer(middleware::from_fn_with_state(state.clone(), check_key))
            .with_state(state.clone());
        Self::run(listen, router, state).await
    }

    async fn run(listen: &str, router: Router, state: Arc<Shared>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        // A connection that keeps small pieces back is slower, not wrong.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Serving ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, state, _server: server })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a provider's `base_url` is set to.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Queues an answer.
    pub fn push(&self, script: Script) {
        self.state.log().scripts.push_back(script);
    }

    /// A text that must stand in no request.
    pub fn forbid(&self, secret: impl Into<String>) {
        self.state.log().forbidden.push(secret.into());
    }

    /// Takes no other key than this one, which must stand in no body either.
    pub fn take_only(&self, key: impl Into<String>) {
        let key = key.into();
        self.forbid(key.clone());
        self.state.log().key = Some(key);
    }

    /// The bodies received so far, in order.
    pub fn requests(&self) -> Vec<Value> {
        self.state.log().requests.clone()
    }

    /// The same as they came.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.state.log().bodies.iter().map(|body| body.to_vec()).collect()
    }

    /// Answers that were queued and not asked for.
    pub fn left(&self) -> usize {
        self.state.log().scripts.len()
    }

    /// What was wrong with the requests received so far.
    pub fn violations(&self) -> Vec<String> {
        self.state.log().violations.clone()
    }
}

/// Refuses another key than the one that is taken, in OpenAI's words.
async fn check_key(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let wanted = shared.log().key.as_ref().map(|key| format!("Bearer {key}"));
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if wanted.is_none() || given == wanted.as_deref() {
        return next.run(request).await;
    }
    let error = json!({"message": "Incorrect API key provided.", "code": "invalid_api_key"});
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": error }))).into_response()
}

async fn listed(State(shared): State<Arc<Shared>>) -> Json<Value> {
    if shared.models.is_empty() {
        return models().await;
    }
    let data: Vec<Value> =
        shared.models.iter().map(|(name, _)| json!({"id": name, "object": "model"})).collect();
    Json(json!({"object": "list", "data": data}))
}

/// What a model can do, as Ollama's `/api/show` tells it.
async fn capabilities(State(shared): State<Arc<Shared>>, Json(asked): Json<Value>) -> Response {
    if shared.models.is_empty() && asked["model"] == MODEL {
        return Json(json!({"capabilities": ["completion", "tools"]})).into_response();
    }
    match shared.models.iter().find(|(name, _)| asked["model"] == name.as_str()) {
        Some((_, capabilities)) => Json(json!({"capabilities": capabilities})).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"error": "model not found"}))).into_response(),
    }
}

/// The models that are loaded, as Ollama's `/api/ps` tells them.
async fn loaded(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let unloaded_after = shared.unloaded_after.load(Ordering::SeqCst);
    let window = shared.window.filter(|_| shared.log().requests.len() > unloaded_after);
    let models: Vec<Value> =
        window.map(|window| json!({"name": MODEL, "context_length": window})).into_iter().collect();
    Json(json!({"models": models}))
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "test"}]}))
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "));
    respond(&shared, bearer, &body, invariants::check)
}

/// What is wrong with a request, given its body and the secrets that must not stand in it.
type Check = fn(&Value, &[u8], &[&str]) -> Vec<String>;

/// Notes a request, with what is wrong with it, and answers it.
fn respond(shared: &Shared, key: Option<&str>, body: &Bytes, check: Check) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        shared.log().violations.push("the body is not JSON".to_owned());
        return (StatusCode::BAD_REQUEST, Json(json!({"error": {"message": "not JSON"}}))).into_response();
    };
    let script = {
        let mut log = shared.log();
        let number = log.requests.len() + 1;
        let secrets = log.forbidden.iter().map(String::as_str).chain(key.filter(|key| !key.is_empty()));
        let found = check(&request, body, &secrets.collect::<Vec<_>>());
        log.violations.extend(found.into_iter().map(|what| format!("request {number}: {what}")));
        log.requests.push(request.clone());
        log.bodies.push(body.clone());
        match &shared.rule {
            Some(rule) => Some(rule(&request)),
            None => log.scripts.pop_front(),
        }
    };
    let Some(script) = script else {
        shared.log().violations.push("a request came that no script answers".to_owned());
        let body = json!({"error": {"message": "no script is left", "type": "invalid_request_error"}});
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    };
    script.respond(request["stream"].as_bool().unwrap_or(false))
}

fn events(body: Body) -> Response {
    ([("content-type", "text/event-stream"), ("cache-control", "no-cache")], body).into_response()
}
