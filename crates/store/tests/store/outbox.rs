//! The outbox's readers: every event once, in the order of its record, whatever happens to who reads.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use kontor_core::{
    actor::Actor,
    environment::{Environment, Random as _, SeededRandom},
    ids::WorkspaceId,
    time::Timestamp,
};
use kontor_store::{
    AuditEntry, BoxFuture, Dialect, Error, Namespace, Store, Tx, both_engines,
    jobs::{Dispatcher, Failure, Job, JobError, JobRun, JobSettings, Jobs, NewJob, Registry},
    outbox::{self, Event, EventReader, Gap, Reading},
    testing::TestStore,
};
use kontor_testkit::waiting::eventually;
use sea_query::{Expr, ExprTrait as _, Order, Query};
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::notes::{Raw, new_id, register};

const PATIENCE: Duration = Duration::from_secs(60);

/// Writes into the audit what it is handed, a few at a time.
#[derive(Clone, Default)]
struct Copyist {
    at_most: usize,
    fails: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    /// Whether it enqueues a job for each event as well.
    enqueues: bool,
}

impl Copyist {
    fn of(at_most: usize) -> Self {
        Self { at_most, ..Self::default() }
    }
}

async fn note(tx: &mut Tx<'_>, reading: &Reading, name: &str, target: String) -> Result<(), Error> {
    let environment = &reading.environment;
    tx.audit(environment, environment.now(), &Actor::SYSTEM, AuditEntry::new(name, target, json!({}))).await
}

impl EventReader for Copyist {
    fn name(&self) -> &'static str {
        "copyist"
    }

    fn read<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        reading: &'t Reading,
        events: &'t [Event],
    ) -> BoxFuture<'t, Result<usize, Failure>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.fails.load(Ordering::SeqCst) {
                return Err("as planned".into());
            }
            let done = events.len().min(self.at_most);
            for event in &events[..done] {
                note(tx, reading, "read", format!("{}:{}", event.record, event.name)).await?;
                if self.enqueues {
                    let job = NewJob {
                        name: Follow::NAME,
                        payload: json!(event.name),
                        due_at: reading.environment.now(),
                        priority: 0,
                        key: None,
                    };
                    tx.enqueue(&reading.environment, reading.announced, &job).await?;
                }
            }
            Ok(done)
        })
    }

    fn missed<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        reading: &'t Reading,
        gap: Gap,
    ) -> BoxFuture<'t, Result<(), Failure>> {
        Box::pin(
            async move { Ok(note(tx, reading, "missed", format!("{}-{}", gap.after, gap.through)).await?) },
        )
    }
}

/// What a reader enqueues for an event.
struct Follow;

impl Job for Follow {
    const NAME: &'static str = "follow";
    const ATTEMPTS: u32 = 1_000;

    type Payload = String;

    fn run<'r>(&'r self, run: &'r JobRun, event: String) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let environment = run.environment.clone();
            run.finish((environment, event), |tx, (environment, event)| {
                let entry = AuditEntry::new("followed", event, json!({}));
                Box::pin(async move { tx.audit(environment, environment.now(), &Actor::SYSTEM, entry).await })
            })
            .await
            .map_err(|error: Error| JobError::from(error))
        })
    }
}

fn settings() -> JobSettings {
    JobSettings { sweep_every: Duration::from_millis(50), ..JobSettings::default() }
}

/// A process of its own on the same data, which can be killed.
struct Process(Option<tokio::runtime::Runtime>);

impl Process {
    async fn begin(store: &TestStore, settings: JobSettings, reader: Copyist) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let config = store.config();
        let begun = runtime.spawn(async move {
            let store = Store::open(config, Environment::system()).await.unwrap();
            let jobs = Jobs::new(store, Environment::system(), settings);
            let registry = Registry::default().with(Follow).reading(reader);
            let dispatcher = Dispatcher::new(jobs, registry, Vec::new(), CancellationToken::new());
            TaskTracker::new().spawn(async move { dispatcher.run().await });
        });
        begun.await.unwrap();
        Self(Some(runtime))
    }

    /// Whatever runs stops where it is.
    fn kill(mut self) {
        self.0.take().unwrap().shutdown_background();
    }
}

/// A dispatcher of this process.
struct Running(CancellationToken, tokio::task::JoinHandle<()>);

impl Running {
    fn begin(store: &TestStore, settings: JobSettings, reader: Copyist) -> Self {
        let jobs = Jobs::new((**store).clone(), Environment::system(), settings);
        let stop = CancellationToken::new();
        let registry = Registry::default().with(Follow).reading(reader);
        let dispatcher = Dispatcher::new(jobs, registry, Vec::new(), stop.clone());
        Self(stop, TaskTracker::new().spawn(async move { dispatcher.run().await }))
    }

    async fn stop(self) {
        self.0.cancel();
        self.1.await.unwrap();
    }
}

async fn workspace(store: &TestStore) -> (WorkspaceId, Namespace) {
    let id = WorkspaceId(new_id());
    register(store, id, true).await;
    (id, store.create_workspace(id).await.unwrap())
}

