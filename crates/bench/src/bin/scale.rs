//! A million contacts and a hundred thousand accounts, written through the API: how fast, and what searches,
//! lists and figures take then, beside the same statements on the same tables.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::time::{Duration, Instant};

use clap::Parser;
use kontor_bench::{
    Result,
    load::Samples,
    records::fill_cities,
    scale::{Kind, Measure, Raw, measures},
    target::{Target, workspace_file, workspace_schema},
};
use kontor_testkit::{client::ApiClient, server::Server};
use reqwest::Method;

/// The demonstration's admin.
const ADMIN: &str = "ada@demo.test";
/// How often each side is asked.
const ROUNDS: usize = 15;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// How long the server has to index what was written last.
const SETTLING: Duration = Duration::from_secs(3);

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// How many contacts, ten for each account.
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u64,
    /// Measures only what is called so in part.
    #[arg(long)]
    only: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (options, database, _folder) = arguments.target.prepare(None).await?;
    println!("# scale on {}", arguments.target.engine());
    let server = Server::start(&options)?;
    let client = ApiClient::sign_in(&server.url, ADMIN).await?;
    let (accounts, contacts) = (arguments.contacts / 10, arguments.contacts);
    let begun = Instant::now();
    fill_cities(&client, accounts, contacts).await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{accounts} accounts and {contacts} contacts written in {seconds:.0} s ({:.0}/s), {} MB resident",
        (accounts + contacts) as f64 / seconds,
        server.resident_bytes()? >> 20,
    );
    let client = ApiClient::sign_in(&server.url, ADMIN).await?;
    let (raw, schema) = match &database {
        None => (Raw::sqlite(&workspace_file(&options.data_dir)?)?, String::new()),
        Some(database) => {
            // Otherwise the server would do it at some moment of the measurements.
            database.query("VACUUM ANALYZE").await?;
            (Raw::postgres(&database.url).await?, workspace_schema(database).await?)
        }
    };
    tokio::time::sleep(SETTLING).await;
    println!("{:<8} {:<36} {:>10} {:>10} {:>10} {:>10}", "", "", "median ms", "worst ms", "raw ms", "aim ms");
    let only = arguments.only.as_deref().unwrap_or_default();
    for measure in measures(&schema).iter().filter(|measure| measure.name.contains(only)) {
        let (mut asked, mut beside) = (Samples::default(), Samples::default());
        for _ in 0..ROUNDS {
            asked.add(timed(ask(&client, measure)).await?);
            beside.add(timed(raw.run(measure)).await?);
        }
        let (median, raw) = (asked.quantile(0.5), beside.quantile(0.5));
        let aim = measure.kind.aim(database.is_none(), raw);
        let verdict = if median <= aim { "met" } else { "missed" };
        let kind = match measure.kind {
            Kind::Search => "search",
            Kind::List => "list",
            Kind::Group => "group",
        };
        let (name, worst) = (measure.name, asked.quantile(1.0));
        println!("{kind:<8} {name:<36} {median:>10.2} {worst:>10.2} {raw:>10.2} {aim:>10.1}  {verdict}");
    }
    println!("{} MB resident at the end", server.resident_bytes()? >> 20);
    server.stop()?;
    if let Some(database) = database {
        drop(raw);
        database.remove().await?;
    }
    Ok(())
}

async fn ask(client: &ApiClient, measure: &Measure) -> Result<usize> {
    let request = client.request(Method::GET, measure.path).query(&measure.parameters).timeout(ANSWER);
    Ok(request.send().await?.error_for_status()?.bytes().await?.len())
}

async fn timed(work: impl Future<Output = Result<usize>>) -> Result<Duration> {
    let begun = Instant::now();
    work.await?;
    Ok(begun.elapsed())
}
