//! Runs with language models: recorded, answered from a recording, judged, and broken by their provider.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kontor_builtin::Builtin;
use kontor_core::environment::Environment;
use kontor_evals::{
    cassettes::{Cassette, Recording},
    dataset::{self, Format, Source},
    report::Report,
    run::{self, AgentChanges, ModelChoice, NamedDataset, Request, RunFolder, RunParts, Tape},
};
use kontor_models::{Models, ModelsConfig};
use kontor_testkit::scripted::{Script, ScriptedModel};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house::sandboxes;

const CASES: &str = "
name: talk
cases:
  - name: a greeting
    turns: [Hello]
    expect: {reply: {contains: [Good day]}}
  - name: a polite greeting
    turns: [Hello again]
    expect:
      rubric: {criteria: [It is polite.], votes: 3, judge: lab/judge}
";

/// Two models of one server.
fn models(url: &str) -> Models {
    let price = json!({"input": 1, "output": 2});
    let config = json!({
        "default": "lab/agent",
        "ollama_url": "",
        "providers": {"lab": {"base_url": url, "models": [
            {"name": "agent", "price": price}, {"name": "judge", "price": price},
        ]}},
    });
    let config: ModelsConfig = serde_json::from_value(config).unwrap();
    let environment = Environment::system();
    Models::new(config, &Default::default(), Arc::new(Builtin::default()), environment).unwrap()
}

fn is_judge(request: &Value) -> bool {
    request["model"] == "judge"
}

fn polite() -> Script {
    let verdict = r#"{"criteria": [{"reason": "It greets.", "holds": true}]}"#;
    Script::new().text(verdict).usage(40, 8).finish("stop")
}

fn greeting() -> Script {
    Script::new().text("Good day.").usage(100, 5).finish("stop")
}

fn request(text: &str, model: ModelChoice) -> Request {
    let source = Source { file: "talk.yaml", text, format: Format::Yaml };
    let read = dataset::read(source, &|_| Err("no file".to_owned()));
    let dataset = Arc::new(read.unwrap_or_else(|error| panic!("{error}")));
    Request {
        datasets: vec![NamedDataset { file: "talk.yaml".to_owned(), dataset }],
        changes: AgentChanges::default(),
        model,
        trials: 1,
        concurrency: NonZeroUsize::new(2).unwrap(),
        tags: Vec::new(),
        turn_limit: Duration::from_secs(60),
    }
}

fn agent() -> ModelChoice {
    ModelChoice::Named("default".to_owned())
}

