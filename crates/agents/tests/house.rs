//! A workspace with members, a model server that does as a message says, and processes that can be killed.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt as _};
use kontor_agents::{
    AgentParts, AgentSettings, Agents, EventId, ExpireApprovals, LoggedEvent, NewSession, StreamEvent,
    WorkspaceSetup,
};
use kontor_builtin::Builtin;
use kontor_core::{
    caller::{Caller, Operator},
    environment::{Environment, ManualClock, SystemRandom},
    ids::{MemberId, RecordId, SessionId, TurnId, WorkspaceId},
    turn::TurnEvent,
};
use kontor_crm::{Crm, RecordOperations, records::RecordWrite};
use kontor_identity::{Identity, IdentitySettings, MasterSecret, NewMember, NewWorkspace, PasswordCost};
use kontor_models::{Models, ModelsConfig, RetryPolicy};
use kontor_operations::{ApprovalPolicy, OperationSettings, Operations, testing::CountedEffects};
use kontor_store::{
    Store, Tx,
    jobs::{Dispatcher, JobSettings, Jobs, Registry},
    testing::TestStore,
};
use kontor_testkit::{
    scripted::{Script, ScriptedModel},
    waiting::eventually,
};
use sea_query::UpdateStatement;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::plans::obey;
pub(crate) use crate::plans::plan;

/// Longer than anything here takes; what takes longer has stalled.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often what is due is looked for.
const SWEEP: Duration = Duration::from_millis(100);
/// The context window of a model, in tokens.
pub(crate) const NARROW: usize = 8_192;
const PASSWORD: &str = "correct horse battery";

pub(crate) struct House {
    pub(crate) store: TestStore,
    pub(crate) server: ScriptedModel,
    pub(crate) first: Process,
    pub(crate) workspace: WorkspaceId,
    /// The admin.
    pub(crate) ada: Caller,
}

/// A process that works on the data, with a worker of its own.
pub(crate) struct Process {
    runtime: Option<tokio::runtime::Runtime>,
    store: Store,
    pub(crate) crm: Crm,
    pub(crate) operations: Operations,
    pub(crate) identity: Identity,
    pub(crate) agents: Agents,
    stop: CancellationToken,
    worker: Option<tokio::task::JoinHandle<()>>,
    dispatcher: Option<tokio::task::JoinHandle<()>>,
}

/// How agents are set in a test.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) agents: AgentSettings,
    pub(crate) policy: ApprovalPolicy,
}

impl From<AgentSettings> for Settings {
    fn from(agents: AgentSettings) -> Self {
        Self { agents, ..Self::default() }
    }
}

/// Settings with short waits.
pub(crate) fn settings() -> AgentSettings {
    AgentSettings {
        retries: RetryPolicy {
            attempts: 4,
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_secs(2),
        },
        ..AgentSettings::default()
    }
}

impl House {
    pub(crate) async fn new(store: TestStore) -> Self {
        Self::with(store, settings()).await
    }

    pub(crate) async fn with(store: TestStore, settings: impl Into<Settings>) -> Self {
        Self::on(store, ScriptedModel::with_rule(obey).await.unwrap(), settings).await
    }

    /// With a model server that answers what the test queues.
    pub(crate) async fn scripted(store: TestStore) -> Self {
        Self::on(store, ScriptedModel::start().await.unwrap(), settings()).await
    }

    /// With the command interpreter in place of a model.
    pub(crate) async fn with_builtin(store: TestStore) -> Self {
        let server = ScriptedModel::start().await.unwrap();
        let first =
            Process::made(&store, server.base_url(), settings(), "builtin", Environment::system()).await;
        Self::around(store, server, first).await
    }

    /// With a real model behind this address.
    pub(crate) async fn with_real_model(store: TestStore, base_url: String) -> Self {
        let server = ScriptedModel::start().await.unwrap();
        let environment = Environment::system();
        let first = Process::made(&store, base_url, settings(), "scripted/small", environment).await;
        Self::around(store, server, first).await
    }

