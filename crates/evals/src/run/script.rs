//! The scripted model of a case: its rules name records that are made when its workspace is there already.

use std::sync::OnceLock;

use futures::{StreamExt as _, stream};
use kontor_models::{Capabilities, ChatModel, ChatRequest, DeltaStream, ModelError};

use super::Error;
use crate::{
    dataset::{
        Case,
        refs::{self, Ids},
    },
    scripted::{NAME, Scripted},
};

/// The model `scripted`, whose rules are set before it is asked.
#[derive(Default)]
pub(super) struct Script(OnceLock<Scripted>);

impl Script {
    /// Sets the rules of a case, with ids in the place of local ones.
    pub(super) fn set(&self, case: &Case, ids: &Ids) -> Result<(), Error> {
        let wrong = |told: String| Error::fixture("script", told);
        let rules = refs::resolved(&case.script, ids).map_err(|error| wrong(error.to_string()))?;
        let scripted = Scripted::new(rules).map_err(|error| wrong(error.to_string()))?;
        self.0.set(scripted).map_err(|_| wrong("its rules were set before".to_owned()))
    }
}

impl ChatModel for Script {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::LANGUAGE
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        match self.0.get() {
            Some(scripted) => scripted.stream(request),
            None => {
                let error = ModelError::Protocol("the scripted model has no rules yet".to_owned());
                stream::once(std::future::ready(Err(error))).boxed()
            }
        }
    }
}
