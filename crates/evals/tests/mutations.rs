//! The shipped datasets catch an agent that is broken on purpose, in ten ways: the same cases, of which the agent does
//! something else than it should.

use std::{fs, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use kontor_core::environment::Environment;
use kontor_evals::{
    dataset::{self, Answer, ApprovalRule, Case, Dataset, Format, Source, names},
    report::{CaseResult, Report},
    run::{self, AgentChanges, ModelChoice, NamedDataset, Request, RunParts, Tape},
    scripted::{ScriptedCall, Step},
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::house::{models, sandboxes};

/// Cases that are tried with each mutation at most.
const MOST: usize = 8;

/// A way to break the agent in a case; false where the case has nothing that can be broken so.
type Mutation = fn(&mut Case, &Dataset) -> bool;

const MUTATIONS: [(&str, Mutation); 10] = [
    ("wrong record", wrong_record),
    ("extra write", extra_write),
    ("skipped step", skipped_step),
    ("leaked field", leaked_field),
    ("wrong number", wrong_number),
    ("ignored denial", ignored_denial),
    ("unapproved deletion", unapproved_deletion),
    ("invented record", invented_record),
    ("wrong currency", wrong_currency),
    ("endless loop", endless_loop),
];

fn steps(case: &mut Case) -> impl Iterator<Item = &mut Step> {
    case.script.iter_mut().flat_map(|rule| &mut rule.steps)
}

fn writes(operation: &str) -> bool {
    [".create", ".update", ".delete", ".restore"].iter().any(|end| operation.ends_with(end))
}

/// The texts that are said, each changed; whether one is another then.
fn say_otherwise(case: &mut Case, change: impl Fn(&str) -> String) -> bool {
    let mut has_changed = false;
    for said in steps(case).filter_map(|step| step.say.as_mut()) {
        let other = change(said);
        has_changed |= other != *said;
        *said = other;
    }
    has_changed
}

/// Whether something is to be changed in it.
fn is_to_write(case: &Case) -> bool {
    case.expect.state.as_ref().is_some_and(|state| !state.unchanged)
}

/// The first write is one to another record of the same object.
fn wrong_record(case: &mut Case, dataset: &Dataset) -> bool {
    if !is_to_write(case) {
        return false;
    }
    let records = [dataset.fixture.all_records(), case.records.clone()].concat();
    // One that the case says nothing of.
    let named = serde_json::to_string(&(&case.expect, &case.turns, &case.script)).unwrap();
    let step = steps(case).find(|step| {
        step.call.as_deref().is_some_and(|call| call.ends_with(".update"))
            && step.arguments.contains_key("id")
    });
    let Some(step) = step else { return false };
    let call = step.call.clone().unwrap();
    let others = records.iter().rev().filter(|record| format!("{}.update", record.object) == call);
    let other = others
        .filter_map(|record| Some(format!("$ref({})", record.id.as_ref()?)))
        .find(|other| !named.contains(other));
    let Some(other) = other else { return false };
    step.arguments.insert("id".to_owned(), json!(other));
    true
}

/// A task is made beside the first write.
fn extra_write(case: &mut Case, _: &Dataset) -> bool {
    if !is_to_write(case) {
        return false;
    }
    let Some(step) = steps(case).find(|step| step.call.as_deref().is_some_and(writes)) else { return false };
    let arguments = json!({"title": "Follow up"}).as_object().unwrap().clone();
    step.calls.push(ScriptedCall { operation: "task.create".to_owned(), arguments });
    true
}

/// The last write is not made, and what it answered is not told.
fn skipped_step(case: &mut Case, _: &Dataset) -> bool {
    if !is_to_write(case) {
        return false;
    }
    say_otherwise(case, |said| regex(r"\{\{.*?\}\}").replace_all(said, "it").into_owned());
    for rule in &mut case.script {
        if let Some(at) = rule.steps.iter().rposition(|step| step.call.as_deref().is_some_and(writes)) {
            rule.steps.remove(at);
            return true;
        }
    }
    false
}

/// What must not be revealed is said.
fn leaked_field(case: &mut Case, _: &Dataset) -> bool {
    let secrets = case.expect.reply.as_ref().map(|reply| reply.must_not_reveal.clone()).unwrap_or_default();
    let Some(secret) = secrets.first() else { return false };
    say_otherwise(case, |said| format!("{said} By the way: {secret}."))
}

/// Each number that is said is another.
fn wrong_number(case: &mut Case, _: &Dataset) -> bool {
    if case.expect.reply.as_ref().is_none_or(|reply| reply.numbers.is_empty()) {
        return false;
    }
    say_otherwise(case, |said| {
        let text = regex(r"(?s)\{%.*%\}|\{\{.*?\}\}").replace_all(said, "123456789").into_owned();
        regex(r"[0-9]")
            .replace_all(&text, |digit: &regex::Captures<'_>| match &digit[0] {
                "9" => "1".to_owned(),
                digit => (digit.parse::<u8>().unwrap() + 1).to_string(),
            })
            .into_owned()
    })
}

fn regex(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).unwrap()
}

/// Whether a person says no to a deletion in it.
fn is_refused(case: &mut Case) -> bool {
    let deletes = steps(case).any(|step| step.call.as_deref().is_some_and(|call| call.ends_with(".delete")));
    deletes && case.approvals.iter().all(|rule| rule.answer == Answer::Refuse)
}

/// What was denied is told as done.
fn ignored_denial(case: &mut Case, _: &Dataset) -> bool {
    is_refused(case) && say_otherwise(case, |_| "It has been deleted.".to_owned())
}

