//! The CRM as a service: each method opens the unit of work that its use case runs in.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kontor_core::{
    cache::Cache,
    caller::Caller,
    environment::Environment,
    error::{Fault as _, Problem},
    grants::Action,
    ids::{RecordId, WorkspaceId},
    metadata::{Field, Object, Schema},
    reference::RecordReference,
    time::Timestamp,
};
use kontor_operations::{
    RequestKey, SchemaSource,
    requests::{self, Answered},
};
use kontor_store::{Premise, Store, Tx};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Error, Work, idempotency,
    metadata::{self, NewField},
    records::{self, Decided, GroupQuery, Groups, Likeness, ListQuery, Page, Record, RecordWrite},
    search::{self, Hit},
    timeline::{self, Timeline},
};

/// How long a workspace's schema is believed without asking: another server on the same database may have
/// changed it.
const SCHEMA_AGE: Duration = Duration::from_secs(5);
/// How often a write is prepared anew because the schema was changed meanwhile.
const SCHEMA_ATTEMPTS: u32 = 5;
/// Schemas that are remembered.
const SCHEMAS: usize = 256;

/// The records of all workspaces. Cloning is cheap.
#[derive(Clone)]
pub struct Crm(Arc<Inner>);

struct Inner {
    store: Store,
    environment: Environment,
    schemas: Cache<WorkspaceId, Arc<Schema>>,
}

impl Crm {
    pub fn new(store: Store, environment: Environment) -> Self {
        let schemas = Cache::expiring(SCHEMAS, SCHEMA_AGE, environment.clone());
        Self(Arc::new(Inner { store, environment, schemas }))
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// Gives a new workspace the standard objects and their tables; within `alter`.
    pub async fn install(tx: &mut Tx<'_>, environment: &Environment, now: Timestamp) -> Result<(), Error> {
        metadata::install(tx, environment, now).await
    }

    /// The objects and fields of a workspace, whoever asks.
    pub async fn schema(&self, workspace: WorkspaceId) -> Result<Arc<Schema>, Error> {
        self.0.schemas.get_or_load(&workspace, |known| self.read_schema(workspace, known)).await
    }

    /// As [`Crm::schema`], as the database has it now.
    async fn current_schema(&self, workspace: WorkspaceId) -> Result<Arc<Schema>, Error> {
        self.0.schemas.reload(&workspace, |known| self.read_schema(workspace, known)).await
    }

    /// The schema as it stands in the database, which is the one that is known where its version is the same.
    async fn read_schema(
        &self,
        workspace: WorkspaceId,
        known: Option<Arc<Schema>>,
    ) -> Result<Arc<Schema>, Error> {
        let version = known.as_ref().map(|schema| schema.version());
        let namespace = self.0.store.workspace(workspace).await?;
        let newer = namespace
            .read(version, |tx, &version| {
                Box::pin(async move {
                    if version == Some(metadata::version(tx).await?) {
                        return Ok::<_, Error>(None);
                    }
                    metadata::schema(tx).await.map(Some)
                })
            })
            .await?;
        Ok(newer.map(Arc::new).or(known).unwrap_or_default())
    }

    /// The schema as it is in a transaction.
    pub(crate) async fn schema_within(
        &self,
        tx: &mut Tx<'_>,
        workspace: WorkspaceId,
    ) -> Result<Arc<Schema>, Error> {
        let version = metadata::version(tx).await?;
        match self.0.schemas.get(&workspace).filter(|schema| schema.version() == version) {
            Some(schema) => Ok(schema),
            None => Ok(Arc::new(metadata::schema(tx).await?)),
        }
    }

    /// Adds a field to an object, which every surface knows from then on.
    pub async fn add_field(&self, caller: &Caller, object: &str, new: NewField) -> Result<Field, Error> {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let arguments = (self.0.environment.clone(), caller.clone(), object.to_owned(), new);
        let added = namespace
            .alter(arguments, |tx, (environment, caller, object, new)| {
                let now = environment.now();
                Box::pin(metadata::add_field(tx, environment, now, caller, object, new))
            })
            .await;
        self.0.schemas.remove(&caller.workspace);
        added
    }

    /// Runs use cases that only read, on one snapshot: `read(&caller, (object, id), |work, (object, id)| …)`. The
    /// closure may be run again and awaits nothing but its work; the unit owns `arguments` and lends them to each
    /// run.
    pub async fn read<A, T, F>(&self, caller: &Caller, arguments: A, unit: F) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>, &'w A) -> BoxFuture<'w, Result<T, Error>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let basis = self.basis(caller, self.schema(caller.workspace).await?);
        namespace.read((basis, arguments), move |tx, (basis, arguments)| basis.run(tx, arguments, unit)).await
    }

