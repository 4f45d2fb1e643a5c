//! A workspace to test in, with a member who may do everything.

use std::sync::Arc;

use kontor_core::{
    actor::Principal,
    caller::Caller,
    environment::Environment,
    error::{Fault, Problem},
    grants::Grants,
    ids::{MemberId, RecordId, WorkspaceId},
    scope::Patterns,
};
use kontor_crm::{
    Crm, Error, ProgramOperations, RecordOperations,
    records::{self, BatchInput, ListQuery, Page, Record, RecordWrite, Updated},
};
use kontor_operations::{OperationSettings, Operations};
use kontor_store::testing::TestStore;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_query::{Expr, ExprTrait as _, JoinType, Order, Query};
use serde_json::{Map, Value as Json, json};

/// A workspace with the standard objects and one member, Ada Brandt.
pub(crate) struct Fixture {
    pub crm: Crm,
    pub operations: Operations,
    pub workspace: WorkspaceId,
    pub member: MemberId,
    /// Ada, who may do everything.
    pub ada: Caller,
}

impl Fixture {
    pub(crate) async fn new(store: &TestStore) -> Self {
        let environment = Environment::system();
        let (crm, operations) = services(store);
        let workspace = environment.new_id();
        let namespace = store.create_workspace(workspace).await.unwrap();
        let during = environment.clone();
        namespace
            .alter(during, |tx, environment| Box::pin(Crm::install(tx, environment, environment.now())))
            .await
            .unwrap();
        let member = environment.new_id::<MemberId>();
        let fields = map(json!({ "name": { "first": "Ada", "last": "Brandt" } }));
        crm.write(&Caller::system(workspace), fields, move |work, fields| {
            Box::pin(async move {
                let object = work.schema.object("member").unwrap().clone();
                records::create_with_id(work, &object, RecordId(member.as_uuid()), fields).await
            })
        })
        .await
        .unwrap();
        let principal = Principal::Member { id: member, name: "Ada Brandt".to_owned() };
        let ada = Caller::new(workspace, principal, Arc::new(Grants::everything()));
        Self { crm, operations, workspace, member, ada }
    }

    /// The same workspace as another process knows it, which remembers nothing of it yet.
    pub(crate) fn elsewhere(&self, store: &TestStore) -> Self {
        let (crm, operations) = services(store);
        Self { crm, operations, workspace: self.workspace, member: self.member, ada: self.ada.clone() }
    }

    /// Ada with other grants.
    pub(crate) fn with(&self, grants: Grants) -> Caller {
        Caller { grants: Arc::new(grants), ..self.ada.clone() }
    }

    /// Somebody acting through an agent with all tools.
    pub(crate) fn agent_of(&self, caller: &Caller) -> Caller {
        let tools = Patterns::new(vec!["*".to_owned()]);
        let id = self.crm.environment().new_id();
        caller.through_agent(id, "Sales assistant", &Grants::everything(), &tools)
    }

    pub(crate) async fn create(&self, object: &str, fields: Json) -> Record {
        self.crm.create(&self.ada, object, map(fields)).await.unwrap()
    }

    pub(crate) async fn get(&self, object: &str, id: RecordId) -> Json {
        self.crm.get(&self.ada, object, id, None, vec![]).await.unwrap().to_json()
    }

    pub(crate) async fn list(&self, object: &str, query: ListQuery) -> Page {
        self.crm.list(&self.ada, object, query).await.unwrap()
    }
}

/// The use cases that write records, each in a unit of its own.
pub(crate) trait Writes {
    fn crm(&self) -> &Crm;

    async fn create(
        &self,
        caller: &Caller,
        object: &str,
        fields: Map<String, Json>,
    ) -> Result<Record, Error> {
        self.crm().write_record(caller, object, RecordWrite::Create(fields)).await.map(only)
    }

    async fn update(
        &self,
        caller: &Caller,
        object: &str,
        id: RecordId,
        patch: Map<String, Json>,
        if_match: Option<i64>,
    ) -> Result<Updated, Error> {
        self.crm()
            .write(caller, (object.to_owned(), patch), move |work, (object, patch)| {
                Box::pin(async move {
                    let grants = &work.caller.grants;
                    let found = grants.readable_object(work.schema, object).cloned();
                    let found = found
                        .ok_or_else(|| Error::UnknownObject { name: object.clone(), near: String::new() })?;
                    records::update(work, &found, id, patch, if_match).await
                })
            })
            .await
    }

