//! A run: where it stands, what it came to by case, and what was said and done in its trials.

use std::{convert::Infallible, time::Duration};

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{
        Html, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::StreamExt as _;
use kontor_evals::evaluations::{CaseFilter, RunEvent, RunSummary, RunView, StoredTrial};
use kontor_http::{Admission, KEEP_ALIVE, Services};
use uuid::Uuid;

use super::{of_dataset, of_run, words};
use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    link::{parsed, with_query},
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact},
};

/// Trials that are shown at once.
const TRIALS: u32 = 50;

#[derive(Template)]
#[template(path = "evaluation_run.html")]
struct RunPage {
    assets: &'static str,
    shell: Shell,
    href: String,
    dataset: String,
    colour: &'static str,
    state: &'static str,
    tried: String,
    model: String,
    begun: Shown,
    is_open: bool,
    figures: Vec<(&'static str, String)>,
    cases: Vec<CaseLine>,
    tags: Vec<(String, String, String)>,
    /// The case whose trials are shown, empty for none.
    case: String,
    trials: Vec<TrialView>,
    others: Vec<(String, String)>,
    /// The address of the comparison with the run before.
    before: Option<String>,
    view: RunView,
}

struct CaseLine {
    name: String,
    href: String,
    attacked: bool,
    passed: bool,
    is_flaky: bool,
    of: String,
    score: String,
    why: String,
}

struct TrialView {
    title: String,
    passed: bool,
    not_run: String,
    transcript: Vec<(String, String)>,
    calls: Vec<(String, &'static str, String)>,
    parts: Vec<(String, bool, String, String)>,
    figures: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(id): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let id: Uuid = parsed(&id)?;
    let view = state.evaluations.run(&caller, id).await?;
    let query = Fields::of_query(&request);
    let case = query.get("case").to_owned();
    let trials = match case.is_empty() {
        true => Vec::new(),
        false => {
            let filter = CaseFilter { case: Some(case.clone()), limit: TRIALS, ..CaseFilter::default() };
            state.evaluations.trials(&caller, id, filter).await?.0
        }
    };
    let same = kontor_evals::evaluations::RunQuery {
        dataset: Some(view.run.dataset.clone()),
        limit: TRIALS,
        ..Default::default()
    };
    let clock = Clock::of(&state.environment, &caller);
    let same = state.evaluations.runs(&caller, same).await?.runs;
    let is_before = |other: &&RunSummary| {
        other.figures.is_some() && other.agent == view.run.agent && other.created_at < view.run.created_at
    };
    let before = same.iter().find(is_before).map(|other| {
        let (a, b) = (other.id.to_string(), id.to_string());
        with_query("/settings/evaluations/compare", [("a", &*a), ("b", &b)])
    });
    let others = same.into_iter().filter(|other| other.id != id && other.figures.is_some()).map(|other| {
        let when = exact(other.created_at, clock).plain().unwrap_or_default();
        (
            other.id.to_string(),
            format!("{} on {}, {}, {when}", other.agent, words::model(&other), words::tried(&other)),
        )
    });
    let schema = state.crm.schema(caller.workspace).await?;
    let title = format!("{} on {}", view.run.dataset, view.run.agent);
    let href = of_run(id);
    page(&RunPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, title, "settings/evaluations").await?,
        dataset: of_dataset(&view.run.dataset),
        colour: words::colour(&view.run),
        state: words::state(&view.run),
        tried: words::tried(&view.run),
        model: words::model(&view.run),
        begun: exact(view.run.created_at, clock),
        is_open: !view.run.state.has_ended(),
        figures: figures(&view),
        cases: cases(&view, &href),
        tags: view
            .tag_summaries
            .iter()
            .map(|(tag, summary)| {
                let of = format!("{} of {}", summary.passed, summary.trials);
                (tag.clone(), of, words::interval(summary.pass_at_1.as_ref()))
            })
            .collect(),
        others: others.collect(),
        before: before.filter(|_| view.run.figures.is_some()),
        trials: trials.into_iter().map(trial).collect(),
        case,
        href,
        view,
    })
}