    /// With a model whose window is [`NARROW`], on a server that answers by this rule.
    pub(crate) async fn narrow(
        store: TestStore,
        rule: impl Fn(&Value) -> Script + Send + Sync + 'static,
    ) -> Self {
        let server = ScriptedModel::with_rule(rule).await.unwrap();
        let first = Process::narrow(&store, &server).await;
        Self::around(store, server, first).await
    }

    /// By a clock that the test moves.
    pub(crate) async fn with_clock(store: TestStore, clock: Arc<ManualClock>) -> Self {
        Self::on_clock(store, ScriptedModel::with_rule(obey).await.unwrap(), clock).await
    }

    /// By a clock that the test moves, with a model server.
    pub(crate) async fn on_clock(store: TestStore, server: ScriptedModel, clock: Arc<ManualClock>) -> Self {
        let environment = Environment::new(clock, Arc::new(SystemRandom));
        let first =
            Process::made(&store, server.base_url(), settings(), "scripted/scripted", environment).await;
        Self::around(store, server, first).await
    }

    /// Kills the process, has something done to the workspace's data, and begins another process.
    pub(crate) async fn after_a_kill(
        &mut self,
        statement: impl Fn(&Tx<'_>) -> UpdateStatement + Send + Sync + 'static,
    ) {
        let runtime = self.first.runtime.take().unwrap();
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.unwrap();
        let namespace = self.store.workspace(self.workspace).await.unwrap();
        let changed = namespace.write(statement, |tx, statement| {
            let statement = statement(tx);
            Box::pin(async move { tx.execute(&statement).await })
        });
        assert_eq!(changed.await.unwrap(), 1, "nothing was changed, or more than meant");
        self.first = Process::begin(&self.store, &self.server).await;
    }

    pub(crate) async fn on(store: TestStore, server: ScriptedModel, settings: impl Into<Settings>) -> Self {
        let first = Process::start(&store, &server, settings).await;
        Self::around(store, server, first).await
    }

    async fn around(store: TestStore, server: ScriptedModel, first: Process) -> Self {
        let new = NewWorkspace {
            name: "Acme".to_owned(),
            admin_name: "Ada Brandt".to_owned(),
            email: "ada@acme.test".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let (workspace, ada) =
            first.identity.create_workspace(Operator::of_this_installation(), new).await.unwrap();
        let ada = first.identity.caller_of_member(workspace, ada).await.unwrap();
        Self { store, server, first, workspace, ada }
    }

    pub(crate) async fn member(&self, name: &str, role: &str) -> Caller {
        let new = NewMember {
            name: name.to_owned(),
            email: format!("{}@acme.test", name.to_lowercase().replace(' ', ".")),
            role: role.to_owned(),
            password: PASSWORD.to_owned(),
        };
        let member: MemberId =
            self.first.identity.add_member(&Caller::system(self.workspace), new).await.unwrap();
        self.first.identity.caller_of_member(self.workspace, member).await.unwrap()
    }

    /// Another process on the same data.
    pub(crate) async fn process(&self, settings: impl Into<Settings>) -> Process {
        Process::start(&self.store, &self.server, settings).await
    }

    pub(crate) async fn deal(&self, name: &str) -> RecordId {
        let fields = fields(json!({"name": name, "amount": {"amount": 12_000, "currency": "USD"}}));
        self.write("deal", RecordWrite::Create(fields)).await
    }

    pub(crate) async fn set(&self, deal: RecordId, patch: Value) {
        self.write("deal", RecordWrite::Update { id: deal, fields: fields(patch), if_match: None }).await;
    }

    pub(crate) async fn person(&self, first: &str, last: &str) {
        let fields = fields(json!({"name": {"first": first, "last": last}}));
        self.write("contact", RecordWrite::Create(fields)).await;
    }

    async fn write(&self, object: &str, write: RecordWrite) -> RecordId {
        self.first.crm.write_record(&self.ada, object, write).await.unwrap()[0].id
    }

    pub(crate) async fn stage(&self, deal: RecordId) -> Value {
        self.first.crm.get(&self.ada, "deal", deal, None, vec![]).await.unwrap().to_json()["stage"].clone()
    }

    /// What happened to a deal: the names of its timeline's entries and who did it, the latest first.
    pub(crate) async fn timeline(&self, deal: RecordId) -> Vec<(String, String)> {
        let timeline = self.first.crm.timeline(&self.ada, "deal", deal, 50, None).await.unwrap();
        timeline.entries.into_iter().map(|entry| (entry.name, entry.actor.to_string())).collect()
    }

    /// No request the model server got was malformed.
    pub(crate) fn check(&self) {
        assert_eq!(self.server.violations(), Vec::<String>::new());
    }
}

impl Process {
    pub(crate) async fn narrow(store: &TestStore, server: &ScriptedModel) -> Self {
        let environment = Environment::system();
        Self::made(store, server.base_url(), settings(), "scripted/narrow", environment).await
    }

    pub(crate) async fn begin(store: &TestStore, server: &ScriptedModel) -> Self {
        Self::start(store, server, settings()).await
    }

    async fn start(store: &TestStore, server: &ScriptedModel, settings: impl Into<Settings>) -> Self {
        let environment = Environment::system();
        Self::made(store, server.base_url(), settings, "scripted/scripted", environment).await
    }

    async fn made(
        store: &TestStore,
        base_url: String,
        settings: impl Into<Settings>,
        model: &'static str,
        environment: Environment,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (config, settings) = (store.config(), settings.into());
        let made = runtime.spawn(async move {
            let store = Store::open(config, environment.clone()).await.unwrap();
            let crm = Crm::new(store.clone(), environment.clone());
            let jobs = Jobs::new(
                store.clone(),
                environment.clone(),
                JobSettings {
                    shared: settings.agents.shared,
                    owner: settings.agents.owner,
                    sweep_every: SWEEP,
                    ..JobSettings::default()
                },
            );
            let operations = Operations::new(
                store.clone(),
                environment.clone(),
                Arc::new(crm.clone()),
                vec![Arc::new(RecordOperations), Arc::new(CountedEffects::default())],
                OperationSettings { policy: settings.policy, node: None },
            );
            let secret = MasterSecret::new(b"the master secret of these tests".to_vec());
            let password_cost = PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 };
            let identity = Identity::open(
                store.clone(),
                environment.clone(),
                secret,
                Arc::new(WorkspaceSetup::new(environment.clone())),
                IdentitySettings { password_cost, ..IdentitySettings::default() },
            );
            let identity = identity.await.unwrap();
            let config: ModelsConfig = serde_json::from_value(json!({
                "default": model,
                "ollama_url": "",
                "providers": {"scripted": {"base_url": base_url, "models": [
                    {"name": "scripted", "price": {"input": 3, "output": 15}},
                    // One so small may go on until its context is full.
                    {"name": "small", "max_output_tokens": 100},
                    {"name": "narrow", "context_window": NARROW},
                    {"name": "tiny", "context_window": 2_048},
                    {"name": "speechless", "tools": false},
                ]}},
            }))
            .unwrap();
            let models =
                Models::new(config, &Default::default(), Arc::new(Builtin::default()), environment.clone())
                    .unwrap();
            let agents = Agents::new(
                AgentParts {
                    store: store.clone(),
                    crm: crm.clone(),
                    operations: operations.clone(),
                    jobs: jobs.clone(),
                    identity: identity.clone(),
                    models,
                    environment,
                },
                settings.agents,
            );
            (store, crm, operations, identity, agents, jobs)
        });
        let (store, crm, operations, identity, agents, jobs) = made.await.unwrap();
        let stop = CancellationToken::new();
        let worker = Some(runtime.spawn(agents.worker().run(stop.clone())));
        let registry = Registry::default().with(ExpireApprovals(agents.clone()));
        let dispatcher = Dispatcher::new(jobs, registry, vec![Arc::new(agents.clone())], stop.clone());
        let dispatcher = Some(runtime.spawn(async move { dispatcher.run().await }));
        Self { runtime: Some(runtime), store, crm, operations, identity, agents, stop, worker, dispatcher }
    }

    /// Ends as `kill -9` would: whatever runs stops where it is.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Ends as the server does when it is told to.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.worker.take().unwrap().await.unwrap();
        self.dispatcher.take().unwrap().await.unwrap();
        self.store.close().await;
    }

