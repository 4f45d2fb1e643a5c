use serde::{Deserialize, Serialize};

use super::{Name, Outcome};

/// The fields of an object that follow the stage its records stand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The select field with the stages, whose options have outcomes.
    pub stage: Name,
    /// The number field with the chance of winning, in percent.
    pub probability: Name,
    /// The date field with the day on which a record is expected to be closed, or was.
    pub close_date: Name,
    pub forecast: Forecast,
}

/// The select field that tells how a record counts in the forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub field: Name,
    /// The option of what is won: no open record has it.
    pub closed: String,
    /// The option of what does not count: a lost record has it, and any other may.
    pub omitted: String,
}

impl Forecast {
    /// Whether a record may have this option in a stage with this outcome.
    pub fn allows(&self, outcome: Outcome, option: &str) -> bool {
        match outcome {
            Outcome::Open => option != self.closed,
            Outcome::Won | Outcome::Lost => option == self.closed || option == self.omitted,
        }
    }

    /// The option that a record gets when it is closed with this outcome; none where it is open.
    pub fn option(&self, outcome: Outcome) -> Option<&str> {
        match outcome {
            Outcome::Open => None,
            Outcome::Won => Some(&self.closed),
            Outcome::Lost => Some(&self.omitted),
        }
    }
}
