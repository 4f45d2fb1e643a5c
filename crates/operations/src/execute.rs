//! The one way in: a call is checked, decided on, run and recorded.

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::{ErrorKind, Fault as _, Problem},
    grants::Grants,
    ids::WorkspaceId,
    metadata::Schema,
    operation::{Definition, Effect},
};
use kontor_store::{Namespace, Premise, Store};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    ApprovalPolicy, BATCH, Catalogues, Consent, Contributor, Decision, Error, InTransaction, Operation,
    Outcome, Registry, RequestKey, USUAL_ROOM, Work,
    batch::DRY_RUN,
    outside::{self, Outgoing},
    requests::{self, Answered},
};

/// The code of a call that a person is to be asked about first.
pub const APPROVAL_REQUIRED: &str = "approval_required";

/// How often a call is prepared anew because the schema was changed meanwhile.
const SCHEMA_ATTEMPTS: u32 = 5;

/// Where the objects of a workspace are known: the crate that keeps the metadata.
pub trait SchemaSource: Send + Sync {
    /// The workspace's schema as it stands, or as it stood a few seconds ago.
    fn schema(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Arc<Schema>, Problem>>;

    /// The workspace's schema as it stands.
    fn current_schema(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Arc<Schema>, Problem>>;

    /// What a unit takes for granted that works by this schema.
    fn premise(&self, schema: &Schema) -> Premise;
}

/// The service that runs operations. Cloning is cheap.
#[derive(Clone)]
pub struct Operations(Arc<Inner>);

struct Inner {
    store: Store,
    environment: Environment,
    schemas: Arc<dyn SchemaSource>,
    catalogues: Catalogues,
    policy: ApprovalPolicy,
    outgoing: Arc<Outgoing>,
}

/// The settings of operations.
#[derive(Debug, Clone, Default)]
pub struct OperationSettings {
    pub policy: ApprovalPolicy,
    /// Which process makes the calls that reach outside: the same after a restart, where something keeps two
    /// processes from being the same, so that what was cut off is known at once. Without one, a new one.
    pub node: Option<Uuid>,
}

/// What is to be run for whom.
#[derive(Debug, Clone)]
pub struct Call {
    pub caller: Arc<Caller>,
    pub operation: String,
    pub arguments: Json,
    /// What people have said to it.
    pub consent: Consent,
    /// Bytes that its result may have, about.
    pub room: usize,
}

/// What came of a call.
#[derive(Debug)]
pub struct Executed<R> {
    pub outcome: Outcome,
    /// What its journal answered; none for a read, for a call that was refused before it began, and for one that reached
    /// outside and whose journal could not be written, though its outcome was.
    pub receipt: Option<R>,
}

/// What is written beside the effect of a call, so that the call is not made again: by the one who makes it, in the
/// same transaction.
pub trait Journal: Clone + Send + Sync + 'static {
    type Receipt: Send + 'static;
    type Error: From<kontor_store::Error> + From<Error> + Send + 'static;

    /// The key under which a call that reaches outside is made once. It tells the call from every other of the
    /// workspace.
    fn outside_key(&self, call: &Call, environment: &Environment) -> outside::Key;

    /// Before the effect of a call within a transaction. What was answered already is the outcome, and the
    /// operation does not run.
    fn begin<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        operation: &'w Arc<dyn InTransaction>,
    ) -> BoxFuture<'w, Result<Option<Outcome>, Self::Error>>;

    /// After the effect of a call within a transaction. An error undoes the effect.
    fn end<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<Self::Receipt, Self::Error>>;

    /// Before a call that reaches outside, with what says that it begins.
    fn begin_outside<'w>(&'w self, work: &'w mut Work<'_, '_>) -> BoxFuture<'w, Result<(), Self::Error>>;

    /// After a call that reached outside, with what came of it. An error undoes this alone: the outcome is kept.
    fn end_outside<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<Self::Receipt, Self::Error>>;
}

