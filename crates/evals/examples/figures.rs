//! Answers questions about figures, a line of JSON each: what `cargo xtask conform evals` compares with the peers'.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{error::Error, io::BufRead as _};

use kontor_evals::{
    dataset::{Case, Trajectory},
    grade::{CallOutcome, ObservedCall, compare_calls},
    stats::{Tally, bootstrap_mean, mcnemar, wilson},
};
use serde::Deserialize;
use serde_json::{Map, json};

#[derive(Deserialize)]
#[serde(tag = "figure", rename_all = "snake_case")]
enum Question {
    PassHat { passed: usize, started: usize, k: usize },
    Mcnemar { fixed: usize, broke: usize },
    Wilson { some: usize, all: usize },
    Bootstrap { values: Vec<f64> },
    Trajectory { mode: String, expected: Vec<String>, made: Vec<String> },
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Question::PassHat { passed, started, k } => {
                json!(Tally { started, passed, unjudged: 0 }.pass_hat(k))
            }
            Question::Mcnemar { fixed, broke } => json!(mcnemar(fixed, broke).p_value),
            Question::Wilson { some, all } => json!(wilson(some, all)),
            Question::Bootstrap { values } => json!(bootstrap_mean(&values, 1)),
            Question::Trajectory { mode, expected, made } => {
                let calls: Vec<_> = expected.iter().map(|name| json!({ "operation": name })).collect();
                let trajectory = json!({ "mode": mode, "calls": calls });
                let case = json!({"name": "a", "expect": {"trajectory": trajectory}});
                let case: Case = serde_json::from_value(case)?;
                let expected: Trajectory = case.expect.trajectory.unwrap_or_default();
                let made: Vec<_> = made
                    .into_iter()
                    .map(|operation| ObservedCall {
                        operation,
                        arguments: Map::new(),
                        effect: None,
                        outcome: CallOutcome::Succeeded,
                    })
                    .collect();
                json!(compare_calls(&expected, &made).is_empty())
            }
        };
        println!("{answer}");
    }
    Ok(())
}
