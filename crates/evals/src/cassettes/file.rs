//! What stands in a cassette's file.

use std::collections::BTreeMap;

use kontor_models::{Capabilities, Delta, Pricing};
use serde::{Deserialize, Serialize};

use super::request::Parts;

/// A cassette that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    #[error("line {line} of the cassette cannot be read: {source}")]
    Line { line: usize, source: serde_json::Error },
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A run goes on whose trials were recorded, and what was recorded is not there.
    #[error("nothing is there of {take}, which is done: record into another file and folder")]
    Gone { take: String },
}

/// A line of a cassette.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Model(RecordedModel),
    Name(RecordedName),
    Answer(Answer),
}

/// For which model a name stood, such as `smart`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RecordedName {
    name: String,
    model: String,
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
    /// The models that names such as `smart` stood for.
    pub(super) names: BTreeMap<String, String>,
    /// By take, in the order in which they were given.
    pub(super) takes: BTreeMap<String, Vec<Answer>>,
}

impl Cassette {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, CassetteError> {
        let mut cassette = Self::default();
        for (line, written) in (1..).zip(text.lines()).filter(|(_, written)| !written.trim().is_empty()) {
            match serde_json::from_str(written).map_err(|source| CassetteError::Line { line, source })? {
                Line::Model(model) => drop(cassette.models.insert(model.id.clone(), model)),
                Line::Name(RecordedName { name, model }) => drop(cassette.names.insert(name, model)),
                Line::Answer(answer) => cassette.takes.entry(answer.take.clone()).or_default().push(answer),
            }
        }
        Ok(cassette)
    }

    /// The file. Takes stand in the order of their names and answers in theirs, whichever ended first.
    pub fn write(&self) -> String {
        let mut written = self.head();
        for take in self.takes.keys() {
            written.push_str(&self.take(take));
        }
        written
    }

    /// The lines of what is known of models.
    pub(super) fn head(&self) -> String {
        let models = self.models.values().cloned().map(Line::Model);
        let names = self.names.iter();
        let names = names.map(|(name, model)| RecordedName { name: name.clone(), model: model.clone() });
        lines(models.chain(names.map(Line::Name)))
    }

    /// The lines of a take.
    pub(super) fn take(&self, take: &str) -> String {
        lines(self.takes.get(take).into_iter().flatten().cloned().map(Line::Answer))
    }

    /// The models that were recorded.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.keys().map(String::as_str)
    }

    /// The id of the recorded model that a name stands for, its own id among them.
    pub fn id_of<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        self.names.get(name).map(String::as_str).or_else(|| self.models.contains_key(name).then_some(name))
    }
}

fn lines(lines: impl Iterator<Item = Line>) -> String {
    lines.filter_map(|line| serde_json::to_string(&line).ok()).map(|line| line + "\n").collect()
}
