//! What a model is sent beside the conversation: its prompt and its tools, kept once however often they are sent.

use std::sync::Arc;

use kontor_core::turn::{SentDigests, TurnEvent};
use kontor_models::{ChatRequest, Message};

use super::{Run, prepare::Prepared, route::Chosen};
use crate::{
    error::Error,
    stored::{Draft, SentText},
};

impl Run<'_> {
    /// Under what the prompt and the tools of a request are kept; nothing where a model reads neither.
    pub(super) fn sent(
        &mut self,
        prepared: &Prepared,
        chosen: &Chosen,
        request: &ChatRequest,
    ) -> Result<Option<SentDigests>, Error> {
        if !chosen.model.capabilities().language {
            return Ok(None);
        }
        let Some(Message::System(prompt)) = request.messages.first() else { return Ok(None) };
        let (prompt, tools) = prepared.sent(prompt, &request.tools)?;
        let digests = SentDigests { prompt: prompt.digest.clone(), tools: tools.digest.clone() };
        let kept = &self.agents.0.kept;
        let unkept = [prompt, tools].into_iter();
        let unkept: Arc<[SentText]> =
            unkept.filter(|text| kept.get(&(self.workspace, text.digest.clone())).is_none()).collect();
        self.unkept = (!unkept.is_empty()).then_some(unkept);
        Ok(Some(digests))
    }

    /// What was appended, to be committed.
    pub(super) fn drafts(&mut self) -> Result<Vec<Draft>, Error> {
        let events = std::mem::take(&mut self.pending);
        self.drafts_of(events)
    }

    /// Events to be committed: with the lease, where they tell that it was taken over, and with what is to be kept.
    pub(super) fn drafts_of(&self, mut events: Vec<TurnEvent>) -> Result<Vec<Draft>, Error> {
        for event in &mut events {
            if let TurnEvent::StepRestarted { taken_over: true, epoch, .. } = event.inner_mut() {
                *epoch = Some(self.lease.epoch);
            }
        }
        let mut drafts = Draft::all(events)?;
        if let (Some(first), Some(unkept)) = (drafts.first_mut(), &self.unkept) {
            first.sent = Some(unkept.clone());
        }
        Ok(drafts)
    }

    /// Takes note that what was sent is kept.
    pub(super) fn kept(&mut self) {
        for text in self.unkept.take().iter().flat_map(|texts| texts.iter()) {
            self.agents.0.kept.insert((self.workspace, text.digest.clone()), ());
        }
    }
}
