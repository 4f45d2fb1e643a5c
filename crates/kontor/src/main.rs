//! The `kontor` binary: the command line, the configuration, and the wiring of everything else.
//!
//! | module | holds |
//! |---|---|
//! | `cli` | the commands and their flags |
//! | `client` | a caller of a server's API |
//! | `config` | `config/kontor.toml`, then `KONTOR_*`, then flags |
//! | `variables` | the variables that are settings, and those that are not |
//! | `error` | why a command failed |
//! | `secret`, `node` | the master secret and the server's id, made and kept in the data folder |
//! | `wiring` | the services, built once and joined |
//! | `connections` | the server's connections and their limits |
//! | `descriptors` | file descriptors, and how many workspaces may be open |
//! | `memory` | what memory the operating system gives |
//! | `supervise` | tasks that go on as long as the server |
//! | `commands` | one module a command |
//! | `terminal` | what is printed for people |
//! | `telemetry` | logs |

mod background;
mod cli;
mod client;
mod commands;
mod config;
mod connections;
mod descriptors;
mod error;
mod memory;
mod node;
mod prometheus;
mod secret;
mod supervise;
mod telemetry;
mod terminal;
mod variables;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

/// A quarter of a turn's time went into the system's allocator, whose threads also keep more than they need.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before much of it is touched.
    memory::refuse_huge_pages();
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return terminal::fail(&format!("the asynchronous runtime does not start: {error}")),
    };
    let outcome = runtime.block_on(commands::run(cli));
    // Blocking work that hangs must not keep a finished command from ending.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    telemetry::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::fail(&error.chain());
            error.exit_code()
        }
    }
}
