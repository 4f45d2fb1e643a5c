//! Two runs, paired by case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaseResult, Report};
use crate::stats::{Interval, McNemar, Paired, Summary, mcnemar, paired};

/// The seed of the bootstrap: the same results have the same comparison.
const SEED: u64 = 1;

/// What is different between two results. Cases that only one of them has are named, and not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Where a run is one of builtin or the scripted model, which say nothing of an agent's quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Cases that both have.
    pub compared: usize,
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
    let pairs: Vec<_> = first.iter().filter_map(|(name, one)| Some((name, one, second.get(name)?))).collect();
    let named = |holds: &dyn Fn(&CaseResult, &CaseResult) -> bool| -> Vec<String> {
        pairs.iter().filter(|(_, one, other)| holds(one, other)).map(|(name, ..)| (*name).clone()).collect()
    };
    let fixed = named(&|one, other| !one.passed() && other.passed());
    let broke = named(&|one, other| one.passed() && !other.passed());
    let scores: Vec<_> = pairs.iter().map(|(_, one, other)| (one.score(), other.score())).collect();
    Comparison {
        remark: before.remark.clone().or_else(|| after.remark.clone()),
        compared: pairs.len(),
        only_before: only(&first, &second),
        only_after: only(&second, &first),
        flaky: named(&|one, other| !one.summary.flaky.is_empty() || !other.summary.flaky.is_empty()),
        mcnemar: mcnemar(fixed.len(), broke.len()),
        scores: paired(&scores, SEED),
        fixed,
        broke,
        before: before.totals.clone(),
        after: after.totals.clone(),
    }
}

impl Comparison {
    /// It in words, for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{} cases are in both.", self.compared)];
        for (what, names) in [
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
        let dollars = |summary: &Summary| format!("{} millionths of a dollar", summary.cost_micros);
        let slow =
            |summary: &Summary| summary.latency_p95_ms.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
        lines.push(format!("Cost: {}, then {}", dollars(&self.before), dollars(&self.after)));
        lines.push(format!("Tokens: {}, then {}", self.before.tokens, self.after.tokens));
        lines.push(format!("p95 of latency: {}, then {}", slow(&self.before), slow(&self.after)));
        if let Some(remark) = &self.remark {
            lines.push(format!("\nNote: {remark}"));
        }
        lines
    }
}

fn within(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(" ({note})") }
}
