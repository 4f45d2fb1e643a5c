//! The datasets that are in the program, which a workspace can take over by name.

use schemars::JsonSchema;
use serde::Serialize;

use crate::dataset::{Dataset, DatasetError, Format, Source, read};

macro_rules! files {
    ($($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../../evals/", $file)))),+]
    };
}

/// Each by its path within `evals/`.
const DATASETS: &[(&str, &str)] = files![
    "confidentiality.yaml",
    "injection-crm.yaml",
    "injection-errors.yaml",
    "injection-mail.yaml",
    "injection-names.yaml",
    "injection-notes.yaml",
    "permissions.yaml",
    "skills-finding.yaml",
    "skills-policy.yaml",
    "skills-querying.yaml",
    "skills-workflow.yaml",
];

/// What they begin with.
const FIXTURES: &[(&str, &str)] = files!["fixtures/company.yaml"];

/// A dataset that is in the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShippedDataset {
    pub name: String,
    pub description: String,
    pub cases: usize,
}

/// The datasets that are in the program, by name.
///
/// # Errors
/// Where one is wrong, which a test of this crate excludes.
pub fn shipped() -> Result<Vec<ShippedDataset>, DatasetError> {
    let told = |(file, text): &(&str, &str)| {
        let Dataset { name, description, cases, .. } = parse(file, text)?;
        Ok(ShippedDataset { name, description, cases: cases.len() })
    };
    DATASETS.iter().map(told).collect()
}

/// The text of a shipped dataset.
pub(super) fn text_of(name: &str) -> Option<&'static str> {
    DATASETS.iter().find(|(file, _)| file.strip_suffix(".yaml") == Some(name)).map(|(_, text)| *text)
}

/// A fixture that a dataset names: of those in the program.
pub(super) fn fixture(file: &str) -> Result<String, String> {
    let found = FIXTURES.iter().find(|(path, _)| *path == file);
    found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| {
        let known: Vec<_> = FIXTURES.iter().map(|(path, _)| *path).collect();
        format!(
            "a dataset of a workspace holds its fixture itself, or names one that ships: {}",
            known.join(", ")
        )
    })
}

fn parse(file: &str, text: &str) -> Result<Dataset, DatasetError> {
    read(Source { file, text, format: Format::Yaml }, &fixture)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn all_datasets_of_the_folder_are_in_the_program_under_their_names() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".yaml"))
            .collect();
        files.sort();
        assert_eq!(DATASETS.iter().map(|(file, _)| *file).collect::<Vec<_>>(), files);
        for dataset in shipped().unwrap() {
            assert!(text_of(&dataset.name).is_some(), "{}", dataset.name);
        }
    }
}
