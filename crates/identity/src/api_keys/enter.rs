//! From a key to a caller.

use std::{net::IpAddr, sync::Arc, time::Duration};

use kontor_core::{
    actor::Principal,
    caller::Caller,
    ids::WorkspaceId,
    locale::Locale,
    networks::{Networks, network},
    time::Timestamp,
};
use uuid::Uuid;

use super::KeyText;
use crate::{
    Error, Identity, Result,
    rows::{api_keys, roles},
    workspace_settings,
};

/// How often the last use of a key is written down.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// What acts by a key, remembered for a moment.
pub(crate) struct KeyHolder {
    caller: Caller,
    expires_at: Option<Timestamp>,
    /// Those that it may be used from; any where there is none.
    networks: Option<Networks>,
}

/// By what a key is looked for.
pub(crate) enum Wanted {
    Hash(String),
    Id(Uuid),
}

impl Identity {
    /// The caller that a key stands for, used from an address, where that is known. A key that was revoked, has ended
    /// or whose role was changed is known as such within seconds, on the server that was told of it at once.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::ExpiredKey`], [`Error::KeyNotFromHere`].
    pub(crate) async fn authenticate_key(&self, key: &str, from: Option<IpAddr>) -> Result<Caller> {
        let text = KeyText::parse(key).ok_or(Error::InvalidToken)?;
        let kept = (text.workspace, text.hash());
        let load = async |_| self.read_key(text.workspace, Wanted::Hash(text.hash())).await;
        let holder = self.0.api_keys.get_or_load(&kept, load).await?;
        self.let_in(&holder, from)
    }

    /// What acts by a key that was found, where it may be used now and from there.
    pub(crate) fn let_in(&self, holder: &KeyHolder, from: Option<IpAddr>) -> Result<Caller> {
        if holder.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(Error::ExpiredKey);
        }
        let is_let_in = |networks: &Networks| from.is_none_or(|from| networks.contain(from));
        if !holder.networks.as_ref().is_none_or(is_let_in) {
            return Err(Error::KeyNotFromHere);
        }
        Ok(holder.caller.clone())
    }

    pub(crate) async fn read_key(&self, workspace: WorkspaceId, wanted: Wanted) -> Result<Arc<KeyHolder>> {
        let namespace = match self.namespace(workspace).await {
            Err(Error::WorkspaceNotFound) => return Err(Error::InvalidToken),
            other => other?,
        };
        let found = namespace
            .read(wanted, |tx, wanted| {
                Box::pin(async move {
                    let found = match wanted {
                        Wanted::Hash(hash) => api_keys::by_hash(tx, hash).await?,
                        Wanted::Id(id) => api_keys::by_id(tx, *id).await?,
                    };
                    let Some(row) = found else { return Ok::<_, Error>(None) };
                    let role = roles::all(tx).await?.into_iter().find(|(id, _)| *id == row.role);
                    let settings = workspace_settings::workspace_settings(tx).await?;
                    Ok(role.map(|(_, role)| (row, role.grants, settings)))
                })
            })
            .await?;
        let (row, grants, settings) = found.ok_or(Error::InvalidToken)?;
        let now = self.now();
        let is_live = row.expires_at.is_none_or(|at| at > now);
        if is_live && row.last_used_at.is_none_or(|last| now.since(last) >= NOTED_EVERY) {
            let noted: Result<()> =
                namespace.write(row.id, move |tx, &id| Box::pin(api_keys::note_use(tx, id, now))).await;
            noted?;
        }
        let principal = Principal::ApiKey { id: row.id, name: row.name };
        let caller = Caller {
            locale: Locale {
                time_zone: settings.time_zone.unwrap_or_default(),
                currency: settings.currency.0,
                dates: settings.date_language.unwrap_or_default(),
            },
            ..Caller::new(workspace, principal, Arc::new(grants)).within_scope(&row.scopes)
        };
        let networks: Networks = row.networks.iter().filter_map(|one| network(one)).collect();
        Ok(Arc::new(KeyHolder {
            caller,
            expires_at: row.expires_at,
            networks: (!row.networks.is_empty()).then_some(networks),
        }))
    }
}
