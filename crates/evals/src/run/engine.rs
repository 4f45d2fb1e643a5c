//! Trials beside each other, and what becomes of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use kontor_core::{environment::Environment, text::hex};
use kontor_models::{ChatModel, Models};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::{
    AgentChanges, Error, Planned, Request, RunFolder, TrialKey, TrialRecord, judge,
    request::{BUILTIN, SCRIPTED, agents_of},
    script::Script,
    trial::{Asked, Tried},
    world::World,
};
use crate::{
    cassettes::{Cassette, Recorder, Recording, Replay},
    dataset::{Dataset, Fixture},
    sandbox::{Sandboxes, Template},
};

/// How often a trial is begun where the infrastructure fails.
const ATTEMPTS: u32 = 3;
/// Before it is begun again; twice as long each time.
const WAIT: Duration = Duration::from_millis(500);

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

/// What becomes of what is said to language models and by them.
#[derive(Clone, Default)]
pub enum Tape {
    #[default]
    Off,
    /// It is recorded.
    Record(Recording),
    /// It is answered from a recording, and no model is asked.
    Replay(Arc<Cassette>),
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
    let order: Vec<TrialKey> = planned.iter().map(|planned| planned.key.clone()).collect();
    let done = folder.map(RunFolder::done).unwrap_or_default();
    let mut ended: BTreeMap<TrialKey, TrialRecord> =
        done.iter().map(|trial| (trial.key.clone(), trial.clone())).collect();
    let left: Vec<_> = planned.into_iter().filter(|planned| !ended.contains_key(&planned.key)).collect();
    told(Progress::Began { trials: order.len(), done: ended.len() });
    let running = Running { parts, request, worlds: Mutex::default() };
    let running = &running;
    let mut trials = stream::iter(left)
        .map(|planned| async move { running.trial(planned).await })
        .buffer_unordered(request.concurrency.get());
    while let Some(trial) = trials.next().await {
        if let Some(folder) = folder {
            folder.keep(&trial)?;
        }
        told(Progress::Ended(&trial));
        ended.insert(trial.key.clone(), trial);
    }
    Ok(order.iter().filter_map(|key| ended.remove(key)).collect())
}

/// A world that is made once; why it could not be.
type Made = Arc<OnceCell<Result<Arc<World>, String>>>;

struct Running<'r> {
    parts: &'r RunParts,
    request: &'r Request,
    worlds: Mutex<HashMap<String, Made>>,
}

impl Running<'_> {
    /// Runs a trial, again where the infrastructure fails.
    async fn trial(&self, planned: Planned) -> TrialRecord {
        let mut attempts = 1;
        let tried = loop {
            match self.attempt(&planned).await {
                Err(Error::Infrastructure(_)) if attempts < ATTEMPTS => {
                    tokio::time::sleep(WAIT * 2_u32.pow(attempts - 1)).await;
                    attempts += 1;
                }
                tried => break tried,
            }
        };
        let Planned { key, case, .. } = planned;
        TrialRecord::of(key, case.tags.clone(), attempts, tried)
    }

    async fn attempt(&self, planned: &Planned) -> Result<Tried, Error> {
        let Planned { key, dataset, case, model } = planned;
        let world = self.world(dataset, planned).await?;
        let environment = self.parts.environment.clone();
        let mut script = None;
        let models = match model.as_deref() {
            None => self.parts.models.clone(),
            Some(SCRIPTED) => {
                let made = script.insert(Arc::new(Script::default())).clone();
                Models::alone(made, environment)
            }
            Some(id) if id == BUILTIN => Models::alone(self.parts.models.resolve(id).await?, environment),
            Some(id) => Models::alone(self.language_model(id, key).await?, environment),
        };
        let limit = self.request.turn_limit;
        let asked = Asked { case, world: &world, models, script, attacked: key.attacked, limit };
        let mut tried = asked.run().await?;
        if let Some(rubric) = &tried.case.expect.rubric {
            let replies = tried.observed.replies.iter().map(|reply| ("agent".to_owned(), reply.clone()));
            let messages = tried.messages.iter().map(|message| ("member".to_owned(), message.clone()));
            let said: Vec<_> = messages.zip(replies).flat_map(<[_; 2]>::from).collect();
            let judges = (&self.parts.models, &self.parts.environment);
            let votes = judge::votes(judges.0, judges.1, rubric, &said, &tried.models).await;
            tried.observed.votes = Some(votes);
        }
        Ok(tried)
    }

    /// A language model, as what is said to it in this trial is kept or was kept.
    async fn language_model(&self, id: &str, key: &TrialKey) -> Result<Arc<dyn ChatModel>, Error> {
        let take = key.to_string();
        match &self.parts.tape {
            Tape::Off => Ok(self.parts.models.resolve(id).await?),
            Tape::Record(recording) => {
                let model = self.parts.models.resolve(id).await?;
                Ok(Arc::new(Recorder::new(model, &take, recording)))
            }
            Tape::Replay(cassette) => {
                let recorded = Replay::models(cassette, &take);
                let found = recorded.into_iter().find(|model| model.name() == id);
                found.ok_or_else(|| {
                    let known: Vec<_> = cassette.models().collect();
                    Error::Asked(format!("the cassette has no answers of {id}, but of {}", known.join(", ")))
                })
            }
        }
    }

    /// The world of a case; made once for all that begin in the same.
    async fn world(&self, dataset: &Dataset, planned: &Planned) -> Result<Arc<World>, Error> {
        let fixture = fixture_of(dataset, planned);
        let changes = AgentChanges { one_model: planned.model.is_some(), ..self.request.changes.clone() };
        let agents = agents_of(dataset, &changes);
        let identity = serde_json::to_vec(&(&fixture, &agents, changes.one_model)).unwrap_or_default();
        let made = {
            let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
            worlds.entry(hex(&Sha256::digest(identity))).or_default().clone()
        };
        let world = made.get_or_init(|| async {
            let made = World::make(self.parts, &fixture, &agents, &changes).await;
            made.map(Arc::new).map_err(|error| error.to_string())
        });
        world.await.clone().map_err(|told| Error::fixture(&dataset.name, told))
    }
}

/// What a case begins with. An attacker's label stands in it.
fn fixture_of(dataset: &Dataset, planned: &Planned) -> Fixture {
    let mut fixture = dataset.fixture.clone();
    let attack = planned.case.attack.as_ref().filter(|_| planned.key.attacked);
    for injection in attack.iter().flat_map(|attack| &attack.inject) {
        let Some((object, name)) = injection.label_of.as_deref().and_then(|path| path.split_once('.')) else {
            continue;
        };
        for field in fixture.fields.get_mut(object).into_iter().flatten() {
            if field.get("name").and_then(|found| found.as_str()) == Some(name) {
                field.insert("label".to_owned(), injection.text.clone().into());
            }
        }
    }
    fixture
}
