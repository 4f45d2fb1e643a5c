//! Records over HTTP beside the same queries written by hand, on the same tables and with the same client,
//! which shares the machine with the server.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use clap::Parser;
use kontor_bench::{
    Result,
    bare::{self, Tables},
    load::{self, Run},
    records::{Line, Operation, Report, Requests, Side, fill},
    target::Target,
};
use kontor_testkit::{client::ApiClient, database::Database, server::Server};
use serde_json::Value;
use tokio::{net::TcpListener, runtime};

/// The first argument of the child that is the bare server.
const BARE: &str = "bare";
/// What the bare server prints before its address.
const READY: &str = "ready at ";
/// The demonstration's admin.
const ADMIN: &str = "ada@demo.test";
/// Connections at the same time.
const LANES: [usize; 2] = [1, 16];

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// One second a measurement instead of five, and a tenth of the records.
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
    let tables = tables(&options.data_dir, database.as_ref()).await?;
    if let Some(database) = &database {
        // Otherwise the server would do it at some moment of the measurements.
        database.query("VACUUM ANALYZE").await?;
    }
    let mut bench = Bench { requests, arguments: &arguments, samples: Vec::new(), lines: Vec::new() };

    // Both sides read the same records before any of them writes.
    let client = ApiClient::sign_in(&server.url, ADMIN).await?;
    bench.kontor(&client, true).await?;
    server.stop()?;
    let bare = Bare::start(&tables)?;
    bench.bare(&ApiClient::anonymous(&bare.url)?, true).await?;
    drop(bare);
    let server = Server::start(&options)?;
    let client = ApiClient::sign_in(&server.url, ADMIN).await?;
    bench.kontor(&client, false).await?;
    println!("{} MB resident at the end", server.resident_bytes()? >> 20);
    server.stop()?;
    let bare = Bare::start(&tables)?;
    bench.bare(&ApiClient::anonymous(&bare.url)?, false).await?;
    drop(bare);

    let aim = if database.is_some() { 40.0 } else { 50.0 };
    println!("{}", Report { lines: bench.lines, target: aim });
    if let Some(database) = database {
        database.remove().await?;
    }
    Ok(())
}

/// Where the one workspace's tables are.
async fn tables(data_dir: &Path, database: Option<&Database>) -> Result<Tables> {
    if let Some(database) = database {
        let schema = database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ws\\_%'").await?;
        return Ok(Tables::Postgres { url: database.url.clone(), schema: schema.trim().to_owned() });
    }
    let mut files =
        std::fs::read_dir(data_dir.join("workspaces"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "sqlite"));
    file.map(Tables::Sqlite).ok_or_else(|| "the workspace has no file".into())
}

struct Bench<'a> {
    requests: Requests,
    arguments: &'a Arguments,
    /// What Kontor answered, for the bare server to answer as well.
    samples: Vec<(Operation, Value)>,
    lines: Vec<Line>,
}

impl Bench<'_> {
    fn operations(&self, reading: bool) -> Vec<Operation> {
        let only = self.arguments.only.as_deref().unwrap_or_default();
        let mut operations = Operation::ALL.to_vec();
        operations
            .retain(|operation| operation.is_reading() == reading && operation.to_string().contains(only));
        operations
    }

    async fn kontor(&mut self, client: &ApiClient, reading: bool) -> Result<()> {
        for operation in self.operations(reading) {
            if reading {
                self.samples.push((operation, self.requests.sample(client, Side::Kontor, operation).await?));
            }
            for lanes in LANES {
                let run = self.run(client, Side::Kontor, operation, lanes).await?;
                println!("kontor  {operation:<34} {lanes:>2} connections: {run}");
                let (kontor, median) = (run.per_second(), run.samples.clone().quantile(0.5));
                self.lines.push(Line { operation, lanes, kontor, median, bare: f64::NAN });
            }
        }
        Ok(())
    }

    async fn bare(&mut self, client: &ApiClient, reading: bool) -> Result<()> {
        for operation in self.operations(reading) {
            if reading {
                let answer = self.requests.sample(client, Side::Bare, operation).await?;
                if !self.samples.contains(&(operation, answer.clone())) {
                    return Err(format!("the bare server answers otherwise to {operation}: {answer}").into());
                }
            }
            for lanes in LANES {
                let run = self.run(client, Side::Bare, operation, lanes).await?;
                println!("bare    {operation:<34} {lanes:>2} connections: {run}");
                let line =
                    self.lines.iter_mut().find(|line| line.operation == operation && line.lanes == lanes);
                if let Some(line) = line {
                    line.bare = run.per_second();
                }
            }
        }
        Ok(())
    }

    async fn run(&self, client: &ApiClient, side: Side, operation: Operation, lanes: usize) -> Result<Run> {
        let duration = Duration::from_secs(if self.arguments.quick { 1 } else { 5 });
        let requests = &self.requests;
        load::repeat(lanes, duration, |_, _| requests.perform(client, side, operation)).await
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
