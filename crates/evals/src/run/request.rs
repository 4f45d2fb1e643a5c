//! What is to be run.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use kontor_core::text::hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{AgentChanges, BUILTIN, Error, RunParts, SCRIPTED, TrialKey, USUAL_AGENT, is_machinery};
use crate::dataset::{Case, Dataset};

/// A dataset with where it was read.
#[derive(Debug, Clone)]
pub struct NamedDataset {
    /// As errors name it: `evals/sales.yaml`.
    pub file: String,
    pub dataset: Arc<Dataset>,
}

/// Which model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelChoice {
    /// The one that each case is written for: `builtin`, or `scripted` where it has a script.
    AsWritten,
    /// The one of this id, whatever the agents' own are: `builtin`, `scripted`, `openai/gpt-5.5`, `smart`.
    Named(String),
    /// The agents' own.
    Own,
}

/// Any model that understands language.
const LANGUAGE: &str = "language";

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Request {
    pub datasets: Vec<NamedDataset>,
    pub changes: AgentChanges,
    pub model: ModelChoice,
    /// How often each case is tried.
    pub trials: u32,
    /// Trials that run beside each other.
    pub concurrency: NonZeroUsize,
    /// Cases with one of these alone, where any is named.
    pub tags: Vec<String>,
    /// How long a turn may take.
    pub turn_limit: Duration,
}

/// A trial that is to be run.
#[derive(Debug, Clone)]
pub struct Planned {
    pub key: TrialKey,
    pub(super) dataset: Arc<Dataset>,
    /// With the dataset's defaults.
    pub(super) case: Arc<Case>,
    /// The id of the model that answers; none for the agents' own.
    pub(super) model: Option<String>,
}

/// A case that is written for other models than the run's. It is in no number of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    pub dataset: String,
    pub case: String,
    /// The models that it is written for.
    pub models: Vec<String>,
}

impl Planned {
    /// Whether a language model answers in it, or judges.
    pub(super) fn asks_a_language_model(&self) -> bool {
        self.model.as_deref().is_none_or(|model| !is_machinery(model)) || self.case.expect.rubric.is_some()
    }

    /// The agent that is asked.
    fn agent(&self) -> &str {
        self.case.agent.as_deref().unwrap_or(USUAL_AGENT)
    }
}

impl Request {
    /// The same with a model's id in the place of a name such as `smart`, which may stand for another one tomorrow.
    ///
    /// # Errors
    /// Where there is no such model.
    pub async fn resolved(self, parts: &RunParts) -> Result<Self, Error> {
        match &self.model {
            ModelChoice::Named(name) if !is_machinery(name) => {
                let id = parts.tape.id_of(&parts.models, name).await?;
                Ok(Self { model: ModelChoice::Named(id), ..self })
            }
            _ => Ok(self),
        }
    }

    /// The trials of the run in their order, and the cases that are not for its models.
    ///
    /// # Errors
    /// Where nothing is left to run, or two datasets have one name.
    pub fn plan(&self) -> Result<(Vec<Planned>, Vec<Skipped>), Error> {
        if self.trials == 0 {
            return Err(Error::Asked("a case is tried at least once".to_owned()));
        }
        let (mut planned, mut skipped) = (Vec::new(), Vec::new());
        for (index, NamedDataset { file, dataset }) in self.datasets.iter().enumerate() {
            if let Some(other) =
                self.datasets.iter().take(index).find(|other| other.dataset.name == dataset.name)
            {
                let told = format!("{} and {file} have one name: {}", other.file, dataset.name);
                return Err(Error::Asked(told));
            }
            for case in &dataset.cases {
                let mut case = dataset.effective(case);
                if !self.tags.is_empty() && !case.tags.iter().any(|tag| self.tags.contains(tag)) {
                    continue;
                }
                if let Some(agent) = &self.changes.agent {
                    case.agent = Some(agent.clone());
                }
                let Some(model) = self.model_of(&case) else {
                    let (dataset, models) = (dataset.name.clone(), case.models.clone());
                    skipped.push(Skipped { dataset, case: case.name, models });
                    continue;
                };
                let case = Arc::new(case);
                // Without the attacker's text first: what is possible at all.
                let attacked = [false].into_iter().chain(case.attack.iter().map(|_| true));
                for (attacked, trial) in
                    attacked.flat_map(|is| (1..=self.trials).map(move |trial| (is, trial)))
                {
                    let (dataset_name, name) = (dataset.name.clone(), case.name.clone());
                    planned.push(Planned {
                        key: TrialKey { dataset: dataset_name, case: name, attacked, trial },
                        dataset: dataset.clone(),
                        case: case.clone(),
                        model: model.clone(),
                    });
                }
            }
        }
        if planned.is_empty() {
            let told = match skipped.len() {
                0 => "no case has one of these tags".to_owned(),
                skipped => format!("none of the {skipped} cases is written for this model"),
            };
            return Err(Error::Asked(told));
        }
        Ok((planned, skipped))
    }

    /// The model that answers in a case, `Some(None)` for the agent's own; `None` where the case is for others.
    fn model_of(&self, case: &Case) -> Option<Option<String>> {
        let is_for = |model: &str| case.models.is_empty() || case.models.iter().any(|known| known == model);
        match &self.model {
            ModelChoice::AsWritten if is_for(SCRIPTED) && !case.script.is_empty() => {
                Some(Some(SCRIPTED.to_owned()))
            }
            ModelChoice::AsWritten => is_for(BUILTIN).then(|| Some(BUILTIN.to_owned())),
            ModelChoice::Named(id) if is_machinery(id) => is_for(id).then(|| Some(id.clone())),
            ModelChoice::Named(id) => is_for(LANGUAGE).then(|| Some(id.clone())),
            ModelChoice::Own => is_for(LANGUAGE).then_some(None),
        }
    }

    /// A digest of all that is asked for and decides on the run's numbers, and of the program that runs it.
    pub fn digest(&self) -> String {
        let Self { datasets, changes, model, trials, tags, turn_limit, .. } = self;
        let datasets: Vec<_> = datasets.iter().map(|named| &*named.dataset).collect();
        let AgentChanges { agent, prompt, .. } = changes;
        let asked = (datasets, (agent, prompt), model, trials, tags, turn_limit);
        let text = serde_json::to_vec(&(env!("CARGO_PKG_VERSION"), asked)).unwrap_or_default();
        hex(&Sha256::digest(text))
    }
}

/// Of each dataset, the agents that its cases ask.
pub(super) fn agents_of(planned: &[Planned]) -> BTreeMap<String, BTreeSet<String>> {
    let mut agents = BTreeMap::<String, BTreeSet<String>>::new();
    for planned in planned {
        agents.entry(planned.key.dataset.clone()).or_default().insert(planned.agent().to_owned());
    }
    agents
}