async fn tried(
    request: Request,
    models: Models,
    tape: Tape,
    kept: Option<(&Path, &Path)>,
) -> Result<Report, run::Error> {
    let place = TempDir::new().unwrap();
    let environment = Environment::system();
    let parts = RunParts {
        sandboxes: sandboxes(place.path(), models.clone()),
        base: None,
        models,
        environment,
        tape,
    };
    let request = request.resolved(&parts).await?;
    let (planned, skipped) = request.plan()?;
    let folder = kept.map(|(folder, _)| RunFolder::open(folder, &parts.digest(&request))).transpose()?;
    if let (Some((_, file)), Some(folder), Tape::Record(recording)) = (kept, &folder, &parts.tape) {
        recording.keep_in(file, &run::takes_done(&planned, folder)).unwrap();
    }
    let results = run::run(&parts, &request, planned, folder.as_ref(), &|_| {}).await?;
    Ok(Report::new(&request, skipped, results))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_and_judges_are_answered_from_a_recording_and_what_judges_cost_is_counted_apart() {
    let server = ScriptedModel::with_rule(|request| if is_judge(request) { polite() } else { greeting() })
        .await
        .unwrap();
    let recording = Recording::default();
    let tape = Tape::Record(recording.clone());
    let recorded = tried(request(CASES, agent()), models(&server.base_url()), tape, None).await.unwrap();
    assert!(recorded.passed(), "{recorded:#?}");
    assert_eq!(
        recorded.model,
        ModelChoice::Named("lab/agent".to_owned()),
        "the result names the model itself"
    );
    let judging = recorded.results[1].judging.as_ref().unwrap();
    assert_eq!((&*judging.model, judging.input_tokens, judging.output_tokens), ("lab/judge", 120, 24));
    assert_eq!(judging.cost_micros, Some(168));
    assert_eq!(recorded.results[0].judging, None);
    let totals = &recorded.totals;
    assert_eq!((totals.tokens, totals.judge_tokens, totals.judge_cost_micros), (210, 144, 168));

    let cassette = Arc::new(Cassette::parse(&recording.cassette().write()).unwrap());
    let asked = server.requests().len();
    assert_eq!(asked, 5, "two replies and three votes");
    let nobody = Models::alone(Arc::new(Builtin::default()), Environment::system());
    let replayed =
        tried(request(CASES, agent()), nobody.clone(), Tape::Replay(cassette.clone()), None).await.unwrap();
    assert_eq!(server.requests().len(), asked, "nobody is asked");
    let timeless = |report: &Report| {
        let mut results = report.results.clone();
        results.iter_mut().for_each(|result| result.usage.latency_ms = None);
        (report.model.clone(), results)
    };
    assert_eq!(timeless(&replayed), timeless(&recorded));

    // A request that is not on the cassette is no failure of the agent.
    let other = CASES.replace("[Hello]", "[Good evening]");
    let report = tried(request(&other, agent()), nobody, Tape::Replay(cassette), None).await.unwrap();
    let trial = &report.results[0];
    assert_eq!((trial.attempts, &trial.grade), (1, &None));
    assert!(
        trial.not_run.as_ref().unwrap().contains("message 1 (the member's message) differs"),
        "{trial:?}"
    );
    assert_eq!((report.totals.failed, report.totals.unjudged), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_broke_off_leaves_nothing_on_the_cassette() {
    // The first trial gets its first answer, and then the provider refuses three times, as often as a turn asks.
    let count = Arc::new(AtomicUsize::new(0));
    let server = ScriptedModel::with_rule({
        let count = count.clone();
        move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => Script::new().call("c1", "describe", "{\"object\": \"deal\"}").finish("tool_calls"),
            1 => Script::status(401, "not yet"),
            2 => Script::status(401, "not yet"),
            _ => greeting(),
        }
    });
    let server = server.await.unwrap();
    let text = CASES.split("  - name: a polite").next().unwrap();
    let folder = TempDir::new().unwrap();
    let (kept, file) = (folder.path().join("run"), folder.path().join("tape.jsonl"));
    let record = || async {
        let tape = Tape::Record(Recording::default());
        tried(request(text, agent()), models(&server.base_url()), tape, Some((&kept, &file))).await.unwrap()
    };
    let report = record().await;
    assert_eq!(report.totals.unjudged, 1);
    assert_eq!(report.results[0].attempts, 1, "waiting does not mend a key");
    // It goes on: the trial is tried again, and then there is nothing left to do.
    while record().await.totals.unjudged > 0 {}
    let asked = count.load(Ordering::SeqCst);
    assert!(record().await.passed());
    assert_eq!(count.load(Ordering::SeqCst), asked);
    let cassette = Arc::new(Cassette::parse(&std::fs::read_to_string(&file).unwrap()).unwrap());
    let nobody = Models::alone(Arc::new(Builtin::default()), Environment::system());
    let replayed = tried(request(text, agent()), nobody, Tape::Replay(cassette), None).await.unwrap();
    assert!(replayed.passed(), "{replayed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_judge_that_fails_is_asked_no_more_and_its_trial_is_tried_again_when_the_run_goes_on() {
    let broken = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let server = ScriptedModel::with_rule({
        let broken = broken.clone();
        move |request| match (is_judge(request), broken.load(Ordering::SeqCst)) {
            (true, true) => Script::status(401, "no key"),
            (true, false) => polite(),
            (false, _) => greeting(),
        }
    });
    let server = server.await.unwrap();
    let folder = TempDir::new().unwrap();
    let kept = folder.path().join("run");
    let run = || tried(request(CASES, agent()), models(&server.base_url()), Tape::Off, Some((&kept, &kept)));
    let report = run().await.unwrap();
    let grade = report.results[1].grade.as_ref().unwrap();
    assert_eq!(grade.errors.len(), 1);
    assert!(
        grade.errors[0].starts_with("the judge: The model provider refused the API key"),
        "{:?}",
        grade.errors
    );
    let votes = server.requests().iter().filter(|request| is_judge(request)).count();
    assert_eq!((votes, report.totals.unjudged), (1, 1), "two more votes would say nothing");
    broken.store(false, Ordering::SeqCst);
    let before = server.requests().len();
    assert!(run().await.unwrap().passed());
    assert_eq!(server.requests().len() - before, 4, "the trial that was judged is not tried again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_needs_a_language_model() {
    let nobody = || Models::alone(Arc::new(Builtin::default()), Environment::system());
    let text = CASES.split("  - name: a polite").next().unwrap();
    for tape in [Tape::Record(Recording::default()), Tape::Replay(Arc::default())] {
        for (model, expected) in [
            (ModelChoice::AsWritten, "no language model is asked"),
            (ModelChoice::Named("builtin".to_owned()), "no language model is asked"),
            (ModelChoice::Own, "a recording is of one model"),
        ] {
            let told =
                tried(request(text, model), nobody(), tape.clone(), None).await.unwrap_err().to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
    let lost =
        tried(request(text, ModelChoice::Named("lab/lost".to_owned())), nobody(), Tape::Off, None).await;
    assert!(lost.unwrap_err().to_string().contains("lab/lost"));
}
