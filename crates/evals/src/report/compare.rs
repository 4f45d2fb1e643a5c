//! Two runs, paired by case.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaseResult, Report};
use crate::stats::{Interval, McNemar, Paired, Summary, mcnemar, paired, summarize};

/// The seed of the bootstrap: the same results have the same comparison.
const SEED: u64 = 1;

/// What is different between two results. Cases that only one of them has, or of which one was not judged, are named and
/// not compared: nothing can be said of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Where a run is one of builtin or the scripted model, which say nothing of an agent's quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Cases that both have and that were judged in both.
    pub compared: usize,
    /// Cases that both have, of which a trial of one was not run or not judged.
    pub unjudged: Vec<String>,
    pub only_before: Vec<String>,
    pub only_after: Vec<String>,
    /// Cases that pass in every trial now, and did not before.
    pub fixed: Vec<String>,
    /// Cases that passed in every trial before, and do not now.
    pub broke: Vec<String>,
    /// Cases that pass sometimes in one of them: what is said of them may be chance.
    pub flaky: Vec<String>,
    pub mcnemar: McNemar,
    /// Of the cases' scores.
    pub scores: Paired,
    /// What the compared cases come to in each: cases, cost, tokens and latency of no other.
    pub before: Summary,
    pub after: Summary,
}

/// Compares two results.
pub fn compare(before: &Report, after: &Report) -> Comparison {
    let by_name = |report: &Report| -> BTreeMap<String, CaseResult> {
        report.cases.iter().map(|case| (case.name(), case.clone())).collect()
    };
    let (first, second) = (by_name(before), by_name(after));
    let only = |some: &BTreeMap<String, CaseResult>, others: &BTreeMap<String, CaseResult>| -> Vec<_> {
        some.keys().filter(|name| !others.contains_key(*name)).cloned().collect()
    };
    let both = first.iter().filter_map(|(name, one)| Some((name, one, second.get(name)?)));
    let (pairs, unjudged): (Vec<_>, Vec<_>) =
        both.partition(|(_, one, other)| one.is_judged() && other.is_judged());
    let named = |holds: &dyn Fn(&CaseResult, &CaseResult) -> bool| -> Vec<String> {
        pairs.iter().filter(|(_, one, other)| holds(one, other)).map(|(name, ..)| (*name).clone()).collect()
    };
    let fixed = named(&|one, other| !one.passed() && other.passed());
    let broke = named(&|one, other| one.passed() && !other.passed());
    let compared: BTreeSet<_> = pairs.iter().map(|(name, ..)| name.as_str()).collect();
    let of_pairs =
        |report: &Report| summarize(&super::trials_of(report, |case| compared.contains(&*case.name())));
    let scores: Vec<_> = pairs.iter().map(|(_, one, other)| (one.score(), other.score())).collect();
    Comparison {
        remark: before.remark.clone().or_else(|| after.remark.clone()),
        compared: pairs.len(),
        unjudged: unjudged.into_iter().map(|(name, ..)| name.clone()).collect(),
        only_before: only(&first, &second),
        only_after: only(&second, &first),
        flaky: named(&|one, other| !one.summary.flaky.is_empty() || !other.summary.flaky.is_empty()),
        mcnemar: mcnemar(fixed.len(), broke.len()),
        scores: paired(&scores, SEED),
        fixed,
        broke,
        before: of_pairs(before),
        after: of_pairs(after),
    }
}

impl Comparison {
    /// It in words, for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} cases are compared.", self.compared)];
        for (what, names) in [
            ("not compared, since not all of their trials were run and judged", &self.unjudged),
            ("only in the first", &self.only_before),
            ("only in the second", &self.only_after),
            ("fixed", &self.fixed),
            ("broke", &self.broke),
            ("flaky", &self.flaky),
        ] {
            if !names.is_empty() {
                lines.push(format!("\n{what}: {}", names.len()));
                lines.extend(names.iter().map(|name| format!("  {name}")));
            }
        }
        let McNemar { p_value, note, .. } = &self.mcnemar;
        let p_value = p_value.map_or_else(|| "-".to_owned(), |p| format!("p = {p:.4}"));
        lines.push(format!(
            "\nPasses by chance alone as different (McNemar, exact): {p_value}{}",
            within(note)
        ));
        let difference = match &self.scores.difference {
            Some(Interval { mean, low: Some(low), high: Some(high), level, .. }) => {
                format!("{mean:+.3}, with {:.0} % between {low:+.3} and {high:+.3}", level * 100.0)
            }
            Some(Interval { mean, note, .. }) => format!("{mean:+.3}{}", within(note)),
            None => "-".to_owned(),
        };
        lines.push(format!("Difference of scores: {difference}"));
        let slow =
            |summary: &Summary| summary.latency_p95_ms.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
        lines.push(format!("Cost of the compared cases: {}, then {}", cost(&self.before), cost(&self.after)));
        lines.push(format!("Tokens: {}, then {}", self.before.tokens, self.after.tokens));
        lines.push(format!("p95 of latency: {}, then {}", slow(&self.before), slow(&self.after)));
        if let Some(remark) = &self.remark {
            lines.push(format!("\nNote: {remark}"));
        }
        lines
    }
}

/// What is known of the cost.
fn cost(summary: &Summary) -> String {
    let known = summary.trials - summary.cost_unknown;
    let dollars = kontor_core::usage::dollars(summary.cost_micros);
    match summary.cost_unknown {
        0 => dollars,
        _ if known == 0 => "not known".to_owned(),
        _ => format!("{dollars} for {known} of {} trials", summary.trials),
    }
}

fn within(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(" ({note})") }
}
