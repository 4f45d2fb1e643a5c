//! A run asked for.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use kontor_agents::{AskedPrompt, Evaluated};
use kontor_core::{caller::Caller, error::Issue, grants::Permission};
use kontor_models::Models;
use kontor_store::AuditEntry;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    Error, Evaluations, Origin, RunState, RunView, datasets,
    job::queued,
    rows::runs::{self as rows, RunRow},
};
use crate::{
    dataset::Dataset,
    run::{AgentChanges, ModelChoice, NamedDataset, Request},
};

/// Trials of each case.
const MOST_TRIALS: u32 = 100;
/// Trials of a run.
const MOST_PLANNED: usize = 20_000;
/// Trials that run beside each other.
const MOST_BESIDE: u32 = 16;
const USUAL_BESIDE: u32 = 2;
/// Runs of a workspace that have not ended.
const MOST_OPEN: i64 = 50;
/// How long a turn of a trial may take.
const TURN: Duration = Duration::from_secs(300);
const BUILTIN: &str = "builtin";
/// The models of the cases themselves: `scripted` where a case has a script, `builtin` otherwise.
const AS_WRITTEN: &str = "as_written";
/// The agent's own, whatever it is.
const OWN: &str = "own";

/// What is to be run.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRun {
    /// The name of a dataset of the workspace.
    pub dataset: String,
    /// The name of the agent that is asked in every case.
    pub agent: String,
    /// A version of its prompt; without this, a label and a prompt, the one that live traffic uses.
    #[serde(default)]
    pub version: Option<i64>,
    /// The version at which a label stands.
    #[serde(default)]
    pub label: Option<String>,
    /// A prompt that is not saved.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The id of the model that answers; `own` for the agent's own, `scripted`, `builtin`, or `as_written` for what each
    /// case is written for. Without it the agent's own where that is a language model, `as_written` otherwise.
    #[serde(default)]
    pub model: Option<String>,
    /// How often each case is tried; once where it is not said.
    #[serde(default)]
    pub trials: Option<u32>,
    /// Trials that run beside each other.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Cases with one of these tags alone, where any is named.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Which model answers, and how a run names it.
pub(super) struct Chosen {
    pub(super) choice: ModelChoice,
    /// The id of the model; `as_written`.
    pub(super) model: String,
}

impl Evaluations {
    /// Asks for a run, which begins by itself.
    ///
    /// # Errors
    /// Without the permission `evaluations`; all that is wrong with what is asked for; [`Error::DatasetNotFound`];
    /// [`Error::TooManyRuns`].
    pub async fn start_run(&self, caller: &Caller, new: NewRun) -> Result<RunView, Error> {
        caller.require(Permission::Evaluations)?;
        let member = caller.member().ok_or(kontor_agents::Error::NotAMember)?;
        let (trials, concurrency) = numbers(&new)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (found, text) = namespace
            .read(new.dataset.clone(), |tx, name| Box::pin(async move { datasets::present(tx, name).await }))
            .await?;
        let (dataset, version) = found;
        let label = new.label.clone();
        let asked = AskedPrompt { version: new.version, label: new.label, prompt: new.prompt };
        let tried = self.0.source.agents.evaluated(caller, &new.agent, asked).await?;
        let models = self.0.source.agents.models_of_caller(caller).await?;
        let Chosen { choice, model } = chosen(&models, &tried, new.model).await?;
        let subject = self.subject(caller.workspace, &tried).await?;
        let asked = Asked { choice: &choice, agent: &tried.agent.name, trials, concurrency, tags: &new.tags };
        let (planned, _) = asked.request(Arc::new(text.content)).plan()?;
        if planned.len() > MOST_PLANNED {
            let told =
                format!("this would be {} trials, of which a run has at most {MOST_PLANNED}", planned.len());
            return Err(Error::invalid("trials", "too_many", told));
        }
        let now = self.0.environment.now();
        let row = RunRow {
            id: self.0.environment.new_id(),
            dataset_id: Some(dataset.id),
            dataset: dataset.name,
            dataset_version: Some(version.version),
            dataset_digest: version.digest,
            agent_id: Some(tried.agent.id),
            agent: tried.agent.name.clone(),
            agent_version: Some(tried.version),
            prompt_version: tried.prompt_version,
            label,
            subject: Some(subject),
            choice,
            model: Some(model),
            models: Vec::new(),
            trials,
            concurrency,
            tags: new.tags,
            state: RunState::Queued,
            problem: None,
            planned: i64::try_from(planned.len()).unwrap_or(i64::MAX),
            done: 0,
            passed: 0,
            figures: None,
            origin: Origin::Workspace,
            member: Some(member),
            made_by: caller.actor(),
            created_at: now,
            started_at: None,
            ended_at: None,
        };
        let announced = self.0.jobs.announce(caller.workspace).await?;
        let written: Result<(), Error> = namespace
            .write(
                (self.0.environment.clone(), row.clone(), tried.prompt),
                move |tx, (environment, row, prompt)| {
                    Box::pin(async move {
                        let open = rows::count(tx, &[RunState::Queued, RunState::Running]).await?;
                        if open >= MOST_OPEN {
                            return Err(Error::TooManyRuns(MOST_OPEN));
                        }
                        rows::insert(tx, row, prompt, None).await?;
                        tx.enqueue(environment, announced, &queued(row.id, row.created_at)).await?;
                        let details = json!({
                            "dataset": row.dataset, "dataset_version": row.dataset_version, "agent": row.agent,
                            "agent_version": row.agent_version, "prompt_version": row.prompt_version,
                            "model": row.model, "trials": row.trials,
                        });
                        let entry = AuditEntry::new("evaluation.started", format!("evaluation:{}", row.id), details);
                        Ok(tx.audit(environment, row.created_at, &row.made_by, entry).await?)
                    })
                },
            )
            .await;
        written?;
        self.0.jobs.wake(caller.workspace);
        Ok(RunView::new(row, None))
    }
}

