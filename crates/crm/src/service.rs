//! The CRM as a service: each method opens the unit of work that its use case runs in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::{Fault as _, Problem},
    ids::{RecordId, WorkspaceId},
    metadata::{Field, Object, Schema},
    reference::RecordReference,
    time::Timestamp,
};
use kontor_operations::{
    RequestKey, SchemaSource,
    requests::{self, Answered},
};
use kontor_store::{Store, Tx};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use crate::{
    Error, Work, idempotency,
    metadata::{self, NewField},
    records::{
        self, BatchInput, GroupQuery, Groups, Likeness, ListQuery, Page, Record, RecordWrite, Updated,
    },
    search::{self, Hit},
    timeline::{self, Timeline},
};

/// How long a workspace's schema is believed without asking: another server on the same database may have
/// changed it.
const SCHEMA_AGE: Duration = Duration::from_secs(5);
/// Schemas that are remembered; beyond it, those that were not asked for lately are read anew.
const SCHEMAS: usize = 256;

/// The records of all workspaces. Cloning is cheap.
#[derive(Clone)]
pub struct Crm(Arc<Inner>);

struct Inner {
    store: Store,
    environment: Environment,
    schemas: Mutex<HashMap<WorkspaceId, Cached>>,
}

struct Cached {
    schema: Arc<Schema>,
    checked_at: Timestamp,
}

impl Crm {
    pub fn new(store: Store, environment: Environment) -> Self {
        Self(Arc::new(Inner { store, environment, schemas: Mutex::default() }))
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
        let now = self.0.environment.now();
        let known = self.cached(workspace);
        if let Some((schema, checked_at)) = &known
            && now.since(*checked_at) < SCHEMA_AGE
        {
            return Ok(schema.clone());
        }
        let known = known.map(|(schema, _)| schema);
        let version = known.as_ref().map(|schema| schema.version());
        let namespace = self.0.store.workspace(workspace).await?;
        let newer = namespace
            .read(move |tx| {
                Box::pin(async move {
                    if version == Some(metadata::version(tx).await?) {
                        return Ok::<_, Error>(None);
                    }
                    metadata::schema(tx).await.map(Some)
                })
            })
            .await?;
        let current = newer.map(Arc::new).or(known).unwrap_or_default();
        Ok(self.remember(workspace, current, now))
    }

    fn cached(&self, workspace: WorkspaceId) -> Option<(Arc<Schema>, Timestamp)> {
        let schemas = self.0.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        schemas.get(&workspace).map(|cached| (cached.schema.clone(), cached.checked_at))
    }

    /// Keeps a schema that holds now, unless a newer one is known; the one that is known then.
    fn remember(&self, workspace: WorkspaceId, current: Arc<Schema>, now: Timestamp) -> Arc<Schema> {
        let mut schemas = self.0.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if schemas.len() >= SCHEMAS && !schemas.contains_key(&workspace) {
            schemas.retain(|_, cached| now.since(cached.checked_at) < SCHEMA_AGE);
        }
        let cached =
            schemas.entry(workspace).or_insert_with(|| Cached { schema: current.clone(), checked_at: now });
        cached.checked_at = now;
        // One that was read before a change may come after it.
        if current.version() > cached.schema.version() {
            cached.schema = current;
        }
        cached.schema.clone()
    }

    /// Adds a field to an object, which every surface knows from then on.
    pub async fn add_field(&self, caller: &Caller, object: &str, new: NewField) -> Result<Field, Error> {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let (environment, caller_then) = (self.0.environment.clone(), caller.clone());
        let object = object.to_owned();
        let (field, schema) = namespace
            .alter(move |tx| {
                let (environment, caller) = (environment.clone(), caller_then.clone());
                let (object, new) = (object.clone(), new.clone());
                Box::pin(async move {
                    let now = environment.now();
                    let field = metadata::add_field(tx, &environment, now, &caller, &object, &new).await?;
                    Ok::<_, Error>((field, metadata::schema(tx).await?))
                })
            })
            .await?;
        self.remember(caller.workspace, Arc::new(schema), self.0.environment.now());
        Ok(field)
    }

