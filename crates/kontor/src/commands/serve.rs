//! `kontor serve`: the whole system in one process.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use kontor_core::{caller::Operator, error::Chain, ids::WorkspaceId};
use kontor_crm::Feed;
use kontor_evals::tryouts::Tryouts;
use kontor_http::{Health, RateLimits, ServiceParts, StreamLimits, Streams};
use kontor_identity::{Identity, SessionCookie};
use kontor_store::{
    Store,
    jobs::{Consumer, Dispatcher},
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::demo;
use crate::{
    background,
    cli::Serve,
    config::Config,
    connections::{self, Answers, HEAD, LANE, Limits, STALL},
    descriptors,
    error::Error,
    prometheus::Metrics,
    supervise::supervise,
    telemetry, terminal,
    wiring::Services,
};

/// How long after the signal requests in progress may take.
const REQUESTS: Duration = Duration::from_secs(8);
/// How long after the signal turns may take to put down what they hold.
const TURNS: Duration = Duration::from_secs(12);
/// How long after the signal the data is closed at the latest. With what the process takes to end, it stays
/// within 20 seconds: service managers wait for 30 and more before they kill.
const STOPPING: Duration = Duration::from_secs(17);
/// How many workspaces without data the log names at one time.
const TOLD: usize = 20;
/// How often idle workspaces are closed.
const UPKEEP: Duration = Duration::from_secs(60);
/// How often what was measured is added up.
const ADD_UP: Duration = Duration::from_secs(5);

/// Serves until a signal arrives, then lets what is in progress end.
pub(crate) async fn run(mut config: Config, serve: Serve) -> Result<(), Error> {
    if let Some(listen) = serve.listen {
        config.listen = listen;
    }
    let descriptors = descriptors::raise_limit();
    config.open_workspaces =
        descriptors::open_workspaces(descriptors, config.max_connections + LANE, &config.store());
    // The port first: a second server must not get as far as the data.
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(Error::io(format!("cannot listen on {}", config.listen)))?;
    let bound = listener.local_addr().map_err(Error::io("cannot tell the port"))?;
    let url = config.url(bound);
    let metrics = Metrics::install(config.metrics_token.as_ref().map(|token| token.0.clone()))?;
    let services = Arc::new(Services::open(&config, &url).await?);
    // What a server left that was killed.
    services.tryouts.sweep();
    let greeting = greeting(&services, &url, serve.demo).await?;

    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    let health = Health::new(telemetry::dropped);
    let rate_limits = RateLimits::new(config.rate_limits);
    tasks.spawn(supervise("agents", health.clone(), shutdown.clone(), {
        let (agents, shutdown) = (services.agents.clone(), shutdown.clone());
        move || agents.worker().run(shutdown.clone())
    }));
    tasks.spawn(supervise("jobs", health.clone(), shutdown.clone(), {
        let (services, shutdown, retention) = (services.clone(), shutdown.clone(), config.retention);
        move || {
            let registry = background::jobs(&services, retention);
            let turns: Arc<dyn Consumer> = Arc::new(services.agents.clone());
            let dispatcher = Dispatcher::new(services.jobs.clone(), registry, vec![turns], shutdown.clone());
            async move { dispatcher.run().await }
        }
    }));
    tasks.spawn({
        let (models, shutdown) = (services.models.clone(), shutdown.clone());
        async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = models.probe() => {}
            }
        }
    });
    tasks.spawn(supervise("upkeep", health.clone(), shutdown.clone(), {
        let (store, identity, shutdown) =
            (services.store.clone(), services.identity.clone(), shutdown.clone());
        let (tryouts, metrics, rate_limits) =
            (services.tryouts.clone(), metrics.clone(), rate_limits.clone());
        move || {
            let kept = Kept {
                store: store.clone(),
                identity: identity.clone(),
                tryouts: tryouts.clone(),
                metrics: metrics.clone(),
                rate_limits: rate_limits.clone(),
            };
            upkeep(kept, shutdown.clone())
        }
    }));
    let exporter = services.exporter.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(exporter) = exporter {
        tasks.spawn(exporter.run(services.agents.clone(), shutdown.clone()));
    }
    tasks.close();

    let streams = Streams::new(StreamLimits::new(config.max_connections, config.max_streams_per_member));
    let shared = kontor_http::Services::new(ServiceParts {
        identity: services.identity.clone(),
        crm: services.crm.clone(),
        operations: services.operations.clone(),
        jobs: services.workspace_jobs(),
        audit: services.audit(),
        agents: services.agents.clone(),
        tryouts: services.tryouts.clone(),
        evaluations: services.evaluations.clone(),
        models: services.models.clone(),
        outbound: config.outbound(),
        feed: Feed::new(services.store.clone(), tasks.clone(), shutdown.clone()),
        environment: services.environment.clone(),
        public_url: url.as_str().into(),
        cookie: SessionCookie::new(config.is_secure()),
        streams: streams.clone(),
        rate_limits: rate_limits.clone(),
        health,
        shutdown: shutdown.clone(),
    });
    let router = kontor_api::router(shared.clone())
        .merge(kontor_mcp::router(shared.clone()))
        .merge(kontor_web::router(shared))
        .merge(metrics.routes(streams));
    let limits = Limits { connections: config.max_connections, head: HEAD, stall: STALL };
    let proxies = Arc::new(config.trusted_proxies.0.clone());
    let answers = Answers { router, proxies, refuse: kontor_api::refuse };
    let server = connections::serve(listener, answers, limits, shutdown.clone());

    // Before anybody is told that the server is ready: from then on it may be told to stop.
    let signals = Signals::listen()?;
    for line in greeting {
        terminal::line(&line);
    }
    terminal::line(&format!("Kontor is ready at {url}"));

    let signalled = until_signal(server, signals, shutdown).await;
    if tokio::time::timeout_at(signalled + TURNS, tasks.wait()).await.is_err() {
        tracing::warn!("turns in progress did not end in time; they go on at the next start");
    }
    if tokio::time::timeout_at(signalled + TURNS, services.operations.finish()).await.is_err() {
        tracing::warn!("calls that reach outside did not end in time; what came of them is unknown");
    }
    if tokio::time::timeout_at(signalled + STOPPING, services.tryouts.close()).await.is_err() {
        tracing::warn!("tryouts were still at work when the server ended; the next start removes them");
    }
    if tokio::time::timeout_at(signalled + STOPPING, services.store.close()).await.is_err() {
        tracing::warn!(
            "the data was still in use when the server ended; nothing that was acknowledged is lost"
        );
    }
    Ok(())
}

