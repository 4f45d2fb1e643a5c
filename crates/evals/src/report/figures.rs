//! Trials counted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    run::TrialRecord,
    stats::{self, Interval},
};

/// What trials come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Cases, those under attack counted as cases of their own.
    pub cases: u32,
    pub trials: u32,
    pub passed: u32,
    /// Trials that could not be run or judged. They are among `trials`, and never among `passed`.
    pub not_judged: u32,
    /// The part of trials that passed, averaged over cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_at_1: Option<f64>,
    /// The probability that a case passes k times in a row, averaged over cases.
    pub pass_hat: Vec<PassHat>,
    /// The mean of the trials' scores; one that was not judged counts 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Of `pass_at_1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Cases that passed sometimes: `dataset/case`.
    pub flaky: Vec<String>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a US dollar; absent where a price is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// Half of the trials took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms_p50: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms_p95: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attacks: Option<AttackFigures>,
}

/// pass^k for one k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PassHat {
    pub k: u32,
    pub value: f64,
}

/// What came of attacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttackFigures {
    /// Trials with the attacker's text.
    pub trials: u32,
    /// Those in which the attacker got what was wanted; one that was not judged counts as one.
    pub succeeded: u32,
    /// The part in which the attacker got what was wanted.
    pub attack_success: f64,
    /// The part of trials that passed without the attacker's text.
    pub benign_utility: f64,
    /// The part of trials that passed with it, and in which the attacker got nothing.
    pub utility_under_attack: f64,
}

/// What the trials of a case come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseFigures {
    pub dataset: String,
    pub case: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attacked: bool,
    pub trials: u32,
    pub passed: u32,
    pub not_judged: u32,
    /// It passed sometimes.
    pub flaky: bool,
    pub score: f64,
    /// Under attack: the trials in which the attacker got what was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attacks_succeeded: Option<u32>,
    /// The first thing that was not as expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

fn count<'t>(trials: &[&'t TrialRecord], holds: impl Fn(&'t TrialRecord) -> bool) -> u32 {
    u32::try_from(trials.iter().filter(|trial| holds(trial)).count()).unwrap_or(u32::MAX)
}

fn part(of: u32, all: u32) -> f64 {
    if all == 0 { 0.0 } else { f64::from(of) / f64::from(all) }
}

/// The trials of each case, in their order.
fn cases<'t>(trials: &[&'t TrialRecord]) -> Vec<Vec<&'t TrialRecord>> {
    let mut found: Vec<Vec<&TrialRecord>> = Vec::new();
    let mut places: BTreeMap<(&str, &str, bool), usize> = BTreeMap::new();
    for trial in trials {
        let key = (&*trial.key.dataset, &*trial.key.case, trial.key.attacked);
        let place = *places.entry(key).or_insert_with(|| {
            found.push(Vec::new());
            found.len() - 1
        });
        if let Some(of_case) = found.get_mut(place) {
            of_case.push(trial);
        }
    }
    found
}

fn score(trials: &[&TrialRecord]) -> Option<f64> {
    let scores = trials.iter().map(|trial| trial.grade.as_ref().and_then(|grade| grade.score).unwrap_or(0.0));
    stats::mean(&scores.collect::<Vec<_>>())
}

/// Whether the attacker got what was wanted; where that could not be judged, one takes it that they did.
fn was_attacked(trial: &TrialRecord) -> bool {
    trial.grade.as_ref().and_then(|grade| grade.attack.as_ref()).is_none_or(|attack| attack.succeeded)
}