/// The guard is off: nobody is asked before a deletion.
fn unapproved_deletion(case: &mut Case, _: &Dataset) -> bool {
    let is_refused = is_refused(case);
    let operation = "*.delete".to_owned();
    case.approvals =
        vec![ApprovalRule { operation, predicates: Default::default(), answer: Answer::Approve }];
    is_refused
}

/// Records that are linked are made up.
fn invented_record(case: &mut Case, _: &Dataset) -> bool {
    let invented = "01900000-0000-7000-8000-00000000dead";
    let links = case.expect.reply.as_ref().is_some_and(|reply| {
        reply.contains.iter().chain(&reply.contains_any).any(|text| text.contains("$ref("))
    });
    links
        && say_otherwise(case, |said| {
            let text = regex(r"\$ref\([^)]*\)").replace_all(said, invented).into_owned();
            regex(r"\{\{[^}]*\bid\b[^}]*\}\}").replace_all(&text, invented).into_owned()
        })
}

/// Amounts are said and written in dollars.
fn wrong_currency(case: &mut Case, _: &Dataset) -> bool {
    let foreign = |text: &str| regex("EUR|GBP|CHF|€|£").replace_all(text, "USD").into_owned();
    let mut has_changed = say_otherwise(case, foreign);
    for step in steps(case) {
        let written = Json::Object(step.arguments.clone()).to_string();
        let other = foreign(&written);
        has_changed |= other != written;
        step.arguments = serde_json::from_str(&other).unwrap();
    }
    let names_it = serde_json::to_string(&case.expect).unwrap();
    has_changed && regex("EUR|GBP|CHF|€|£").is_match(&names_it)
}

/// The first call is made again and again.
fn endless_loop(case: &mut Case, _: &Dataset) -> bool {
    match steps(case).find(|step| step.call.is_some()) {
        Some(step) => {
            step.forever = true;
            true
        }
        None => false,
    }
}

fn shipped() -> Vec<NamedDataset> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals");
    let known = names::standard();
    let load = |file: &str| fs::read_to_string(file).map_err(|error| error.to_string());
    let names = [
        "skills-finding",
        "skills-policy",
        "skills-querying",
        "skills-workflow",
        "confidentiality",
        "permissions",
    ];
    let one = |name: &str| {
        let file = folder.join(format!("{name}.yaml")).to_str().unwrap().to_owned();
        let text = load(&file).unwrap();
        let read =
            dataset::read_for(Source { file: &file, text: &text, format: Format::Yaml }, &load, &known);
        let dataset = Arc::new(read.unwrap_or_else(|error| panic!("{error}")));
        NamedDataset { file, dataset }
    };
    names.into_iter().map(one).collect()
}

async fn tried(datasets: Vec<NamedDataset>) -> Report {
    let request = Request {
        datasets,
        changes: AgentChanges::default(),
        model: ModelChoice::Named("scripted".to_owned()),
        trials: 1,
        concurrency: NonZeroUsize::new(4).unwrap(),
        tags: Vec::new(),
        turn_limit: Duration::from_secs(60),
    };
    let place = TempDir::new().unwrap();
    let environment = Environment::system();
    let models = models(None, &environment);
    let parts = RunParts {
        sandboxes: sandboxes(place.path(), models.clone()),
        base: None,
        models,
        environment,
        tape: Tape::Off,
    };
    let (planned, skipped) = request.plan().unwrap();
    let results = run::run(&parts, &request, planned, None, &|_| {}).await.unwrap();
    Report::new(&request, skipped, results)
}

/// The same datasets with cases of the scripted model alone, each under the name of what was broken in it.
fn broken(shipped: &[NamedDataset]) -> Vec<NamedDataset> {
    let mut left: Vec<usize> = vec![MOST; MUTATIONS.len()];
    let mut all = Vec::new();
    for NamedDataset { file, dataset } in shipped {
        let mut cases = Vec::new();
        for case in &dataset.cases {
            let mut whole = dataset.effective(case);
            if !whole.models.iter().any(|model| model == "scripted") {
                continue;
            }
            whole.models = vec!["scripted".to_owned()];
            for ((name, mutation), left) in MUTATIONS.iter().zip(&mut left) {
                let mut case = whole.clone();
                if *left > 0 && mutation(&mut case, dataset) {
                    *left -= 1;
                    case.name = format!("{} | {name}", case.name);
                    case.tags = vec![(*name).to_owned()];
                    cases.push(case);
                }
            }
        }
        let dataset = Dataset { cases, script: Vec::new(), tags: Vec::new(), ..(**dataset).clone() };
        all.push(NamedDataset { file: file.clone(), dataset: Arc::new(dataset) });
    }
    all.retain(|named| !named.dataset.cases.is_empty());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_ways_to_break_the_agent_are_caught() {
    let report = tried(broken(&shipped())).await;
    assert!(
        report.totals.complete,
        "{:?}",
        report.cases.iter().filter(|case| !case.is_judged()).collect::<Vec<_>>()
    );
    let mut survivors = Vec::new();
    for (name, _) in MUTATIONS {
        let of = |case: &&CaseResult| case.case.ends_with(&format!("| {name}"));
        let cases: Vec<_> = report.cases.iter().filter(of).collect();
        assert!(!cases.is_empty(), "{name}: no case can be broken so");
        survivors.extend(cases.iter().filter(|case| case.passed()).map(|case| case.name()));
    }
    assert_eq!(survivors, [""; 0], "these are not caught");
}
