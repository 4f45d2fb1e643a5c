//! The server killed in the middle of turns that write, and what is left examined.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{error::Error, time::Duration};

use clap::Parser;
use kontor_bench::target::Target;
use kontor_testkit::kill::{self, KillOptions, Wire};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// How often the server is killed.
    #[arg(long, default_value_t = 200)]
    count: usize,
    /// Turns at the same time in each round.
    #[arg(long, default_value_t = 4)]
    concurrent: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The latest moment of the kill, in milliseconds after the first message.
    #[arg(long, default_value_t = 40)]
    latest: u64,
    /// On whose wire the model speaks.
    #[arg(long, value_enum, default_value = "openai")]
    wire: WireName,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum WireName {
    Openai,
    Anthropic,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let wire = match arguments.wire {
        WireName::Openai => Wire::OpenAi,
        WireName::Anthropic => Wire::Anthropic,
    };
    let model = kill::model(wire).await?;
    let (mut server, database, _folder) = arguments.target.prepare(Some(model.base_url())).await?;
    server.environment.extend(wire.environment());
    let options = KillOptions {
        server,
        rounds: arguments.count,
        concurrent: arguments.concurrent,
        seed: arguments.seed,
        latest: Duration::from_millis(arguments.latest),
    };
    let report = kill::run(&options, &model).await?;
    println!(
        "{}: killed {} times in the middle of {} turns ({} had a step begun again, {} steps in all; {} requests to the model): {} violations",
        arguments.target.engine(),
        report.rounds,
        report.turns,
        report.interrupted,
        report.restarted_steps,
        report.requests,
        report.violations.len(),
    );
    for violation in &report.violations {
        println!("  {violation}");
    }
    if let Some(database) = database {
        database.remove().await?;
    }
    if report.violations.is_empty() { Ok(()) } else { Err("a turn was lost or acted twice".into()) }
}
