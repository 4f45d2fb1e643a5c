//! What a run has to show before a label moves: of a named dataset as it is now, on exactly what would be published.

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_agents::{Publishing, PublishingGate};
use kontor_core::{
    actor::Actor,
    caller::Caller,
    error::Issue,
    grants::Permission,
    ids::{AgentId, WorkspaceId},
    time::Timestamp,
};
use kontor_identity::Identity;
use kontor_operations::ApprovalPolicy;
use kontor_store::{AuditEntry, Store, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    Error, Evaluations, RunState,
    rows::{
        datasets,
        gates::{self as rows, GateRow},
        runs::{self, RunRow},
    },
    subject,
};
use crate::report::{Report, compare};

const BUILTIN: &str = "builtin";
const SCRIPTED: &str = "scripted";
/// Names of cases that are told of what is missing.
const NAMED: usize = 5;

/// What a run has to show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// The dataset that has to be run, as it is then.
    pub dataset: String,
    /// The least mean score, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_score: Option<f64>,
    /// No case may fail that passes with the version at which the label stands.
    #[serde(default)]
    pub no_regression: bool,
    /// No case with one of these tags may pass only sometimes, of at least two trials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_flaky_tags: Vec<String>,
}

/// What a gate is to be.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGate {
    /// The dataset that has to be run, as it is then.
    pub dataset: String,
    /// The least mean score, from 0 to 1.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_score: Option<f64>,
    /// No case may fail that passes with the version at which the label stands.
    #[serde(default)]
    pub no_regression: bool,
    /// No case with one of these tags may pass only sometimes, of at least two trials.
    #[serde(default)]
    pub no_flaky_tags: Vec<String>,
    /// The version that the change was made of; it is refused where somebody was faster.
    #[serde(default)]
    pub version: Option<i64>,
}

/// What a label of an agent takes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateView {
    pub agent: String,
    pub label: String,
    #[serde(flatten)]
    pub gate: Gate,
    /// Counted from 1 with each change.
    pub version: i64,
    pub set_by: Actor,
    pub set_at: Timestamp,
}

/// Whether a version could be published now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateStanding {
    /// The version of the prompt.
    pub version: i64,
    pub passed: bool,
    /// What is missing.
    pub missing: Vec<Issue>,
    /// The run that counts.
    pub run: Option<Uuid>,
}

/// Keeps labels where they are until what their gates require is shown.
#[derive(Clone)]
pub struct GateKeeper(Arc<Keeper>);

struct Keeper {
    store: Store,
    identity: Identity,
    policy: ApprovalPolicy,
}

impl std::fmt::Debug for GateKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GateKeeper").finish_non_exhaustive()
    }
}

impl GateKeeper {
    pub fn new(store: Store, identity: Identity, policy: ApprovalPolicy) -> Self {
        Self(Arc::new(Keeper { store, identity, policy }))
    }

    async fn gate(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        label: &str,
    ) -> Result<Option<GateRow>, Error> {
        let namespace = self.0.store.workspace(workspace).await?;
        let label = label.to_owned();
        namespace.read((agent, label), |tx, (agent, label)| Box::pin(rows::find(tx, *agent, label))).await
    }

    /// What is missing, and the run that counts.
    async fn stand(&self, publishing: &Publishing) -> Result<(Vec<Issue>, Option<Uuid>), Error> {
        let Publishing { workspace, agent, label, definition, prompt, present, .. } = publishing;
        let Some(row) = self.gate(*workspace, *agent, label).await? else { return Ok((Vec::new(), None)) };
        let role = self.0.identity.role_grants(*workspace, &definition.role).await?;
        let policy = &self.0.policy;
        let digest = |prompt: &str| subject::digest(prompt, definition, &role, policy);
        // The same prompt has no regression.
        let before = present.as_ref().filter(|(_, body)| body != prompt);
        let looked = Looked {
            gate: row.gate,
            publishing: publishing.clone(),
            subject: digest(prompt)?,
            before: before.map(|(version, body)| Ok::<_, Error>((*version, digest(body)?))).transpose()?,
        };
        let namespace = self.0.store.workspace(*workspace).await?;
        namespace.read(looked, |tx, looked| Box::pin(looked.stand(tx))).await
    }
}

