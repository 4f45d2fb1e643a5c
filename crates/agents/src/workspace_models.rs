//! The models of a workspace: those of its own providers beside those of the installation, as it has set them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kontor_core::{cache::Cache, environment::Environment, error::Chain, ids::WorkspaceId};
use kontor_models::{Models, ProviderConfig, Secret};

use crate::{
    engine::Agents,
    error::Error,
    rows::{
        model_choices::{self, ChoiceRow},
        model_providers::{self, ProviderRow},
    },
};

/// How long the providers of a workspace are believed.
const BELIEVED: Duration = Duration::from_secs(5);
/// Workspaces whose models are remembered.
const REMEMBERED: usize = 1_000;

/// The models of workspaces, as they were read.
pub(crate) struct WorkspaceModels(Cache<WorkspaceId, Arc<Known>>);

struct Known {
    providers: Vec<ProviderRow>,
    choices: Vec<ChoiceRow>,
    /// Those of its providers, before what is set of them.
    opened: Models,
    models: Models,
}

impl WorkspaceModels {
    pub(crate) fn new(environment: Environment) -> Self {
        Self(Cache::expiring(REMEMBERED, BELIEVED, environment))
    }

    /// Has them read anew, with the keys of its providers.
    pub(crate) fn forget(&self, workspace: WorkspaceId) {
        self.0.remove(&workspace);
    }
}

impl Agents {
    /// The models that agents of a workspace may be given.
    pub(crate) async fn models_of(&self, workspace: WorkspaceId) -> Result<Models, Error> {
        let kept = &self.0.workspace_models.0;
        let known = kept.get_or_load(&workspace, |known| self.read_models(workspace, known)).await?;
        Ok(known.models.clone())
    }

    /// The same, read anew. What is known of its providers, as how their models fare, stays known as long as they are
    /// the same.
    pub(crate) async fn models_anew(&self, workspace: WorkspaceId) -> Result<Models, Error> {
        let kept = &self.0.workspace_models.0;
        let known = kept.reload(&workspace, |known| self.read_models(workspace, known)).await?;
        Ok(known.models.clone())
    }

    async fn read_models(
        &self,
        workspace: WorkspaceId,
        known: Option<Arc<Known>>,
    ) -> Result<Arc<Known>, Error> {
        let namespace = self.namespace(workspace).await?;
        let read: Result<(Vec<ProviderRow>, Vec<ChoiceRow>), Error> = namespace
            .read((), |tx, ()| {
                Box::pin(
                    async move { Ok((model_providers::list(tx).await?, model_choices::list(tx).await?)) },
                )
            })
            .await;
        let (providers, choices) = read?;
        let (providers, opened) = match known {
            Some(known) if known.providers == providers && known.choices == choices => return Ok(known),
            // The same, whose connections are open.
            Some(known) if known.providers == providers => (providers, known.opened.clone()),
            _ if providers.is_empty() => (providers, self.0.models.clone()),
            _ => self.open_models(workspace).await?,
        };
        let models = match choices.as_slice() {
            [] => opened.clone(),
            set => opened.with_choices(model_choices::choices(set)?),
        };
        Ok(Arc::new(Known { providers, choices, opened, models }))
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