    async fn delete(&self, caller: &Caller, object: &str, id: RecordId) -> Result<Record, Error> {
        self.crm().write_record(caller, object, RecordWrite::Delete { id, if_match: None }).await.map(only)
    }

    async fn restore(&self, caller: &Caller, object: &str, id: RecordId) -> Result<Record, Error> {
        self.crm().write_record(caller, object, RecordWrite::Restore(id)).await.map(only)
    }

    async fn destroy(&self, caller: &Caller, object: &str, id: RecordId) -> Result<(), Error> {
        self.crm().write_record(caller, object, RecordWrite::Destroy { id, if_match: None }).await.map(drop)
    }

    async fn batch(&self, caller: &Caller, object: &str, input: BatchInput) -> Result<Vec<Record>, Error> {
        self.crm().write_record(caller, object, RecordWrite::Batch(input)).await
    }
}

impl Writes for Crm {
    fn crm(&self) -> &Crm {
        self
    }
}

fn only(records: Vec<Record>) -> Record {
    let [record] = records.try_into().unwrap();
    record
}

/// What a process has of its own.
fn services(store: &TestStore) -> (Crm, Operations) {
    let environment = Environment::system();
    let crm = Crm::new((**store).clone(), environment.clone());
    let operations = Operations::new(
        (**store).clone(),
        environment,
        Arc::new(crm.clone()),
        vec![Arc::new(RecordOperations), Arc::new(ProgramOperations)],
        OperationSettings::default(),
    );
    (crm, operations)
}

/// A row of the outbox.
#[derive(Debug)]
pub(crate) struct Event {
    pub name: String,
    pub record: RecordId,
    pub action: String,
    pub happened_at: i64,
    pub actor: Json,
    pub changes: Json,
}

impl Fixture {
    /// The events of the workspace, the earliest first.
    pub(crate) async fn outbox(&self) -> Vec<Event> {
        let read = self.crm.read(&self.ada, (), |work, ()| {
            Box::pin(async move {
                let event = |column: &'static str| Expr::col(("event", column));
                let entry = |column: &'static str| Expr::col(("entry", column));
                let statement = Query::select()
                    .exprs(["name", "record_id", "action"].map(event))
                    .exprs(["happened_at", "actor", "changes"].map(entry))
                    .from_as(work.tx.table("outbox_events"), "event")
                    .join_as(
                        JoinType::LeftJoin,
                        work.tx.table("timeline_entries"),
                        "entry",
                        entry("record_id").eq(event("record_id")).and(entry("id").eq(event("id"))),
                    )
                    .order_by(("event", "sequence"), Order::Asc)
                    .to_owned();
                let mut events = Vec::new();
                for row in work.tx.fetch_all(&statement).await? {
                    events.push(Event {
                        name: row.get(0)?,
                        record: RecordId(row.get(1)?),
                        action: row.get(2)?,
                        happened_at: row.get(3)?,
                        actor: serde_json::from_str(&row.get::<String>(4)?).unwrap(),
                        changes: serde_json::from_str(&row.get::<String>(5)?).unwrap(),
                    });
                }
                Ok(events)
            })
        });
        read.await.unwrap()
    }
}

pub(crate) fn map(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn problem<T>(result: Result<T, impl Fault>) -> Problem {
    match result {
        Ok(_) => panic!("expected a problem"),
        Err(error) => error.problem(),
    }
}

/// The path and code of each issue.
pub(crate) fn issues(problem: &Problem) -> Vec<(&str, &str)> {
    problem.issues.iter().map(|issue| (issue.path.as_str(), &*issue.code)).collect()
}

pub(crate) fn labels(page: &Page) -> Vec<&str> {
    page.records.iter().map(|record| record.label.as_str()).collect()
}

/// Random input, other on each run; the seed that it prints makes it again by `KONTOR_TEST_SEED`.
#[allow(clippy::print_stdout, reason = "whoever reads of a failure needs the seed")]
pub(crate) fn runner() -> TestRunner {
    let seed = match std::env::var("KONTOR_TEST_SEED") {
        Ok(seed) => seed.parse::<u64>().unwrap(),
        Err(_) => u64::from_le_bytes(Environment::system().random()),
    };
    println!("KONTOR_TEST_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
