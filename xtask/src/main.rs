//! The project's own commands: `cargo xtask <command>`.
//!
//! Nothing here depends on another crate, so that the command itself builds in a second.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command of the terminal")]

mod bench;
mod conform;
mod freshness;
mod host;
mod kill;
mod services;
mod test;

use std::{env, process::ExitCode};

const USAGE: &str = "\
cargo xtask <command>

  test                    every test, on both engines and in a real browser; starts what is missing
  fresh                   check that generated documents are up to date
  kill [--engine sqlite|postgres|both] [--count N] [--wire openai|anthropic]
                          kill -9 the server N times in the middle of turns and check what is left
  bench turns|records|scale|store|workspaces [--engine sqlite|postgres|both] [--quick]
                          measure, and print the figures; turns also beside Pydantic-AI with DBOS (--peer)
  conform openapi [--seconds N]
                          ask the server what its description allows and what it does not, by schemathesis
  conform mcp             the official Python and TypeScript clients of MCP do a sale
  conform evals           compare figures of evaluations with those of inspect-ai, statsmodels, scipy, pydantic-evals
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match command {
        "test" => test::run(rest),
        "fresh" => freshness::run(),
        "kill" => kill::run(rest),
        "bench" => bench::run(rest),
        "conform" => conform::run(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("there is no command {other:?}\n\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
