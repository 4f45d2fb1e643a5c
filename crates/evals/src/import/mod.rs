//! Datasets of others, as far as they say what ours can. What they say beyond that is named, never dropped in silence.
//!
//! | module | holds |
//! |---|---|
//! | `promptfoo` | its configuration: prompts, tests with variables and assertions |
//! | `inspect` | its samples: input and target |

mod inspect;
mod promptfoo;
#[cfg(test)]
mod tests;

use kontor_core::error::Issue;

pub use self::{inspect::inspect, promptfoo::promptfoo};
use crate::dataset::{Case, Dataset, Defaults, Fixture};

/// A dataset that was made of another's.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub dataset: Dataset,
    /// What of it could not be taken over, by its path in what was imported. A case of which nothing could be judged is
    /// left out, and named here.
    pub unsupported: Vec<Issue>,
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A text that is not of the format it was said to be, with the place where it is not.
    #[error("this cannot be read: {0}")]
    Unreadable(String),
    /// No case is left; why, one line each.
    #[error("no case could be taken over\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Empty(Vec<Issue>),
}

/// What is found on the way.
#[derive(Default)]
struct Found {
    cases: Vec<Case>,
    unsupported: Vec<Issue>,
}

impl Found {
    fn unsupported(&mut self, path: &str, message: impl Into<String>) {
        self.unsupported.push(Issue::new(path, "unsupported", message));
    }

    /// Takes a case, under a name of its own.
    fn take(&mut self, mut case: Case, path: &str) {
        if case.turns.iter().all(|said| said.trim().is_empty()) {
            self.unsupported(path, "nobody says anything in it, so it is left out");
            return;
        }
        if case.expect.is_empty() {
            self.unsupported(path, "nothing of it can be judged here, so it is left out");
            return;
        }
        let wanted = case.name.clone();
        let mut number = 1;
        while self.cases.iter().any(|other| other.name == case.name) {
            number += 1;
            case.name = format!("{wanted} ({number})");
        }
        self.cases.push(case);
    }

    fn into_imported(self, name: &str, description: String) -> Result<Imported, ImportError> {
        if self.cases.is_empty() {
            return Err(ImportError::Empty(self.unsupported));
        }
        let dataset = Dataset {
            name: name_of(name),
            description,
            tags: Vec::new(),
            fixture: Fixture::default(),
            defaults: Defaults::default(),
            script: Vec::new(),
            cases: self.cases,
        };
        Ok(Imported { dataset, unsupported: self.unsupported })
    }
}

/// The most characters of a dataset's name.
const LONGEST_NAME: usize = 60;

/// A name that a dataset may have: `My tests (2)` is `my-tests-2`.
fn name_of(name: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    let folded = kontor_core::text::fold(name);
    let words = folded.split(|c| !fits(c)).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join("-").chars().take(LONGEST_NAME).collect();
    if name.is_empty() { "imported".to_owned() } else { name }
}

/// A case that says these turns and expects nothing yet.
fn plain(name: String, turns: Vec<String>) -> Case {
    Case { name, turns, ..Case::default() }
}
