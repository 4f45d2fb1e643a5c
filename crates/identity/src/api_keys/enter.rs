//! From a key to a caller.

use std::{net::IpAddr, sync::Arc, time::Duration};

use kontor_core::{
    actor::Principal,
    caller::Caller,
    locale::Locale,
    networks::{Networks, network},
    time::Timestamp,
};

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

impl Identity {
    /// The caller that a key stands for, used from an address, where that is known. A key that was revoked, has ended
    /// or whose role was changed is known as such within seconds, on the server that was told of it at once.
    ///
    /// # Errors
    /// [`Error::InvalidToken`], [`Error::ExpiredKey`], [`Error::KeyNotFromHere`].
    pub(crate) async fn authenticate_key(&self, key: &str, from: Option<IpAddr>) -> Result<Caller> {
        let text = KeyText::parse(key).ok_or(Error::InvalidToken)?;
        let kept = (text.workspace, text.hash());
        let holder = self.0.api_keys.get_or_load(&kept, |_| self.read_key(text)).await?;
        if holder.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(Error::ExpiredKey);
        }
        let is_let_in = |networks: &Networks| from.is_none_or(|from| networks.contain(from));
        if !holder.networks.as_ref().is_none_or(is_let_in) {
            return Err(Error::KeyNotFromHere);
        }
        Ok(holder.caller.clone())
    }

    async fn read_key(&self, text: KeyText) -> Result<Arc<KeyHolder>> {
        let namespace = match self.namespace(text.workspace).await {
            Err(Error::WorkspaceNotFound) => return Err(Error::InvalidToken),
            other => other?,
        };
        let found = namespace
            .read(text.hash(), |tx, hash| {
                Box::pin(async move {
                    let Some(row) = api_keys::by_hash(tx, hash).await? else { return Ok::<_, Error>(None) };
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
            ..Caller::new(text.workspace, principal, Arc::new(grants)).within_scope(&row.scopes)
        };
        let networks: Networks = row.networks.iter().filter_map(|one| network(one)).collect();
        Ok(Arc::new(KeyHolder {
            caller,
            expires_at: row.expires_at,
            networks: (!row.networks.is_empty()).then_some(networks),
        }))
    }
}
