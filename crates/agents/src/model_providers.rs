//! The providers of models that a workspace brings itself, with its own keys.

use kontor_core::{
    actor::Actor,
    caller::{Caller, Operator},
    error::{Chain, Issue},
    grants::Permission,
    ids::WorkspaceId,
    text,
    time::Timestamp,
};
use kontor_identity::Sealer;
use kontor_models::{FAST, ModelInfo, ModelSettings, Models, Owner, ProviderKind, SMART};
use kontor_store::AuditEntry;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::{
    engine::Agents,
    error::Error,
    rows::{
        model_choices,
        model_providers::{self, ProviderRow},
    },
};

/// Providers that a workspace may have.
const MOST: usize = 50;
const LONGEST_NAME: usize = 40;
const LONGEST_URL: usize = 500;
const LONGEST_KEY: usize = 2_000;
const LONGEST_VERSION: usize = 60;
/// Letters of a key that are shown, and how long it must be for them to be no part that matters.
const SHOWN: usize = 4;
const SHOWN_OF: usize = 16;

/// A provider of the workspace's own. Its key is told to nobody.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ModelProvider {
    /// What the ids of its models begin with.
    pub name: String,
    pub kind: ProviderKind,
    /// Where it is reached, where that is not where its kind is.
    pub base_url: Option<String>,
    pub api_version: Option<String>,
    pub has_key: bool,
    /// The last letters of its key, where it has one that is long enough.
    pub key_ending: Option<String>,
    pub set_by: Actor,
    pub set_at: Timestamp,
}

/// What a provider is set to.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModelProvider {
    pub kind: ProviderKind,
    #[serde(default)]
    pub base_url: Option<String>,
    #[serde(default)]
    pub api_version: Option<String>,
    /// Without one the key stays as it is, as long as it goes to the same place.
    #[serde(default)]
    pub api_key: Option<String>,
}

/// Whether a provider can be used, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ProviderTest {
    pub is_well: bool,
    pub message: String,
}

impl Agents {
    /// The models that the caller's workspace may use: the installation's and those of its own providers.
    pub async fn models(&self, caller: &Caller) -> Result<Vec<ModelInfo>, Error> {
        Ok(self.models_of_caller(caller).await?.list())
    }

    /// The same, by the names that agents have for them.
    pub async fn models_of_caller(&self, caller: &Caller) -> Result<Models, Error> {
        self.models_of(caller.workspace).await
    }