/// Why an operation did not succeed within a transaction that goes on.
enum Undone {
    Problem(Problem),
    Store(kontor_store::Error),
}

impl From<kontor_store::Error> for Undone {
    fn from(error: kontor_store::Error) -> Self {
        Self::Store(error)
    }
}

impl Operations {
    /// The operations that `contributors` contribute.
    pub fn new(
        store: Store,
        environment: Environment,
        schemas: Arc<dyn SchemaSource>,
        contributors: Vec<Arc<dyn Contributor>>,
        settings: OperationSettings,
    ) -> Self {
        Self(Arc::new(Inner {
            outgoing: Arc::new(Outgoing::new(settings.node.unwrap_or_else(|| environment.new_id()))),
            store,
            environment,
            schemas,
            catalogues: Catalogues::new(contributors),
            policy: settings.policy,
        }))
    }

    /// When an agent has to ask.
    pub fn policy(&self) -> &ApprovalPolicy {
        &self.0.policy
    }

    /// Waits until no call is being made that reaches outside; further ones may begin.
    pub async fn finish(&self) {
        self.0.outgoing.finish().await;
    }

    /// The operations that a caller with these grants can have done in a workspace of this schema.
    pub fn catalogue(
        &self,
        workspace: WorkspaceId,
        schema: &Arc<Schema>,
        grants: &Arc<Grants>,
    ) -> Arc<Registry> {
        self.0.catalogues.of(workspace, schema, grants)
    }

    /// The workspace's objects as they stand.
    pub(crate) async fn current_schema(&self, workspace: WorkspaceId) -> Result<Arc<Schema>, Problem> {
        self.0.schemas.current_schema(workspace).await
    }

    /// What the caller may call, in order of name.
    ///
    /// # Errors
    /// What the source of schemas said.
    pub async fn definitions(&self, caller: &Caller) -> Result<Vec<Definition>, Error> {
        let schema = self.0.schemas.schema(caller.workspace).await.map_err(Error::Refused)?;
        let registry = self.catalogue(caller.workspace, &schema, &caller.grants);
        Ok(registry.definitions(&caller.scope).cloned().collect())
    }

    /// Has an operation done for the caller themselves, who decides on it. Under a key one that changes something, or
    /// reaches outside, does it once.
    ///
    /// # Errors
    /// [`Error::Refused`] with what the operation, or the check of its arguments, had to say;
    /// [`Error::KeyReused`], [`Error::AnswerWithheld`].
    pub async fn execute(
        &self,
        caller: &Caller,
        operation: &str,
        arguments: Json,
        key: Option<RequestKey>,
    ) -> Result<Json, Error> {
        self.execute_for(caller, operation, arguments, key, Consent::Own).await
    }

    /// The same where it is not the caller who decides: with what people have said to the call.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); [`APPROVAL_REQUIRED`] where a person is to be asked first.
    pub async fn execute_for(
        &self,
        caller: &Caller,
        operation: &str,
        arguments: Json,
        key: Option<RequestKey>,
        consent: Consent,
    ) -> Result<Json, Error> {
        caller.scope.require(operation).map_err(|lacking| Error::Refused(lacking.problem()))?;
        let (caller, operation) = (Arc::new(caller.clone()), operation.to_owned());
        let is_rehearsed = operation == BATCH && arguments.get(DRY_RUN) == Some(&Json::Bool(true));
        let call = Call { caller, operation, arguments, consent, room: USUAL_ROOM };
        let outcome = if is_rehearsed {
            self.rehearse(call, true).await?.outcome
        } else {
            self.execute_with(call, Requests(key)).await?.outcome
        };
        match outcome {
            Outcome::Succeeded(answer) => Ok(answer),
            Outcome::Failed(problem) => Err(Error::Refused(problem)),
            Outcome::Unknown => Err(Error::Refused(outside::unknown())),
        }
    }

