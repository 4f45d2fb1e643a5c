//! `kontor eval`: agents tried on datasets.

mod files;
mod table;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use kontor_core::{
    environment::Environment,
    text::{one_line, suggestion},
};
use kontor_evals::{
    cassettes::{Cassette, Recording},
    dataset::{self, DatasetError, Format, Source},
    import::{self, Imported},
    report::{Report, compare, junit},
    run::{self, AgentChanges, ModelChoice, NamedDataset, Progress, Request, RunFolder, RunParts, Tape},
};

use self::files::Output;
use crate::{
    cli::{Eval, EvalRun, Peer},
    commands::user::chosen,
    config::Config,
    error::Error,
    terminal,
    wiring::{self, Services},
};

pub(crate) async fn run(config: Config, command: Eval) -> Result<(), Error> {
    match command {
        Eval::Run(asked) => try_cases(&config, *asked).await,
        Eval::Compare { before, after, json } => {
            let json = json.as_deref().map(Output::open).transpose()?;
            let comparison = compare::compare(&result(&before)?, &result(&after)?);
            table::comparison(&comparison);
            json.map_or(Ok(()), |file| file.write(&as_json(&comparison)))
        }
        Eval::Import { file, from, to } => {
            let name = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
            let text = files::text(&file, files::DATASET)?;
            let read = match from {
                Peer::Promptfoo => import::promptfoo(&name, &text),
                Peer::Inspect => import::inspect(&name, &text),
            };
            let Imported { dataset, unsupported } =
                read.map_err(|error| Error::Unreadable(format!("{}: {error}", file.display())))?;
            for issue in unsupported {
                terminal::remark(&one_line(&format!("not taken over: {issue}")));
            }
            let yaml = serde_yaml_ng::to_string(&dataset).unwrap_or_default();
            match to {
                Some(to) => Output::open(&to)?.write(yaml.as_bytes()),
                None => {
                    terminal::piece(&yaml);
                    Ok(())
                }
            }
        }
        Eval::Validate { files } => {
            let read = datasets(&files)?;
            for NamedDataset { file, dataset } in read {
                terminal::line(&format!("ok    {file}: {} cases", dataset.cases.len()));
            }
            Ok(())
        }
    }
}

async fn try_cases(config: &Config, asked: EvalRun) -> Result<(), Error> {
    // All that may be wrong with what is asked is told before anything is run.
    let prompt = asked.prompt.as_deref().map(|path| files::text(path, files::PROMPT)).transpose()?;
    if let Some(name) = &asked.workspace {
        let services = Services::open_beside(config).await?;
        let found = chosen(&services, Some(name)).await.map(drop);
        services.store.close().await;
        found?;
    }
    let kept_prompt = prompt.clone();
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let usual = std::num::NonZeroUsize::new(2 * processors).unwrap_or(std::num::NonZeroUsize::MIN);
    let request = Request {
        datasets: datasets(&asked.files)?,
        changes: AgentChanges { agent: asked.agent, prompt, one_model: false },
        model: match asked.model.as_deref() {
            None => ModelChoice::AsWritten,
            Some("own") => ModelChoice::Own,
            Some(id) => ModelChoice::Named(id.to_owned()),
        },
        trials: asked.trials,
        concurrency: asked.concurrency.unwrap_or(usual),
        tags: asked.tag,
        turn_limit: Duration::from_secs(asked.turn_limit),
    };
    check_agent(&request)?;
    let environment = Environment::system();
    let models = wiring::models(config, &environment)?;
    models.probe().await;
    let recording = Recording::default();
    let tape = match (&asked.record, &asked.replay) {
        (_, Some(file)) => Tape::Replay(Arc::new(cassette(file)?)),
        (Some(_), None) => Tape::Record(recording.clone()),
        (None, None) => Tape::Off,
    };
    // Beside the trials of a run that may be stopped, so that whoever goes on with it removes what was left.
    let temporary = tempfile::tempdir().map_err(Error::io("there is no room for throw-away workspaces"))?;
    let place =
        asked.run.as_deref().map_or_else(|| temporary.path().to_owned(), |run| run.join("workspaces"));
    let sandboxes = wiring::sandboxes(config, place, models.clone(), &environment);
    let parts = RunParts { sandboxes, base: None, models, environment, tape };
    let request = request.resolved(&parts).await?;
    let (planned, skipped) = request.plan()?;
    parts.tape.check(&planned)?;
    let json = asked.json.as_deref().map(Output::open).transpose()?;
    let junit = asked.junit.as_deref().map(Output::open).transpose()?;
    let folder =
        asked.run.as_deref().map(|path| RunFolder::open(path, &parts.digest(&request))).transpose()?;
    if let Some(file) = &asked.record {
        let done = folder.as_ref().map(|folder| run::takes_done(&planned, folder)).unwrap_or_default();
        let wrong = |error| Error::Unreadable(format!("{}: {error}", file.display()));
        recording.keep_in(file, &done).map_err(wrong)?;
    }
    let bar = ProgressBar::hidden();
    let told = |progress: Progress<'_>| match progress {
        Progress::Began { trials, done } => {
            bar.set_length(u64::try_from(trials).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len} trials, {elapsed} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            // It shows itself to terminals alone.
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        Progress::Ended(trial) => {
            bar.set_message(one_line(&trial.key.case));
            bar.inc(1);
        }
    };
    let results = run::run(&parts, &request, planned, folder.as_ref(), &told).await;
    bar.finish_and_clear();
    // What was recorded is there also where the run came to no end.
    recording.finish().map_err(Error::io("the cassette cannot be written"))?;
    let report = Report::new(&request, skipped, results?);
    table::report(&report);
    if let Some(name) = &asked.workspace {
        keep(config, name, report.clone(), kept_prompt).await?;
    }
    if let Some(file) = json {
        file.write(&as_json(&report))?;
    }
    if let Some(file) = junit {
        file.write(&junit::xml(&report).map_err(Error::Unreadable)?)?;
    }
    if report.passed() { Ok(()) } else { Err(Error::Usage(table::verdict(&report))) }
}