/// What of a run decides on its trials.
pub(super) struct Asked<'r> {
    pub(super) choice: &'r ModelChoice,
    pub(super) agent: &'r str,
    pub(super) trials: u32,
    pub(super) concurrency: u32,
    pub(super) tags: &'r [String],
}

impl Asked<'_> {
    pub(super) fn request(&self, dataset: Arc<Dataset>) -> Request {
        let beside = usize::try_from(self.concurrency).unwrap_or(1);
        Request {
            datasets: vec![NamedDataset { file: dataset.name.clone(), dataset }],
            // What the agent is told stands in the copy that the run is made in.
            changes: AgentChanges { agent: Some(self.agent.to_owned()), ..AgentChanges::default() },
            model: self.choice.clone(),
            trials: self.trials,
            concurrency: NonZeroUsize::new(beside).unwrap_or(NonZeroUsize::MIN),
            tags: self.tags.to_vec(),
            turn_limit: TURN,
        }
    }
}

fn numbers(new: &NewRun) -> Result<(u32, u32), Error> {
    let mut issues = Vec::new();
    let mut within = |path: &str, given: Option<u32>, usual: u32, most: u32| {
        let number = given.unwrap_or(usual);
        if !(1..=most).contains(&number) {
            issues.push(Issue::new(path, "out_of_range", format!("expected a number from 1 to {most}")));
        }
        number
    };
    let trials = within("trials", new.trials, 1, MOST_TRIALS);
    let concurrency = within("concurrency", new.concurrency, USUAL_BESIDE, MOST_BESIDE);
    if issues.is_empty() { Ok((trials, concurrency)) } else { Err(Error::Invalid(issues)) }
}

/// The model that answers in a run.
async fn chosen(models: &Models, tried: &Evaluated, asked: Option<String>) -> Result<Chosen, Error> {
    let named = |id: String| Chosen { choice: ModelChoice::Named(id.clone()), model: id };
    let own = async || {
        let own = models.resolve(&tried.definition.model).await?;
        Ok::<_, Error>((own.name().to_owned(), own.capabilities().language))
    };
    Ok(match asked {
        Some(id) if id == AS_WRITTEN => Chosen { choice: ModelChoice::AsWritten, model: id },
        Some(id) if id == OWN => Chosen { choice: ModelChoice::Own, model: own().await?.0 },
        Some(id) if id == BUILTIN || id == "scripted" => named(id),
        Some(id) => {
            let found = models.resolve(&id).await.map_err(|_| {
                let told = format!("there is no model {:?}", kontor_core::text::excerpt(&id, 100));
                Error::invalid("model", "unknown_model", told)
            })?;
            named(found.name().to_owned())
        }
        None => match own().await? {
            (model, true) => Chosen { choice: ModelChoice::Own, model },
            _ => Chosen { choice: ModelChoice::AsWritten, model: AS_WRITTEN.to_owned() },
        },
    })
}
