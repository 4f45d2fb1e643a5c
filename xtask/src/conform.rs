//! `cargo xtask conform openapi`: the server is asked whatever its own description allows, and some of what it does
//! not allow, by schemathesis. `cargo xtask conform evals`: figures of evaluations are computed by the peers' own
//! packages too, and compared.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{bench, host, services::Service};

/// The release that the settings in `conform_openapi.toml` were written for.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// The packages that figures of evaluations are compared with, as `docs/evaluations.md` names them.
const PEERS: [&str; 4] =
    ["inspect-ai==0.3.285", "statsmodels==0.15.0", "scipy==1.17.1", "pydantic-evals==2.62.0"];

/// Runs the suite that is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = match words.as_slice() {
        ["evals"] => return evals(),
        ["openapi"] => "300",
        // An access token holds for a quarter of an hour.
        ["openapi", "--seconds", seconds] if seconds.parse::<u32>().is_ok_and(|s| s <= 800) => seconds,
        _ => return Err("expected: conform openapi [--seconds N], or conform evals".to_owned()),
    };
    let python = prepare("conform", &[SCHEMATHESIS])?;
    bench::build()?;
    let folder = env::temp_dir().join(format!("kontor-conform-{}", host::free_port()?));
    let outcome = against_a_server(&python, &folder, seconds);
    let _ = fs::remove_dir_all(&folder);
    outcome
}

/// A Python of its own that has these packages.
fn prepare(folder: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let python = host::python(&host::cache().join(folder))?;
    host::run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
    Ok(python)
}

/// Compares figures with those of the peers.
fn evals() -> Result<(), String> {
    let python = prepare("conform-evals", &PEERS)?;
    let cargo = ["build", "--quiet", "--package", "kontor-evals", "--example", "figures"];
    host::run(host::cargo().args(cargo))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| host::root().join("target"), PathBuf::from);
    let script = host::root().join("xtask/src/conform_evals.py");
    host::run(Command::new(python).arg(script).arg(target.join("debug/examples/figures")))
}

fn against_a_server(python: &Path, folder: &Path, seconds: &str) -> Result<(), String> {
    let address = format!("127.0.0.1:{}", host::free_port()?);
    let child = Command::new(bench::binary("kontor"))
        .args(["serve", "--demo", "--listen", &address])
        .env("KONTOR_DATA_DIR", folder)
        .env("KONTOR_RATE_LIMITS__PER_TOKEN", "0")
        .env("KONTOR_RATE_LIMITS__PER_MEMBER", "0")
        .env("KONTOR_RATE_LIMITS__PER_ADDRESS", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("kontor did not start: {error}"))?;
    let mut service = Service::of(child);
    let output = service.output().ok_or("kontor has no output")?;
    let mut password = None;
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some((_, after)) = line.split_once("password ") {
            password = Some(after.trim().to_owned());
        }
        if line.starts_with("Kontor is ready") {
            break;
        }
    }
    let password = password.ok_or("kontor did not become ready")?;
    let sources = host::root().join("xtask/src");
    host::run(
        Command::new(python)
            .arg(sources.join("conform_openapi.py"))
            .args([&format!("http://{address}"), &password, seconds])
            .arg(sources.join("conform_openapi.toml"))
            .current_dir(folder),
    )
}
