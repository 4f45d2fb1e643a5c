//! Records over HTTP beside the same queries written by hand, on the same tables and with the same client,
//! which shares the machine with the server.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use clap::Parser;
use kontor_bench::{
    Result,
    bare::{self, Tables},
    load::{self, Run},
    records::{Line, Operation, Report, Requests, Side, fill},
    target::{Target, workspace_file, workspace_schema},
};
use kontor_testkit::{client::ApiClient, server::Server};
use tokio::{net::TcpListener, runtime};

/// The first argument of the child that is the bare server.
const BARE: &str = "bare";
/// What the bare server prints before its address.
const READY: &str = "ready at ";
/// The demonstration's admin.
const ADMIN: &str = "ada@demo.test";
/// How long one side is measured before it is the other's turn, and how often.
const TURN: Duration = Duration::from_secs(1);
const TURNS: usize = 6;
/// Connections at the same time.
const LANES: [usize; 2] = [1, 16];

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// One second a measurement instead of six, and a tenth of the records.
    #[arg(long)]
    quick: bool,
    /// Measures only operations whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

#[derive(Parser)]
struct BareArguments {
    #[arg(long)]
    file: Option<PathBuf>,
    #[arg(long, requires = "schema")]
    url: Option<String>,
    #[arg(long)]
    schema: Option<String>,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let mut rest: Vec<OsString> = arguments.collect();
    if rest.first().is_some_and(|first| first == BARE) {
        rest[0] = program;
        let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(serve(BareArguments::parse_from(rest)));
    }
    // One thread, so that the client takes less from the server that is measured.
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(Arguments::parse()))
}

async fn serve(arguments: BareArguments) -> Result<()> {
    let tables = match (arguments.file, arguments.url, arguments.schema) {
        (Some(file), None, None) => Tables::Sqlite(file),
        (None, Some(url), Some(schema)) => Tables::Postgres { url, schema },
        _ => return Err("give a file, or a database and a schema".into()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{READY}http://{}", listener.local_addr()?);
    bare::serve(tables, listener).await
}

async fn measure(arguments: Arguments) -> Result<()> {
    let target = &arguments.target;
    let (options, database, _folder) = target.prepare(None).await?;
    println!("# records on {}", target.engine());
    let (accounts, contacts) = if arguments.quick { (1_000, 10_000) } else { (10_000, 100_000) };
    let server = Server::start(&options)?;
    let client = ApiClient::sign_in(&server.url, ADMIN).await?;
    let begun = Instant::now();
    let requests = Requests::new(fill(&client, accounts, contacts).await?);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{accounts} accounts and {contacts} contacts written in {seconds:.1} s ({:.0}/s), {} MB resident",
        (accounts + contacts) as f64 / seconds,
        server.resident_bytes()? >> 20,
    );
    let tables = match &database {
        Some(database) => {
            Tables::Postgres { url: database.url.clone(), schema: workspace_schema(database).await? }
        }
        None => Tables::Sqlite(workspace_file(&options.data_dir)?),
    };
    if let Some(database) = &database {
        // Otherwise the server would do it at some moment of the measurements.
        database.query("VACUUM ANALYZE").await?;
    }
    let bare = Bare::start(&tables)?;
    let sides = Sides {
        kontor: ApiClient::sign_in(&server.url, ADMIN).await?,
        bare: ApiClient::anonymous(&bare.url)?,
    };
    let bench = Bench { requests, arguments: &arguments, sides };
    let mut lines = Vec::new();
    // Both sides read the same records before any of them writes.
    for reading in [true, false] {
        for operation in bench.operations(reading) {
            lines.extend(bench.compare(operation).await?);
        }
    }
    println!("{} MB resident at the end", server.resident_bytes()? >> 20);
    server.stop()?;
    drop(bare);

    let aim = if database.is_some() { 40.0 } else { 50.0 };
    println!("{}", Report { lines, target: aim });
    if let Some(database) = database {
        database.remove().await?;
    }
    Ok(())
}

struct Sides {
    kontor: ApiClient,
    bare: ApiClient,
}

struct Bench<'a> {
    requests: Requests,
    arguments: &'a Arguments,
    sides: Sides,
}

impl Bench<'_> {
    fn operations(&self, reading: bool) -> Vec<Operation> {
        let only = self.arguments.only.as_deref().unwrap_or_default();
        let mut operations = Operation::ALL.to_vec();
        operations
            .retain(|operation| operation.is_reading() == reading && operation.to_string().contains(only));
        operations
    }

    /// Measures both sides in turns of a second, so that what else the machine does falls on both alike.
    async fn compare(&self, operation: Operation) -> Result<Vec<Line>> {
        if operation.is_reading() {
            let answer = self.requests.sample(&self.sides.kontor, Side::Kontor, operation).await?;
            let other = self.requests.sample(&self.sides.bare, Side::Bare, operation).await?;
            if answer != other {
                let other = kontor_core::text::excerpt(&other.to_string(), 500);
                return Err(format!("the bare server answers otherwise to {operation}: {other}").into());
            }
        }
        let turns = if self.arguments.quick { 1 } else { TURNS };
        let mut lines = Vec::new();
        for lanes in LANES {
            let (mut kontor, mut bare) = (Run::default(), Run::default());
            for _ in 0..turns {
                kontor.merge(self.run(Side::Kontor, operation, lanes).await?);
                bare.merge(self.run(Side::Bare, operation, lanes).await?);
            }
            for (side, run) in [("kontor", &kontor), ("bare", &bare)] {
                println!("{side:<7} {operation:<34} {lanes:>2} connections: {run}");
            }
            let median = kontor.samples.quantile(0.5);
            let (kontor, bare) = (kontor.per_second(), bare.per_second());
            lines.push(Line { operation, lanes, kontor, median, bare });
        }
        Ok(lines)
    }

    async fn run(&self, side: Side, operation: Operation, lanes: usize) -> Result<Run> {
        let client = match side {
            Side::Kontor => &self.sides.kontor,
            Side::Bare => &self.sides.bare,
        };
        let requests = &self.requests;
        load::repeat(lanes, TURN, |_, _| requests.perform(client, side, operation)).await
    }
}

/// The bare server as a child process; dropping it ends it.
struct Bare {
    child: Child,
    url: String,
}

impl Bare {
    fn start(tables: &Tables) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(BARE);
        match tables {
            Tables::Sqlite(file) => command.arg("--file").arg(file),
            Tables::Postgres { url, schema } => command.args(["--url", url, "--schema", schema]),
        };
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let Some(url) = line.trim().strip_prefix(READY).map(str::to_owned) else {
            let _ = child.kill();
            return Err(format!("the bare server did not start: {line:?}").into());
        };
        Ok(Self { child, url })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
