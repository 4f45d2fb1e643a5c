//! Which models a workspace's agents use, and what it knows of them otherwise.

use std::collections::HashSet;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    error::{Fault as _, Issue},
    grants::Permission,
    text,
    time::Timestamp,
};
use kontor_models::{Choices, DEFAULT, FAST, ModelInfo, ModelOverride, ModelSettings, Models, SMART};
use kontor_store::AuditEntry;
use serde::Serialize;
use serde_json::json;

use crate::{
    engine::Agents,
    error::Error,
    rows::model_choices::{self, ChoiceRow, SETTINGS},
};

/// Models that may be asked one after the other beside an agent's own.
const MOST_FALLBACKS: usize = 5;
/// Models of which a workspace may know something otherwise.
const MOST_OVERRIDES: usize = 200;
const LONGEST_ID: usize = 200;
/// Tokens of a window: one below has no room for an agent, one above is a slip.
const WINDOWS: std::ops::RangeInclusive<u32> = 1_024..=100_000_000;

/// What a workspace knows otherwise of a model.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct OverriddenModel {
    pub model: String,
    #[serde(flatten)]
    pub set: ModelOverride,
    pub set_by: Actor,
    pub set_at: Timestamp,
}

impl Agents {
    /// Which models the workspace's agents use.
    ///
    /// # Errors
    /// Without the permission `settings`.
    pub async fn model_settings(&self, caller: &Caller) -> Result<ModelSettings, Error> {
        require(caller)?;
        let rows = self.model_choices(caller).await?;
        rows.iter()
            .find(|row| row.name == SETTINGS)
            .map_or_else(|| Ok(ModelSettings::default()), ChoiceRow::read)
    }

    /// Sets which models the workspace's agents use, all of it anew.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::Invalid`] with all that is wrong.
    pub async fn set_model_settings(
        &self,
        caller: &Caller,
        settings: ModelSettings,
    ) -> Result<ModelSettings, Error> {
        require(caller)?;
        let settings = tidy(settings);
        check(&self.models_anew(caller.workspace).await?, &settings)?;
        let entry = AuditEntry::new("model_settings.set", "model_settings", json!(settings));
        let row = ChoiceRow::new(SETTINGS, &settings, caller.actor(), self.0.environment.now())?;
        self.put_choice(caller, row, entry).await?;
        Ok(settings)
    }

    /// What the workspace knows otherwise of models, by their ids.
    ///
    /// # Errors
    /// Without the permission `settings`.
    pub async fn model_overrides(&self, caller: &Caller) -> Result<Vec<OverriddenModel>, Error> {
        require(caller)?;
        let rows = self.model_choices(caller).await?;
        let overridden = rows.into_iter().filter(|row| row.name != SETTINGS).map(|row| {
            let set = row.read()?;
            Ok(OverriddenModel { model: row.name, set, set_by: row.set_by, set_at: row.set_at })
        });
        overridden.collect()
    }

    /// Sets what the workspace knows otherwise of a model, all of it anew; the model as it is known then.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::Invalid`] with all that is wrong.
    pub async fn override_model(
        &self,
        caller: &Caller,
        model: &str,
        known: ModelOverride,
    ) -> Result<ModelInfo, Error> {
        require(caller)?;
        let models = self.models_anew(caller.workspace).await?;
        let mut issues = Vec::new();
        issues.extend(of_id(&models, "model", model));
        // What interprets commands has no window and costs nothing.
        if model == BUILTIN {
            issues.push(Issue::new("model", "not_a_model", "of the built-in commands nothing can be set"));
        }
        of_override(&models, model, &known, &mut issues);
        if !issues.is_empty() {
            return Err(Error::Invalid(issues));
        }
        let entry = AuditEntry::new("model_override.set", format!("model:{model}"), json!(known));
        let row = ChoiceRow::new(model, &known, caller.actor(), self.0.environment.now())?;
        self.put_choice(caller, row, entry).await?;
        let found = self.models_of(caller.workspace).await?.list().into_iter().find(|info| info.id == model);
        found.ok_or_else(|| Error::NothingOverridden(text::excerpt(model, 60)))
    }

    /// Has the workspace know of a model what is known of it otherwise.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::NothingOverridden`].
    pub async fn forget_model_override(&self, caller: &Caller, model: &str) -> Result<(), Error> {
        require(caller)?;
        let (environment, now) = (self.0.environment.clone(), self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let () = namespace
            .write(
                (environment, model.to_owned(), caller.actor(), now),
                |tx, (environment, model, actor, now)| {
                    Box::pin(async move {
                        if model == SETTINGS || !model_choices::remove(tx, model).await? {
                            return Err(Error::NothingOverridden(text::excerpt(model, 60)));
                        }
                        let entry =
                            AuditEntry::new("model_override.removed", format!("model:{model}"), json!({}));
                        tx.audit(environment, *now, actor, entry).await?;
                        Ok::<_, Error>(())
                    })
                },
            )
            .await?;
        self.read_what_was_set(caller).await;
        Ok(())
    }

    /// Has what was set hold from now on. Where it cannot be read, whoever asks for it next reads it.
    async fn read_what_was_set(&self, caller: &Caller) {
        drop(self.models_anew(caller.workspace).await);
    }

    async fn model_choices(&self, caller: &Caller) -> Result<Vec<ChoiceRow>, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        namespace.read((), |tx, ()| Box::pin(model_choices::list(tx))).await
    }

