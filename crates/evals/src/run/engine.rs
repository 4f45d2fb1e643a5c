//! Trials beside each other, and what becomes of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{StreamExt as _, stream};
use kontor_core::{environment::Environment, text::hex};
use kontor_models::Models;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::{
    AgentChanges, BUILTIN, Error, Judging, Planned, Request, RunFolder, SCRIPTED, Tape, TrialKey,
    TrialRecord, judge,
    request::agents_of,
    script::Script,
    tape::judge_of,
    trial::{Asked, Tried},
    world::World,
};
use crate::{
    dataset::{Dataset, Fixture, InjectionMode, Rubric},
    grade::rubric::Vote,
    sandbox::{Sandboxes, Template},
};

/// What a judge said.
type Votes = Vec<Result<Vote, String>>;

/// How often a trial is begun where the infrastructure fails.
const ATTEMPTS: u32 = 3;

/// With what a run is made.
pub struct RunParts {
    pub sandboxes: Sandboxes,
    /// What fixtures are put into; a new workspace for none.
    pub base: Option<Template>,
    /// Those of the installation.
    pub models: Models,
    pub environment: Environment,
    pub tape: Tape,
}

impl RunParts {
    /// A digest of all that decides on the numbers of a run: what is asked for, the program, what agents may do unasked,
    /// and where answers come from.
    pub fn digest(&self, request: &Request) -> String {
        let policy = format!("{:?}", self.sandboxes.policy());
        let parts = [request.digest(), policy, self.tape.digest()];
        hex(&Sha256::digest(parts.join("\n")))
    }
}

/// What happens in a run.
#[derive(Debug)]
pub enum Progress<'t> {
    /// So many trials are to be run, of which so many had ended when it was stopped before.
    Began {
        trials: usize,
        done: usize,
    },
    Ended(&'t TrialRecord),
}

/// Runs what is planned, and tells each trial as it ends. The trials in the order of the plan.
///
/// # Errors
/// Where the folder cannot be written. What fails of a trial stands in its record.
pub async fn run(
    parts: &RunParts,
    request: &Request,
    planned: Vec<Planned>,
    folder: Option<&RunFolder>,
    told: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<TrialRecord>, Error> {
    parts.tape.check(&planned)?;
    let order: Vec<TrialKey> = planned.iter().map(|planned| planned.key.clone()).collect();
    let done = folder.map(RunFolder::done).unwrap_or_default();
    let mut ended: BTreeMap<TrialKey, TrialRecord> =
        done.iter().map(|trial| (trial.key.clone(), trial.clone())).collect();
    let judges = parts.tape.judges(&parts.models, &planned).await;
    // Of those that are done too, so that a run that goes on has the same ids.
    let agents = agents_of(&planned);
    let left: Vec<_> = planned.into_iter().filter(|planned| !ended.contains_key(&planned.key)).collect();
    told(Progress::Began { trials: order.len(), done: ended.len() });
    let running = Running { parts, request, judges, agents, worlds: Mutex::default() };
    let running = &running;
    let mut trials = stream::iter(left)
        .map(|planned| async move { running.trial(planned).await })
        .buffer_unordered(request.concurrency.get());
    while let Some(trial) = trials.next().await {
        // Before the trial is: whoever goes on does not look for the answers of a trial that is done.
        parts.tape.end(&trial.key.to_string())?;
        if let Some(folder) = folder {
            folder.keep(&trial)?;
        }
        told(Progress::Ended(&trial));
        ended.insert(trial.key.clone(), trial);
    }
    Ok(order.iter().filter_map(|key| ended.remove(key)).collect())
}

/// A world that is made once; why it cannot be, where trying again would not help.
type Made = Arc<OnceCell<Result<Arc<World>, String>>>;

struct Running<'r> {
    parts: &'r RunParts,
    request: &'r Request,
    /// By the names that rubrics give, the ids of the models that judge; or why there is none.
    judges: BTreeMap<String, Result<String, String>>,
    /// Of each dataset, the agents that its cases ask.
    agents: BTreeMap<String, BTreeSet<String>>,
    worlds: Mutex<HashMap<String, Made>>,
}