impl PublishingGate for GateKeeper {
    fn guards<'a>(
        &'a self,
        workspace: WorkspaceId,
        agent: AgentId,
        label: &'a str,
    ) -> BoxFuture<'a, Result<bool, kontor_agents::Error>> {
        Box::pin(async move { Ok(self.gate(workspace, agent, label).await.map_err(as_agents)?.is_some()) })
    }

    fn missing<'a>(
        &'a self,
        publishing: &'a Publishing,
    ) -> BoxFuture<'a, Result<Vec<Issue>, kontor_agents::Error>> {
        Box::pin(async move { Ok(self.stand(publishing).await.map_err(as_agents)?.0) })
    }
}

/// What the gate could not find out, as who asked it says it.
fn as_agents(error: Error) -> kontor_agents::Error {
    match error {
        Error::Agents(error) => error,
        Error::Store(error) => error.into(),
        Error::Identity(error) => error.into(),
        Error::Unreadable(error) => error.into(),
        other => {
            let told = kontor_core::error::Fault::problem(&other).message;
            kontor_agents::Error::Invalid(vec![Issue::new("version", "gate_unreadable", told)])
        }
    }
}

/// What is looked for.
struct Looked {
    gate: Gate,
    publishing: Publishing,
    subject: String,
    /// The version at which the label stands, and what it is by now.
    before: Option<(i64, String)>,
}

impl Looked {
    async fn stand(&self, tx: &mut Tx<'_>) -> Result<(Vec<Issue>, Option<Uuid>), Error> {
        let Gate { dataset, min_score, no_regression, no_flaky_tags } = &self.gate;
        let Publishing { version, model, .. } = &self.publishing;
        let found = match datasets::find(tx, dataset).await? {
            None => None,
            Some(row) => datasets::version(tx, row.id, row.version).await?,
        };
        let Some(dataset_version) = found else {
            let told = format!("the dataset {dataset:?}, of which a run is required, is not there any more");
            return Ok((vec![Issue::new("dataset", "dataset_not_found", told)], None));
        };
        let mut runs = runs::of_subject(tx, &self.subject, &dataset_version.digest).await?;
        let others = runs.len();
        runs.retain(|run| self.is_on_its_model(run));
        let Some(run) = runs.first() else {
            let beside = match others {
                0 => String::new(),
                _ => format!(
                    "; the {others} runs there are were answered by other models, or by the built-in commands"
                ),
            };
            let told = format!(
                "there is no run of {dataset} (version {}) on version {version} of the prompt as it would be published: with \
                 the agent's model ({model}), settings, operations, role and policy as they are now{beside}",
                dataset_version.version
            );
            return Ok((vec![Issue::new("dataset", "no_run", told)], None));
        };
        let mut missing = Vec::new();
        let report = runs::report(tx, run.id).await?.and_then(|row| row.report);
        let Some(report) = report.filter(|report| run.state == RunState::Completed && report.totals.complete)
        else {
            let told = format!("in its last run of {dataset} not every trial was run and judged");
            return Ok((vec![Issue::new("dataset", "run_not_complete", told)], Some(run.id)));
        };
        let score = report.totals.score.as_ref().map_or(0.0, |score| score.mean);
        if let Some(least) = min_score.filter(|least| score < *least) {
            let told = format!("the mean score is {score:.3}, and at least {least:.3} is required");
            missing.push(Issue::new("min_score", "score_too_low", told));
        }
        for tag in no_flaky_tags {
            missing.extend(flaky(tag, run, &report));
        }
        if *no_regression && let Some((stands, subject)) = &self.before {
            missing.extend(self.regression(tx, &report, *stands, subject, &dataset_version.digest).await?);
        }
        Ok((missing, Some(run.id)))
    }

    /// Whether a run was answered by the model that would answer. Where that is the built-in commands, which read no
    /// prompt, the scripted model stands for one, and no run of theirs counts.
    fn is_on_its_model(&self, run: &RunRow) -> bool {
        let model = &self.publishing.model;
        let wanted = if model == BUILTIN { SCRIPTED } else { model };
        run.model.as_deref() == Some(wanted) && !run.models.iter().any(|model| model == BUILTIN)
    }

