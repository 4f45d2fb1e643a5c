//! An installation to test with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{
    caller::Operator,
    environment::{Environment, ManualClock, SystemRandom},
    error::{ErrorKind, Fault as _},
    filter::OwnRecord,
    ids::{FieldId, MemberId, ObjectId, WorkspaceId},
    metadata::{Field, FieldKind, Name, Object, Schema},
    time::Timestamp,
};
use kontor_identity::{
    AgentKey, BoundAgent, Error, Identity, IdentitySettings, MasterSecret, MemberPatch, MemberProfile,
    MemberStatus, NewMember, NewWorkspace, PasswordCost, ProvisionError, Provisioner, Result, SignIn,
};
use kontor_store::{Store, Tx};
use uuid::Uuid;

pub(crate) const SECRET: &str = "the master secret of these tests";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Counts what it is asked for, and fails when told to.
#[derive(Default)]
pub(crate) struct Furnisher {
    pub(crate) installed: AtomicUsize,
    pub(crate) written: AtomicUsize,
    pub(crate) fails: AtomicBool,
    /// The one agent.
    pub(crate) clerk: std::sync::Mutex<Option<BoundAgent>>,
}

impl Furnisher {
    fn answer(&self) -> Result<(), ProvisionError> {
        if self.fails.load(Ordering::SeqCst) { Err(kontor_store::Error::NoRow.into()) } else { Ok(()) }
    }
}

impl Provisioner for Furnisher {
    fn install<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        _: WorkspaceId,
        _: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>> {
        self.installed.fetch_add(1, Ordering::SeqCst);
        async { self.answer() }.boxed()
    }

    fn write_member<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        _: WorkspaceId,
        _: &'t MemberProfile,
        _: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>> {
        self.written.fetch_add(1, Ordering::SeqCst);
        async { self.answer() }.boxed()
    }

    fn schema<'t>(&'t self, _: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Arc<Schema>, ProvisionError>> {
        async { Ok(Arc::new(objects())) }.boxed()
    }

    fn own_record<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        _: MemberId,
    ) -> BoxFuture<'t, Result<OwnRecord, ProvisionError>> {
        async { Ok(OwnRecord::new()) }.boxed()
    }

    fn bound_agent<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        key: &'t AgentKey,
    ) -> BoxFuture<'t, Result<Option<BoundAgent>, ProvisionError>> {
        let clerk = self.clerk.lock().unwrap().clone();
        let is_meant = |agent: &BoundAgent| match key {
            AgentKey::Id(id) => agent.id == *id,
            AgentKey::Name(name) => agent.name == *name,
        };
        async move { Ok(clerk.filter(is_meant)) }.boxed()
    }

    fn agents_of_role<'t>(
        &'t self,
        _: &'t mut Tx<'_>,
        role: &'t str,
    ) -> BoxFuture<'t, Result<Vec<String>, ProvisionError>> {
        let name = "analyst".to_owned();
        async move { Ok(if role == "Viewer" { vec![name] } else { Vec::new() }) }.boxed()
    }
}

/// A member with a region, and a deal with an owner, a region and an amount.
pub(crate) fn objects() -> Schema {
    let field =
        |name: &'static str, kind| Field::new(FieldId(Uuid::from_u128(1)), Name::literal(name), name, kind);
    let object = |name: &'static str, plural, is_read_only, fields| Object {
        id: ObjectId(Uuid::from_u128(2)),
        name: Name::literal(name),
        plural: Name::literal(plural),
        label: name.to_owned(),
        label_plural: name.to_owned(),
        description: String::new(),
        icon: String::new(),
        label_field: Name::literal("name"),
        is_custom: false,
        is_read_only,
        pipeline: None,
        fields,
    };
    let line = || FieldKind::Text { format: kontor_core::metadata::TextFormat::Line };
    let owner = FieldKind::Relation { object: Name::literal("member") };
    let members = vec![field("name", line()), field("region", line())];
    let deals = vec![
        field("name", line()),
        field("region", line()),
        field("amount", FieldKind::Number { decimals: 2, min: None, max: None }),
        field("owner", owner),
    ];
    Schema::new(1, vec![object("member", "members", true, members), object("deal", "deals", false, deals)])
}