    /// Has an operation done whose traces the caller writes by a journal of its own. What is wrong with the call, or
    /// made it fail without an effect, is an [`Outcome::Failed`].
    ///
    /// # Errors
    /// What the journal or the database said: nothing is known of the call then but what is stored.
    pub async fn execute_with<J: Journal>(
        &self,
        call: Call,
        journal: J,
    ) -> Result<Executed<J::Receipt>, J::Error> {
        let workspace = call.caller.workspace;
        let call = Arc::new(call);
        let mut known = self.0.schemas.schema(workspace).await;
        for _ in 0..SCHEMA_ATTEMPTS {
            let schema = match known {
                Ok(schema) => schema,
                Err(problem) => return Ok(refused(problem)),
            };
            let operation = match self.check(&call, &schema) {
                Ok(operation) => operation,
                Err(problem) => {
                    // It may be about a field that another process added a moment ago.
                    known = self.0.schemas.current_schema(workspace).await;
                    match &known {
                        Ok(current) if current.version() != schema.version() => continue,
                        _ => return Ok(refused(problem)),
                    }
                }
            };
            let namespace = self.0.store.workspace(workspace).await?;
            let premise = self.0.schemas.premise(&schema);
            let context = Context {
                environment: self.0.environment.clone(),
                caller: call.caller.clone(),
                schema,
                outgoing: self.0.outgoing.clone(),
                room: call.room,
            };
            match operation {
                Operation::InTransaction(operation) if operation.definition().effect == Effect::Read => {
                    return context.read(&namespace, operation, call).await;
                }
                Operation::InTransaction(operation) => {
                    let journal = journal.clone();
                    let written =
                        context.write(&namespace, premise, operation, call.clone(), journal).await?;
                    if let Some(executed) = written {
                        return Ok(executed);
                    }
                }
                Operation::Outside(operation) => {
                    return outside::execute(context, namespace, operation, call, journal).await;
                }
            }
            // Another process changed the schema: the operation may be another one by now.
            known = self.0.schemas.current_schema(workspace).await;
        }
        Err(kontor_store::Error::Busy { what: "the workspace's fields are changed again and again" }.into())
    }

    /// The operation of a call that may run: the caller has it, its arguments fit, and who has to agree has agreed.
    fn check(&self, call: &Call, schema: &Arc<Schema>) -> Result<Operation, Problem> {
        let registry = self.catalogue(call.caller.workspace, schema, &call.caller.grants);
        let operation = registry.check(&call.caller.scope, &call.operation, &call.arguments)?.clone();
        let effect = operation.effect(&call.arguments);
        match self.0.policy.decide(effect, operation.records(&call.arguments), &call.consent) {
            Decision::Allow => Ok(operation),
            Decision::Ask(_) => Err(Problem::new(
                ErrorKind::Conflict,
                APPROVAL_REQUIRED,
                "This call needs the member's approval by now. Call it again.",
            )),
        }
    }
}

/// What the work of a call is made of.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) environment: Environment,
    pub(crate) caller: Arc<Caller>,
    schema: Arc<Schema>,
    pub(crate) outgoing: Arc<Outgoing>,
    room: usize,
}

impl Context {
    pub(crate) fn work<'a, 'c>(&'a self, tx: &'a mut kontor_store::Tx<'c>) -> Work<'a, 'c> {
        let now = self.environment.now();
        let work = Work::new(tx, &self.caller, &self.schema, &self.environment, now);
        Work { room: self.room, ..work }
    }

    async fn read<R, E>(
        self,
        namespace: &Namespace,
        operation: Arc<dyn InTransaction>,
        call: Arc<Call>,
    ) -> Result<Executed<R>, E>
    where
        E: From<kontor_store::Error> + Send + 'static,
    {
        let result = namespace.read((self, operation, call), |tx, (context, operation, call)| {
            Box::pin(async move { Ok::<_, E>(operation.run(&mut context.work(tx), &call.arguments).await) })
        });
        Ok(Executed { outcome: result.await?.into(), receipt: None })
    }

