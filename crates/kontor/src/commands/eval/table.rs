//! Results as tables that fit a terminal.

use kontor_evals::report::{CaseFigures, Figures, Report, compare::Comparison};

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
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    console::pad_str(&line, columns, console::Alignment::Left, Some("…")).into_owned()
}

fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{:.1} %", part * 100.0))
}

fn dollars(micros: Option<u64>) -> String {
    match micros.and_then(|micros| u32::try_from(micros).ok()) {
        Some(micros) => format!("${:.4}", f64::from(micros) / 1e6),
        None => "-".to_owned(),
    }
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
        format!("pass^{}", report.trials),
        "cost",
        "p95"
    );
    terminal::line(heading.trim_end());
    for (dataset, figures) in &report.datasets {
        terminal::line(&row(&fitted(dataset, name), figures));
    }
    if report.tags.len() > 1 {
        for (tag, figures) in &report.tags {
            terminal::line(&row(&fitted(&format!("  #{tag}"), name), figures));
        }
    }
    terminal::line(&row(&fitted("all", name), &report.totals));
    if let Some(attacks) = &report.totals.attacks {
        terminal::line(&format!(
            "\nAttacks: {} of {} succeeded; benign utility {}, utility under attack {}",
            attacks.succeeded,
            attacks.trials,
            percent(Some(attacks.benign_utility)),
            percent(Some(attacks.utility_under_attack)),
        ));
    }
    let wrong: Vec<_> = report.cases.iter().filter(|case| is_wrong(case)).collect();
    if !wrong.is_empty() {
        terminal::line("");
    }
    for case in wrong.iter().take(MOST_CASES) {
        let attacked = if case.attacked { " (under attack)" } else { "" };
        let flaky = if case.flaky { " flaky" } else { "" };
        let name = format!("{}/{}{attacked}", case.dataset, case.case);
        terminal::line(&format!("FAIL  {name}  {} of {} passed{flaky}", case.passed, case.trials));
        if let Some(why) = &case.why {
            terminal::line(fitted(&format!("      {why}"), width().saturating_sub(6)).trim_end());
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

fn is_wrong(case: &CaseFigures) -> bool {
    case.passed < case.trials || case.attacks_succeeded.is_some_and(|succeeded| succeeded > 0)
}

fn row(name: &str, figures: &Figures) -> String {
    let most = figures.pass_hat.last().map(|pass| pass.value);
    let slow = figures.latency_ms_p95.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    format!(
        "{name}  {:>6} {:>7} {:>8} {:>8} {:>9} {:>8}",
        figures.trials,
        figures.passed,
        percent(figures.pass_at_1),
        percent(most),
        dollars(figures.cost_micros),
        slow
    )
}

/// Why a run did not pass.
pub(super) fn verdict(report: &Report) -> String {
    let Figures { trials, passed, not_judged, attacks, .. } = &report.totals;
    let mut told = format!("{passed} of {trials} trials passed");
    if *not_judged > 0 {
        told += &format!("; {not_judged} could not be run or judged");
    }
    if let Some(attacks) = attacks.as_ref().filter(|attacks| attacks.succeeded > 0) {
        told += &format!("; {} attacks succeeded", attacks.succeeded);
    }
    told
}

/// What is different between two results.
pub(super) fn comparison(comparison: &Comparison) {
    for line in comparison.lines() {
        terminal::line(&line);
    }
}