    async fn put_choice(&self, caller: &Caller, row: ChoiceRow, entry: AuditEntry) -> Result<(), Error> {
        let environment = self.0.environment.clone();
        let namespace = self.namespace(caller.workspace).await?;
        let () = namespace
            .write((environment, row, entry), |tx, (environment, row, entry)| {
                Box::pin(async move {
                    let environment: &Environment = environment;
                    let all = model_choices::list(tx).await?;
                    let is_new = all.iter().all(|known| known.name != row.name);
                    if is_new && all.len() > MOST_OVERRIDES {
                        let message = format!("at most {MOST_OVERRIDES} models can be known otherwise");
                        return Err(Error::invalid("model", "too_many", message));
                    }
                    model_choices::put(tx, row).await?;
                    tx.audit(environment, row.set_at, &row.set_by, entry.clone()).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.read_what_was_set(caller).await;
        Ok(())
    }
}

/// The id of the command interpreter.
const BUILTIN: &str = "builtin";

fn require(caller: &Caller) -> Result<(), Error> {
    Ok(caller.require(Permission::Settings)?)
}

/// Without blanks around ids. No id for `fast` and `smart` is as none; fallbacks stay in their places.
fn tidy(settings: ModelSettings) -> ModelSettings {
    let tidy = |id: String| id.trim().to_owned();
    ModelSettings {
        fast: settings.fast.map(tidy).filter(|id| !id.is_empty()),
        smart: settings.smart.map(tidy).filter(|id| !id.is_empty()),
        fallbacks: settings.fallbacks.into_iter().map(tidy).collect(),
    }
}

fn check(models: &Models, settings: &ModelSettings) -> Result<(), Error> {
    let mut issues = Vec::new();
    for (path, id) in [(FAST, &settings.fast), (SMART, &settings.smart)] {
        issues.extend(id.as_ref().and_then(|id| of_id(models, path, id)));
    }
    issues.extend(of_fallbacks(models, &settings.fallbacks));
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// What is wrong with models that are asked one after the other.
pub(crate) fn of_fallbacks(models: &Models, fallbacks: &[String]) -> Vec<Issue> {
    let mut issues = Vec::new();
    if fallbacks.len() > MOST_FALLBACKS {
        let message = format!("at most {MOST_FALLBACKS} models are asked one after the other");
        issues.push(Issue::new("fallbacks", "too_many", message));
    }
    let mut seen = HashSet::new();
    for (position, id) in fallbacks.iter().enumerate().take(MOST_FALLBACKS) {
        let path = format!("fallbacks[{position}]");
        if id.is_empty() {
            let message = "expected the id of a model, such as openai/gpt-5.5";
            issues.push(Issue::new(path, "required", message));
        } else if !seen.insert(id) {
            issues.push(Issue::new(path, "repeated", format!("{} is named before", text::excerpt(id, 60))));
        } else if let Some(issue) = of_id(models, &path, id) {
            issues.push(issue);
        } else if models.capabilities_of(id).is_ok_and(|model| !model.tools) {
            let message = "it cannot call tools, so that it could not go on with what an agent does";
            issues.push(Issue::new(path, "calls_no_tools", message));
        }
    }
    issues
}

/// What is wrong with the model that an agent names, which may be one by its use.
pub(crate) fn of_agents_model(models: &Models, path: &str, name: &str) -> Option<Issue> {
    if [FAST, SMART, DEFAULT].contains(&name) { None } else { of_id(models, path, name) }
}

/// What is wrong with the id of a model.
fn of_id(models: &Models, path: &str, id: &str) -> Option<Issue> {
    if [FAST, SMART, DEFAULT].contains(&id) {
        let message = "expected the id of a model, such as openai/gpt-5.5; this name stands for another";
        return Some(Issue::new(path, "not_a_model", message));
    }
    if id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Some(Issue::new(path, "not_a_model", "expected the id of a model, such as openai/gpt-5.5"));
    }
    let problem = models.capabilities_of(id).err()?.problem();
    Some(Issue::new(path, problem.code, problem.message))
}

fn of_override(models: &Models, model: &str, known: &ModelOverride, issues: &mut Vec<Issue>) {
    let ModelOverride { context_window, max_output_tokens, price, long_prompt } = known;
    if context_window.is_none() && max_output_tokens.is_none() && price.is_none() {
        let message = "expected a context_window, max_output_tokens or a price";
        issues.push(Issue::new("", "required", message));
    }
    if context_window.is_some_and(|window| !WINDOWS.contains(&window)) {
        let message = format!("expected {} to {} tokens", WINDOWS.start(), WINDOWS.end());
        issues.push(Issue::new("context_window", "out_of_range", message));
    }
    // What was set before does not count: it is set anew.
    let unset = models.with_choices(Choices::default());
    let known_window = || unset.capabilities_of(model).ok()?.context_window;
    let most = context_window.or_else(known_window).unwrap_or(*WINDOWS.end());
    if max_output_tokens.is_some_and(|tokens| tokens == 0 || tokens > most) {
        let message = format!("expected 1 to {most} tokens");
        issues.push(Issue::new("max_output_tokens", "out_of_range", message));
    }
    if long_prompt.is_some() && price.is_none() {
        let message = "give the price of other requests as well";
        issues.push(Issue::new("price", "required", message));
    }
}