    /// Nothing where the schema is another by now, and the call is to be checked anew.
    async fn write<J: Journal>(
        self,
        namespace: &Namespace,
        premise: Premise,
        operation: Arc<dyn InTransaction>,
        call: Arc<Call>,
        journal: J,
    ) -> Result<Option<Executed<J::Receipt>>, J::Error> {
        let written = namespace.write_on(
            premise,
            (self, operation, call, journal),
            |tx, (context, operation, call, journal)| {
                Box::pin(async move {
                    if let Some(outcome) = journal.begin(&mut context.work(tx), operation).await? {
                        return Ok::<_, J::Error>((outcome, None));
                    }
                    let effect = (context, operation, &call.arguments);
                    let done = tx.savepoint(&effect, |tx, (context, operation, arguments)| {
                        Box::pin(async move {
                            let result = operation.run(&mut context.work(tx), arguments).await;
                            result.map_err(Undone::Problem)
                        })
                    });
                    let outcome = match done.await {
                        Ok(result) => Outcome::Succeeded(result),
                        Err(Undone::Problem(problem)) => Outcome::Failed(problem),
                        Err(Undone::Store(error)) => return Err(error.into()),
                    };
                    let receipt = journal.end(&mut context.work(tx), &outcome).await?;
                    Ok((outcome, Some(receipt)))
                })
            },
        );
        let Some((outcome, receipt)) = written.await? else { return Ok(None) };
        kontor_core::kill_point!("operation.committed");
        Ok(Some(Executed { outcome, receipt }))
    }
}

pub(crate) fn refused<R>(problem: Problem) -> Executed<R> {
    Executed { outcome: Outcome::Failed(problem), receipt: None }
}

impl From<Result<Json, Problem>> for Outcome {
    fn from(result: Result<Json, Problem>) -> Self {
        result.map_or_else(Self::Failed, Self::Succeeded)
    }
}

/// The journal of calls that come as requests: what was answered is kept under the request's key, where there is one.
#[derive(Clone)]
struct Requests(Option<RequestKey>);

impl Journal for Requests {
    type Receipt = ();
    type Error = Error;

    fn outside_key(&self, call: &Call, environment: &Environment) -> outside::Key {
        let owner = requests::owner(&call.caller);
        let text = match &self.0 {
            Some(request) => format!("request/{owner}/{}", request.key),
            None => format!("request/{owner}//{}", environment.new_id::<Uuid>()),
        };
        outside::Key { text, waits: false }
    }

    fn begin<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        operation: &'w Arc<dyn InTransaction>,
    ) -> BoxFuture<'w, Result<Option<Outcome>, Error>> {
        Box::pin(async move {
            let Some(request) = &self.0 else { return Ok(None) };
            let Some(answered) = requests::kept_or_taken(work, request).await? else { return Ok(None) };
            let again = operation.repeat(work, answered).await?;
            Ok(Some(Outcome::Succeeded(again)))
        })
    }

    fn end<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<(), Error>> {
        Box::pin(async move {
            match outcome {
                Outcome::Succeeded(answer) => {
                    let Some(request) = &self.0 else { return Ok(()) };
                    let answered = Answered::new(work, answer, Vec::new())?;
                    requests::keep(work, request, &answered).await
                }
                // Undoes all of it, the key among it.
                Outcome::Failed(problem) => Err(Error::Refused(problem.clone())),
                Outcome::Unknown => Err(Error::Refused(Problem::internal())),
            }
        })
    }

    fn begin_outside<'w>(&'w self, _: &'w mut Work<'_, '_>) -> BoxFuture<'w, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn end_outside<'w>(
        &'w self,
        _: &'w mut Work<'_, '_>,
        _: &'w Outcome,
    ) -> BoxFuture<'w, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
