//! A model that answers from a cassette, and asks nobody.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::{StreamExt as _, stream};
use kontor_models::{Capabilities, ChatModel, ChatRequest, DeltaStream, ModelError, Pricing};

use super::{
    file::{Answer, Cassette, RecordedModel},
    request::Parts,
};

/// A model as it was recorded, for one take.
pub struct Replay {
    cassette: Arc<Cassette>,
    known: RecordedModel,
    take: String,
    /// How often each key has been asked.
    asked: Mutex<BTreeMap<String, usize>>,
}

impl Replay {
    /// Every model that was recorded, for a take.
    pub fn models(cassette: &Arc<Cassette>, take: &str) -> Vec<Arc<dyn ChatModel>> {
        let model = |known: &RecordedModel| -> Arc<dyn ChatModel> {
            Arc::new(Self {
                cassette: cassette.clone(),
                known: known.clone(),
                take: take.to_owned(),
                asked: Mutex::default(),
            })
        };
        cassette.models.values().map(model).collect()
    }

    fn answer(&self, request: &ChatRequest) -> Result<&Answer, ModelError> {
        let parts = Parts::of(request);
        let key = parts.key(&self.known.id);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let index = asked.entry(key.clone()).or_default();
        let of_take = || {
            let answers = self.cassette.takes.get(&self.take).into_iter().flatten();
            answers.filter(|answer| answer.model == self.known.id)
        };
        let found = of_take().find(|answer| answer.key == key && answer.index == *index);
        if let Some(found) = found {
            *index += 1;
            return Ok(found);
        }
        let told = if *index > 0 {
            format!("it was asked {index} times and is asked once more")
        } else {
            match of_take().max_by_key(|answer| parts.likeness(&answer.request)) {
                None => "nothing was recorded of this take".to_owned(),
                Some(nearest) => {
                    let differences = parts.differences(&nearest.request).join(", ");
                    format!("beside the nearest recorded request, {differences}")
                }
            }
        };
        let told = format!("{} in {}: {told}. Record it anew with --record.", self.known.id, self.take);
        Err(ModelError::NotRecorded(told))
    }
}

impl ChatModel for Replay {
    fn name(&self) -> &str {
        &self.known.id
    }

    fn capabilities(&self) -> Capabilities {
        self.known.capabilities
    }

    fn pricing(&self) -> Option<Pricing> {
        self.known.pricing
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let deltas = match self.answer(&request) {
            Ok(answer) => answer.deltas.iter().cloned().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(deltas).boxed()
    }
}