    /// Runs use cases that only read, on one snapshot. The closure may be run again and awaits nothing but
    /// its work.
    pub async fn read<T, F>(&self, caller: &Caller, unit: F) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>) -> BoxFuture<'w, Result<T, Error>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let unit = self.unit(caller, unit).await?;
        namespace.read(move |tx| unit.clone().run(tx)).await
    }

    /// Runs use cases in one transaction: all of what they change, or nothing. As [`Crm::read`] otherwise.
    pub async fn write<T, F>(&self, caller: &Caller, unit: F) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>) -> BoxFuture<'w, Result<T, Error>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        let namespace = self.0.store.workspace(caller.workspace).await?;
        let unit = self.unit(caller, unit).await?;
        namespace.write(move |tx| unit.clone().run(tx)).await
    }

    async fn unit<F>(&self, caller: &Caller, run: F) -> Result<Arc<Unit<F>>, Error> {
        Ok(Arc::new(Unit {
            caller: caller.clone(),
            schema: self.schema(caller.workspace).await?,
            environment: self.0.environment.clone(),
            run,
        }))
    }

    /// Does a write and tells what came of it. Under a key it has its effect once, and whoever sends it again
    /// is told the same for a day; a key that another write used is refused.
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
        let object = object.to_owned();
        let write = Arc::new(write);
        if request.is_none() {
            // The writer is not kept busy with what can be told after it.
            let records = self.write(caller, move |work| {
                let (object, write) = (object.clone(), write.clone());
                Box::pin(async move {
                    let object = named(work, &object)?;
                    write.run(work, &object).await
                })
            });
            return Ok(tell(&records.await?));
        }
        let same = object.clone();
        self.once(
            caller,
            request,
            move |work| {
                let (object, write) = (object.clone(), write.clone());
                Box::pin(async move {
                    let object = named(work, &object)?;
                    let records = write.run(work, &object).await?;
                    Ok((tell(&records), records.iter().map(|record| record.id).collect()))
                })
            },
            move |work, told| {
                let object = same.clone();
                Box::pin(async move {
                    let object = named(work, &object)?;
                    if idempotency::may_be_told(work, &object, &told, &told.records).await? {
                        return Ok(told.answer);
                    }
                    Ok(tell(&idempotency::read_again(work, &object, &told.records).await?))
                })
            },
        )
        .await
    }

    /// As [`Crm::write`], and once under a key: what the unit answers, and of which records, is kept with its
    /// effect. Whoever sends it again
    /// is answered by `again`, which is given what was kept.
    pub(crate) async fn once<T, F, A>(
        &self,
        caller: &Caller,
        request: Option<RequestKey>,
        unit: F,
        again: A,
    ) -> Result<T, Error>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>) -> BoxFuture<'w, Result<(T, Vec<RecordId>), Error>>
            + Send
            + Sync
            + 'static,
        A: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>, Answered<T>) -> BoxFuture<'w, Result<T, Error>>
            + Send
            + Sync
            + 'static,
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let (unit, again) = (Arc::new(unit), Arc::new(again));
        self.write(caller, move |work| {
            let (unit, again, request) = (unit.clone(), again.clone(), request.clone());
            Box::pin(async move {
                let Some(request) = request else { return Ok(unit(&mut *work).await?.0) };
                if let Some(told) = requests::kept_or_taken(work, &request).await? {
                    return again(&mut *work, told).await;
                }
                let (answer, records) = unit(&mut *work).await?;
                let answered = Answered::new(work, answer, records)?;
                requests::keep(work, &request, &answered).await?;
                Ok(answered.answer)
            })
        })
        .await
    }

    pub async fn list(&self, caller: &Caller, object: &str, query: ListQuery) -> Result<Page, Error> {
        let object = object.to_owned();
        self.read(caller, move |work| {
            let (object, query) = (object.clone(), query.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::list(work, &object, &query).await
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
        let object = object.to_owned();
        self.read(caller, move |work| {
            let (object, fields, include) = (object.clone(), fields.clone(), include.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::get(work, &object, id, fields.as_deref(), &include).await
            })
        })
        .await
    }

    pub async fn create(
        &self,
        caller: &Caller,
        object: &str,
        fields: Map<String, Json>,
    ) -> Result<Record, Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let (object, fields) = (object.clone(), fields.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::create(work, &object, &fields).await
            })
        })
        .await
    }

    /// The records that may stand for the same person or business as one of the object, as far as the caller may
    /// read them.
    pub async fn similar(
        &self,
        caller: &Caller,
        object: &str,
        likeness: Likeness,
    ) -> Result<Vec<RecordReference>, Error> {
        let object = object.to_owned();
        self.read(caller, move |work| {
            let (object, likeness) = (object.clone(), likeness.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::similar(work, &object, &likeness).await
            })
        })
        .await
    }

    pub async fn update(
        &self,
        caller: &Caller,
        object: &str,
        id: RecordId,
        patch: Map<String, Json>,
        if_match: Option<i64>,
    ) -> Result<Updated, Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let (object, patch) = (object.clone(), patch.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::update(work, &object, id, &patch, if_match).await
            })
        })
        .await
    }

    pub async fn delete(&self, caller: &Caller, object: &str, id: RecordId) -> Result<Record, Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let object = object.clone();
            Box::pin(async move {
                let object = named(work, &object)?;
                records::delete(work, &object, id, None).await
            })
        })
        .await
    }

    pub async fn restore(&self, caller: &Caller, object: &str, id: RecordId) -> Result<Record, Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let object = object.clone();
            Box::pin(async move {
                let object = named(work, &object)?;
                records::restore(work, &object, id).await
            })
        })
        .await
    }

    pub async fn destroy(&self, caller: &Caller, object: &str, id: RecordId) -> Result<(), Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let object = object.clone();
            Box::pin(async move {
                let object = named(work, &object)?;
                records::destroy(work, &object, id, None).await
            })
        })
        .await
    }

    pub async fn batch(
        &self,
        caller: &Caller,
        object: &str,
        input: BatchInput,
    ) -> Result<Vec<Record>, Error> {
        let object = object.to_owned();
        self.write(caller, move |work| {
            let (object, input) = (object.clone(), input.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::batch(work, &object, &input).await
            })
        })
        .await
    }

    pub async fn group(&self, caller: &Caller, object: &str, query: GroupQuery) -> Result<Groups, Error> {
        let object = object.to_owned();
        self.read(caller, move |work| {
            let (object, query) = (object.clone(), query.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                records::group(work, &object, &query).await
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
        let object = object.to_owned();
        self.read(caller, move |work| {
            let (object, after) = (object.clone(), after.clone());
            Box::pin(async move {
                let object = named(work, &object)?;
                timeline::list(work, &object, id, limit, after.as_deref()).await
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
        let query = query.to_owned();
        self.read(caller, move |work| {
            let (query, objects) = (query.clone(), objects.clone());
            Box::pin(async move { search::search(work, &query, objects.as_deref(), limit).await })
        })
        .await
    }
}

impl SchemaSource for Crm {
    fn schema(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Arc<Schema>, Problem>> {
        Box::pin(async move { self.schema(workspace).await.map_err(|error| error.problem()) })
    }
}

/// A closure over work, with what its work is made of.
struct Unit<F> {
    caller: Caller,
    schema: Arc<Schema>,
    environment: Environment,
    run: F,
}

impl<F> Unit<F> {
    fn run<'t, T>(self: Arc<Self>, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Error>>
    where
        F: for<'w, 'a, 'c> Fn(&'w mut Work<'a, 'c>) -> BoxFuture<'w, Result<T, Error>>
            + Send
            + Sync
            + 'static,
        T: Send + 'static,
    {
        Box::pin(async move {
            let now = self.environment.now();
            let mut work =
                Work { tx, caller: &self.caller, schema: &self.schema, environment: &self.environment, now };
            (self.run)(&mut work).await
        })
    }
}

/// The object of this name or plural, as far as it exists for the caller.
fn named(work: &Work<'_, '_>, name: &str) -> Result<Arc<Object>, Error> {
    let grants = &work.caller.grants;
    let object = grants.readable_object(work.schema, name);
    object.cloned().ok_or_else(|| Error::unknown_object(name, work.schema, grants))
}
