//! Many workspaces on one server: what a start costs, what they take while people use them, and how long one
//! takes to come back whose file was closed.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kontor_agents::WorkspaceSetup;
use kontor_bench::{Result, target::Target};
use kontor_core::{caller::Operator, environment::Environment, ids::WorkspaceId};
use kontor_identity::{Identity, IdentitySettings, MasterSecret, NewWorkspace};
use kontor_store::{Store, StoreConfig};
use kontor_testkit::{
    client::ApiClient,
    server::{PASSWORD, Server, ServerOptions},
};
use serde_json::{Value, json};

const SECRET: &str = "the master secret of this measurement";
const ADMIN: &str = "ada@many.test";
/// How many workspaces are made at one time.
const AT_ONCE: usize = 4;
/// The targets: descriptors, resident bytes, and the longest wait for a workspace that was closed.
const DESCRIPTORS: usize = 1_024;
const RESIDENT: u64 = 400 << 20;
const COMES_BACK: Duration = Duration::from_millis(50);

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// How many workspaces there are.
    #[arg(long, default_value_t = 10_000)]
    workspaces: usize,
    /// How many of them are used.
    #[arg(long, default_value_t = 1_000)]
    used: usize,
    /// A tenth of both.
    #[arg(long)]
    quick: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.workspaces /= 10;
        arguments.used /= 10;
    }
    let (mut options, database, _folder) = arguments.target.prepare(None).await?;
    options.demo = false;
    options.environment.push(("KONTOR_SECRET".to_owned(), SECRET.to_owned()));
    println!(
        "# {} workspaces on {}, {} of them used",
        arguments.workspaces,
        arguments.target.engine(),
        arguments.used
    );
    let begun = Instant::now();
    let made = make(&options, arguments.workspaces).await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("made in {seconds:.0} s ({:.0} a second)", made.len() as f64 / seconds);

    let server = Server::start(&options)?;
    // What a start does beside serving has begun by now.
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!("start: ready in {} ms; 3 s later {}", server.started_in.as_millis(), Usage::of(&server)?);

    // Those used are spread over all of them.
    let step = (made.len() / arguments.used.max(1)).max(1);
    let used: Vec<WorkspaceId> = made.iter().copied().step_by(step).take(arguments.used).collect();
    let base = ApiClient::anonymous(&server.url)?;
    let mut most = Usage::of(&server)?;
    let mut clients = Vec::with_capacity(used.len());
    let (mut sign_ins, mut writes) = (Times::default(), Times::default());
    for workspace in &used {
        let begun = Instant::now();
        let client = sign_in(&base, *workspace).await?;
        sign_ins.add(begun);
        let begun = Instant::now();
        client.post("/api/records/accounts", json!({"name": "Acme"})).await?.ok();
        writes.add(begun);
        clients.push(client);
        most.raise(Usage::of(&server)?);
    }
    println!("sign-in:            {sign_ins}");
    println!("first write:        {writes}");
    let (mut back, mut warm) = (Times::default(), Times::default());
    for client in &clients {
        for times in [&mut back, &mut warm] {
            let begun = Instant::now();
            let listed = client.get("/api/records/accounts").await?.ok();
            times.add(begun);
            if listed["data"].as_array().map(Vec::len) != Some(1) {
                return Err(format!("a workspace answers with {listed}").into());
            }
        }
        most.raise(Usage::of(&server)?);
    }
    println!("comes back:         {back}");
    println!("and at once again:  {warm}");
    let begun = Instant::now();
    let together: Vec<Duration> = stream::iter(&clients)
        .map(|client| async move {
            let begun = Instant::now();
            client.get("/api/records/accounts").await?.ok();
            Ok::<_, reqwest::Error>(begun.elapsed())
        })
        .buffer_unordered(32)
        .try_collect()
        .await?;
    println!("32 at a time:       {} in {} ms", Times(together), begun.elapsed().as_millis());
    most.raise(Usage::of(&server)?);
    println!("at most:            {most}");
    let holds = most.descriptors <= DESCRIPTORS && most.resident <= RESIDENT && back.longest() <= COMES_BACK;
    println!(
        "targets ({DESCRIPTORS} descriptors, {} MB, {} ms to come back): {}",
        RESIDENT >> 20,
        COMES_BACK.as_millis(),
        if holds { "met" } else { "missed" }
    );
    server.stop()?;
    if let Some(database) = database {
        database.remove().await?;
    }
    Ok(())
}

/// Makes workspaces with one admin, as `kontor workspace add` does.
async fn make(options: &ServerOptions, count: usize) -> Result<Vec<WorkspaceId>> {
    let environment = Environment::system();
    let config = StoreConfig {
        database_url: options.database_url.clone(),
        data_steps: kontor_crm::data_steps(),
        ..StoreConfig::new(&options.data_dir)
    };
    let store = Store::open(config, environment.clone()).await?;
    let identity = Identity::open(
        store.clone(),
        environment.clone(),
        MasterSecret::new(SECRET.as_bytes().to_vec()),
        Arc::new(WorkspaceSetup::new(environment)),
        IdentitySettings::default(),
    )
    .await?;
    let make = |number: usize| {
        let new = NewWorkspace {
            name: format!("Workspace {number}"),
            admin_name: "Ada Brandt".to_owned(),
            email: ADMIN.to_owned(),
            password: PASSWORD.to_owned(),
        };
        let identity = &identity;
        async move {
            identity
                .create_workspace(Operator::of_this_installation(), new)
                .await
                .map(|(workspace, _)| workspace)
        }
    };
    // The first makes the account that the others find.
    let mut made = vec![make(0).await?];
    let others: Vec<WorkspaceId> = stream::iter(1..count).map(make).buffered(AT_ONCE).try_collect().await?;
    made.extend(others);
    store.close().await;
    Ok(made)
}

/// A caller in a workspace, over the connections of `base`: what is measured are files, not sockets.
async fn sign_in(base: &ApiClient, workspace: WorkspaceId) -> Result<ApiClient> {
    let mut client = base.clone();
    let body = json!({"email": ADMIN, "password": PASSWORD, "workspace": workspace});
    let tokens = client.post("/api/auth/login", body).await?.ok();
    client.token = tokens["access_token"].as_str().unwrap_or_default().to_owned();
    if tokens["access_token"] == Value::Null {
        return Err("no token was given".into());
    }
    Ok(client)
}

/// What a process takes.
#[derive(Debug, Clone, Copy)]
struct Usage {
    descriptors: usize,
    threads: usize,
    resident: u64,
}

impl Usage {
    fn of(server: &Server) -> std::io::Result<Self> {
        let entries = |what: &str| -> std::io::Result<usize> {
            Ok(std::fs::read_dir(Path::new("/proc").join(server.pid().to_string()).join(what))?.count())
        };
        Ok(Self {
            descriptors: entries("fd")?,
            threads: entries("task")?,
            resident: server.resident_bytes()?,
        })
    }

    fn raise(&mut self, other: Self) {
        self.descriptors = self.descriptors.max(other.descriptors);
        self.threads = self.threads.max(other.threads);
        self.resident = self.resident.max(other.resident);
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { descriptors, threads, resident } = self;
        write!(f, "{descriptors} descriptors, {threads} threads, {} MB resident", resident >> 20)
    }
}

/// How long requests took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn add(&mut self, begun: Instant) {
        self.0.push(begun.elapsed());
    }

    fn longest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort();
        let at = |share: f64| {
            let index = (sorted.len() as f64 * share) as usize;
            sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default().as_secs_f64()
                * 1e3
        };
        write!(f, "median {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(0.5), at(0.99), at(1.0))
    }
}