fn figures(view: &RunView) -> Vec<(&'static str, String)> {
    let Some(summary) = &view.summary else { return Vec::new() };
    let hat = summary.pass_hat.iter().next_back();
    vec![
        ("Passed", format!("{} of {}", summary.passed, summary.trials)),
        ("Pass@1", words::interval(summary.pass_at_1.as_ref())),
        (
            "Pass^k",
            hat.map_or_else(|| "–".to_owned(), |(k, part)| format!("{} (k = {k})", words::part(*part))),
        ),
        ("Score", words::interval(summary.score.as_ref())),
        ("Not judged", summary.unjudged.to_string()),
        ("Cost", words::cost(summary.cost_micros)),
        ("Tokens", words::tokens(summary.tokens)),
        ("Time, p50", words::milliseconds(summary.latency_p50_ms)),
        ("Time, p95", words::milliseconds(summary.latency_p95_ms)),
    ]
}

fn cases(view: &RunView, href: &str) -> Vec<CaseLine> {
    let line = |case: &kontor_evals::report::CaseResult| CaseLine {
        name: case.case.clone(),
        href: format!("{}#trials", with_query(href, [("case", &*case.case)])),
        attacked: case.attacked,
        passed: case.passed(),
        is_flaky: !case.summary.flaky.is_empty(),
        of: format!("{} of {}", case.summary.passed, case.summary.trials),
        score: words::part(case.score()),
        why: case.why.clone().unwrap_or_default(),
    };
    view.cases.iter().map(line).collect()
}

fn trial(trial: StoredTrial) -> TrialView {
    let StoredTrial { passed, record, .. } = trial;
    let attacked = if record.key.attacked { ", under attack" } else { "" };
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let parts = record.grade.iter().flat_map(|grade| &grade.parts).map(|part| {
        let name = serde_json::to_value(part.part).map(word).unwrap_or_default();
        (name, part.passed, part.score.map(words::part).unwrap_or_default(), part.why.join("; "))
    });
    let call = |call: kontor_evals::run::CallRecord| {
        let outcome = match serde_json::to_value(call.outcome).map(word).as_deref() {
            Ok("succeeded") => "succeeded",
            Ok("failed") => "failed",
            Ok("refused") => "refused",
            _ => "unknown",
        };
        let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
        (call.operation, outcome, arguments)
    };
    let usage = record.usage;
    TrialView {
        title: format!("Trial {}{attacked}", record.key.trial),
        passed,
        not_run: record.not_run.clone().unwrap_or_default(),
        parts: parts.collect(),
        figures: format!(
            "{} by {}: {} steps, {} tokens, {}",
            usage.latency_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms")),
            record.models.join(", "),
            usage.steps,
            words::tokens(usage.input_tokens + usage.output_tokens),
            usage.cost_micros.map_or_else(|| "cost not known".to_owned(), words::cost),
        ),
        transcript: record.transcript.into_iter().map(|said| (said.message, said.reply)).collect(),
        calls: record.calls.into_iter().map(call).collect(),
    }
}

pub(crate) async fn cancel(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id: Uuid = parsed(&id)?;
    state.evaluations.cancel_run(&sent.caller, id).await?;
    Ok(Redirect::to(&of_run(id)))
}

/// What happens in a run, for its page.
pub(crate) async fn stream(
    State(state): State<Services>,
    SignedIn { caller, credential, .. }: SignedIn,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response> {
    let id: Uuid = parsed(&id)?;
    let known = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let query = Fields::of_query(&request);
    let after = known.unwrap_or_else(|| query.get("after")).parse().unwrap_or(0);
    caller.require(kontor_core::grants::Permission::Evaluations)?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(PageError::Problem)?;
    let events = state.evaluations.follow(&caller, id, after).await?.take_until(ended);
    let events = events.map(move |event| {
        // Held for as long as the stream is.
        let _place = &place;
        sse(event)
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(kontor_http::event_stream(events))
}

fn sse(event: RunEvent) -> Result<Event, Infallible> {
    let sent = Event::default().id(event.id.to_string()).event(event.name);
    Ok(sent.data(event.data.to_string()).retry(Duration::from_secs(1)))
}
