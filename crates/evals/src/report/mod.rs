//! What a run comes to: by case, by tag, by dataset and in all.
//!
//! | module | holds |
//! |---|---|
//! | [`figures`](Figures) | trials counted |
//! | [`compare`] | two runs, paired by case |
//! | [`junit`] | a run as other tools read it |

pub mod compare;
mod figures;
pub mod junit;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::figures::{AttackFigures, CaseFigures, Figures, PassHat};
use crate::run::{ModelChoice, Request, Skipped, TrialRecord};

/// The version of the form of a report.
const FORM: u32 = 1;

/// A run's result. Two runs of the same with models that repeat themselves differ in their times alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub form: u32,
    /// The program's version.
    pub kontor: String,
    /// Of all that decides on the numbers: datasets, changes, models, trials.
    pub digest: String,
    pub model: ModelChoice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How often each case was tried.
    pub trials: u32,
    /// Where builtin or the scripted model answered: it proves the machinery, not the quality of an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    pub totals: Figures,
    pub datasets: BTreeMap<String, Figures>,
    pub tags: BTreeMap<String, Figures>,
    pub cases: Vec<CaseFigures>,
    /// Cases that are written for other models; they are in no number.
    pub skipped: Vec<Skipped>,
    pub results: Vec<TrialRecord>,
}

/// The models that understand nothing.
const MACHINERY: [&str; 2] = ["builtin", "scripted"];

impl Report {
    /// Counts the trials of a run.
    pub fn new(request: &Request, skipped: Vec<Skipped>, results: Vec<TrialRecord>) -> Self {
        let all: Vec<_> = results.iter().collect();
        let mut datasets: BTreeMap<String, Vec<&TrialRecord>> = BTreeMap::new();
        let mut tags: BTreeMap<String, Vec<&TrialRecord>> = BTreeMap::new();
        for result in &results {
            datasets.entry(result.key.dataset.clone()).or_default().push(result);
            for tag in &result.tags {
                tags.entry(tag.clone()).or_default().push(result);
            }
        }
        let count = |groups: BTreeMap<String, Vec<&TrialRecord>>| {
            groups.into_iter().map(|(name, trials)| (name, Figures::of(&trials))).collect()
        };
        let is_machinery = results.iter().any(|result| result.models.iter().any(|model| MACHINERY.contains(&&**model)));
        let remark = is_machinery.then(|| {
            "builtin and scripted prove that the machinery works. They say nothing of a language model's quality, and no gate takes them."
                .to_owned()
        });
        Self {
            form: FORM,
            kontor: env!("CARGO_PKG_VERSION").to_owned(),
            digest: request.digest(),
            model: request.model.clone(),
            agent: request.changes.agent.clone(),
            trials: request.trials,
            remark,
            totals: Figures::of(&all),
            datasets: count(datasets),
            tags: count(tags),
            cases: figures::by_case(&all),
            skipped,
            results,
        }
    }

    /// Whether every trial was run and judged, and passed; of attacks, that none succeeded.
    pub fn passed(&self) -> bool {
        let Figures { trials, passed, attacks, .. } = &self.totals;
        let resisted = attacks.as_ref().is_none_or(|attacks| attacks.succeeded == 0);
        passed == trials && resisted
    }
}
