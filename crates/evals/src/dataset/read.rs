//! Text to dataset, with all that is wrong at once, each by line and path.

use std::{
    fmt,
    path::{Component, Path},
};

use kontor_core::{
    error::{Issue, Problem, TextPosition},
    text,
};
use kontor_operations::explain;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{
    Dataset, Fixture, check,
    locate::Places,
    names::{self, Known},
    schema,
};

/// The most faults that are told of a file.
const MOST_FAULTS: usize = 100;

/// How a dataset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, and so JSON: one document with all.
    Yaml,
    /// A line of JSON with the head, that is all but `cases`, and then one with each case.
    JsonLines,
}

impl Format {
    /// By the end of a file's name.
    pub fn of(file: &str) -> Self {
        if file.ends_with(".jsonl") || file.ends_with(".ndjson") { Self::JsonLines } else { Self::Yaml }
    }
}

/// A text that a dataset is read from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'t> {
    /// The file as errors name it: `evals/sales.yaml`.
    pub file: &'t str,
    pub text: &'t str,
    pub format: Format,
}

/// What is wrong with a dataset: one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DatasetError {
    pub faults: Vec<Fault>,
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.faults.iter().map(Fault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl DatasetError {
    /// What is wrong, for whoever sent the dataset.
    pub fn problem(&self) -> Problem {
        Problem::invalid(self.faults.iter().map(|fault| fault.issue.clone()).collect())
    }
}

/// One thing that is wrong: `evals/sales.yaml:41: cases[3].expect.trajectory.mode: "inorder" is not one of …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    pub issue: Issue,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.issue.position {
            Some(position) => write!(f, "{}:{}: {}", self.file, position.line, self.issue),
            None => write!(f, "{}: {}", self.file, self.issue),
        }
    }
}

/// Reads a dataset. `load` reads the file of `fixture.from`, whose path is joined to the folder of the dataset's.
///
/// # Errors
/// All that is wrong with it, and with the fixture's file.
pub fn read(
    source: Source<'_>,
    load: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Dataset, DatasetError> {
    read_document(source, load).map(|(_, dataset)| dataset)
}

/// As [`read`], of a dataset that names what a workspace has.
///
/// # Errors
/// As [`read`], and each name that is not there.
pub fn read_for(
    source: Source<'_>,
    load: &dyn Fn(&str) -> Result<String, String>,
    known: &Known,
) -> Result<Dataset, DatasetError> {
    let (document, dataset) = read_document(source, load)?;
    let is_included = document.json["fixture"]["from"].is_string();
    // Of a fixture that is put together of two files only the place is known where the other one is named.
    let placed = |issue: Issue| match is_included && issue.path.starts_with("fixture.") {
        true => Issue::new("fixture.from", issue.code.clone(), issue.to_string()),
        false => issue,
    };
    let issues = names::unknown(&dataset, known).into_iter().map(placed).collect();
    document.checked(dataset, issues)
}

fn read_document<'t>(
    source: Source<'t>,
    load: &dyn Fn(&str) -> Result<String, String>,
) -> Result<(Document<'t>, Dataset), DatasetError> {
    let document = Document::parse(source)?;
    let mut dataset: Dataset = document.typed(&schema::DATASET)?;
    let Some(from) = dataset.fixture.from.take() else {
        let issues = check::dataset(&dataset, &Default::default());
        let dataset = document.checked(dataset, issues)?;
        return Ok((document, dataset));
    };
    let wrong =
        |code: &'static str, told: String| document.faults(vec![Issue::new("fixture.from", code, told)]);
    if !is_within(&from) {
        let told = "expected a file in the dataset's folder or below it: fixtures/company.yaml".to_owned();
        return Err(wrong("outside", told));
    }
    let file = beside(source.file, &from);
    let text =
        load(&file).map_err(|reason| wrong("unreadable", format!("{file} could not be read: {reason}")))?;
    let own = std::mem::take(&mut dataset.fixture);
    let included = read_fixture(Source { file: &file, text: &text, format: Format::Yaml })?;
    let shared = included.local_ids();
    let issues = check::dataset(&Dataset { fixture: own.clone(), ..dataset.clone() }, &shared);
    dataset.fixture = own.over(included);
    let dataset = document.checked(dataset, issues)?;
    Ok((document, dataset))
}

/// Reads a dataset that is one document and names no other file.
#[cfg(test)]
pub(crate) fn read_alone(source: Source<'_>) -> Result<Dataset, DatasetError> {
    read(source, &|_| Err("a dataset of a workspace holds its fixture itself".to_owned()))
}

fn read_fixture(source: Source<'_>) -> Result<Fixture, DatasetError> {
    let document = Document::parse(source)?;
    let fixture: Fixture = document.typed(&schema::FIXTURE)?;
    let issues = check::fixture_file(&fixture);
    document.checked(fixture, issues)
}