    pub(crate) async fn session(&self, caller: &Caller, agent: &str) -> SessionId {
        let new = NewSession { agent: Some(agent.to_owned()), title: None, context: None };
        self.agents.create_session(caller, new).await.unwrap().id
    }

    pub(crate) async fn say(&self, caller: &Caller, session: SessionId, message: impl ToString) -> TurnId {
        self.agents.start_turn(caller, session, message.to_string(), None).await.unwrap().id
    }

    /// A message and its answer.
    pub(crate) async fn ask(
        &self,
        caller: &Caller,
        session: SessionId,
        message: impl ToString,
    ) -> Vec<TurnEvent> {
        let turn = self.say(caller, session, message).await;
        self.until_ended(caller, session, turn).await
    }

    /// The logged events of a turn once it has ended.
    pub(crate) async fn until_ended(
        &self,
        caller: &Caller,
        session: SessionId,
        turn: TurnId,
    ) -> Vec<TurnEvent> {
        let all = self.until(caller, session, |event| event.turn() == turn && event.ends_turn()).await;
        all.into_iter().filter(|event| event.turn() == turn).collect()
    }

    /// The logged events of a session up to the first that fits.
    pub(crate) async fn until(
        &self,
        caller: &Caller,
        session: SessionId,
        fits: impl Fn(&TurnEvent) -> bool,
    ) -> Vec<TurnEvent> {
        let mut stream = self.follow(caller, session, None).await;
        let mut events = Vec::new();
        loop {
            let event = patient(stream.next()).await.expect("the stream goes on");
            if let Some(logged) = event.logged() {
                events.push(logged.clone());
                if fits(logged) {
                    return events;
                }
            }
        }
    }

