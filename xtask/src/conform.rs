//! `cargo xtask conform openapi`: the server is asked whatever its own description allows, and some of what it does
//! not allow, by schemathesis. `cargo xtask conform evals`: figures of evaluations are computed by the peers' own
//! packages too, and compared. `cargo xtask conform mcp`: the official clients do a sale over MCP.

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

/// The official clients of MCP, and a Node that they run on.
const MCP_PYTHON: &str = "mcp==2.3.0";
const MCP_NODE: [&str; 2] = ["node@22", "@modelcontextprotocol/sdk@1.32.2"];

/// Runs the suite that is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = match words.as_slice() {
        ["evals"] => return evals(),
        ["mcp"] => return mcp(),
        ["openapi"] => "300",
        // An access token holds for a quarter of an hour.
        ["openapi", "--seconds", seconds] if seconds.parse::<u32>().is_ok_and(|s| s <= 800) => seconds,
        _ => return Err("expected: conform openapi [--seconds N], conform evals or conform mcp".to_owned()),
    };
    let python = prepare("conform", &[SCHEMATHESIS])?;
    bench::build()?;
    let sources = host::root().join("xtask/src");
    against_a_server(|url, password, folder| {
        host::run(
            Command::new(&python)
                .arg(sources.join("conform_openapi.py"))
                .args([url, password, seconds])
                .arg(sources.join("conform_openapi.toml"))
                .current_dir(folder),
        )
    })
}

/// Has the official clients do a sale, each over the server as it is shipped.
fn mcp() -> Result<(), String> {
    let python = prepare("conform-mcp", &[MCP_PYTHON])?;
    let node = host::cache().join("conform-mcp-node");
    fs::create_dir_all(&node).map_err(|error| format!("{}: {error}", node.display()))?;
    host::run(
        Command::new("npm").args(["install", "--silent", "--no-audit"]).args(MCP_NODE).current_dir(&node),
    )?;
    bench::build()?;
    let sources = host::root().join("xtask/src");
    // Node looks for packages from where a script stands.
    let script = node.join("conform_mcp.mjs");
    fs::copy(sources.join("conform_mcp.mjs"), &script).map_err(|error| error.to_string())?;
    against_a_server(|url, password, _| {
        host::run(Command::new(&python).arg(sources.join("conform_mcp.py")).args([url, password]))?;
        host::run(Command::new(node.join("node_modules/.bin/node")).arg(&script).args([url, password]))
    })
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

/// Begins a demonstration in a folder of its own and hands on its address and Ada's password.
fn against_a_server(run: impl FnOnce(&str, &str, &Path) -> Result<(), String>) -> Result<(), String> {
    let folder = env::temp_dir().join(format!("kontor-conform-{}", host::free_port()?));
    let outcome = with_server(&folder, run);
    let _ = fs::remove_dir_all(&folder);
    outcome
}

fn with_server(
    folder: &Path,
    run: impl FnOnce(&str, &str, &Path) -> Result<(), String>,
) -> Result<(), String> {
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
    run(&format!("http://{address}"), &password, folder)
}
