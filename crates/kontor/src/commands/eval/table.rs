//! Results as tables that fit a terminal.

use kontor_core::text::one_line;
use kontor_evals::{
    report::{Report, compare::Comparison},
    stats::Summary,
};

use crate::terminal;

/// Cases that are told one by one at most; all stand in the JSON.
const MOST_CASES: usize = 40;
/// The width of what goes to a file or a pipe.
const USUAL_WIDTH: usize = 100;

fn width() -> usize {
    let terminal = console::Term::stdout();
    terminal.size_checked().map_or(USUAL_WIDTH, |(_, columns)| usize::from(columns).clamp(40, 160))
}

/// A text in so many columns, cut off or filled up.
fn fitted(text: &str, columns: usize) -> String {
    console::pad_str(&one_line(text), columns, console::Alignment::Left, Some("…")).into_owned()
}

fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{:.1} %", part * 100.0))
}

/// What is known of the cost.
fn dollars(summary: &Summary) -> String {
    if summary.cost_unknown == summary.trials {
        return "-".to_owned();
    }
    let more = if summary.cost_unknown > 0 { "+" } else { "" };
    u32::try_from(summary.cost_micros)
        .map_or_else(|_| "-".to_owned(), |micros| format!("${:.4}{more}", f64::from(micros) / 1e6))
}

/// Numbers of datasets, of tags and in all, and the cases that did not pass.
pub(super) fn report(report: &Report) {
    let name = width().saturating_sub(58).clamp(12, 50);
    let heading = format!(
        "{}  {:>6} {:>7} {:>8} {:>8} {:>9} {:>8}",
        fitted("", name),
        "trials",
        "passed",
        "pass@1",
        format!("pass^{}", report.totals.pass_hat.last_key_value().map_or(1, |(k, _)| *k)),
        "cost",
        "p95"
    );
    terminal::line(heading.trim_end());
    for (dataset, summary) in &report.datasets {
        terminal::line(&row(&fitted(dataset, name), summary));
    }
    // All stand in the JSON; here are those where something is wrong.
    for (tag, summary) in report.tags.iter().filter(|(_, summary)| summary.passed < summary.trials) {
        terminal::line(&row(&fitted(&format!("  #{tag}"), name), summary));
    }
    terminal::line(&row(&fitted("all", name), &report.totals));
    if let Some(attacks) = &report.totals.attacks {
        let part = |interval: &Option<kontor_evals::stats::Interval>| {
            percent(interval.as_ref().map(|interval| interval.mean))
        };
        terminal::line(&format!(
            "\nAttacks: success {}, benign utility {}, utility under attack {}",
            part(&attacks.attack_success),
            part(&attacks.benign_utility),
            part(&attacks.utility_under_attack),
        ));
    }
    let wrong: Vec<_> = report.cases.iter().filter(|case| !case.passed()).collect();
    if !wrong.is_empty() {
        terminal::line("");
    }
    for case in wrong.iter().take(MOST_CASES) {
        let flaky = if case.summary.flaky.is_empty() { "" } else { ", flaky" };
        let (passed, trials) = (case.summary.passed, case.summary.trials);
        terminal::line(&format!("FAIL  {}: {passed} of {trials} passed{flaky}", one_line(&case.name())));
        if let Some(why) = &case.why {
            terminal::line(&format!("      {}", fitted(why, width().saturating_sub(6)).trim_end()));
        }
    }
    if wrong.len() > MOST_CASES {
        terminal::line(&format!("… and {} more", wrong.len() - MOST_CASES));
    }
    if !report.skipped.is_empty() {
        let told = format!("\n{} cases are written for other models and were not run.", report.skipped.len());
        terminal::line(&told);
    }
    if let Some(remark) = &report.remark {
        terminal::line(&format!("\nNote: {remark}"));
    }
}

fn row(name: &str, summary: &Summary) -> String {
    let most = summary.pass_hat.last_key_value().map(|(_, value)| *value);
    let slow = summary.latency_p95_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
    format!(
        "{name}  {:>6} {:>7} {:>8} {:>8} {:>9} {:>8}",
        summary.trials,
        summary.passed,
        percent(summary.pass_at_1.as_ref().map(|passing| passing.mean)),
        percent(most),
        dollars(summary),
        slow
    )
}

/// Why a run did not pass.
pub(super) fn verdict(report: &Report) -> String {
    let Summary { trials, passed, unjudged, .. } = &report.totals;
    match unjudged {
        0 => format!("{passed} of {trials} trials passed"),
        unjudged => format!("{passed} of {trials} trials passed; {unjudged} could not be run or judged"),
    }
}

/// What is different between two results.
pub(super) fn comparison(comparison: &Comparison) {
    for line in comparison.lines().iter().flat_map(|text| text.split('\n')) {
        let indent = line.len() - line.trim_start().len();
        terminal::line(&format!("{:indent$}{}", "", one_line(line)));
    }
}
