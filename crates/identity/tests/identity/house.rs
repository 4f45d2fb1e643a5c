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
    ids::{MemberId, WorkspaceId},
    time::Timestamp,
};
use kontor_identity::{
    Error, Identity, IdentitySettings, MasterSecret, MemberProfile, NewMember, NewWorkspace, PasswordCost,
    ProvisionError, Provisioner, Result, SignIn,
};
use kontor_store::{Store, Tx};

pub(crate) const SECRET: &str = "the master secret of these tests";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Counts what it is asked for, and fails when told to.
#[derive(Default)]
pub(crate) struct Furnisher {
    pub(crate) installed: AtomicUsize,
    pub(crate) written: AtomicUsize,
    pub(crate) fails: AtomicBool,
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
