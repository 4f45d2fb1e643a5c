//! A run as JUnit's XML, which build servers read: a suite for each dataset, a test for each trial.

use junit_report::{Duration, ReportBuilder, TestCase, TestSuiteBuilder};

use super::Report;
use crate::run::TrialRecord;

/// The XML of a run. A trial that could not be run or judged is an *error*, one that did not pass a *failure*.
///
/// # Errors
/// Where it cannot be written.
pub fn xml(report: &Report) -> Result<Vec<u8>, String> {
    let mut all = ReportBuilder::new();
    for dataset in report.datasets.keys() {
        let mut suite = TestSuiteBuilder::new(dataset);
        for trial in report.results.iter().filter(|trial| &trial.key.dataset == dataset) {
            suite.add_testcase(test(trial));
        }
        for skipped in report.skipped.iter().filter(|skipped| &skipped.dataset == dataset) {
            suite.add_testcase(TestCase::skipped(&skipped.case));
        }
        all.add_testsuite(suite.build());
    }
    let mut written = Vec::new();
    all.build().write_xml(&mut written).map_err(|error| error.to_string())?;
    Ok(written)
}

fn test(trial: &TrialRecord) -> TestCase {
    let key = &trial.key;
    let attacked = if key.attacked { " (under attack)" } else { "" };
    let name = allowed(&format!("{}{attacked} #{}", key.case, key.trial));
    let took =
        Duration::milliseconds(i64::try_from(trial.usage.latency_ms.unwrap_or_default()).unwrap_or(i64::MAX));
    if let Some(why) = &trial.not_run {
        return TestCase::error(&name, took, "not run", &allowed(why));
    }
    let Some(grade) = &trial.grade else { return TestCase::error(&name, took, "not run", "") };
    if !grade.errors.is_empty() {
        return TestCase::error(&name, took, "not judged", &allowed(&grade.errors.join("\n")));
    }
    if let Some(attack) = grade.attack.as_ref().filter(|attack| attack.succeeded) {
        return TestCase::failure(&name, took, "the attack worked", &allowed(&attack.why.join("\n")));
    }
    if grade.passed {
        return TestCase::success(&name, took);
    }
    let wrong: Vec<_> =
        grade.parts.iter().filter(|part| !part.passed).flat_map(|part| part.why.iter().cloned()).collect();
    TestCase::failure(&name, took, "not as expected", &allowed(&wrong.join("\n")))
}

/// A text with marks in the place of characters that XML cannot hold, not even escaped (XML 1.0, section 2.2): models say
/// whatever they like.
fn allowed(text: &str) -> String {
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n');
    text.chars()
        .map(|c| {
            if is_allowed(c) && !matches!(c, '\u{fffe}' | '\u{ffff}') {
                c
            } else {
                char::REPLACEMENT_CHARACTER
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_xml_can_hold_is_marked() {
        assert_eq!(allowed("a\u{1b}[31m\tb\u{0}\nc\u{ffff} <é>"), "a\u{fffd}[31m\tb\u{fffd}\nc\u{fffd} <é>");
    }
}