    /// Runs use cases in one transaction: all of what they change, or nothing. They work by the objects and fields as
    /// they are in that transaction, whatever was remembered of them. As [`Crm::read`] otherwise.
    pub async fn write<A, T, F>(&self, caller: &Caller, arguments: A, unit: F) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>, &'w A) -> BoxFuture<'w, Result<T, Error>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let arguments = Arc::new(arguments);
        let mut schema = self.schema(caller.workspace).await?;
        for _ in 0..SCHEMA_ATTEMPTS {
            let premise = metadata::premise(&schema);
            let arguments = (self.basis(caller, schema), arguments.clone());
            let written = namespace.write_on(premise, arguments, move |tx, (basis, arguments)| {
                basis.run(tx, &**arguments, unit)
            });
            if let Some(answer) = written.await? {
                return Ok(answer);
            }
            schema = self.current_schema(caller.workspace).await?;
        }
        Err(kontor_store::Error::Busy { what: "the workspace's fields are changed again and again" }.into())
    }

    fn basis(&self, caller: &Caller, schema: Arc<Schema>) -> Basis {
        Basis { caller: caller.clone(), schema, environment: self.0.environment.clone() }
    }

    /// As [`Crm::read`], about the object of this name or plural.
    pub(crate) async fn read_of<A, T, F>(
        &self,
        caller: &Caller,
        object: &str,
        arguments: A,
        unit: F,
    ) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(
                &'w mut Work<'a, 'c>,
                &'w Arc<Object>,
                &'w A,
            ) -> BoxFuture<'w, Result<T, Error>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.read(caller, (object.to_owned(), arguments), move |work, (object, arguments)| {
            Box::pin(async move {
                let object = named(work, object)?;
                unit(work, &object, arguments).await
            })
        })
        .await
    }

    /// As [`Crm::write`], about the object of this name or plural.
    pub(crate) async fn write_of<A, T, F>(
        &self,
        caller: &Caller,
        object: &str,
        arguments: A,
        unit: F,
    ) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(
                &'w mut Work<'a, 'c>,
                &'w Arc<Object>,
                &'w A,
            ) -> BoxFuture<'w, Result<T, Error>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.write(caller, (object.to_owned(), arguments), move |work, (object, arguments)| {
            Box::pin(async move {
                let object = named(work, object)?;
                unit(work, &object, arguments).await
            })
        })
        .await
    }

    /// Does a write: the one way in for whoever has no unit of work of their own. The records as they are then; none
    /// where one was destroyed.
    pub async fn write_record(
        &self,
        caller: &Caller,
        object: &str,
        write: RecordWrite,
    ) -> Result<Vec<Record>, Error> {
        self.write_of(caller, object, write, |work, object, write| {
            Box::pin(async move {
                require_scope(work, object, &[write.verb()])?;
                write.run(work, object).await
            })
        })
        .await
    }

    /// As [`Crm::write_record`], and tells what came of it. Under a key it has its effect once, and whoever sends it
    /// again is told the same for a day; a key that another write used is refused.
    pub async fn write_once<T>(
        &self,
        caller: &Caller,
        object: &str,
        write: RecordWrite,
        request: Option<RequestKey>,
        tell: fn(&[Record]) -> T,
    ) -> Result<T, Error>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let Some(request) = request else {
            // The writer is not kept busy with what can be told after it.
            return Ok(tell(&self.write_record(caller, object, write).await?));
        };
        self.write_of(caller, object, (write, request), move |work, object, (write, request)| {
            Box::pin(async move {
                require_scope(work, object, &[write.verb()])?;
                if let Some(told) = requests::kept_or_taken(work, request).await? {
                    return idempotency::tell_again(work, object, told, tell).await;
                }
                let records = write.run(work, object).await?;
                let ids = records.iter().map(|record| record.id).collect();
                let answered = Answered::new(work, tell(&records), ids)?;
                requests::keep(work, request, &answered).await?;
                Ok(answered.answer)
            })
        })
        .await
    }

    pub async fn list(&self, caller: &Caller, object: &str, query: ListQuery) -> Result<Page, Error> {
        self.read_of(caller, object, query, |work, object, query| {
            Box::pin(async move {
                require_scope(work, object, &["find"])?;
                records::list(work, object, query).await
            })
        })
        .await
    }

    pub async fn get(
        &self,
        caller: &Caller,
        object: &str,
        id: RecordId,
        fields: Option<Vec<String>>,
        include: Vec<String>,
    ) -> Result<Record, Error> {
        self.read_of(caller, object, (fields, include), move |work, object, (fields, include)| {
            Box::pin(async move {
                // Who may look for records may look for the one of an id.
                require_scope(work, object, &["get", "find"])?;
                records::get(work, object, id, fields.as_deref(), include).await
            })
        })
        .await
    }

    /// What decides whether the caller may do this to an object, to one of its records where one is given, and to these
    /// fields; nothing is done.
    ///
    /// # Errors
    /// [`Error::UnknownObject`] where there is none of this name at all.
    pub async fn decide(
        &self,
        caller: &Caller,
        object: &str,
        action: Action,
        record: Option<RecordId>,
        fields: Vec<String>,
    ) -> Result<Decided, Error> {
        self.read(caller, (object.to_owned(), fields), move |work, (name, fields)| {
            Box::pin(async move {
                let found = work.schema.object(name).or_else(|| work.schema.object_by_plural(name)).cloned();
                match found {
                    Some(object) => records::decide(work, &object, action, record, fields).await,
                    None => Err(Error::unknown_object(name, work.schema, &work.caller.grants)),
                }
            })
        })
        .await
    }

    /// Whether every one of these is a record that the caller may read, deleted or not.
    pub async fn knows_all(&self, caller: &Caller, ids: Vec<Uuid>) -> Result<bool, Error> {
        self.read(caller, ids, |work, ids| Box::pin(records::knows_all(work, ids))).await
    }

    /// The records that may stand for the same person or business as one of the object, as far as the caller may
    /// read them.
    pub async fn similar(
        &self,
        caller: &Caller,
        object: &str,
        likeness: Likeness,
    ) -> Result<Vec<RecordReference>, Error> {
        self.read_of(caller, object, likeness, |work, object, likeness| {
            Box::pin(async move {
                require_scope(work, object, &["find"])?;
                records::similar(work, object, likeness).await
            })
        })
        .await
    }

    pub async fn group(&self, caller: &Caller, object: &str, query: GroupQuery) -> Result<Groups, Error> {
        self.read_of(caller, object, query, |work, object, query| {
            Box::pin(async move {
                require_scope(work, object, &["group"])?;
                records::group(work, object, query).await
            })
        })
        .await
    }

    pub async fn timeline(
        &self,
        caller: &Caller,
        object: &str,
        id: RecordId,
        limit: u32,
        after: Option<String>,
    ) -> Result<Timeline, Error> {
        self.read_of(caller, object, after, move |work, object, after| {
            Box::pin(async move {
                require_scope(work, object, &["timeline"])?;
                timeline::list(work, object, id, limit, after.as_deref()).await
            })
        })
        .await
    }

    pub async fn search(
        &self,
        caller: &Caller,
        query: &str,
        objects: Option<Vec<String>>,
        limit: u32,
    ) -> Result<Vec<Hit>, Error> {
        caller.scope.require("search")?;
        self.read(caller, (query.to_owned(), objects), move |work, (query, objects)| {
            Box::pin(search::search(work, query, objects.as_deref(), limit))
        })
        .await
    }
}

