//! API keys: service accounts by which programs act, with a role, scopes, an end and networks of their own. A key is
//! told once, and of it only a hash is kept.

mod check;
mod enter;
mod text;
mod token;

use std::{collections::HashMap, fmt};

use kontor_core::{
    actor::Actor, caller::Caller, grants::Permission, ids::RoleId, scope::Patterns, time::Timestamp,
};
use kontor_store::{AuditEntry, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use self::check::Checked;
pub(crate) use self::{
    check::read_scopes,
    enter::KeyHolder,
    text::{KeyText, PREFIX},
    token::{KEY, KeyClaims},
};
use crate::{
    Error, Identity, Result,
    roles::named_to_give,
    rows::{
        api_keys::{self, ApiKeyRow},
        roles,
    },
};

/// How many a workspace may have.
const MOST: usize = 1_000;

/// A key that is to be made.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What acts by it, as it stands beside what it does.
    pub name: String,
    /// The name of a role, which allows no more than whoever makes the key may do.
    pub role: String,
    /// The operations that it may call, as names and patterns: `deal.find`, `contact.*`, `*.get`, `search`, `*`.
    pub scopes: Vec<String>,
    /// After how many days it ends; never unless it is given.
    #[serde(default)]
    pub expires_in_days: Option<u32>,
    /// The addresses and networks that it may be used from (`192.0.2.7`, `10.0.0.0/8`); any unless they are given.
    #[serde(default)]
    pub networks: Option<Vec<String>>,
}

/// A key, without what signs in by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// The name of its role.
    pub role: String,
    pub scopes: Patterns,
    /// From anywhere where there is none.
    pub networks: Vec<String>,
    /// Its end, by which it is told from others.
    pub hint: String,
    pub created_by: Actor,
    pub created_at: Timestamp,
    /// When it ends; null for never.
    pub expires_at: Option<Timestamp>,
    pub is_expired: bool,
    /// To the minute; null where it never was used.
    pub last_used_at: Option<Timestamp>,
}

/// What signs in by a key, which is told once.
#[derive(Clone)]
pub struct KeySecret(String);

impl KeySecret {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

impl Identity {
    /// Makes a key, whose role allows no more than the caller may do.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `api_keys`; [`Error::NotInPerson`], [`Error::Input`],
    /// [`Error::UnknownRole`], [`Error::RoleBeyondCaller`], [`Error::TooManyKeys`].
    pub async fn create_api_key(&self, caller: &Caller, new: NewApiKey) -> Result<(ApiKey, KeySecret)> {
        caller.require(Permission::ApiKeys)?;
        // What a key made would outlive it.
        if !caller.is_in_person() {
            return Err(Error::NotInPerson);
        }
        let checked = Checked::of(&new)?;
        let (text, now) = (KeyText::generate(self.environment(), caller.workspace), self.now());
        let row = ApiKeyRow {
            id: self.environment().new_id(),
            key_hash: text.hash(),
            hint: text.hint(),
            name: checked.name,
            role: RoleId(Uuid::nil()),
            scopes: checked.scopes,
            networks: checked.networks,
            created_by: caller.actor(),
            created_at: now,
            expires_at: checked.ends_after.map(|life| now.plus(life)),
            last_used_at: None,
        };
        let made: Result<ApiKey> = self
            .namespace(caller.workspace)
            .await?
            .write((self.clone(), caller.clone(), new.role, row), |tx, (identity, caller, role, row)| {
                Box::pin(write(tx, identity, caller, role, row))
            })
            .await;
        Ok((made?, KeySecret(text.to_text())))
    }

    /// The keys of the caller's workspace, the newest first.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `api_keys`.
    pub async fn api_keys(&self, caller: &Caller) -> Result<Vec<ApiKey>> {
        caller.require(Permission::ApiKeys)?;
        let now = self.now();
        self.namespace(caller.workspace)
            .await?
            .read((), move |tx, ()| {
                Box::pin(async move {
                    let rows = api_keys::all(tx).await?;
                    let names: HashMap<_, _> =
                        roles::all(tx).await?.into_iter().map(|(id, role)| (id, role.name)).collect();
                    let name_of = |row: &ApiKeyRow| names.get(&row.role).cloned().unwrap_or_default();
                    Ok(rows.into_iter().map(|row| told(name_of(&row), row, now)).collect())
                })
            })
            .await
    }

    /// A key.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `api_keys`; [`Error::KeyNotFound`].
    pub async fn api_key(&self, caller: &Caller, id: Uuid) -> Result<ApiKey> {
        caller.require(Permission::ApiKeys)?;
        let now = self.now();
        self.namespace(caller.workspace)
            .await?
            .read(id, move |tx, &id| Box::pin(async move { Ok(find(tx, id, now).await?.1) }))
            .await
    }

    /// Ends a key: on this server at once, on others within seconds.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `api_keys`; [`Error::KeyNotFound`].
    pub async fn revoke_api_key(&self, caller: &Caller, id: Uuid) -> Result<()> {
        caller.require(Permission::ApiKeys)?;
        let now = self.now();
        let revoked: Result<()> = self
            .namespace(caller.workspace)
            .await?
            .write((self.environment().clone(), caller.actor()), move |tx, (environment, actor)| {
                Box::pin(async move {
                    let (_, key) = find(tx, id, now).await?;
                    api_keys::remove(tx, id).await?;
                    let entry = AuditEntry::new(
                        "api_key.revoked",
                        format!("api_key:{id}"),
                        json!({ "before": in_audit(&key) }),
                    );
                    Ok(tx.audit(environment, now, actor, entry).await?)
                })
            })
            .await;
        self.0.api_keys.remove_where(|(of, _)| *of == caller.workspace);
        revoked
    }
}

pub(crate) async fn find(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<(ApiKeyRow, ApiKey)> {
    let row = api_keys::by_id(tx, id).await?.ok_or(Error::KeyNotFound)?;
    let role = roles::all(tx).await?.into_iter().find(|(id, _)| *id == row.role);
    let key = told(role.map(|(_, role)| role.name).unwrap_or_default(), row.clone(), now);
    Ok((row, key))
}

async fn write(
    tx: &mut Tx<'_>,
    identity: &Identity,
    caller: &Caller,
    role: &str,
    row: &ApiKeyRow,
) -> Result<ApiKey> {
    let (role_id, role) = named_to_give(tx, role, &caller.grants).await?;
    check::against(&row.scopes, &*identity.0.provisioner.schema(tx).await?)?;
    if api_keys::all(tx).await?.len() >= MOST {
        return Err(Error::TooManyKeys { most: MOST });
    }
    let row = ApiKeyRow { role: role_id, ..row.clone() };
    api_keys::insert(tx, &row).await?;
    let (id, now) = (row.id, row.created_at);
    let key = told(role.name, row, now);
    let entry = AuditEntry::new("api_key.made", format!("api_key:{id}"), json!({ "after": in_audit(&key) }));
    tx.audit(identity.environment(), now, &caller.actor(), entry).await?;
    Ok(key)
}

/// What the audit tells of a key.
fn in_audit(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name,
        "role": key.role,
        "scopes": key.scopes,
        "networks": key.networks,
        "expires_at": key.expires_at,
    })
}

fn told(role: String, row: ApiKeyRow, now: Timestamp) -> ApiKey {
    ApiKey {
        id: row.id,
        name: row.name,
        role,
        scopes: row.scopes,
        networks: row.networks,
        hint: row.hint,
        created_by: row.created_by,
        created_at: row.created_at,
        is_expired: row.expires_at.is_some_and(|at| at <= now),
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}
