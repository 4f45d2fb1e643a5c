//! The models of a workspace: those of its own providers beside those of the installation.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kontor_core::{error::Chain, ids::WorkspaceId, time::Timestamp};
use kontor_models::{Models, ProviderConfig, Secret};

use crate::{
    engine::Agents,
    error::Error,
    rows::model_providers::{self, ProviderRow},
};

/// How long the providers of a workspace are believed.
const BELIEVED: Duration = Duration::from_secs(5);
/// Workspaces whose models are remembered.
const REMEMBERED: usize = 1_000;

/// The models of workspaces, as they were read.
#[derive(Default)]
pub(crate) struct WorkspaceModels(Mutex<HashMap<WorkspaceId, Known>>);

#[derive(Clone)]
struct Known {
    read_at: Timestamp,
    rows: Vec<ProviderRow>,
    models: Models,
}

impl WorkspaceModels {
    /// Has them read anew.
    pub(crate) fn forget(&self, workspace: WorkspaceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
    }

    fn known(&self, workspace: WorkspaceId) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    fn remember(&self, workspace: WorkspaceId, known: Known) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(workspace, known);
    }
}

impl Agents {
    /// The models that agents of a workspace may be given.
    pub(crate) async fn models_of(&self, workspace: WorkspaceId) -> Result<Models, Error> {
        let service = &self.0;
        let now = service.environment.now();
        let known = service.workspace_models.known(workspace);
        if let Some(known) = &known
            && now.since(known.read_at) < BELIEVED
        {
            return Ok(known.models.clone());
        }
        let namespace = self.namespace(workspace).await?;
        let rows: Vec<ProviderRow> = namespace.read((), |tx, ()| Box::pin(model_providers::list(tx))).await?;
        let (rows, models) = match known {
            // The same, whose connections are open.
            Some(known) if known.rows == rows => (rows, known.models),
            _ if rows.is_empty() => (rows, service.models.clone()),
            _ => self.open_models(workspace).await?,
        };
        service.workspace_models.remember(workspace, Known { read_at: now, rows, models: models.clone() });
        Ok(models)
    }

    /// The providers with their keys, read at one moment: a key belongs to the address that stands beside it.
    async fn open_models(&self, workspace: WorkspaceId) -> Result<(Vec<ProviderRow>, Models), Error> {
        let sealer = self.0.identity.sealer(workspace).await?;
        let namespace = self.namespace(workspace).await?;
        let (rows, keys) = namespace
            .read(sealer, move |tx, sealer| {
                Box::pin(async move {
                    let rows: Vec<ProviderRow> = model_providers::list(tx).await?;
                    let mut keys: Vec<Option<String>> = Vec::with_capacity(rows.len());
                    for row in rows.iter() {
                        if row.key_ending.is_none() {
                            keys.push(None);
                            continue;
                        }
                        let key = sealer.open(tx, &model_providers::secret_of(&row.name)).await;
                        // One that does not open, as after a restore elsewhere, takes its own provider away alone.
                        keys.push(key.unwrap_or_else(|error| {
                            tracing::error!(%workspace, provider = row.name, error = %Chain(&error), "a provider's key does not open");
                            None
                        }));
                    }
                    Ok::<_, Error>((rows, keys))
                })
            })
            .await?;
        let configs = rows.iter().zip(keys).map(|(row, key)| {
            let config = ProviderConfig {
                kind: Some(row.kind),
                base_url: row.base_url.clone(),
                api_version: row.api_version.clone(),
                api_key: key.map(Secret::new),
                ..ProviderConfig::default()
            };
            (row.name.clone(), config)
        });
        let models = self.0.models.with_providers(configs.collect::<BTreeMap<_, _>>());
        Ok((rows, models))
    }
}
