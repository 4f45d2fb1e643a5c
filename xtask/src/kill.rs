//! `cargo xtask kill`: the server killed in the middle of turns, and what is left examined.

use std::process::Command;

use crate::{
    bench::{self, Engines},
    host, services,
};

/// Runs the loop on each engine asked for.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (engines, mut rest) = Engines::take(arguments)?;
    if !rest.iter().any(|argument| argument == "--count") {
        rest.extend(["--count".to_owned(), "200".to_owned()]);
    }
    bench::build()?;
    for engine in engines.each() {
        let service = if *engine == "postgres" { Some(services::postgres()?) } else { None };
        let mut command = Command::new(bench::binary("kill"));
        command.args(&rest).arg("--binary").arg(bench::binary("kontor"));
        if let Some((url, _)) = &service {
            command.args(["--database-url", url]);
        }
        host::run(&mut command)?;
    }
    Ok(())
}
