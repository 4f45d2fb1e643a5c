//! A model whose answers are recorded.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use kontor_core::error::Problem;
use kontor_models::{
    Breaker, Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, ModelError, ModelOverride, Pricing,
};

use super::{
    file::{Answer, Cassette, RecordedModel},
    request::Parts,
};

/// What is being recorded, by all takes of a run. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Cassette>>);

impl Recording {
    /// All that was recorded until now.
    pub fn cassette(&self) -> Cassette {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, take: &str, model: &str, request: Parts, deltas: Vec<Delta>) {
        let key = request.key(model);
        let mut cassette = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |answer: &&Answer| answer.take == take && answer.key == key;
        let index = cassette.answers.iter().filter(same).count();
        let (take, model) = (take.to_owned(), model.to_owned());
        cassette.answers.push(Answer { take, key, index, model, request, deltas });
    }
}

/// A model that is asked, and whose whole answers are recorded. One that breaks off is not.
pub struct Recorder {
    model: Arc<dyn ChatModel>,
    take: Arc<str>,
    recording: Recording,
}

impl Recorder {
    /// Records a model for a take, such as `case 3, trial 2`.
    pub fn new(model: Arc<dyn ChatModel>, take: &str, recording: &Recording) -> Self {
        let known = RecordedModel {
            id: model.name().to_owned(),
            capabilities: model.capabilities(),
            pricing: model.pricing(),
        };
        let mut cassette = recording.0.lock().unwrap_or_else(PoisonError::into_inner);
        cassette.models.insert(known.id.clone(), known);
        drop(cassette);
        Self { model, take: take.into(), recording: recording.clone() }
    }
}

impl ChatModel for Recorder {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.model.capabilities()
    }

    fn pricing(&self) -> Option<Pricing> {
        self.model.pricing()
    }

    fn known_otherwise(&self, known: &ModelOverride) -> Option<Arc<dyn ChatModel>> {
        let model = self.model.known_otherwise(known)?;
        Some(Arc::new(Self::new(model, &self.take, &self.recording)))
    }

    fn breaker(&self) -> Option<&Arc<Breaker>> {
        self.model.breaker()
    }

    fn problem_of(&self, error: &ModelError) -> Problem {
        self.model.problem_of(error)
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let parts = Parts::of(&request);
        let (take, recording, name) =
            (self.take.clone(), self.recording.clone(), self.model.name().to_owned());
        let state = (self.model.stream(request), Vec::new(), Some(parts));
        stream::unfold(state, move |(mut answer, mut deltas, mut parts)| {
            let (take, recording, name) = (take.clone(), recording.clone(), name.clone());
            async move {
                let delta = answer.next().await?;
                if let Ok(delta) = &delta {
                    deltas.push(delta.clone());
                    if matches!(delta, Delta::Finish(_))
                        && let Some(parts) = parts.take()
                    {
                        recording.add(&take, &name, parts, std::mem::take(&mut deltas));
                    }
                }
                Some((delta, (answer, deltas, parts)))
            }
        })
        .boxed()
    }
}
