//! `cargo xtask bench`: figures from release builds.

use std::{path::PathBuf, process::Command};

use crate::{host, services};

/// Which engines a command runs on.
pub(crate) enum Engines {
    Sqlite,
    Postgres,
    Both,
}

impl Engines {
    /// Takes `--engine` out of the arguments.
    pub(crate) fn take(arguments: &[String]) -> Result<(Self, Vec<String>), String> {
        let mut rest = arguments.to_vec();
        let Some(at) = rest.iter().position(|argument| argument == "--engine") else {
            return Ok((Self::Both, rest));
        };
        let engine = match rest.get(at + 1).map(String::as_str) {
            Some("sqlite") => Self::Sqlite,
            Some("postgres") => Self::Postgres,
            Some("both") => Self::Both,
            other => return Err(format!("--engine takes sqlite, postgres or both, not {other:?}")),
        };
        rest.drain(at..at + 2);
        Ok((engine, rest))
    }

    pub(crate) fn each(&self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["sqlite"],
            Self::Postgres => &["postgres"],
            Self::Both => &["sqlite", "postgres"],
        }
    }
}

/// Runs one benchmark on each engine asked for.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let Some((name, arguments)) = arguments.split_first() else {
        return Err("name what to measure: turns, records, scale, store or workspaces".to_owned());
    };
    if !["turns", "records", "scale", "store", "workspaces"].contains(&name.as_str()) {
        return Err(format!("there is no benchmark {name:?}: turns, records, scale, store or workspaces"));
    }
    let (engines, mut rest) = Engines::take(arguments)?;
    if name == "turns"
        && let Some(at) = rest.iter().position(|argument| argument == "--peer")
    {
        rest.insert(at + 1, prepare_peer()?.display().to_string());
    }
    build()?;
    for engine in engines.each() {
        let service = if *engine == "postgres" { Some(services::postgres()?) } else { None };
        let mut command = Command::new(binary(name));
        command.args(&rest);
        if name != "store" {
            command.arg("--binary").arg(binary("kontor"));
        }
        if let Some((url, _)) = &service {
            command.args(["--database-url", url]);
        }
        host::run(&mut command)?;
    }
    Ok(())
}

/// The releases that `crates/bench/src/peer.py` was written for.
const PEER: [&str; 2] = ["pydantic-ai-slim[openai]==2.68.0", "dbos==3.4.0"];

/// A Python of its own that has the peer of the turns.
fn prepare_peer() -> Result<PathBuf, String> {
    let python = host::python(&host::cache().join("peer"))?;
    host::run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PEER))?;
    Ok(python)
}

/// Builds the server as users run it, and the programs that measure it, together: one by one they would be
/// built twice with other features of what they share.
pub(crate) fn build() -> Result<(), String> {
    host::run(host::cargo().args(["build", "--release", "-p", "kontor", "-p", "kontor-bench"]))
}

/// A release binary by its name.
pub(crate) fn binary(name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| host::root().join("target"), PathBuf::from);
    target.join("release").join(name)
}
