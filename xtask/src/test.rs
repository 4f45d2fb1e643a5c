//! `cargo xtask test`: every test there is.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use crate::{host, services};

/// Starts what is missing, runs everything, and ends with the totals.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (postgres, _postgres) = services::postgres()?;
    let (webdriver, _webdriver) = services::chromedriver()?;
    let model = services::small_model();
    let axe = services::axe();

    let mut command = host::cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(arguments);
    command.env("KONTOR_TEST_DATABASE_URL", postgres).env("KONTOR_TEST_WEBDRIVER_URL", webdriver);
    // With these a test that finds its service missing fails rather than passing by.
    command.env("KONTOR_TEST_REQUIRE_POSTGRES", "1").env("KONTOR_TEST_REQUIRE_BROWSER", "1");
    if let Some((url, _)) = &model {
        command.env("KONTOR_TEST_MODEL_URL", url);
    }
    if let Some(axe) = &axe {
        command.env("KONTOR_TEST_AXE", axe);
    }
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo does not start: {error}"))?;
    let output = child.stdout.take().ok_or("cargo has no output")?;
    let mut totals = Totals::default();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        totals.read(&line);
        println!("{line}");
    }
    let status = child.wait().map_err(|error| format!("cargo cannot be awaited: {error}"))?;
    println!();
    if model.is_none() {
        println!("note: the test against a real small model was not run (python3 with pip is needed for it)");
    }
    if axe.is_none() {
        println!("note: pages were not judged by axe-core (npm is needed for it)");
    }
    println!("{} passed, {} failed, {} skipped", totals.passed, totals.failed, totals.ignored);
    match (status.success(), totals.failed, totals.passed) {
        (true, 0, 1..) => Ok(()),
        (true, 0, _) => Err("no test ran".to_owned()),
        _ => Err("there are failures".to_owned()),
    }
}

/// The sum over all test binaries.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Totals {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result:") else { return };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(what)) = (words.next().and_then(|n| n.parse::<u64>().ok()), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_summed_over_test_binaries() {
        let mut totals = Totals::default();
        totals.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        );
        totals.read("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        totals.read("running 3 tests");
        assert_eq!(totals, Totals { passed: 15, failed: 2, ignored: 1 });
    }
}
