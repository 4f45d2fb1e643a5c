//! Jobs: enqueued with what causes them, run once, tried again, kept when they fail.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use kontor_core::{
    actor::Actor,
    environment::{Environment, ManualClock, Random as _, SeededRandom, SystemRandom},
    ids::WorkspaceId,
    time::Timestamp,
};
use kontor_store::{
    AuditEntry, BoxFuture, Error, Namespace, Store, both_engines,
    jobs::{Dispatcher, Job, JobError, JobRecord, JobRun, JobSettings, JobState, Jobs, NewJob, Registry},
    testing::TestStore,
};
use kontor_testkit::waiting::eventually;
use sea_query::Query;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::notes::{new_id, register};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Plan {
    mark: String,
    /// How many attempts fail.
    failures: u32,
    fatal: bool,
    panics: bool,
    takes_ms: u64,
}

/// Does as its payload says, and notes which attempts there were.
#[derive(Clone, Default)]
struct Probe {
    attempts: Arc<Mutex<Vec<(String, u32)>>>,
    running: Arc<AtomicUsize>,
}

impl Probe {
    fn of(&self, mark: &str) -> usize {
        self.attempts.lock().unwrap().iter().filter(|(of, _)| of == mark).count()
    }
}

impl Job for Probe {
    const NAME: &'static str = "probe";
    const ATTEMPTS: u32 = 3;

    type Payload = Plan;

    fn run<'r>(&'r self, run: &'r JobRun, plan: Plan) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            self.attempts.lock().unwrap().push((plan.mark.clone(), run.attempt));
            self.running.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(plan.takes_ms)).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            assert!(!plan.panics, "as planned");
            if plan.fatal {
                return Err(JobError::fail("it cannot be"));
            }
            if run.attempt <= plan.failures {
                return Err(JobError::retry("not yet"));
            }
            Ok(())
        })
    }
}

/// A job of the clock.
struct Tick(Arc<AtomicUsize>);

impl Job for Tick {
    const NAME: &'static str = "tick";

    type Payload = ();

    fn run<'r>(&'r self, _: &'r JobRun, (): ()) -> BoxFuture<'r, Result<(), JobError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(())))
    }
}

fn settings() -> JobSettings {
    JobSettings {
        sweep_every: Duration::from_millis(20),
        first_pause: Duration::from_millis(10),
        ..JobSettings::default()
    }
}

/// A dispatcher that runs until it is dropped.
struct Running(CancellationToken, tokio::task::JoinHandle<()>);

impl Running {
    fn begin(jobs: &Jobs, registry: Registry) -> Self {
        let stop = CancellationToken::new();
        let dispatcher = Dispatcher::new(jobs.clone(), registry, Vec::new(), stop.clone());
        let tasks = TaskTracker::new();
        Self(stop, tasks.spawn(async move { dispatcher.run().await }))
    }

    async fn stop(self) {
        self.0.cancel();
        self.1.await.unwrap();
    }
}

/// A process of its own on the same data, which can be killed.
struct Process(Option<tokio::runtime::Runtime>);

impl Process {
    async fn begin(store: &TestStore, settings: JobSettings, registry: Registry) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let config = store.config();
        let begun = runtime.spawn(async move {
            let store = Store::open(config, Environment::system()).await.unwrap();
            let jobs = Jobs::new(store, Environment::system(), settings);
            let dispatcher = Dispatcher::new(jobs, registry, Vec::new(), CancellationToken::new());
            let tasks = TaskTracker::new();
            tasks.spawn(async move { dispatcher.run().await });
        });
        begun.await.unwrap();
        Self(Some(runtime))
    }

    /// Whatever runs stops where it is.
    fn kill(mut self) {
        self.0.take().unwrap().shutdown_background();
    }
}

/// Writes an entry into the audit, in the transaction that ends it.
struct Effect;

impl Job for Effect {
    const NAME: &'static str = "effect";
    /// However often the process that runs it is killed.
    const ATTEMPTS: u32 = 1_000;

    type Payload = String;

    fn run<'r>(&'r self, run: &'r JobRun, mark: String) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let environment = run.environment.clone();
            run.finish((environment, mark), |tx, (environment, mark)| {
                Box::pin(async move {
                    let entry = AuditEntry::new("effect", mark, json!({}));
                    tx.audit(environment, environment.now(), &Actor::SYSTEM, entry).await
                })
            })
            .await
            .map_err(JobError::from)
        })
    }
}