    /// Cases that fail and do not with the version at which the label stands.
    async fn regression(
        &self,
        tx: &mut Tx<'_>,
        report: &Report,
        stands: i64,
        subject: &str,
        digest: &str,
    ) -> Result<Option<Issue>, Error> {
        let mut runs = runs::of_subject(tx, subject, digest).await?;
        runs.retain(|run| self.is_on_its_model(run) && run.state == RunState::Completed);
        let before = match runs.first() {
            None => None,
            Some(run) => runs::report(tx, run.id).await?.and_then(|row| row.report),
        };
        let Some(before) = before else {
            let told = format!(
                "there is no run of {} on version {stands}, at which the label stands, to compare with",
                self.gate.dataset
            );
            return Ok(Some(Issue::new("no_regression", "no_run_to_compare", told)));
        };
        let broke = compare::compare(&before, report).broke;
        if broke.is_empty() {
            return Ok(None);
        }
        let told = format!("cases fail that pass with version {stands}: {}", named(&broke));
        Ok(Some(Issue::new("no_regression", "regression", told)))
    }
}

fn flaky(tag: &str, run: &RunRow, report: &Report) -> Option<Issue> {
    let path = "no_flaky_tags";
    let Some(summary) = report.tags.get(tag) else {
        let told = format!("no case of the run has the tag {tag:?}");
        return Some(Issue::new(path, "no_such_tag", told));
    };
    if run.trials < 2 {
        let told =
            format!("whether a case with the tag {tag:?} is flaky takes two trials of each case at least");
        return Some(Issue::new(path, "too_few_trials", told));
    }
    (!summary.flaky.is_empty()).then(|| {
        Issue::new(
            path,
            "flaky",
            format!("cases with the tag {tag:?} pass only sometimes: {}", named(&summary.flaky)),
        )
    })
}

