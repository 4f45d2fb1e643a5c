//! A dataset as it was sent: as JSON, as the text of a file, or by the name of one that ships.

use kontor_core::{error::Issue, text::hex};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::{Error, rows::datasets::TextRow, shipped};
use crate::dataset::{Dataset, DatasetError, Format, Source, names::Known, read_for};

/// Bytes of a dataset's text.
const LONGEST: usize = 2 << 20;
/// Cases of a dataset of a workspace.
const MOST_CASES: usize = 2_000;

/// A dataset that is to be added: its members as JSON (`cases` and what stands beside them in a file), the text of a
/// file (`source`), or one that ships (`shipped`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct NewDataset {
    pub name: String,
    /// YAML, or JSON Lines whose first line is the head.
    #[serde(default)]
    pub source: Option<String>,
    /// Whether the dataset of this name that ships is meant.
    #[serde(default)]
    pub shipped: bool,
    /// `description`, `tags`, `fixture`, `defaults`, `script` and `cases`, as docs/evaluations.md tells them.
    #[serde(flatten)]
    pub content: Map<String, Json>,
}

/// What a dataset is from now on: the text of a file, or its members as JSON.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct DatasetChanges {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// The version that the change was made of; it is refused where somebody was faster.
    #[serde(default)]
    pub version: Option<i64>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(flatten)]
    pub content: Map<String, Json>,
}

/// A dataset that was read.
pub(super) struct ReadDataset {
    pub(super) text: TextRow,
    pub(super) digest: String,
    pub(super) is_json: bool,
}

impl NewDataset {
    pub(super) fn read(self, known: &Known) -> Result<ReadDataset, Error> {
        let Self { name, source, shipped: is_shipped, content } = self;
        match (source, is_shipped) {
            (None, true) => {
                none_beside(&content, "shipped")?;
                let text = shipped::text_of(&name).ok_or_else(|| {
                    Error::invalid(
                        "name",
                        "unknown_dataset",
                        format!("no dataset {name:?} ships with Kontor"),
                    )
                })?;
                read_text(&name, text.to_owned(), known)
            }
            (Some(_), true) => {
                Err(Error::invalid("shipped", "ambiguous", "source and shipped exclude each other"))
            }
            (Some(source), false) => {
                none_beside(&content, "source")?;
                read_text(&name, source, known)
            }
            (None, false) => read_json(&name, content, known),
        }
    }
}

impl DatasetChanges {
    /// What the dataset is with these changes. `is_whole` says that members which are absent are gone, rather than as
    /// they are.
    pub(super) fn read(
        self,
        name: &str,
        present: &Dataset,
        is_whole: bool,
        known: &Known,
    ) -> Result<ReadDataset, Error> {
        let Self { name: new_name, source, mut content, .. } = self;
        let name = new_name.as_deref().unwrap_or(name);
        if let Some(source) = source {
            none_beside(&content, "source")?;
            return read_text(name, source, known);
        }
        if !is_whole && let Json::Object(members) = serde_json::to_value(present)? {
            for (member, value) in members {
                content.entry(member).or_insert(value);
            }
        }
        read_json(name, content, known)
    }
}

fn none_beside(content: &Map<String, Json>, with: &str) -> Result<(), Error> {
    let told = |member: &String| {
        Issue::new(
            member.as_str(),
            "ambiguous",
            format!("a dataset is given by {with} or by its members, not both"),
        )
    };
    let issues: Vec<_> = content.keys().map(told).collect();
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// A dataset given as JSON. What is wrong is told by path, since its lines are nobody's.
fn read_json(name: &str, mut content: Map<String, Json>, known: &Known) -> Result<ReadDataset, Error> {
    content.insert("name".to_owned(), name.into());
    let text = serde_json::to_string_pretty(&content)?;
    let read = read(&text, Format::Yaml, known).map_err(|error| {
        let faults = error.faults.into_iter().map(|mut fault| {
            fault.issue.position = None;
            fault
        });
        DatasetError { faults: faults.collect() }
    })?;
    checked(read, text, true)
}

/// A dataset given as a file. Where the file does not name it, it has the name that it is sent under.
fn read_text(name: &str, mut text: String, known: &Known) -> Result<ReadDataset, Error> {
    if text.len() > LONGEST {
        return Err(Error::invalid("source", "too_long", format!("expected at most {LONGEST} bytes")));
    }
    let is_head = |line: &str| serde_json::from_str::<Json>(line).is_ok_and(|json| json.is_object());
    let is_lines = text.trim().lines().nth(1).is_some() && text.trim().lines().next().is_some_and(is_head);
    let format = if is_lines { Format::JsonLines } else { Format::Yaml };
    let is_unnamed = format == Format::Yaml
        && serde_yaml_ng::from_str::<serde_yaml_ng::Mapping>(&text)
            .is_ok_and(|members| !members.contains_key("name"));
    if is_unnamed && !text.trim_start().starts_with('{') {
        // Behind what is there, so that the lines of all else are as they were sent.
        text = format!("{}\nname: {}\n", text.trim_end(), Json::from(name));
    }
    let read = read(&text, format, known)?;
    if read.name != name {
        let told = format!("the text names the dataset {:?}, and it was sent as {name:?}", read.name);
        return Err(Error::invalid("name", "other_name", told));
    }
    checked(read, text, false)
}

fn read(text: &str, format: Format, known: &Known) -> Result<Dataset, DatasetError> {
    // Paths that a dataset names are beside it, where nothing is but what ships.
    read_for(Source { file: "dataset", text, format }, &shipped::fixture, known)
}

fn checked(dataset: Dataset, text: String, is_json: bool) -> Result<ReadDataset, Error> {
    if dataset.cases.len() > MOST_CASES {
        return Err(Error::invalid("cases", "too_many", format!("a dataset has at most {MOST_CASES} cases")));
    }
    let digest = hex(&Sha256::digest(serde_json::to_vec(&dataset)?));
    Ok(ReadDataset { text: TextRow { source: text, content: dataset }, digest, is_json })
}