/// What the audit says that happened.
async fn effects(namespace: &Namespace) -> Vec<String> {
    let read = namespace.read((), |tx, ()| {
        let entries = Query::select().column("target").from(tx.table("audit_entries")).take();
        Box::pin(async move { tx.fetch_all(&entries).await })
    });
    let rows = read.await.map_err(|error: Error| error).unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// A workspace that the directory knows.
async fn workspace(store: &TestStore) -> (WorkspaceId, Namespace) {
    let id = WorkspaceId(new_id());
    register(store, id, true).await;
    (id, store.create_workspace(id).await.unwrap())
}

async fn enqueue(jobs: &Jobs, namespace: &Namespace, plan: &Plan, key: Option<&str>) -> bool {
    enqueue_named::<Probe>(jobs, namespace, json!(plan), key).await
}

async fn enqueue_named<J: Job>(jobs: &Jobs, namespace: &Namespace, payload: Json, key: Option<&str>) -> bool {
    let environment = Environment::system();
    let announced = jobs.announce(namespace.id().unwrap()).await.unwrap();
    let key = key.map(str::to_owned);
    let job = NewJob { name: J::NAME, payload, due_at: environment.now(), priority: 0, key };
    let enqueued = namespace.write((environment, job), move |tx, (environment, job)| {
        Box::pin(async move { tx.enqueue(environment, announced, job).await })
    });
    let is_new = enqueued.await.map_err(|error: Error| error).unwrap();
    jobs.wake(namespace.id().unwrap());
    is_new
}

fn plan(mark: &str) -> Plan {
    Plan { mark: mark.to_owned(), ..Plan::default() }
}

async fn until<W: Future<Output = bool>>(mut fits: impl FnMut() -> W) {
    let fitting = eventually(PATIENCE, || fits().map(|fits| fits.then_some(())));
    fitting.await.expect("nothing stalls");
}

async fn all(jobs: &Jobs, namespace: &Namespace) -> Vec<JobRecord> {
    jobs.list(namespace, None, 200).await.unwrap()
}

both_engines! {
    async fn a_job_is_run_once_with_what_caused_it_and_not_without(store: TestStore) {
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings());
        let (id, namespace) = workspace(&store).await;
        let probe = Probe::default();
        let running = Running::begin(&jobs, Registry::default().with(probe.clone()));
        let announced = jobs.announce(id).await.unwrap();
        let undone = namespace.write(announced, |tx, &announced| {
            Box::pin(async move {
                let environment = Environment::system();
                let job = NewJob { name: Probe::NAME, payload: json!(plan("undone")), due_at: environment.now(), priority: 0, key: None };
                tx.enqueue(&environment, announced, &job).await?;
                Err::<(), _>(Error::LeaseLost)
            })
        });
        assert!(matches!(undone.await, Err(Error::LeaseLost)));
        for mark in ["one", "two", "three"] {
            assert!(enqueue(&jobs, &namespace, &plan(mark), None).await);
        }
        until(|| async { all(&jobs, &namespace).await.is_empty() }).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(["one", "two", "three", "undone"].map(|mark| probe.of(mark)), [1, 1, 1, 0]);
        running.stop().await;
    }

    async fn a_job_that_fails_is_tried_again_and_kept_with_its_reason(store: TestStore) {
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings());
        let (_, namespace) = workspace(&store).await;
        let probe = Probe::default();
        let running = Running::begin(&jobs, Registry::default().with(probe.clone()));
        enqueue(&jobs, &namespace, &Plan { failures: 2, ..plan("late") }, None).await;
        enqueue(&jobs, &namespace, &Plan { failures: 9, ..plan("never") }, None).await;
        enqueue(&jobs, &namespace, &Plan { fatal: true, ..plan("fatal") }, None).await;
        enqueue(&jobs, &namespace, &Plan { panics: true, ..plan("panics") }, None).await;
        until(|| async {
            let left = all(&jobs, &namespace).await;
            left.len() == 3 && left.iter().all(|job| job.state == JobState::Failed)
        }).await;
        assert_eq!(["late", "never", "fatal", "panics"].map(|mark| probe.of(mark)), [3, 3, 1, 3]);
        let left = all(&jobs, &namespace).await;
        let reason = |mark: &str| {
            let job = left.iter().find(|job| job.payload["mark"] == mark).unwrap();
            job.problem.clone().unwrap()
        };
        assert_eq!(["never", "fatal", "panics"].map(reason), ["not yet", "it cannot be", "It panicked."]);

        let never = left.iter().find(|job| job.payload["mark"] == "never").unwrap().id;
        assert!(jobs.run_again(&namespace, never, &Actor::SYSTEM).await.unwrap());
        until(|| async { probe.of("never") == 6 }).await;
        assert!(!jobs.run_again(&namespace, Environment::system().new_id::<Uuid>(), &Actor::SYSTEM).await.unwrap());
        running.stop().await;
    }

    async fn no_two_jobs_wait_under_one_key(store: TestStore) {
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings());
        let (_, namespace) = workspace(&store).await;
        assert!(enqueue(&jobs, &namespace, &plan("first"), Some("k")).await);
        assert!(!enqueue(&jobs, &namespace, &plan("second"), Some("k")).await);
        assert!(enqueue(&jobs, &namespace, &plan("other"), Some("l")).await);
        assert_eq!(all(&jobs, &namespace).await.len(), 2);
    }

    async fn a_job_of_a_process_that_is_gone_is_run_by_another_when_its_lease_has_run_out(store: TestStore) {
        let shared = JobSettings { shared: true, lease: Duration::from_secs(2), ..settings() };
        let (first, second) = (Probe::default(), Probe::default());
        let (_, namespace) = workspace(&store).await;
        let jobs = Jobs::new((*store).clone(), Environment::system(), shared.clone());
        enqueue(&jobs, &namespace, &Plan { takes_ms: 60_000, ..plan("long") }, None).await;
        let dead = Process::begin(&store, shared.clone(), Registry::default().with(first.clone())).await;
        until(|| async { first.running.load(Ordering::SeqCst) == 1 }).await;
        dead.kill();
        let running = Running::begin(&jobs, Registry::default().with(second.clone()));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(second.of("long"), 0, "the lease has not run out");
        until(|| async { second.of("long") == 1 }).await;
        assert_eq!(*second.attempts.lock().unwrap(), [("long".to_owned(), 2)]);
        running.stop().await;
    }

    async fn jobs_of_a_process_that_is_killed_again_and_again_have_their_effect_once(store: TestStore) {
        let kills = std::env::var("KONTOR_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(15);
        let owner = Some(Environment::system().new_id());
        let settings = JobSettings { owner, per_workspace: 8, ..settings() };
        let (_, namespace) = workspace(&store).await;
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings.clone());
        let random = SeededRandom::new(11);
        let mut marks = Vec::new();
        for round in 0..kills {
            let process = Process::begin(&store, settings.clone(), Registry::default().with(Effect)).await;
            for number in 0..6 {
                let mark = format!("{round}.{number}");
                enqueue_named::<Effect>(&jobs, &namespace, json!(mark), None).await;
                marks.push(mark);
            }
            let mut bytes = [0; 1];
            random.fill(&mut bytes);
            tokio::time::sleep(Duration::from_millis(u64::from(bytes[0]) / 4)).await;
            process.kill();
        }
        let running = Running::begin(&jobs, Registry::default().with(Effect));
        jobs.wake(namespace.id().unwrap());
        until(|| async { all(&jobs, &namespace).await.is_empty() }).await;
        running.stop().await;
        let mut happened = effects(&namespace).await;
        happened.sort();
        marks.sort();
        assert_eq!(happened, marks);
    }

    async fn a_clean_stop_puts_back_what_runs_and_counts_no_attempt(store: TestStore) {
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings());
        let (_, namespace) = workspace(&store).await;
        let probe = Probe::default();
        let running = Running::begin(&jobs, Registry::default().with(probe.clone()));
        enqueue(&jobs, &namespace, &Plan { takes_ms: 60_000, ..plan("long") }, None).await;
        until(|| async { probe.running.load(Ordering::SeqCst) == 1 }).await;
        running.stop().await;
        let left = all(&jobs, &namespace).await;
        assert_eq!((left.len(), left[0].state, left[0].attempts), (1, JobState::Waiting, 0));
    }

    async fn a_workspace_with_much_to_do_keeps_no_other_waiting(store: TestStore) {
        // No sweep helps: a place that becomes free is given on at once.
        let sweep_every = Duration::from_secs(60);
        let settings = JobSettings { concurrency: 3, per_workspace: 2, sweep_every, ..settings() };
        let jobs = Jobs::new((*store).clone(), Environment::system(), settings);
        let ((_, busy), (_, calm)) = (workspace(&store).await, workspace(&store).await);
        let probe = Probe::default();
        let running = Running::begin(&jobs, Registry::default().with(probe.clone()));
        for _ in 0..24 {
            enqueue(&jobs, &busy, &Plan { takes_ms: 400, ..plan("busy") }, None).await;
        }
        enqueue(&jobs, &calm, &plan("calm"), None).await;
        until(|| async { probe.of("calm") == 1 }).await;
        assert!(probe.of("busy") < 20, "{}", probe.of("busy"));
        until(|| async { all(&jobs, &busy).await.is_empty() }).await;
        assert_eq!(probe.of("busy"), 24);
        running.stop().await;
    }

    async fn a_schedule_is_kept_and_times_that_passed_unseen_are_one(store: TestStore) {
        let clock = Arc::new(ManualClock::at("2026-11-29T10:00:30Z".parse::<Timestamp>().unwrap()));
        let environment = Environment::new(clock.clone(), Arc::new(SystemRandom));
        let jobs = Jobs::new((*store).clone(), environment, settings());
        let ticks = Arc::new(AtomicUsize::new(0));
        let begin = || Running::begin(&jobs, Registry::default().in_directory(Tick(ticks.clone()), "*/5 * * * *"));
        let running = begin();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(ticks.load(Ordering::SeqCst), 0, "its time has not come");
        clock.advance(Duration::from_secs(5 * 60));
        until(|| async { ticks.load(Ordering::SeqCst) == 1 }).await;
        running.stop().await;
        clock.advance(Duration::from_secs(60 * 60));
        let running = begin();
        until(|| async { ticks.load(Ordering::SeqCst) == 2 }).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(ticks.load(Ordering::SeqCst), 2);
        running.stop().await;
    }
}