    pub(crate) async fn follow(
        &self,
        caller: &Caller,
        session: SessionId,
        after: Option<EventId>,
    ) -> std::pin::Pin<Box<dyn Stream<Item = StreamEvent> + Send>> {
        Box::pin(self.agents.subscribe(caller, session, after).await.unwrap())
    }

    pub(crate) async fn log(&self, caller: &Caller, session: SessionId) -> Vec<LoggedEvent> {
        self.agents.log(caller, session, 0, 1_000).await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl House {
    /// Kills the process; another takes its place.
    pub(crate) async fn kill(&mut self) {
        let next = Process::begin(&self.store, &self.server).await;
        std::mem::replace(&mut self.first, next).kill();
    }

    /// Kills it after so many events of a session's log.
    pub(crate) async fn kill_after(&mut self, caller: &Caller, session: SessionId, events: usize) {
        let mut stream = self.first.follow(caller, session, None).await;
        let mut seen = 0;
        while seen < events {
            let event = patient(stream.next()).await.unwrap();
            seen += usize::from(event.logged().is_some());
        }
        drop(stream);
        self.kill().await;
    }
}

/// Waits until something is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    eventually(PATIENCE, || std::future::ready(is_so().then_some(()))).await.expect("it becomes so");
}

/// What a future answers, in time.
pub(crate) async fn patient<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing stalls")
}

pub(crate) fn fields(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

/// The names of events, for comparing at a glance.
pub(crate) fn names(events: &[TurnEvent]) -> Vec<&'static str> {
    events.iter().map(TurnEvent::name).collect()
}

/// The result of the call at `index` of a step, as JSON.
pub(crate) fn outcome(events: &[TurnEvent], step: u32, index: u32) -> Value {
    let found = events.iter().find_map(|event| match event {
        TurnEvent::ToolResult { step: s, index: i, outcome, .. } if (*s, *i) == (step, index) => {
            Some(outcome)
        }
        _ => None,
    });
    serde_json::to_value(found.expect("the call has a result")).unwrap()
}

/// The texts of completed messages.
pub(crate) fn texts(events: &[TurnEvent]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            TurnEvent::MessageCompleted { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