/// Who makes workspaces.
pub(crate) const OPERATOR: Operator = Operator::of_this_installation();

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) environment: Environment,
    pub(crate) furnisher: Arc<Furnisher>,
    pub(crate) identity: Identity,
}

impl House {
    /// An installation without a workspace.
    pub(crate) async fn empty(store: &Store) -> Self {
        let (clock, environment) = clock();
        let furnisher = Arc::new(Furnisher::default());
        let identity = open(store, &environment, &furnisher, SECRET, settings()).await.unwrap();
        Self { store: store.clone(), clock, environment, furnisher, identity }
    }

    /// An installation with the workspace "Acme" and its admin ada@acme.test.
    pub(crate) async fn with_acme(store: &Store) -> (Self, WorkspaceId, MemberId) {
        let house = Self::empty(store).await;
        let (workspace, member) = house.identity.create_workspace(OPERATOR, acme()).await.unwrap();
        (house, workspace, member)
    }

    /// The same installation after a restart, or as another server sees it.
    pub(crate) async fn reopened(&self, settings: IdentitySettings) -> Identity {
        self.open(SECRET, settings).await.unwrap()
    }

    pub(crate) async fn open(&self, secret: &str, settings: IdentitySettings) -> Result<Identity> {
        open(&self.store, &self.environment, &self.furnisher, secret, settings).await
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub(crate) fn clock() -> (Arc<ManualClock>, Environment) {
    clock_at("2026-03-01T09:30:00Z")
}

pub(crate) fn clock_at(now: &str) -> (Arc<ManualClock>, Environment) {
    let clock = Arc::new(ManualClock::at(now.parse().unwrap()));
    let environment = Environment::new(clock.clone(), Arc::new(SystemRandom));
    (clock, environment)
}

pub(crate) async fn open(
    store: &Store,
    environment: &Environment,
    furnisher: &Arc<Furnisher>,
    secret: &str,
    settings: IdentitySettings,
) -> Result<Identity> {
    let secret = MasterSecret::new(secret.as_bytes().to_vec());
    Identity::open(store.clone(), environment.clone(), secret, furnisher.clone(), settings).await
}

/// The default settings with passwords that cost next to nothing.
pub(crate) fn settings() -> IdentitySettings {
    let password_cost = PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 };
    IdentitySettings { password_cost, ..IdentitySettings::default() }
}

pub(crate) fn acme() -> NewWorkspace {
    NewWorkspace {
        name: "Acme".to_owned(),
        admin_name: "Ada Brandt".to_owned(),
        email: "Ada@Acme.test".to_owned(),
        password: PASSWORD.to_owned(),
    }
}

pub(crate) fn member(email: &str, role: &str) -> NewMember {
    NewMember {
        name: "Max Okafor".to_owned(),
        email: email.to_owned(),
        role: role.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

pub(crate) fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
        workspace: None,
        remote: None,
        user_agent: Some("a test".to_owned()),
        known_browser: String::new(),
    }
}

/// Kind and code of a failure.
pub(crate) fn failure<T>(result: Result<T>) -> (ErrorKind, String) {
    let problem = result.err().expect("this fails").problem();
    (problem.kind, problem.code.into_owned())
}

/// The code of a failure.
pub(crate) fn code<T>(result: Result<T>) -> String {
    failure(result).1
}

pub(crate) fn wait_of<T>(result: Result<T>) -> Duration {
    match result.err() {
        Some(Error::Throttled { wait }) => wait,
        other => panic!("not throttled: {other:?}"),
    }
}

/// A change of whether a member may act.
pub(crate) fn acting(status: MemberStatus) -> MemberPatch {
    MemberPatch { status: Some(status), ..MemberPatch::default() }
}
