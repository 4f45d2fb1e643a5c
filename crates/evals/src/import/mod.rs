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

/// A text that is not of the format it was said to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this cannot be read: {0}")]
pub struct ImportError(pub String);

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

    fn into_imported(self, name: &str, description: String) -> Imported {
        let dataset = Dataset {
            name: name.to_owned(),
            description,
            tags: Vec::new(),
            fixture: Fixture::default(),
            defaults: Defaults::default(),
            script: Vec::new(),
            cases: self.cases,
        };
        Imported { dataset, unsupported: self.unsupported }
    }
}

/// A case that says these turns and expects nothing yet.
fn plain(name: String, turns: Vec<String>) -> Case {
    Case { name, turns, ..Case::default() }
}