impl SchemaSource for Crm {
    fn schema(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Arc<Schema>, Problem>> {
        Box::pin(async move { self.schema(workspace).await.map_err(|error| error.problem()) })
    }

    fn current_schema(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Arc<Schema>, Problem>> {
        Box::pin(async move { self.current_schema(workspace).await.map_err(|error| error.problem()) })
    }

    fn premise(&self, schema: &Schema) -> Premise {
        metadata::premise(schema)
    }
}

/// What the work of a unit is made of, beside its transaction.
struct Basis {
    caller: Caller,
    schema: Arc<Schema>,
    environment: Environment,
}

impl Basis {
    fn run<'t, A, T, F>(
        &'t self,
        tx: &'t mut Tx<'_>,
        arguments: &'t A,
        unit: F,
    ) -> BoxFuture<'t, Result<T, Error>>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>, &'w A) -> BoxFuture<'w, Result<T, Error>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        Box::pin(async move {
            let now = self.environment.now();
            let mut work = Work::new(tx, &self.caller, &self.schema, &self.environment, now);
            unit(&mut work, arguments).await
        })
    }
}

/// The object of this name or plural, as far as it exists for the caller.
fn named(work: &Work<'_, '_>, name: &str) -> Result<Arc<Object>, Error> {
    let grants = &work.caller.grants;
    let object = grants.readable_object(work.schema, name);
    object.cloned().ok_or_else(|| Error::unknown_object(name, work.schema, grants))
}

/// That the caller's scope holds one of these operations on the object's records.
fn require_scope(work: &Work<'_, '_>, object: &Object, verbs: &[&str]) -> Result<(), Error> {
    let scope = &work.caller.scope;
    if scope.is_everything() || verbs.iter().any(|verb| scope.allows(&format!("{}.{verb}", object.name))) {
        return Ok(());
    }
    let needed = verbs.first().copied().unwrap_or_default();
    Ok(scope.require(&format!("{}.{needed}", object.name))?)
}