/// Changes a record once more, and tells so; each time with the next number.
async fn change(tx: &mut Tx<'_>, record: Uuid, waits: bool) -> Result<(), Error> {
    // What the change is made to, which no two change at one time.
    let name = record.to_string();
    let counted = Query::select()
        .column("next_at")
        .from(tx.table("job_schedules"))
        .and_where(Expr::col("name").eq(name.as_str()))
        .take();
    let count: i64 = tx.fetch_one(&counted).await?.get(0)?;
    let event = Query::insert()
        .into_table(tx.table("outbox_events"))
        .columns(["id", "name", "object", "record_id", "action"])
        .values_panic([
            new_id().into(),
            format!("{:04}", count + 1).into(),
            "note".into(),
            record.into(),
            "update".into(),
        ])
        .take();
    tx.execute(&event).await?;
    if waits && tx.dialect() == Dialect::Postgres {
        tx.fetch_all(&Query::select().expr(Expr::cust("CAST(pg_sleep(0.03) AS text)")).take()).await?;
    }
    let update = Query::update()
        .table(tx.table("job_schedules"))
        .value("next_at", Expr::col("next_at").add(1))
        .and_where(Expr::col("name").eq(name))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

async fn record(namespace: &Namespace) -> Uuid {
    let record = new_id();
    let made = namespace.write(record, |tx, record| {
        let insert = Query::insert()
            .into_table(tx.table("job_schedules"))
            .columns(["name", "expression", "next_at"])
            .values_panic([record.to_string().into(), "-".into(), 0_i64.into()])
            .take();
        Box::pin(async move { tx.execute(&insert).await })
    });
    made.await.map_err(|error: Error| error).unwrap();
    record
}

async fn changed(namespace: &Namespace, record: Uuid, waits: bool) -> Result<(), Error> {
    namespace.write((record, waits), |tx, &(record, waits)| Box::pin(change(tx, record, waits))).await
}

/// The targets of the audit's entries of a name, in the order in which they were written.
async fn noted(namespace: &Namespace, name: &'static str) -> Vec<String> {
    let read = namespace.read(name, |tx, name| {
        let entries = Query::select()
            .column("target")
            .from(tx.table("audit_entries"))
            .and_where(Expr::col("action").eq(*name))
            .order_by("id", Order::Asc)
            .take();
        Box::pin(async move { tx.fetch_all(&entries).await })
    });
    let rows = read.await.map_err(|error: Error| error).unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

async fn until<W: Future<Output = bool>>(mut fits: impl FnMut() -> W) {
    let fitting = eventually(PATIENCE, || fits().map(|fits| fits.then_some(())));
    fitting.await.expect("nothing stalls");
}

async fn removed(namespace: &Namespace, prune: kontor_store::prune::Prune, before: Timestamp) -> u64 {
    let removed = namespace.write((prune, before), |tx, &(prune, before)| prune(tx, before)).await;
    removed.map_err(|error: Error| error).unwrap()
}

both_engines! {
    async fn readers_that_are_killed_lose_nothing_double_nothing_and_keep_each_records_order(store: TestStore) {
        let kills: u32 = std::env::var("KONTOR_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(12);
        let owner = Some(Environment::system().new_id());
        let settings = JobSettings { owner, per_workspace: 8, ..settings() };
        let (_, namespace) = workspace(&store).await;
        let mut records = Vec::new();
        for _ in 0..4 {
            records.push(record(&namespace).await);
        }
        let over = Arc::new(AtomicBool::new(false));
        // Two write to each record, so that on PostgreSQL numbers are taken that no event has in the end, and later
        // numbers are seen before earlier ones.
        let writers: Vec<_> = (0..8).map(|writer| {
            let (namespace, record, over) = (namespace.clone(), records[writer % 4], over.clone());
            TaskTracker::new().spawn(async move {
                let (mut made, mut waits) = (0, writer % 3 == 0);
                while !over.load(Ordering::SeqCst) {
                    // One that others were ahead of too often has not happened.
                    made += usize::from(changed(&namespace, record, waits).await.is_ok());
                    waits = !waits;
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                made
            })
        }).collect();
        let random = SeededRandom::new(7);
        for _ in 0..kills {
            let reader = Copyist { enqueues: true, ..Copyist::of(7) };
            let process = Process::begin(&store, settings.clone(), reader).await;
            let mut bytes = [0; 1];
            random.fill(&mut bytes);
            tokio::time::sleep(Duration::from_millis(30 + u64::from(bytes[0]))).await;
            process.kill();
        }
        over.store(true, Ordering::SeqCst);
        let mut made = 0;
        for writer in writers {
            made += writer.await.unwrap();
        }
        let running = Running::begin(&store, settings, Copyist { enqueues: true, ..Copyist::of(50) });
        // The commit that wakes it.
        changed(&namespace, records[0], false).await.unwrap();
        made += 1;
        until(|| async { noted(&namespace, "read").await.len() >= made }).await;
        until(|| async { noted(&namespace, "followed").await.len() >= made }).await;
        running.stop().await;

        assert_eq!(noted(&namespace, "followed").await.len(), made);
        let mut by_record: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for target in noted(&namespace, "read").await {
            let (record, number) = target.split_once(':').unwrap();
            by_record.entry(record.to_owned()).or_default().push(number.parse().unwrap());
        }
        let mut total = 0;
        for numbers in by_record.values() {
            assert_eq!(*numbers, (1..=numbers.len()).collect::<Vec<_>>());
            total += numbers.len();
        }
        assert_eq!((by_record.len(), total), (4, made));
        assert!(made > 40, "{made}");
    }

    async fn an_event_that_commits_late_is_read_before_later_ones(store: TestStore) {
        let (_, namespace) = workspace(&store).await;
        let (slow, quick) = (record(&namespace).await, record(&namespace).await);
        let running = Running::begin(&store, settings(), Copyist::of(50));
        let late = {
            let namespace = namespace.clone();
            TaskTracker::new().spawn(async move {
                let write = namespace.write(slow, |tx, &slow| Box::pin(async move {
                    change(tx, slow, false).await?;
                    if tx.dialect() == Dialect::Postgres {
                        tx.fetch_all(&Raw("SELECT CAST(pg_sleep(1.5) AS text)")).await?;
                    }
                    Ok::<_, Error>(())
                }));
                write.await.unwrap();
            })
        };
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..3 {
            changed(&namespace, quick, false).await.unwrap();
            // What is undone leaves a number that no event has.
            let undone = namespace.write(quick, |tx, &quick| Box::pin(async move {
                change(tx, quick, false).await?;
                Err::<(), _>(Error::LeaseLost)
            }));
            assert!(undone.await.is_err());
        }
        late.await.unwrap();
        until(|| async { noted(&namespace, "read").await.len() == 4 }).await;
        let expected = [format!("{slow}:0001"), format!("{quick}:0001"), format!("{quick}:0002"), format!("{quick}:0003")];
        assert_eq!(noted(&namespace, "read").await, expected);
        running.stop().await;
    }

    async fn a_reader_of_a_process_that_is_gone_is_taken_over_when_its_lease_has_run_out(store: TestStore) {
        let shared = JobSettings { shared: true, lease: Duration::from_secs(2), ..settings() };
        let (_, namespace) = workspace(&store).await;
        let record = record(&namespace).await;
        for _ in 0..3 {
            changed(&namespace, record, false).await.unwrap();
        }
        let held = namespace.write((), |tx, ()| {
            let until = Environment::system().now().plus(Duration::from_secs(2)).micros();
            let insert = Query::insert()
                .into_table(tx.table("event_readers"))
                .columns(["name", "place", "epoch", "lease_owner", "lease_until"])
                .values_panic(["copyist".into(), 1_i64.into(), 4_i64.into(), new_id().into(), until.into()])
                .take();
            Box::pin(async move { tx.execute(&insert).await })
        });
        held.await.map_err(|error: Error| error).unwrap();
        let running = Running::begin(&store, shared, Copyist::of(50));
        changed(&namespace, record, false).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(noted(&namespace, "read").await.is_empty(), "the lease has not run out");
        until(|| async { noted(&namespace, "read").await.len() == 3 }).await;
        running.stop().await;
    }

    async fn what_a_reader_has_not_had_is_kept_and_it_is_told_what_it_misses(store: TestStore) {
        let (_, namespace) = workspace(&store).await;
        let record = record(&namespace).await;
        let reader = Copyist::of(50);
        let running = Running::begin(&store, settings(), reader.clone());
        changed(&namespace, record, false).await.unwrap();
        until(|| async { noted(&namespace, "read").await.len() == 1 }).await;
        reader.fails.store(true, Ordering::SeqCst);
        let asked = reader.asked.load(Ordering::SeqCst);
        for _ in 0..3 {
            changed(&namespace, record, false).await.unwrap();
        }
        until(|| async { reader.asked.load(Ordering::SeqCst) > asked }).await;
        let later = Environment::system().now().plus(Duration::from_secs(60));
        assert_eq!(removed(&namespace, outbox::prune, later).await, 1, "the one that was read");
        assert_eq!(removed(&namespace, outbox::prune_unread, Timestamp::EPOCH).await, 0);
        assert_eq!(removed(&namespace, outbox::prune_unread, later).await, 3);
        reader.fails.store(false, Ordering::SeqCst);
        changed(&namespace, record, false).await.unwrap();
        until(|| async { noted(&namespace, "read").await.len() == 2 }).await;
        let missed = noted(&namespace, "missed").await;
        assert_eq!(missed.len(), 1);
        let (after, through) = missed[0].split_once('-').unwrap();
        assert_eq!(after, "1");
        assert!(through.parse::<i64>().unwrap() >= 4, "{missed:?}");
        assert_eq!(noted(&namespace, "read").await[1], format!("{record}:0005"));
        running.stop().await;
    }
}
