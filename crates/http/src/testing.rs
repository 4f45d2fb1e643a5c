//! The services of a whole server on a folder of their own, for the tests of the faces.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use kontor_agents::{AgentParts, AgentSettings, Agents, WorkspaceSetup};
use kontor_core::{
    caller::{Caller, Operator},
    environment::Environment,
    ids::WorkspaceId,
};
use kontor_crm::{Crm, Feed, ProgramOperations, RecordOperations};
use kontor_evals::{
    evaluations::{EvaluationParts, Evaluations},
    sandbox::{SandboxParts, Sandboxes, Source},
    tryouts::{TryoutLimits, Tryouts},
};
use kontor_identity::{
    Identity, IdentitySettings, MasterSecret, NewMember, NewWorkspace, PasswordCost, SessionCookie,
};
use kontor_models::{
    Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason, Models, ModelsConfig, Price,
    Pricing, Rate, Usage,
};
use kontor_operations::{ApprovalPolicy, Audit, OperationSettings, Operations, WorkspaceJobs};
use kontor_store::{
    Store, StoreConfig,
    jobs::{JobSettings, Jobs},
};
use tempfile::TempDir;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Health, RateLimitSettings, RateLimits, ServiceParts, Services, StreamLimits, Streams};

/// The password of everyone.
pub const PASSWORD: &str = "correct horse battery";

/// Where the server is said to be.
const PUBLIC_URL: &str = "http://kontor.test";

/// Few streams, so that tests meet the limits.
const STREAMS: StreamLimits = StreamLimits { total: 4, per_member: 3, per_credential: 2 };

/// A server without a socket.
pub struct Installation {
    pub services: Services,
    pub store: Store,
    _folder: TempDir,
}

impl Installation {
    /// With no workspace yet, a model that needs no provider, and limits of one's own.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[allow(clippy::unwrap_used)]
    pub async fn with(builtin: Arc<dyn ChatModel>, rate_limits: RateLimitSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::system();
        let store = Store::open(StoreConfig::new(folder.path()), environment.clone()).await.unwrap();
        let crm = Crm::new(store.clone(), environment.clone());
        let operations = Operations::new(
            store.clone(),
            environment.clone(),
            Arc::new(crm.clone()),
            vec![Arc::new(RecordOperations), Arc::new(ProgramOperations)],
            OperationSettings::default(),
        );
        let settings = IdentitySettings {
            password_cost: PasswordCost { memory_kib: 64, iterations: 1, lanes: 1 },
            caller_cache_for: Duration::from_millis(100),
            issuer: PUBLIC_URL.to_owned(),
            ..IdentitySettings::default()
        };
        let provisioner = Arc::new(WorkspaceSetup::new(environment.clone()));
        let secret = MasterSecret::new(vec![7; MasterSecret::MINIMUM]);
        let identity =
            Identity::open(store.clone(), environment.clone(), secret, provisioner, settings).await.unwrap();
        let config = ModelsConfig { ollama_url: String::new(), ..ModelsConfig::default() };
        let models = Models::new(config, &Default::default(), builtin, environment.clone()).unwrap();
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
        let sandboxes = Sandboxes::new(SandboxParts {
            folder: folder.path().join("sandboxes"),
            models: models.clone(),
            contributors: vec![Arc::new(RecordOperations)],
            data_steps: Vec::new(),
            policy: ApprovalPolicy::default(),
            agents: AgentSettings::default(),
            environment: environment.clone(),
            operator: Operator::of_this_installation(),
        });
        let source = Source { store: store.clone(), identity: identity.clone(), agents: agents.clone() };
        let evaluations = Evaluations::new(EvaluationParts {
            sandboxes: sandboxes.clone(),
            source: source.clone(),
            crm: crm.clone(),
            jobs: jobs.clone(),
            environment: environment.clone(),
            policy: ApprovalPolicy::default(),
        });
        let tryouts = Tryouts::new(sandboxes, source, environment.clone(), TryoutLimits::default());
        let services = Services::new(ServiceParts {
            identity,
            operations,
            agents,
            tryouts,
            evaluations,
            jobs: WorkspaceJobs::new(store.clone(), jobs),
            audit: Audit::new(store.clone(), Arc::new(crm.clone())),
            feed: Feed::new(store.clone(), TaskTracker::new(), shutdown.clone()),
            crm,
            models,
            outbound: kontor_outbound::Outbound::default(),
            environment,
            public_url: PUBLIC_URL.into(),
            cookie: SessionCookie::new(false),
            streams: Streams::new(STREAMS),
            rate_limits: RateLimits::new(rate_limits),
            health: Health::new(|| 0),
            shutdown,
        });
        Self { services, store, _folder: folder }
    }

    /// Makes a workspace with Ada (Admin) and Vera (Viewer), whose addresses are `…@demo.test`.
    ///
    /// # Panics
    /// Where it cannot be made.
    #[allow(clippy::unwrap_used)]
    pub async fn make_workspace(&self) -> WorkspaceId {
        let identity = &self.services.identity;
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
        workspace
    }
}

/// A language model that greets and tells what that used up, which costs 3,150 millionths of a dollar. Its name is one
/// that a spreadsheet would take for a formula.
pub struct PricedModel;

impl ChatModel for PricedModel {
    fn name(&self) -> &str {
        "=priced/greeter"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::LANGUAGE
    }

    fn pricing(&self) -> Option<Pricing> {
        let price =
            Price { input: Rate(3_000_000), cached_input: None, cache_write: None, output: Rate(15_000_000) };
        Some(Pricing { price, long_prompt: None })
    }

    fn stream(&self, _: ChatRequest) -> DeltaStream {
        let usage = Usage { input_tokens: 1_000, output_tokens: 10, ..Usage::default() };
        let said =
            [Delta::Text("Good day.".to_owned()), Delta::Usage(usage), Delta::Finish(FinishReason::Stop)];
        futures::stream::iter(said.map(Ok)).boxed()
    }
}
