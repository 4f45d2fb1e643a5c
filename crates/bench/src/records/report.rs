//! The table of what was measured.

use std::fmt;

use super::Operation;

/// One operation at one number of connections, in requests a second.
#[derive(Debug, Clone)]
pub struct Line {
    pub operation: Operation,
    pub lanes: usize,
    pub kontor: f64,
    /// The median of Kontor's answers, in milliseconds.
    pub median: f64,
    pub bare: f64,
}

impl Line {
    /// Kontor's part of the bare figure, in percent.
    fn share(&self) -> f64 {
        100.0 * self.kontor / self.bare
    }
}

/// All lines, with the share that is aimed at, in percent.
#[derive(Debug)]
pub struct Report {
    pub lines: Vec<Line>,
    pub target: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<34} {:>11} {:>10} {:>10} {:>10} {:>7}  of {} % aimed at",
            "operation", "connections", "kontor/s", "median ms", "bare/s", "share", self.target
        )?;
        for line in &self.lines {
            let verdict = if line.share() >= self.target { "met" } else { "missed" };
            writeln!(
                f,
                "{:<34} {:>11} {:>10.0} {:>10.2} {:>10.0} {:>5.0} %  {verdict}",
                line.operation,
                line.lanes,
                line.kontor,
                line.median,
                line.bare,
                line.share(),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_whether_the_share_is_reached() {
        let line = |kontor| Line { operation: Operation::Get, lanes: 16, kontor, median: 1.0, bare: 1_000.0 };
        let text = Report { lines: vec![line(500.0), line(499.0)], target: 50.0 }.to_string();
        let verdicts: Vec<_> =
            text.lines().skip(1).filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(verdicts, ["met", "missed"]);
    }
}
