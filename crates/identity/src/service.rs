//! The service and what it holds.

use std::sync::Arc;

use kontor_core::{
    cache::Cache,
    environment::Environment,
    grants::Grants,
    ids::{MemberId, SignInId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{Namespace, Store};
use uuid::Uuid;

use crate::{
    IdentitySettings, MasterSecret, Provisioner, Result,
    access_token::Verified,
    api_keys::KeyHolder,
    callers::ActiveMember,
    delegations::Delegate,
    keys::SigningKeys,
    known_browser::KnownBrowsers,
    password::Passwords,
    rows::{sign_ins::SignInRow, workspaces},
    sealing::SealingKeys,
    turns::Turns,
};

/// How many entries a cache keeps.
const REMEMBERED: usize = 20_000;

/// People and authority. Cloning is cheap.
#[derive(Clone)]
pub struct Identity(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) environment: Environment,
    pub(crate) settings: IdentitySettings,
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) passwords: Passwords,
    pub(crate) secret: MasterSecret,
    pub(crate) keys: SigningKeys,
    pub(crate) known_browsers: KnownBrowsers,
    pub(crate) turns: Turns,
    /// Access tokens whose signature was verified, by their hash: that costs more than all else a request does.
    pub(crate) verified: Cache<[u8; 32], Arc<Verified>>,
    /// Sign-ins that had not ended a moment ago.
    pub(crate) live: Cache<SignInId, ()>,
    /// Browser sessions by the hash of their cookie.
    pub(crate) browsers: Cache<String, Arc<SignInRow>>,
    pub(crate) members: Cache<(WorkspaceId, MemberId), Arc<ActiveMember>>,
    pub(crate) roles: Cache<(WorkspaceId, String), Arc<Grants>>,
    /// What members let software do, as it was a moment ago.
    pub(crate) delegates: Cache<Uuid, Arc<Delegate>>,
    /// What acts by API keys, by their hashes.
    pub(crate) api_keys: Cache<(WorkspaceId, String), Arc<KeyHolder>>,
}

impl Identity {
    /// Opens the service: reads or makes the signing keys, and completes workspaces whose creation a crash
    /// interrupted.
    ///
    /// # Errors
    /// When the secret is too short or is not the one the signing keys were sealed with, or the directory
    /// cannot be reached.
    pub async fn open(
        store: Store,
        environment: Environment,
        secret: MasterSecret,
        provisioner: Arc<dyn Provisioner>,
        settings: IdentitySettings,
    ) -> Result<Self> {
        let sealing = SealingKeys::load(store.directory(), &secret).await?;
        let keys = SigningKeys::open(store.directory(), &environment, &sealing).await?;
        let known_browsers = KnownBrowsers::new(secret.key(KnownBrowsers::PURPOSE)?);
        let passwords = Passwords::new(settings.password_cost, environment.clone())?;
        let moment = settings.caller_cache_for;
        let identity = Self(Arc::new(Inner {
            verified: Cache::expiring(REMEMBERED, settings.access_token_for, environment.clone()),
            live: Cache::expiring(REMEMBERED, moment, environment.clone()),
            browsers: Cache::expiring(REMEMBERED, moment, environment.clone()),
            members: Cache::expiring(REMEMBERED, moment, environment.clone()),
            roles: Cache::expiring(REMEMBERED, moment, environment.clone()),
            delegates: Cache::expiring(REMEMBERED, moment, environment.clone()),
            api_keys: Cache::expiring(REMEMBERED, moment, environment.clone()),
            store,
            environment,
            settings,
            provisioner,
            passwords,
            secret,
            keys,
            known_browsers,
            turns: Turns::default(),
        }));
        identity.complete_workspaces().await?;
        Ok(identity)
    }

    /// The public keys of access tokens, as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.0.keys.published().clone()
    }

    /// Whether the database answers: reads, and takes a turn as a writer, which writes nothing.
    ///
    /// # Errors
    /// When it does not; within the store's deadlines.
    pub async fn check_database(&self) -> Result<()> {
        self.directory().read((), |tx, ()| Box::pin(workspaces::any_active(tx))).await?;
        self.directory().write((), |_, ()| Box::pin(async { Ok(()) })).await
    }

    pub(crate) fn directory(&self) -> &Namespace {
        self.0.store.directory()
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.0.environment
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.environment.now()
    }
}