impl Running<'_> {
    /// Runs a trial, again where the infrastructure fails.
    async fn trial(&self, planned: Planned) -> TrialRecord {
        let mut attempts = 1;
        let tried = loop {
            let tried = self.attempt(&planned).await;
            let wait = tried.as_ref().err().and_then(|error| error.wait(attempts));
            let Some(wait) = wait.filter(|_| attempts < ATTEMPTS) else { break tried };
            tokio::time::sleep(wait).await;
            attempts += 1;
        };
        let Planned { key, case, .. } = planned;
        TrialRecord::of(key, case.tags.clone(), attempts, tried)
    }

    async fn attempt(&self, planned: &Planned) -> Result<Tried, Error> {
        let Planned { key, dataset, case, model } = planned;
        let RunParts { models: installed, environment, tape, .. } = self.parts;
        let take = key.to_string();
        tape.begin(&take);
        let world = self.world(dataset, planned).await?;
        let mut script = None;
        let models = match model.as_deref() {
            None => installed.clone(),
            Some(SCRIPTED) => {
                let made = script.insert(Arc::new(Script::default())).clone();
                Models::alone(made, environment.clone())
            }
            Some(id) if id == BUILTIN => Models::alone(installed.resolve(id).await?, environment.clone()),
            Some(id) => Models::alone(tape.model(installed, id, &take).await?, environment.clone()),
        };
        let limit = self.request.turn_limit;
        let asked = Asked { case, world: &world, models, script, attacked: key.attacked, limit };
        let mut tried = asked.run().await?;
        if let Some(rubric) = tried.case.expect.rubric.clone() {
            let judged = self.judge(&rubric, &take, &tried).await;
            let (votes, judging) = match judged {
                Ok((votes, judging)) => (votes, Some(judging)),
                Err(told) => (vec![Err(told)], None),
            };
            (tried.observed.votes, tried.judging) = (Some(votes), judging);
        }
        Ok(tried)
    }

    /// What the judge of a rubric says of a conversation; or why nobody can be asked.
    async fn judge(&self, rubric: &Rubric, take: &str, tried: &Tried) -> Result<(Votes, Judging), String> {
        let id =
            self.judges.get(judge_of(rubric)).cloned().unwrap_or_else(|| Err("nobody judges".to_owned()))?;
        let RunParts { models, environment, tape, .. } = self.parts;
        let model = tape.model(models, &id, take).await.map_err(|error| error.to_string())?;
        if let Some(told) = judge::unfit(&*model, &tried.models) {
            return Err(told);
        }
        let replies = tried.observed.replies.iter().map(|reply| ("agent".to_owned(), reply.clone()));
        let messages = tried.messages.iter().map(|message| ("member".to_owned(), message.clone()));
        let said: Vec<_> = messages.zip(replies).flat_map(<[_; 2]>::from).collect();
        Ok(judge::votes(model, environment, rubric, &said).await)
    }

    /// The world of a case; made once for all that begin in the same.
    async fn world(&self, dataset: &Dataset, planned: &Planned) -> Result<Arc<World>, Error> {
        let fixture = fixture_of(dataset, planned)?;
        let changes = AgentChanges { one_model: planned.model.is_some(), ..self.request.changes.clone() };
        let agents = self.agents.get(&dataset.name).cloned().unwrap_or_default();
        let identity = serde_json::to_vec(&(&fixture, &agents, changes.one_model)).unwrap_or_default();
        let made = {
            let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
            worlds.entry(hex(&Sha256::digest(identity))).or_default().clone()
        };
        let world = made.get_or_try_init(|| async {
            match World::make(self.parts, &fixture, &agents, &changes).await {
                Ok(world) => Ok(Ok(Arc::new(world))),
                Err(error) if error.wait(1).is_some() => Err(error),
                Err(error) => Ok(Err(error.to_string())),
            }
        });
        world.await?.clone().map_err(|told| Error::fixture(&dataset.name, told))
    }
}

/// What a case begins with. An attacker's label stands in it.
fn fixture_of(dataset: &Dataset, planned: &Planned) -> Result<Fixture, Error> {
    let mut fixture = dataset.fixture.clone();
    let attack = planned.case.attack.as_ref().filter(|_| planned.key.attacked);
    for injection in attack.iter().flat_map(|attack| &attack.inject) {
        let Some(path) = &injection.label_of else { continue };
        let of_field = path.split_once('.').and_then(|(object, name)| {
            let mut fields = fixture.fields.get_mut(object)?.iter_mut();
            fields.find(|field| field.get("name").and_then(|found| found.as_str()) == Some(name))
        });
        let Some(field) = of_field else {
            let told =
                format!("the fixture makes no field {path}, so that its label cannot be the attacker's");
            return Err(Error::fixture("attack.inject", told));
        };
        let label = match (injection.mode, field.get("label").and_then(|label| label.as_str())) {
            (InjectionMode::Append, Some(label)) => format!("{label} {}", injection.text),
            _ => injection.text.clone(),
        };
        field.insert("label".to_owned(), label.into());
    }
    Ok(fixture)
}