/// Keeps a result among the runs of a workspace.
async fn keep(config: &Config, name: &str, report: Report, prompt: Option<String>) -> Result<(), Error> {
    let services = Services::open_beside(config).await?;
    let kept = async {
        let (caller, name) = chosen(&services, Some(name)).await?;
        let id = services.evaluations.keep_report(&caller, report, prompt).await?;
        terminal::line(&format!("kept in {name}: /settings/evaluations/runs/{id}"));
        Ok(())
    };
    let kept = kept.await;
    services.store.close().await;
    kept
}

/// Whether the agent that is asked in every case is there for all datasets.
fn check_agent(request: &Request) -> Result<(), Error> {
    let Some(name) = &request.changes.agent else { return Ok(()) };
    let standard = kontor_agents::standard_agents();
    for NamedDataset { file, dataset } in &request.datasets {
        let own = dataset.fixture.agents.iter().filter_map(|agent| agent.get("name")?.as_str());
        let known: Vec<_> = standard.iter().map(String::as_str).chain(own).collect();
        if !known.contains(&name.as_str()) {
            let near = suggestion(name, known);
            return Err(Error::Unreadable(format!("{file}: there is no agent {name:?}.{near}")));
        }
    }
    Ok(())
}

/// Reads datasets, and tells all that is wrong with all of them at once.
fn datasets(files: &[PathBuf]) -> Result<Vec<NamedDataset>, Error> {
    let schema = dataset::names::standard();
    let (mut read, mut wrong) = (Vec::new(), Vec::new());
    for path in files {
        let file = path.display().to_string();
        let text = match files::read(path, files::DATASET) {
            Ok(text) => text,
            Err(told) => {
                wrong.push(format!("{file}: {told}"));
                continue;
            }
        };
        let source = Source { file: &file, text: &text, format: Format::of(&file) };
        let beside = |file: &str| files::read(Path::new(file), files::DATASET);
        match dataset::read_for(source, &beside, &schema) {
            Ok(dataset) => read.push(NamedDataset { file, dataset: Arc::new(dataset) }),
            Err(DatasetError { faults }) => wrong.extend(faults.iter().map(ToString::to_string)),
        }
    }
    if wrong.is_empty() { Ok(read) } else { Err(Error::Unreadable(wrong.join("\n"))) }
}

/// What `--record` wrote.
fn cassette(path: &Path) -> Result<Cassette, Error> {
    let wrong = |error| Error::Unreadable(format!("{}: {error}", path.display()));
    Cassette::parse(&files::text(path, files::CASSETTE)?).map_err(wrong)
}

/// A result that `--json` wrote.
fn result(path: &Path) -> Result<Report, Error> {
    let wrong = |error| Error::Unreadable(format!("{}: {error}", path.display()));
    Report::read(&files::text(path, files::RESULT)?).map_err(wrong)
}

fn as_json(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}