/// The first names, and how many more there are.
fn named(names: &[String]) -> String {
    let first: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

impl Evaluations {
    /// What a label of an agent takes.
    ///
    /// # Errors
    /// Without the permission `prompts`, `evaluations` or `publishing`; where there is no such agent;
    /// [`Error::GateNotFound`].
    pub async fn gate(&self, caller: &Caller, agent: &str, label: &str) -> Result<GateView, Error> {
        self.find_gate(caller, agent, label).await?.ok_or_else(|| not_found(label))
    }

    /// The same, or nothing where the label has no gate.
    ///
    /// # Errors
    /// As [`Evaluations::gate`].
    pub async fn find_gate(
        &self,
        caller: &Caller,
        agent: &str,
        label: &str,
    ) -> Result<Option<GateView>, Error> {
        require_to_see(caller)?;
        let agent = self.0.source.agents.agent_by_name(caller, agent).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let found: Option<GateRow> = namespace
            .read((agent.id, label.to_owned()), |tx, (agent, label)| Box::pin(rows::find(tx, *agent, label)))
            .await?;
        Ok(found.map(|row| told(&agent.name, row)))
    }

    /// Whether a version of the prompt could be published by a label now.
    ///
    /// # Errors
    /// As [`Evaluations::gate`]; where the prompt has no such version.
    pub async fn gate_standing(
        &self,
        caller: &Caller,
        agent: &str,
        label: &str,
        version: i64,
    ) -> Result<GateStanding, Error> {
        self.gate(caller, agent, label).await?;
        let publishing = self.0.source.agents.publishing(caller, agent, label, version).await?;
        let (missing, run) = self.keeper().stand(&publishing).await?;
        Ok(GateStanding { version, passed: missing.is_empty(), missing, run })
    }

    /// Sets what a label of an agent takes.
    ///
    /// # Errors
    /// Without the permission `publishing`; where there is no such agent or label; all that is wrong with it;
    /// [`Error::GateChanged`] where somebody was faster.
    pub async fn set_gate(
        &self,
        caller: &Caller,
        agent: &str,
        label: &str,
        new: NewGate,
    ) -> Result<GateView, Error> {
        caller.require(Permission::Publishing)?;
        let agents = &self.0.source.agents;
        let agent = agents.agent_by_name(caller, agent).await?;
        // Who may set it need not be one who writes prompts.
        let system = Caller::system(caller.workspace);
        if !agents.labels(&system, &agent.name).await?.iter().any(|known| known.label == label) {
            return Err(kontor_agents::Error::LabelNotFound(label.to_owned()).into());
        }
        let NewGate { dataset, min_score, no_regression, no_flaky_tags, version: made_of } = new;
        let gate = Gate { dataset, min_score, no_regression, no_flaky_tags };
        let now = self.0.environment.now();
        let row = GateRow {
            agent: agent.id,
            label: label.to_owned(),
            version: 1,
            gate,
            set_by: caller.actor(),
            set_at: now,
        };
        let namespace = self.namespace(caller.workspace).await?;
        let set = namespace
            .write((self.0.environment.clone(), row, agent.name.clone(), made_of), |tx, arguments| {
                Box::pin(async move {
                    let (environment, row, agent, made_of) = arguments;
                    check(tx, &row.gate).await?;
                    let before = rows::find(tx, row.agent, &row.label).await?;
                    if let Some(before) = &before
                        && made_of.is_some_and(|made_of| made_of != before.version)
                    {
                        let by = before.set_by.to_string();
                        return Err(Error::GateChanged { version: before.version, by });
                    }
                    let version = before.as_ref().map_or(0, |before| before.version) + 1;
                    let row = GateRow { version, ..row.clone() };
                    rows::put(tx, &row).await?;
                    let details =
                        json!({"label": row.label, "before": before.map(|row| row.gate), "after": row.gate});
                    let entry = AuditEntry::new("gate.set", format!("agent:{agent}"), details);
                    tx.audit(environment, row.set_at, &row.set_by, entry).await?;
                    Ok(row)
                })
            })
            .await?;
        Ok(told(&agent.name, set))
    }

    /// Has a label move without anything being shown.
    ///
    /// # Errors
    /// Without the permission `publishing`; [`Error::GateNotFound`].
    pub async fn remove_gate(&self, caller: &Caller, agent: &str, label: &str) -> Result<(), Error> {
        caller.require(Permission::Publishing)?;
        let agent = self.0.source.agents.agent_by_name(caller, agent).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        namespace
            .write((environment, actor, agent.id, agent.name, label.to_owned()), |tx, arguments| {
                Box::pin(async move {
                    let (environment, actor, agent, name, label) = arguments;
                    let before = rows::find(tx, *agent, label).await?.ok_or_else(|| not_found(label))?;
                    rows::remove(tx, *agent, label).await?;
                    let details = json!({"label": label, "before": before.gate, "after": null});
                    let entry = AuditEntry::new("gate.removed", format!("agent:{name}"), details);
                    Ok(tx.audit(environment, environment.now(), actor, entry).await?)
                })
            })
            .await
    }

    fn keeper(&self) -> GateKeeper {
        let source = &self.0.source;
        GateKeeper::new(source.store.clone(), source.identity.clone(), self.0.policy.clone())
    }
}

/// What is wrong with a gate.
async fn check(tx: &mut Tx<'_>, gate: &Gate) -> Result<(), Error> {
    let mut issues = Vec::new();
    if datasets::find(tx, &gate.dataset).await?.is_none() {
        let told = format!("there is no dataset {:?}", kontor_core::text::excerpt(&gate.dataset, 60));
        issues.push(Issue::new("dataset", "unknown_dataset", told));
    }
    if gate.min_score.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
        issues.push(Issue::new("min_score", "out_of_range", "expected a number from 0 to 1"));
    }
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

fn told(agent: &str, row: GateRow) -> GateView {
    let GateRow { label, version, gate, set_by, set_at, .. } = row;
    GateView { agent: agent.to_owned(), label, gate, version, set_by, set_at }
}

fn not_found(label: &str) -> Error {
    Error::GateNotFound(kontor_core::text::excerpt(label, 60))
}

fn require_to_see(caller: &Caller) -> Result<(), Error> {
    let any = [Permission::Prompts, Permission::Evaluations];
    match any.iter().any(|permission| caller.grants.permits(*permission)) {
        true => Ok(()),
        false => Ok(caller.require(Permission::Publishing)?),
    }
}
