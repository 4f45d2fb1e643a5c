//! Requests through the whole router, on a real store and the real services.

mod auth;
mod bad_input;
mod catalogue;
mod chat;
mod health;
mod records;
mod streams;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use kontor_agents::{AgentParts, AgentSettings, Agents, WorkspaceSetup};
use kontor_builtin::Builtin;
use kontor_core::{
    caller::{Caller, Operator},
    environment::Environment,
};
use kontor_crm::{Crm, RecordOperations};
use kontor_http::{Health, StreamLimits, Streams};
use kontor_identity::{
    Identity, IdentitySettings, MasterSecret, NewMember, NewWorkspace, PasswordCost, SessionCookie, SignIn,
};
use kontor_models::{Models, ModelsConfig};
use kontor_operations::{Audit, OperationSettings, Operations, WorkspaceJobs};
use kontor_store::jobs::{JobSettings, Jobs};
use kontor_store::{Store, StoreConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{ApiState, router};

const PASSWORD: &str = "correct horse battery";
const STREAMS: StreamLimits = StreamLimits { total: 4, per_member: 3, per_credential: 2 };

/// A server without a socket, with Ada (Admin) and Vera (Viewer).
struct Server {
    router: Router,
    identity: Identity,
    agents: Agents,
    health: Health,
    shutdown: CancellationToken,
    store: Store,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    #[track_caller]
    fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::system();
        let store = Store::open(StoreConfig::new(folder.path()), environment.clone()).await.unwrap();
        let crm = Crm::new(store.clone(), environment.clone());
        let operations = Operations::new(
            store.clone(),
            environment.clone(),
            Arc::new(crm.clone()),
            vec![Arc::new(RecordOperations)],
            OperationSettings::default(),
        );
        let settings = IdentitySettings {
            password_cost: PasswordCost { memory_kib: 64, iterations: 1, lanes: 1 },
            caller_cache_for: Duration::from_millis(100),
            ..IdentitySettings::default()
        };
        let provisioner = Arc::new(WorkspaceSetup::new(environment.clone()));
        let secret = MasterSecret::new(vec![7; MasterSecret::MINIMUM]);
        let identity =
            Identity::open(store.clone(), environment.clone(), secret, provisioner, settings).await.unwrap();
        let config = ModelsConfig { ollama_url: String::new(), ..ModelsConfig::default() };
        let models = Models::new(config, Arc::new(Builtin::default()), environment.clone()).unwrap();
        let jobs = Jobs::new(store.clone(), environment.clone(), JobSettings::default());
        let agents = Agents::new(
            AgentParts {
                store: store.clone(),
                crm: crm.clone(),
                operations: operations.clone(),
                jobs: jobs.clone(),
                identity: identity.clone(),
                models: models.clone(),
                environment: environment.clone(),
            },
            AgentSettings::default(),
        );
        let shutdown = CancellationToken::new();
        let health = Health::new(|| 0);
        let router = router(ApiState {
            identity: identity.clone(),
            crm: crm.clone(),
            operations,
            agents: agents.clone(),
            jobs: WorkspaceJobs::new(store.clone(), jobs),
            audit: Audit::new(store.clone(), Arc::new(crm.clone())),
            models,
            environment,
            public_url: "http://kontor.test".into(),
            cookie: SessionCookie::new(false),
            streams: Streams::new(STREAMS),
            health: health.clone(),
            shutdown: shutdown.clone(),
        });
        let new = NewWorkspace {
            name: "Demo".into(),
            admin_name: "Ada Brandt".into(),
            email: "ada@demo.test".into(),
            password: PASSWORD.into(),
        };
        let (workspace, _) = identity.create_workspace(Operator::of_this_installation(), new).await.unwrap();
        let vera = NewMember {
            name: "Vera Voss".into(),
            email: "vera@demo.test".into(),
            role: "Viewer".into(),
            password: PASSWORD.into(),
        };
        identity.add_member(&Caller::system(workspace), vera).await.unwrap();
        Self { router, identity, agents, health, shutdown, store, _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()))
        };
        Answer { status: head.status, headers: head.headers, body }
    }

    async fn sign_in(&self, name: &str) -> Client<'_> {
        let tokens = self.identity.sign_in(sign_in(name)).await.unwrap();
        Client { server: self, token: tokens.access_token }
    }
}

fn sign_in(name: &str) -> SignIn {
    SignIn {
        email: format!("{name}@demo.test"),
        password: PASSWORD.into(),
        workspace: None,
        remote: None,
        user_agent: None,
        known_browser: String::new(),
    }
}

/// Someone with an access token.
struct Client<'s> {
    server: &'s Server,
    token: String,
}

impl Client<'_> {
    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let authorization = format!("Bearer {}", self.token);
        Request::builder().method(method).uri(path).header("authorization", authorization)
    }

    async fn get(&self, path: &str) -> Answer {
        self.server.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.server.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body, &[]).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body, &[]).await
    }

    async fn send(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request(method, path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.server.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn create(&self, plural: &str, fields: Value) -> Answer {
        self.post(&format!("/api/records/{plural}"), fields).await.expect(201)
    }
}