/// Whether a path leads to nothing outside the folder that it begins in.
fn is_within(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.contains('\\') && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// `fixtures/company.yaml` beside `evals/sales.yaml`.
fn beside(file: &str, other: &str) -> String {
    file.rsplit_once('/').map_or_else(|| other.to_owned(), |(folder, _)| format!("{folder}/{other}"))
}

/// A text that was read as JSON, with the places of its parts.
struct Document<'t> {
    source: Source<'t>,
    json: Json,
    /// Of JSON Lines, the line of each case.
    lines: Vec<u32>,
}

impl<'t> Document<'t> {
    fn parse(source: Source<'t>) -> Result<Self, DatasetError> {
        match source.format {
            Format::Yaml => Self::parse_yaml(source),
            Format::JsonLines => Self::parse_lines(source),
        }
    }

    fn parse_yaml(source: Source<'t>) -> Result<Self, DatasetError> {
        let fault = |error: serde_yaml_ng::Error| {
            let position = error.location().map(|place| {
                let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                TextPosition { line: number(place.line()), column: number(place.column()) }
            });
            let issue = Issue { position, ..Issue::new("", "unreadable", error.to_string()) };
            DatasetError { faults: vec![Fault { file: source.file.to_owned(), issue }] }
        };
        // Through a value of YAML's own, which refuses a name that stands twice.
        let mut yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(source.text).map_err(fault)?;
        yaml.apply_merge().map_err(fault)?;
        let json = serde_json::to_value(yaml).map_err(|error| {
            let issue = Issue::new("", "unreadable", format!("this cannot be told in JSON: {error}"));
            DatasetError { faults: vec![Fault { file: source.file.to_owned(), issue }] }
        })?;
        Ok(Self { source, json, lines: Vec::new() })
    }

    fn parse_lines(source: Source<'t>) -> Result<Self, DatasetError> {
        let mut faults = Vec::new();
        let mut head = None;
        let (mut cases, mut lines) = (Vec::new(), Vec::new());
        let mut fault = |line: u32, message: String| {
            let issue = Issue::new("", "unreadable", message).at(TextPosition { line, column: 1 });
            faults.push(Fault { file: source.file.to_owned(), issue });
        };
        for (line, text) in (1..).zip(source.text.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            match serde_json::from_str::<Json>(text) {
                Ok(json) if head.is_some() => {
                    cases.push(json);
                    lines.push(line);
                }
                Ok(Json::Object(members)) if !members.contains_key("cases") => head = Some(members),
                Ok(_) => {
                    fault(
                        line,
                        "the first line is the head: an object with a name and without cases".to_owned(),
                    );
                    head = Some(Map::new());
                }
                Err(error) => fault(line, error.to_string()),
            }
        }
        if !faults.is_empty() {
            return Err(DatasetError { faults });
        }
        let mut json = head.unwrap_or_default();
        json.insert("cases".to_owned(), cases.into());
        Ok(Self { source, json: json.into(), lines })
    }

    /// As a type whose schema it fits.
    fn typed<T: DeserializeOwned>(&self, schema: &Json) -> Result<T, DatasetError> {
        let internal = |message: String| self.faults(vec![Issue::new("", "unreadable", message)]);
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(schema).map_err(|error| internal(error.to_string()))?;
        let issues: Vec<_> =
            validator.iter_errors(&self.json).flat_map(|error| explain::issues(&error, schema)).collect();
        if !issues.is_empty() {
            return Err(self.faults(issues));
        }
        T::deserialize(&self.json).map_err(|error| internal(error.to_string()))
    }

    fn checked<T>(&self, value: T, issues: Vec<Issue>) -> Result<T, DatasetError> {
        if issues.is_empty() { Ok(value) } else { Err(self.faults(issues)) }
    }

    fn faults(&self, issues: Vec<Issue>) -> DatasetError {
        let more = issues.len().saturating_sub(MOST_FAULTS);
        let places = match self.source.format {
            Format::Yaml => Places::of(self.source.text),
            Format::JsonLines => None,
        };
        let fault = |issue| self.fault(issue, places.as_ref());
        let mut faults: Vec<_> = issues.into_iter().take(MOST_FAULTS).map(fault).collect();
        faults.sort_by_key(|fault| fault.issue.position.map(|position| (position.line, position.column)));
        if more > 0 {
            let issue = Issue::new("", "more", format!("{more} more are wrong"));
            faults.push(Fault { file: self.source.file.to_owned(), issue });
        }
        DatasetError { faults }
    }

    fn fault(&self, issue: Issue, places: Option<&Places>) -> Fault {
        let position = match self.source.format {
            Format::Yaml => places.map(|places| places.position(&issue.path)),
            Format::JsonLines => {
                let index =
                    issue.path.strip_prefix("cases[").and_then(|rest| rest.split(']').next()?.parse().ok());
                let line = index.and_then(|index: usize| self.lines.get(index)).copied().unwrap_or(1);
                Some(TextPosition { line, column: 1 })
            }
        };
        let message = text::excerpt(&issue.message, 500);
        Fault { file: self.source.file.to_owned(), issue: Issue { position, message, ..issue } }
    }
}