/// The signals that end the server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on a signal is kept for [`Signals::next`]; until now it ends the process at once.
    fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(Error::io("signals cannot be awaited"));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Runs the server until a signal, then gives its requests time to end; when the signal came.
async fn until_signal(
    server: impl Future<Output = ()>,
    mut signals: Signals,
    shutdown: CancellationToken,
) -> Instant {
    tokio::pin!(server);
    tokio::select! {
        () = &mut server => {}
        () = signals.next() => {}
    }
    shutdown.cancel();
    let signalled = Instant::now();
    if tokio::time::timeout_at(signalled + REQUESTS, server).await.is_err() {
        tracing::warn!("requests in progress did not end in time");
    }
    signalled
}

/// Tells the log which workspaces have no data, beside those that are `told` already. The others go on.
async fn tell_missing(identity: &Identity, told: &mut HashSet<WorkspaceId>) -> Result<(), Error> {
    let missing = identity.missing_workspaces(Operator::of_this_installation()).await?;
    // One that was put back is told of again when it is gone once more.
    told.retain(|workspace| missing.iter().any(|(id, _)| id == workspace));
    let new: Vec<_> = missing.into_iter().filter(|(workspace, _)| told.insert(*workspace)).collect();
    for (workspace, place) in new.iter().take(TOLD) {
        tracing::error!(%workspace, "the data of a workspace is missing: {place}; restore it from a backup");
    }
    if new.len() > TOLD {
        tracing::error!("the data of {} workspaces is missing; kontor doctor names them all", new.len());
    }
    Ok(())
}

/// What is printed before the server is ready: how to sign in, or how to begin.
async fn greeting(services: &Services, url: &str, demo: bool) -> Result<Vec<String>, Error> {
    if demo {
        let sign_ins = demo::prepare(services).await?;
        let mut lines = vec![format!("Demonstration at {url}, password {}", sign_ins.password)];
        lines.extend(sign_ins.people.iter().map(|(email, role)| format!("  {email} ({role})")));
        return Ok(lines);
    }
    if services.identity.has_workspace().await? {
        return Ok(Vec::new());
    }
    let token = services.identity.setup_token().await?;
    Ok(vec![
        "There is no workspace yet. Make the first one, and its admin, within 24 hours at".to_owned(),
        format!("  {url}/setup?token={token}"),
    ])
}

/// What is looked after as long as the server runs.
struct Kept {
    store: Store,
    identity: Identity,
    tryouts: Tryouts,
    metrics: Metrics,
    rate_limits: RateLimits,
}

/// Closes idle workspaces and tryouts now and then, and looks whether the data of all is there; first at once.
async fn upkeep(kept: Kept, shutdown: CancellationToken) {
    let Kept { store, identity, tryouts, metrics, rate_limits } = kept;
    let mut ticks = tokio::time::interval(UPKEEP);
    let mut sums = tokio::time::interval(ADD_UP);
    let mut told = HashSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = sums.tick() => metrics.add_up(),
            _ = ticks.tick() => {
                rate_limits.tidy();
                store.close_idle().await;
                tryouts.tidy().await;
                if let Err(error) = tell_missing(&identity, &mut told).await {
                    tracing::warn!(error = %Chain(&error), "it cannot be looked whether all data is there");
                }
            }
        }
    }
}