impl Figures {
    pub fn of(trials: &[&TrialRecord]) -> Self {
        let by_case = cases(trials);
        let counts: Vec<(u32, u32)> = by_case
            .iter()
            .map(|of_case| (count(of_case, |_| true), count(of_case, TrialRecord::passed)))
            .collect();
        let rates: Vec<f64> = counts.iter().map(|(all, passed)| part(*passed, *all)).collect();
        let most = counts.iter().map(|(all, _)| *all).min().unwrap_or(0);
        let pass_hat = (1..=most).filter_map(|k| {
            let each: Option<Vec<f64>> =
                counts.iter().map(|(all, passed)| stats::pass_hat_k(*all, *passed, k)).collect();
            Some(PassHat { k, value: stats::mean(&each?)? })
        });
        let flaky = by_case.iter().zip(&counts).filter(|(_, (all, passed))| *passed > 0 && passed < all);
        let name = |of_case: &Vec<&TrialRecord>| {
            let key = &of_case.first()?.key;
            let attacked = if key.attacked { " (under attack)" } else { "" };
            Some(format!("{}/{}{attacked}", key.dataset, key.case))
        };
        let latencies: Vec<u64> = trials
            .iter()
            .filter(|trial| trial.not_run.is_none())
            .map(|trial| trial.usage.latency_ms)
            .collect();
        let cost: Option<u64> = trials.iter().map(|trial| trial.usage.cost_micros).sum();
        Self {
            cases: u32::try_from(by_case.len()).unwrap_or(u32::MAX),
            trials: count(trials, |_| true),
            passed: count(trials, TrialRecord::passed),
            not_judged: count(trials, |trial| !trial.is_judged()),
            pass_at_1: stats::mean(&rates),
            pass_hat: pass_hat.collect(),
            score: score(trials),
            interval: stats::interval(&rates),
            flaky: flaky.filter_map(|(of_case, _)| name(of_case)).collect(),
            input_tokens: trials.iter().map(|trial| trial.usage.input_tokens).sum(),
            output_tokens: trials.iter().map(|trial| trial.usage.output_tokens).sum(),
            cost_micros: cost,
            latency_ms_p50: stats::percentile(&latencies, 50),
            latency_ms_p95: stats::percentile(&latencies, 95),
            attacks: AttackFigures::of(trials),
        }
    }
}

impl AttackFigures {
    fn of(trials: &[&TrialRecord]) -> Option<Self> {
        let (attacked, benign): (Vec<&TrialRecord>, Vec<&TrialRecord>) =
            trials.iter().copied().partition(|trial| trial.key.attacked);
        if attacked.is_empty() {
            return None;
        }
        // Those that are run both ways alone.
        let is_pair = |trial: &&TrialRecord| {
            attacked.iter().any(|other| other.key.case == trial.key.case && other.key.dataset == trial.key.dataset)
        };
        let benign: Vec<_> = benign.into_iter().filter(is_pair).collect();
        let all = count(&attacked, |_| true);
        let succeeded = count(&attacked, was_attacked);
        let useful = count(&attacked, |trial| trial.passed() && !was_attacked(trial));
        Some(Self {
            trials: all,
            succeeded,
            attack_success: part(succeeded, all),
            benign_utility: part(count(&benign, TrialRecord::passed), count(&benign, |_| true)),
            utility_under_attack: part(useful, all),
        })
    }
}

/// What each case comes to, in their order.
pub(super) fn by_case(trials: &[&TrialRecord]) -> Vec<CaseFigures> {
    let figures = cases(trials).into_iter().filter_map(|of_case| {
        let key = of_case.first()?.key.clone();
        let (all, passed) = (count(&of_case, |_| true), count(&of_case, TrialRecord::passed));
        Some(CaseFigures {
            dataset: key.dataset,
            case: key.case,
            attacked: key.attacked,
            trials: all,
            passed,
            not_judged: count(&of_case, |trial| !trial.is_judged()),
            flaky: passed > 0 && passed < all,
            score: score(&of_case).unwrap_or(0.0),
            attacks_succeeded: key.attacked.then(|| count(&of_case, was_attacked)),
            why: of_case.iter().find_map(|trial| why(trial)),
        })
    });
    figures.collect()
}

/// The first thing that was not as expected in a trial.
fn why(trial: &TrialRecord) -> Option<String> {
    if let Some(not_run) = &trial.not_run {
        return Some(format!("not run: {not_run}"));
    }
    let grade = trial.grade.as_ref()?;
    let wrong = grade.parts.iter().find(|part| !part.passed).and_then(|part| part.why.first()).cloned();
    let attacked = grade.attack.as_ref().filter(|attack| attack.succeeded);
    let attacked = attacked.map(|attack| format!("the attack worked: {}", attack.why.join("; ")));
    grade.errors.first().map(|error| format!("not judged: {error}")).or(wrong).or(attacked)
}
