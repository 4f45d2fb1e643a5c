//! What stands in a cassette's file.

use std::collections::BTreeMap;

use kontor_models::{Capabilities, Delta, Pricing};
use serde::{Deserialize, Serialize};

use super::request::Parts;

/// A cassette that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the cassette cannot be read: {source}")]
pub struct CassetteError {
    pub line: usize,
    source: serde_json::Error,
}

/// A line of a cassette.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Model(RecordedModel),
    Answer(Answer),
}

/// What is known of a model, so that it can be asked where nothing is configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedModel {
    pub(super) id: String,
    pub(super) capabilities: Capabilities,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pricing: Option<Pricing>,
}

/// An answer of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) take: String,
    pub(super) key: String,
    /// Of requests of a take with the same key, which one it is, from 0.
    pub(super) index: usize,
    pub(super) model: String,
    pub(super) request: Parts,
    pub(super) deltas: Vec<Delta>,
}

/// Recorded traffic.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cassette {
    pub(super) models: BTreeMap<String, RecordedModel>,
    pub(super) answers: Vec<Answer>,
}

impl Cassette {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, CassetteError> {
        let mut cassette = Self::default();
        for (line, written) in (1..).zip(text.lines()).filter(|(_, written)| !written.trim().is_empty()) {
            match serde_json::from_str(written).map_err(|source| CassetteError { line, source })? {
                Line::Model(model) => drop(cassette.models.insert(model.id.clone(), model)),
                Line::Answer(answer) => cassette.answers.push(answer),
            }
        }
        Ok(cassette)
    }

    /// The file. Takes stand in the order of their names and answers in theirs, whichever ended first.
    pub fn write(&self) -> String {
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_by(|a, b| a.take.cmp(&b.take));
        let models = self.models.values().cloned().map(Line::Model);
        let lines = models.chain(answers.into_iter().cloned().map(Line::Answer));
        lines.filter_map(|line| serde_json::to_string(&line).ok()).map(|line| line + "\n").collect()
    }

    /// The models that were recorded.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }
}
