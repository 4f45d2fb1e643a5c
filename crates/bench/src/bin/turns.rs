//! Whole agent turns: message, streamed tool call, its result, a reply of 40 pieces, everything persisted,
//! against a model server that answers at once. Client and model server share the machine with the server.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use futures::StreamExt as _;
use kontor_bench::{
    load::{self, Samples},
    target::Target,
};
use kontor_testkit::{
    client::ApiClient,
    scripted::{Fixed, ScriptedModel},
};
use serde_json::json;

/// How many turns a session has before the lane begins another.
const TURNS_A_SESSION: usize = 10;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Two seconds a measurement instead of five.
    #[arg(long)]
    quick: bool,
    /// A Python with Pydantic-AI and DBOS, which then do the same turns against the same model server.
    #[arg(long)]
    peer: Option<PathBuf>,
}

/// How many turns run at one time, in each measurement.
const LANES: [usize; 3] = [1, 16, 64];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let duration = Duration::from_secs(if arguments.quick { 2 } else { 5 });
    let fixed = Fixed::new("contact_find", &json!({"search": "an", "limit": 5}));
    let model = ScriptedModel::fixed("127.0.0.1:0", fixed).await?;
    let running = arguments.target.start(Some(model.base_url())).await?;
    let server = &running.server;
    println!("# turns on {}", arguments.target.engine());
    println!(
        "ready in {:.0} ms, {} MB resident",
        server.started_in.as_secs_f64() * 1e3,
        server.resident_bytes()? >> 20
    );
    let client = ApiClient::sign_in(&server.url, "ada@demo.test").await?;
    let mut rates = Vec::new();
    for lanes in LANES {
        let first_events = Mutex::new(Samples::default());
        let turns = AtomicU32::new(0);
        let before = server.processor_time()?;
        let chats: Vec<_> = (0..lanes).map(|_| tokio::sync::Mutex::new(None)).collect();
        let run = load::repeat(lanes, duration, |lane, round| {
            let (client, chat, first_events, turns) = (&client, &chats[lane], &first_events, &turns);
            async move {
                let mut chat = chat.lock().await;
                if round % TURNS_A_SESSION == 0 {
                    let session = client.session("sales-assistant").await?;
                    let events = client.events(&session, None).await?;
                    *chat = Some((session, events));
                }
                let Some((session, events)) = chat.as_mut() else { return Err("no chat".into()) };
                let begun = Instant::now();
                let turn = client.turn(session, "who is there?").await?;
                let mut first = None;
                let mut words = 0;
                while let Some(event) = events.next().await {
                    if event.data["turn"].as_str() != Some(turn.as_str()) {
                        continue;
                    }
                    first.get_or_insert_with(|| begun.elapsed());
                    words += usize::from(event.name == "text.delta");
                    if event.name == "tool.result" && event.data["outcome"]["status"] != "succeeded" {
                        return Err(format!("the tool failed: {}", event.data).into());
                    }
                    if event.ends_turn() {
                        if event.name != "turn.completed" || words == 0 {
                            return Err(format!(
                                "a turn ended with {} after {words} words: {}",
                                event.name, event.data
                            )
                            .into());
                        }
                        break;
                    }
                }
                turns.fetch_add(1, Ordering::Relaxed);
                if let (Some(first), Ok(mut samples)) = (first, first_events.lock()) {
                    samples.add(first);
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            }
        })
        .await?;
        let mut first_events = first_events.into_inner().map_err(|error| error.to_string())?;
        rates.push(run.per_second());
        let used = server.processor_time()?.saturating_sub(before) / turns.into_inner().max(1);
        println!(
            "{lanes:>3} concurrent: {run}  first event median {:.3} ms  {:.2} ms of processor time a turn  {} MB resident",
            first_events.quantile(0.5),
            used.as_secs_f64() * 1e3,
            server.resident_bytes()? >> 20,
        );
    }
    running.end().await?;
    if let Some(python) = &arguments.peer {
        let peers = tokio::task::block_in_place(|| ask_peer(python, &model.base_url(), duration))?;
        for ((lanes, own), peer) in LANES.iter().zip(rates).zip(peers) {
            println!("{lanes:>3} concurrent: {:.1} times as many turns a second", own / peer);
        }
    }
    Ok(())
}

/// Has the peer do the same turns; how many a second it did in each measurement.
fn ask_peer(
    python: &Path,
    model: &str,
    duration: Duration,
) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/peer.py");
    let mut command = Command::new(python);
    command.arg(program).arg(model).arg(duration.as_secs().to_string());
    let output = command.args(LANES.map(|lanes| lanes.to_string())).stderr(Stdio::inherit()).output()?;
    let said = String::from_utf8(output.stdout)?;
    print!("{said}");
    if !output.status.success() {
        return Err(format!("the peer ended with {}", output.status).into());
    }
    let rates = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once("concurrent:")?;
        rest.split_once("/s")?.0.trim().parse().ok()
    });
    Ok(rates.collect())
}
