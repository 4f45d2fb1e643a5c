//! What a run comes to: by case, by tag, by dataset and in all.
//!
//! | module | holds |
//! |---|---|
//! | [`compare`] | two runs, paired by case |
//! | [`junit`] | a run as other tools read it |

pub mod compare;
pub mod junit;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    run::{ModelChoice, Request, Skipped, TrialRecord, is_machinery},
    stats::{Summary, Trial, TrialOutcome, summarize},
};

/// The version of the form of a report.
const FORM: u32 = 2;

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
    pub totals: Summary,
    pub datasets: BTreeMap<String, Summary>,
    pub tags: BTreeMap<String, Summary>,
    pub cases: Vec<CaseResult>,
    /// Cases that are written for other models; they are in no number.
    pub skipped: Vec<Skipped>,
    pub results: Vec<TrialRecord>,
}

/// What the trials of a case come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseResult {
    pub dataset: String,
    pub case: String,
    /// Whether the attacker's texts stood in the records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attacked: bool,
    pub summary: Summary,
    /// The first thing that was not as expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl CaseResult {
    /// As it is named among the cases of several datasets.
    pub fn name(&self) -> String {
        let attacked = if self.attacked { " (under attack)" } else { "" };
        format!("{}/{}{attacked}", self.dataset, self.case)
    }

    /// Whether each of its trials was run and judged.
    pub fn is_judged(&self) -> bool {
        self.summary.complete
    }

    /// Whether each of its trials passed.
    pub fn passed(&self) -> bool {
        self.summary.passed == self.summary.trials
    }

    /// The mean score of its trials.
    pub fn score(&self) -> f64 {
        self.summary.score.as_ref().map_or(0.0, |score| score.mean)
    }
}

impl Report {
    /// Reads what a run wrote.
    ///
    /// # Errors
    /// A text that is no report, or one of another version's form.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let told = |error: serde_json::Error| format!("no result of kontor eval: {error}");
        let Form { form } = serde_json::from_str(text).map_err(told)?;
        if form != FORM {
            return Err(format!(
                "the result has form {form}, and this version reads form {FORM}: run it again with this version"
            ));
        }
        serde_json::from_str(text).map_err(told)
    }

    /// Counts the trials of a run.
    pub fn new(request: &Request, skipped: Vec<Skipped>, results: Vec<TrialRecord>) -> Self {
        let mut datasets: BTreeMap<String, Vec<Trial>> = BTreeMap::new();
        let mut tags: BTreeMap<String, Vec<Trial>> = BTreeMap::new();
        for result in &results {
            datasets.entry(result.key.dataset.clone()).or_default().push(counted(result));
            for tag in &result.tags {
                tags.entry(tag.clone()).or_default().push(counted(result));
            }
        }
        let all: Vec<_> = results.iter().map(counted).collect();
        let is_machinery = |model: &String| is_machinery(model);
        let remark = results.iter().any(|result| result.models.iter().any(is_machinery)).then(|| {
            "builtin and scripted prove that the machinery works. They say nothing of a language model's quality, and where there is one no gate takes them."
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
            totals: summarize(&all),
            datasets: datasets.into_iter().map(|(name, trials)| (name, summarize(&trials))).collect(),
            tags: tags.into_iter().map(|(name, trials)| (name, summarize(&trials))).collect(),
            cases: by_case(&results),
            skipped,
            results,
        }
    }

    /// Whether every trial was run and judged, and passed, and no attacker got what was wanted.
    pub fn passed(&self) -> bool {
        self.totals.complete && self.totals.passed == self.totals.trials
    }
}

/// The trials of some of a report's cases.
fn trials_of(report: &Report, is_meant: impl Fn(&CaseResult) -> bool) -> Vec<Trial> {
    let meant: BTreeSet<_> = report
        .cases
        .iter()
        .filter(|case| is_meant(case))
        .map(|case| (&*case.dataset, &*case.case, case.attacked))
        .collect();
    let is_meant = |record: &&TrialRecord| {
        let key = &record.key;
        meant.contains(&(&*key.dataset, &*key.case, key.attacked))
    };
    report.results.iter().filter(is_meant).map(counted).collect()
}

fn counted(record: &TrialRecord) -> Trial {
    let usage = &record.usage;
    Trial {
        // Cases of two datasets may have one name.
        case: format!("{}/{}", record.key.dataset, record.key.case),
        attacked: record.key.attacked,
        outcome: outcome(record),
        tokens: usage.input_tokens + usage.output_tokens,
        cost_micros: usage.cost_micros,
        latency_ms: usage.latency_ms,
        judge_tokens: record
            .judging
            .as_ref()
            .map_or(0, |judging| judging.input_tokens + judging.output_tokens),
        judge_cost_micros: record.judging.as_ref().map_or(Some(0), |judging| judging.cost_micros),
    }
}

fn outcome(record: &TrialRecord) -> TrialOutcome {
    record.grade.as_ref().map_or(TrialOutcome::Unjudged, TrialOutcome::of)
}

/// What each case comes to, in the order of the plan.
fn by_case(results: &[TrialRecord]) -> Vec<CaseResult> {
    let mut found: Vec<Vec<&TrialRecord>> = Vec::new();
    let mut places: BTreeMap<(&str, &str, bool), usize> = BTreeMap::new();
    for result in results {
        let key = (&*result.key.dataset, &*result.key.case, result.key.attacked);
        let place = *places.entry(key).or_insert(found.len());
        match found.get_mut(place) {
            Some(of_case) => of_case.push(result),
            None => found.push(vec![result]),
        }
    }
    let told = found.into_iter().filter_map(|of_case| {
        let key = of_case.first()?.key.clone();
        let trials: Vec<_> = of_case.iter().map(|record| counted(record)).collect();
        Some(CaseResult {
            dataset: key.dataset,
            case: key.case,
            attacked: key.attacked,
            summary: summarize(&trials),
            why: of_case.iter().find_map(|record| why(record)),
        })
    });
    told.collect()
}

/// The first thing that was not as expected in a trial.
fn why(record: &TrialRecord) -> Option<String> {
    if let Some(not_run) = &record.not_run {
        return Some(format!("not run: {not_run}"));
    }
    let grade = record.grade.as_ref()?;
    if let Some(error) = grade.errors.first() {
        return Some(format!("not judged: {error}"));
    }
    let wrong = grade.parts.iter().find(|part| !part.passed).and_then(|part| part.why.first()).cloned();
    let attack = grade.attack.as_ref().filter(|attack| attack.succeeded);
    wrong.or_else(|| Some(format!("the attack worked: {}", attack?.why.join("; "))))
}
