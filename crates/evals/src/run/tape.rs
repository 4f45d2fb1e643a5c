//! Which model a name is, and what becomes of what is said to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontor_core::text::hex;
use kontor_models::{ChatModel, Models, SMART};
use sha2::{Digest as _, Sha256};

use super::{Error, Planned, RunFolder};
use crate::{
    cassettes::{Cassette, Recorder, Recording, Replay},
    dataset::Rubric,
};

/// What becomes of what is said to language models and by them, those that judge among them.
#[derive(Clone, Default)]
pub enum Tape {
    #[default]
    Off,
    /// It is recorded.
    Record(Recording),
    /// It is answered from a recording, and no model is asked.
    Replay(Arc<Cassette>),
}

impl Tape {
    /// The id of the model that a name stands for now, or stood for when it was recorded.
    pub(super) async fn id_of(&self, models: &Models, name: &str) -> Result<String, Error> {
        match self {
            Self::Replay(cassette) => cassette.id_of(name).map(str::to_owned).ok_or_else(|| {
                let known: Vec<_> = cassette.models().collect();
                Error::Asked(format!("the cassette has no answers of {name}, but of {}", known.join(", ")))
            }),
            Self::Record(recording) => {
                let id = models.resolve(name).await?.name().to_owned();
                if id != name {
                    recording.name(name, &id);
                }
                Ok(id)
            }
            Self::Off => Ok(models.resolve(name).await?.name().to_owned()),
        }
    }

    /// A language model by its id, as what is said to it in a take is kept or was kept.
    pub(super) async fn model(
        &self,
        models: &Models,
        id: &str,
        take: &str,
    ) -> Result<Arc<dyn ChatModel>, Error> {
        match self {
            Self::Off => Ok(models.resolve(id).await?),
            Self::Record(recording) => {
                Ok(Arc::new(Recorder::new(models.resolve(id).await?, take, recording)))
            }
            Self::Replay(cassette) => {
                let found = Replay::models(cassette, take).into_iter().find(|model| model.name() == id);
                found.ok_or_else(|| Error::NotRecorded(format!("the cassette has no answers of {id}")))
            }
        }
    }

    /// The judges that rubrics name, each with the id of the model that it is; or why it is none.
    pub(super) async fn judges(
        &self,
        models: &Models,
        planned: &[Planned],
    ) -> BTreeMap<String, Result<String, String>> {
        let mut judges = BTreeMap::new();
        for rubric in planned.iter().filter_map(|planned| planned.case.expect.rubric.as_ref()) {
            let name = judge_of(rubric);
            if !judges.contains_key(name) {
                let id = self.id_of(models, name).await;
                judges.insert(name.to_owned(), id.map_err(|error| error.to_string()));
            }
        }
        judges
    }

    /// Whether there is anything to record or to answer.
    ///
    /// # Errors
    /// A run in which no language model is asked, or not one by its name.
    pub fn check(&self, planned: &[Planned]) -> Result<(), Error> {
        if matches!(self, Self::Off) {
            return Ok(());
        }
        if planned.iter().any(|planned| planned.model.is_none()) {
            return Err(Error::Asked("a recording is of one model: name it with --model".to_owned()));
        }
        if !planned.iter().any(Planned::asks_a_language_model) {
            let told = "no language model is asked in this run, so that nothing can be recorded or answered from a \
                        recording: name one with --model";
            return Err(Error::Asked(told.to_owned()));
        }
        Ok(())
    }

    /// What is done before a trial is begun, perhaps again.
    pub(super) fn begin(&self, take: &str) {
        if let Self::Record(recording) = self {
            recording.forget(take);
        }
    }

    /// What is done when a trial has ended.
    pub(super) fn end(&self, take: &str) -> Result<(), Error> {
        match self {
            Self::Record(recording) => recording
                .ended(take)
                .map_err(|source| Error::Folder { path: "the cassette".to_owned(), source }),
            _ => Ok(()),
        }
    }

    /// What of it decides on a run's numbers.
    pub(super) fn digest(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::Record(_) => "record".to_owned(),
            Self::Replay(cassette) => format!("replay {}", hex(&Sha256::digest(cassette.write()))),
        }
    }
}

/// The takes of trials that are done and in which a language model was asked: what a cassette has of them.
pub fn takes_done(planned: &[Planned], folder: &RunFolder) -> BTreeSet<String> {
    let asks = |key| planned.iter().any(|planned| planned.key == key && planned.asks_a_language_model());
    let done = folder.done().iter().filter(|trial| asks(trial.key.clone()));
    done.map(|trial| trial.key.to_string()).collect()
}

/// Who judges by a rubric, by the name that it gives.
pub(super) fn judge_of(rubric: &Rubric) -> &str {
    rubric.judge.as_deref().unwrap_or(SMART)
}
