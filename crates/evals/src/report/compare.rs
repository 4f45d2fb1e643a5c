//! Two runs, paired by case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaseFigures, Figures, Report};
use crate::stats::{self, Bootstrap};

/// What is different between two results. Only cases that both have are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Whether both are runs of builtin or the scripted model, which say nothing of an agent's quality.
    pub remark: Option<String>,
    /// Cases that both have.
    pub compared: u32,
    /// Cases that only one of them has, as `dataset/case`.
    pub only_before: Vec<String>,
    pub only_after: Vec<String>,
    /// Those that passed in no more trials than before and in every trial now.
    pub fixed: Vec<String>,
    /// Those that passed in every trial before and do not now.
    pub broken: Vec<String>,
    pub flaky: Vec<String>,
    /// Whether the change of passes can be chance: the exact test of McNemar over the cases, each passed where all its
    /// trials did. Absent where no case changed, so that nothing can be said.
    pub mcnemar_p: Option<f64>,
    /// The difference of the cases' scores, after less before.
    pub score: Bootstrap,
    pub before: Summary,
    pub after: Summary,
}

/// The numbers of one side that stand beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    pub digest: String,
    pub pass_at_1: Option<f64>,
    pub score: Option<f64>,
    pub cost_micros: Option<u64>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub latency_ms_p50: Option<u64>,
    pub latency_ms_p95: Option<u64>,
}

impl Summary {
    fn of(report: &Report) -> Self {
        let Figures { pass_at_1, score, cost_micros, input_tokens, output_tokens, .. } = report.totals;
        Self {
            digest: report.digest.clone(),
            pass_at_1,
            score,
            cost_micros,
            input_tokens,
            output_tokens,
            latency_ms_p50: report.totals.latency_ms_p50,
            latency_ms_p95: report.totals.latency_ms_p95,
        }
    }
}

fn name(case: &CaseFigures) -> String {
    let attacked = if case.attacked { " (under attack)" } else { "" };
    format!("{}/{}{attacked}", case.dataset, case.case)
}

/// Whether all of its trials passed, and under attack the attacker got nothing.
fn passed(case: &CaseFigures) -> bool {
    case.passed == case.trials && case.attacks_succeeded.unwrap_or(0) == 0
}

/// Compares two results.
pub fn compare(before: &Report, after: &Report) -> Comparison {
    let by_name = |report: &'_ Report| -> BTreeMap<String, CaseFigures> {
        report.cases.iter().map(|case| (name(case), case.clone())).collect()
    };
    let (first, second) = (by_name(before), by_name(after));
    let only = |some: &BTreeMap<String, CaseFigures>, others: &BTreeMap<String, CaseFigures>| {
        some.keys().filter(|name| !others.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let pairs: Vec<_> =
        first.iter().filter_map(|(name, one)| Some((name, one, second.get(name)?))).collect();
    let changed = |from: bool, to: bool| {
        let cases = pairs.iter().filter(|(_, one, other)| passed(one) == from && passed(other) == to);
        cases.map(|(name, ..)| (*name).clone()).collect::<Vec<_>>()
    };
    let (fixed, broken) = (changed(false, true), changed(true, false));
    let scores: Vec<_> = pairs.iter().map(|(_, one, other)| (one.score, other.score)).collect();
    let count = |names: &[String]| u64::try_from(names.len()).unwrap_or(u64::MAX);
    let flaky = pairs.iter().filter(|(_, one, other)| one.flaky || other.flaky);
    Comparison {
        remark: before.remark.clone().or_else(|| after.remark.clone()),
        compared: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        only_before: only(&first, &second),
        only_after: only(&second, &first),
        mcnemar_p: stats::mcnemar(count(&broken), count(&fixed)),
        score: stats::paired_bootstrap(&scores),
        flaky: flaky.map(|(name, ..)| (*name).clone()).collect(),
        fixed,
        broken,
        before: Summary::of(before),
        after: Summary::of(after),
    }
}