    /// The workspace's own providers, by name.
    ///
    /// # Errors
    /// Without the permission `settings`.
    pub async fn model_providers(&self, caller: &Caller) -> Result<Vec<ModelProvider>, Error> {
        require(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let rows: Vec<ProviderRow> = namespace.read((), |tx, ()| Box::pin(model_providers::list(tx))).await?;
        Ok(rows.into_iter().map(ModelProvider::from).collect())
    }

    /// The installation's providers that the workspace may use beside its own, by name.
    ///
    /// # Errors
    /// Without the permission `settings`.
    pub async fn installed_model_providers(
        &self,
        caller: &Caller,
    ) -> Result<Vec<(String, ProviderKind)>, Error> {
        require(caller)?;
        Ok(self.models_of(caller.workspace).await?.installed_providers())
    }

    /// Adds a provider or changes the one of this name.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::Invalid`] with all that is wrong.
    pub async fn set_model_provider(
        &self,
        caller: &Caller,
        name: &str,
        new: NewModelProvider,
    ) -> Result<ModelProvider, Error> {
        require(caller)?;
        let new = checked(name, new)?;
        let environment = self.0.environment.clone();
        let sealer = self.0.identity.sealer(caller.workspace).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let now = environment.now();
        let (name, actor) = (name.to_owned(), caller.actor());
        let set: ModelProvider = namespace
            .write(
                (sealer, environment, name, new, actor, now),
                |tx, (sealer, environment, name, new, actor, now)| {
                    Box::pin(async move {
                        let sealer: &Sealer = sealer;
                        let all = model_providers::list(tx).await?;
                        let before = all.iter().find(|row| row.name == *name);
                        if before.is_none() && all.len() >= MOST {
                            let message = format!("a workspace has at most {MOST} providers");
                            return Err(Error::invalid("name", "too_many", message));
                        }
                        let goes_elsewhere = before.is_some_and(|row| {
                            row.key_ending.is_some() && (row.kind, &row.base_url) != (new.kind, &new.base_url)
                        });
                        if new.api_key.is_none() && goes_elsewhere {
                            let message =
                                "give the key anew: the one that is kept was meant for another address";
                            return Err(Error::invalid("api_key", "required", message));
                        }
                        if new.api_key.is_none() && before.is_none() && new.kind.needs_key() {
                            return Err(Error::invalid("api_key", "required", "a key is needed"));
                        }
                        let row = ProviderRow {
                            name: name.clone(),
                            kind: new.kind,
                            base_url: new.base_url.clone(),
                            api_version: new.api_version.clone(),
                            key_ending: match &new.api_key {
                                Some(key) => Some(ending(key)),
                                None => before.and_then(|row| row.key_ending.clone()),
                            },
                            set_by: actor.clone(),
                            set_at: *now,
                        };
                        model_providers::put(tx, &row).await?;
                        if let Some(key) = &new.api_key {
                            let secret = model_providers::secret_of(name);
                            sealer.keep(tx, environment, &secret, key, *now).await?;
                        }
                        let details = json!({
                            "kind": row.kind, "base_url": row.base_url, "is_new_key": new.api_key.is_some(),
                        });
                        let entry =
                            AuditEntry::new("model_provider.set", format!("model_provider:{name}"), details);
                        tx.audit(environment, *now, actor, entry).await?;
                        Ok(ModelProvider::from(row))
                    })
                },
            )
            .await?;
        self.0.workspace_models.forget(caller.workspace);
        Ok(set)
    }

    /// Removes a provider and its key.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::ProviderNotFound`]; [`Error::ProviderInUse`] where the settings name
    /// its models, which no other provider of this name has.
    pub async fn remove_model_provider(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        require(caller)?;
        let environment = self.0.environment.clone();
        let sealer = self.0.identity.sealer(caller.workspace).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let now = environment.now();
        let has_another = self.0.models.installed_providers().iter().any(|(installed, _)| installed == name);
        let (name, actor) = (name.to_owned(), caller.actor());
        let () = namespace
            .write(
                (sealer, environment, name, actor, now),
                move |tx, (sealer, environment, name, actor, now)| {
                    Box::pin(async move {
                        let all = model_providers::list(tx).await?;
                        if all.iter().all(|row| row.name != *name) {
                            return Err(Error::ProviderNotFound(text::excerpt(name, 60)));
                        }
                        if !has_another {
                            let choices = model_choices::choices(&model_choices::list(tx).await?)?;
                            let uses = uses(&choices.settings, name);
                            if !uses.is_empty() {
                                return Err(Error::ProviderInUse { name: name.clone(), uses });
                            }
                        }
                        model_providers::remove(tx, name).await?;
                        sealer.forget(tx, &model_providers::secret_of(name)).await?;
                        let target = format!("model_provider:{name}");
                        let entry = AuditEntry::new("model_provider.removed", target, json!({}));
                        tx.audit(environment, *now, actor, entry).await?;
                        Ok(())
                    })
                },
            )
            .await?;
        self.0.workspace_models.forget(caller.workspace);
        Ok(())
    }

    /// Asks a provider of the workspace for its models: whether it can be reached and takes the key.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::ProviderNotFound`].
    pub async fn test_model_provider(&self, caller: &Caller, name: &str) -> Result<ProviderTest, Error> {
        require(caller)?;
        self.test(caller.workspace, name).await
    }

    /// Asks each provider of a workspace, for the operator.
    ///
    /// # Errors
    /// What the database said.
    pub async fn test_model_providers(
        &self,
        _: Operator,
        workspace: WorkspaceId,
    ) -> Result<Vec<(String, ProviderTest)>, Error> {
        let namespace = self.namespace(workspace).await?;
        let rows: Vec<ProviderRow> = namespace.read((), |tx, ()| Box::pin(model_providers::list(tx))).await?;
        let mut tests = Vec::with_capacity(rows.len());
        for row in rows {
            let test = self.test(workspace, &row.name).await?;
            tests.push((row.name, test));
        }
        Ok(tests)
    }

    async fn test(&self, workspace: WorkspaceId, name: &str) -> Result<ProviderTest, Error> {
        self.0.workspace_models.forget(workspace);
        let models = self.models_of(workspace).await?;
        let check = models.check_provider(name).await;
        let check = check.ok_or_else(|| Error::ProviderNotFound(text::excerpt(name, 60)))?;
        Ok(match check.outcome {
            Ok(message) => ProviderTest { is_well: true, message: format!("The provider {message}.") },
            Err(error) => {
                tracing::info!(provider = name, error = %Chain(&error), "a workspace's model provider is not well");
                ProviderTest { is_well: false, message: error.problem_for(Owner::Workspace).message }
            }
        })
    }
}

impl From<ProviderRow> for ModelProvider {
    fn from(row: ProviderRow) -> Self {
        let ProviderRow { name, kind, base_url, api_version, key_ending, set_by, set_at } = row;
        let has_key = key_ending.is_some();
        // Of a short key nothing is shown.
        let key_ending = key_ending.filter(|ending| !ending.is_empty());
        Self { name, kind, base_url, api_version, has_key, key_ending, set_by, set_at }
    }
}

/// Where the settings name models of a provider.
fn uses(settings: &ModelSettings, provider: &str) -> Vec<String> {
    let is_its = |id: &str| id.split_once('/').is_some_and(|(of, _)| of == provider);
    let ModelSettings { fast, smart, fallbacks } = settings;
    let named = [(FAST, fast), (SMART, smart)].into_iter();
    let named = named.filter_map(|(path, id)| Some((path.to_owned(), id.as_deref()?)));
    let places = fallbacks.iter().enumerate();
    let places = places.map(|(position, id)| (format!("fallbacks[{position}]"), id.as_str()));
    let used = named.chain(places).filter(|(_, id)| is_its(id));
    used.map(|(path, id)| format!("{path} ({id})")).collect()
}

fn require(caller: &Caller) -> Result<(), Error> {
    Ok(caller.require(Permission::Settings)?)
}

/// What is set with blanks taken away, or all that is wrong with it.
fn checked(name: &str, new: NewModelProvider) -> Result<NewModelProvider, Error> {
    let tidy = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let new = NewModelProvider {
        kind: new.kind,
        base_url: tidy(new.base_url),
        api_version: tidy(new.api_version),
        api_key: tidy(new.api_key),
    };
    let mut issues = Vec::new();
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_letter) {
        let message = format!("expected 1 to {LONGEST_NAME} small letters, digits and hyphens");
        issues.push(Issue::new("name", "invalid_name", message));
    } else if ["builtin", "default", "fast", "smart"].contains(&name) {
        issues.push(Issue::new("name", "reserved", "this name has another meaning"));
    }
    match &new.base_url {
        None if new.kind.base_url().is_none() => {
            let message = format!("{} needs an address", new.kind.label());
            issues.push(Issue::new("base_url", "required", message));
        }
        Some(url) if url.len() > LONGEST_URL || !is_address(url) => {
            let message =
                "expected an address such as https://models.example.com/v1, without a name or a password";
            issues.push(Issue::new("base_url", "invalid_url", message));
        }
        _ => {}
    }
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if new.api_key.as_deref().is_some_and(|key| key.len() > LONGEST_KEY || !is_plain(key)) {
        issues.push(Issue::new(
            "api_key",
            "invalid_key",
            "it has characters that no key has, or is too long",
        ));
    }
    if new.api_version.as_deref().is_some_and(|version| version.len() > LONGEST_VERSION || !is_plain(version))
    {
        issues.push(Issue::new("api_version", "invalid_version", "expected a version such as 2024-10-21"));
    }
    if issues.is_empty() { Ok(new) } else { Err(Error::Invalid(issues)) }
}

fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// The last letters of a key that is long enough; nothing of one that is short.
fn ending(key: &str) -> String {
    let shown = key.len().checked_sub(SHOWN).filter(|_| key.len() >= SHOWN_OF);
    shown.and_then(|from| key.get(from..)).unwrap_or_default().to_owned()
}
