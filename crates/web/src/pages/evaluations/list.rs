//! The datasets and the runs of the workspace, and a run asked for.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, grants::Permission};
use kontor_evals::evaluations::{
    DatasetSummary, Error, NewDataset, NewRun, RunQuery, RunSummary, ShippedDataset, shipped,
};
use kontor_http::Services;
use kontor_identity::Csrf;

use super::{PLACE, of_dataset, of_run, words};
use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    link::with_query,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, instant},
};

const SHOWN: u32 = 30;

#[derive(Template)]
#[template(path = "evaluations.html")]
struct EvaluationsPage {
    assets: &'static str,
    shell: Shell,
    datasets: Vec<DatasetLine>,
    shipped: Vec<ShippedDataset>,
    agents: Vec<(String, String)>,
    /// What stands in the form of a run.
    fields: Fields,
    wrong: Wrong,
    runs: Vec<RunLine>,
    /// The dataset and the agent whose runs are shown, empty for all.
    of_dataset: String,
    of_agent: String,
    older: Option<String>,
}

struct DatasetLine {
    href: String,
    dataset: DatasetSummary,
    when: Shown,
}

pub(super) struct RunLine {
    id: String,
    href: String,
    state: &'static str,
    colour: &'static str,
    tried: String,
    model: String,
    score: String,
    cost: String,
    when: Shown,
    can_compare: bool,
    run: RunSummary,
}

impl RunLine {
    pub(super) fn new(run: RunSummary, clock: Clock) -> Self {
        let figures = run.figures.as_ref();
        Self {
            id: run.id.to_string(),
            href: of_run(run.id),
            state: words::state(&run),
            colour: words::colour(&run),
            tried: words::tried(&run),
            model: words::model(&run),
            score: figures.and_then(|figures| figures.score).map(words::part).unwrap_or_default(),
            cost: figures.map(|figures| words::cost(figures.cost_micros)).unwrap_or_default(),
            when: instant(run.created_at, clock),
            can_compare: figures.is_some(),
            run,
        }
    }
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    page(&listed(&state, &caller, &csrf, &query, Fields::default(), Wrong::default()).await?)
}

async fn listed(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    query: &Fields,
    fields: Fields,
    wrong: Wrong,
) -> Result<EvaluationsPage> {
    let given = |name: &str| Some(query.get(name).to_owned()).filter(|value| !value.is_empty());
    let wanted = RunQuery {
        dataset: given("dataset"),
        agent: given("agent"),
        state: None,
        limit: SHOWN,
        after: given("after"),
    };
    let datasets = state.evaluations.datasets(caller).await?;
    let found = state.evaluations.runs(caller, wanted).await?;
    let agents = state.agents.agents(caller).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    let (of_dataset_name, of_agent) = (query.get("dataset").to_owned(), query.get("agent").to_owned());
    let older = |next: String| {
        with_query(PLACE, [("dataset", &*of_dataset_name), ("agent", &of_agent), ("after", &next)])
    };
    let taken: Vec<_> = datasets.iter().map(|dataset| dataset.name.clone()).collect();
    let all = shipped().map_err(Error::from)?;
    Ok(EvaluationsPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Evaluations", "settings/evaluations").await?,
        shipped: all.into_iter().filter(|one| !taken.contains(&one.name)).collect(),
        datasets: datasets
            .into_iter()
            .map(|dataset| DatasetLine {
                href: of_dataset(&dataset.name),
                when: instant(dataset.updated_at, clock),
                dataset,
            })
            .collect(),
        agents: agents.into_iter().map(|agent| (agent.name, agent.definition.label)).collect(),
        older: found.next.map(older),
        runs: found.runs.into_iter().map(|run| RunLine::new(run, clock)).collect(),
        fields,
        wrong,
        of_dataset: of_dataset_name,
        of_agent,
    })
}

/// Adds a dataset that ships.
pub(crate) async fn add_shipped(State(state): State<Services>, sent: Sent) -> Result<Redirect> {
    let name = sent.fields.get("name").to_owned();
    let new = NewDataset { name, shipped: true, ..NewDataset::default() };
    let added = state.evaluations.add_dataset(&sent.caller, new).await?;
    Ok(Redirect::to(&of_dataset(&added.content.name)))
}

/// Asks for a run.
pub(crate) async fn start(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let mut wrong = Wrong::default();
    let new = wanted(&sent.fields, &mut wrong);
    let (status, wrong) = match wrong.is_empty() {
        false => (axum::http::StatusCode::BAD_REQUEST, wrong),
        true => match state.evaluations.start_run(&sent.caller, new).await {
            Ok(started) => return Ok(Redirect::to(&of_run(started.run.id)).into_response()),
            Err(error) => {
                let (status, problem) = refused(error)?;
                (status, Wrong::of_problem(&problem, str::to_owned))
            }
        },
    };
    let query = Fields::default();
    let shown = listed(&state, &sent.caller, &sent.csrf, &query, sent.fields, wrong).await?;
    Ok((status, page(&shown)?).into_response())
}

/// Asks for a run on what stands in the editor of a prompt.
pub(crate) async fn evaluate(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let new = NewRun {
        // Not `dataset`, which is what scripts call the attributes of the form.
        dataset: sent.fields.get("evaluated_on").to_owned(),
        agent: name.clone(),
        prompt: Some(sent.fields.find("body").unwrap_or_default().replace("\r\n", "\n")),
        trials: sent.fields.get("trials").parse().ok(),
        ..NewRun::default()
    };
    match state.evaluations.start_run(&sent.caller, new).await {
        Ok(started) => Ok(Redirect::to(&of_run(started.run.id)).into_response()),
        Err(error) => {
            let why = refused(error)?;
            super::super::agents::prompt::not_taken(&state, &name, sent, why).await
        }
    }
}

/// The datasets that a prompt may be run on by the reader.
pub(crate) async fn datasets_of(state: &Services, caller: &Caller) -> Result<Vec<String>> {
    if !caller.grants.permits(Permission::Evaluations) {
        return Ok(Vec::new());
    }
    let all = state.evaluations.datasets(caller).await?;
    Ok(all.into_iter().map(|dataset| dataset.name).collect())
}

fn wanted(fields: &Fields, wrong: &mut Wrong) -> NewRun {
    let given = |name: &str| Some(fields.get(name).to_owned()).filter(|value| !value.is_empty());
    let mut bad = Vec::new();
    let mut number = |name: &'static str| {
        let text = given(name)?;
        let read = text.parse::<u32>();
        if read.is_err() {
            bad.push((name, "A whole number is expected here.".to_owned()));
        }
        read.ok()
    };
    let (trials, version) = (number("trials"), number("version"));
    *wrong = Wrong::list(bad);
    NewRun {
        dataset: fields.get("dataset").to_owned(),
        agent: fields.get("agent").to_owned(),
        version: version.map(i64::from),
        model: given("model"),
        trials,
        ..NewRun::default()
    }
}
