//! Two runs beside each other: what was fixed, what broke, and their figures as drawings.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Html,
};
use kontor_evals::evaluations::{RunFigures, RunQuery, RunSummary};
use kontor_http::Services;
use uuid::Uuid;

use super::{of_run, words};
use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::parsed,
    session::SignedIn,
    shell::Shell,
    show::{Clock, instant},
};

/// Width and height of the drawings, in their units.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 160.0;
/// Runs of the dataset that are drawn.
const DRAWN: u32 = 50;

#[derive(Template)]
#[template(path = "evaluation_compare.html")]
struct ComparePage {
    assets: &'static str,
    shell: Shell,
    sides: [Side; 2],
    remark: Option<String>,
    /// Figures of both: what, before, after.
    figures: Vec<(&'static str, String, String)>,
    /// Cases by what became of them.
    groups: Vec<(&'static str, &'static str, Vec<String>)>,
    chance: String,
    difference: String,
    scores: [Bar; 2],
    points: Vec<Point>,
    highest_cost: String,
}

/// A run of the two.
struct Side {
    name: &'static str,
    href: String,
    of: String,
    model: String,
}

/// A score with its interval, as it is drawn.
struct Bar {
    x: f64,
    y: f64,
    height: f64,
    middle: f64,
    whisker: Option<(f64, f64)>,
    title: String,
}

/// A run of the dataset by its cost and its score.
struct Point {
    x: f64,
    y: f64,
    /// `a`, `b` or nothing.
    name: &'static str,
    title: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let (a, b): (Uuid, Uuid) = (parsed(query.get("a"))?, parsed(query.get("b"))?);
    let found = state.evaluations.compare(&caller, a, b).await?;
    let wanted = RunQuery { dataset: Some(found.b.dataset.clone()), limit: DRAWN, ..RunQuery::default() };
    let all = state.evaluations.runs(&caller, wanted).await?.runs;
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, &caller);
    let side = |name, run: &RunSummary| {
        let when = instant(run.created_at, clock).plain().unwrap_or_default();
        Side {
            name,
            href: of_run(run.id),
            of: format!("{} on {}, {}, {when}", run.dataset, run.agent, words::tried(run)),
            model: words::model(run),
        }
    };
    let (points, highest) = points(&all, a, b);
    let comparison = &found.comparison;
    let (before, after) = (&comparison.before, &comparison.after);
    let both = |told: &dyn Fn(&kontor_evals::stats::Summary) -> String| (told(before), told(after));
    let figure = |what, told: &dyn Fn(&kontor_evals::stats::Summary) -> String| {
        let (before, after) = both(told);
        (what, before, after)
    };
    let difference = comparison.scores.difference.as_ref();
    page(&ComparePage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, "Two runs", "settings/evaluations").await?,
        sides: [side("A", &found.a), side("B", &found.b)],
        remark: comparison.remark.clone(),
        figures: vec![
            figure("Passed", &|summary| format!("{} of {}", summary.passed, summary.trials)),
            figure("Pass@1", &|summary| words::interval(summary.pass_at_1.as_ref())),
            figure("Score", &|summary| words::interval(summary.score.as_ref())),
            figure("Flaky cases", &|summary| summary.flaky.len().to_string()),
            figure("Not judged", &|summary| summary.unjudged.to_string()),
            figure("Cost", &|summary| words::cost(summary.cost_micros)),
            figure("Tokens", &|summary| words::tokens(summary.tokens)),
            figure("Time, p50", &|summary| words::milliseconds(summary.latency_p50_ms)),
            figure("Time, p95", &|summary| words::milliseconds(summary.latency_p95_ms)),
        ],
        groups: vec![
            ("Broke", "red", comparison.broke.clone()),
            ("Fixed", "green", comparison.fixed.clone()),
            ("Flaky", "orange", comparison.flaky.clone()),
            ("Only in A", "", comparison.only_before.clone()),
            ("Only in B", "", comparison.only_after.clone()),
        ],
        chance: match comparison.mcnemar.p_value {
            Some(p) => format!("p = {p:.4} (McNemar, exact)"),
            None => format!("nothing can be said: {}", comparison.mcnemar.note),
        },
        difference: words::interval(difference),
        scores: [bar(0, &found.a, "A"), bar(1, &found.b, "B")],
        points,
        highest_cost: words::cost(highest),
    })
}

fn bar(place: u8, run: &RunSummary, name: &str) -> Bar {
    let figures = run.figures.as_ref();
    let score = figures.and_then(|figures| figures.score).unwrap_or_default();
    let at = |score: f64| HEIGHT * (1.0 - score.clamp(0.0, 1.0));
    let ends = |figures: &RunFigures| Some((at(figures.score_low?), at(figures.score_high?)));
    let x = WIDTH / 8.0 + f64::from(place) * WIDTH / 2.0;
    Bar {
        x,
        y: at(score),
        height: HEIGHT - at(score),
        middle: x + WIDTH / 8.0,
        whisker: figures.and_then(ends),
        title: format!("{name}: {}", words::part(score)),
    }
}

/// The runs of a dataset by cost of a trial and score, and the highest such cost.
fn points(all: &[RunSummary], a: Uuid, b: Uuid) -> (Vec<Point>, u64) {
    let cost = |figures: &RunFigures| figures.cost_micros / u64::try_from(figures.trials.max(1)).unwrap_or(1);
    let told: Vec<_> = all.iter().filter_map(|run| Some((run, run.figures.as_ref()?))).collect();
    let highest = told.iter().map(|(_, figures)| cost(figures)).max().unwrap_or(0);
    let point = |(run, figures): (&RunSummary, &RunFigures)| {
        let score = figures.score.unwrap_or_default();
        let part = crate::show::share(cost(figures), highest, 1_000);
        let part = f64::from(u32::try_from(part).unwrap_or(u32::MAX)) / 1_000.0;
        let name = if run.id == a {
            "A"
        } else if run.id == b {
            "B"
        } else {
            ""
        };
        let (cost, told) = (words::cost(cost(figures)), words::part(score));
        Point {
            // Not on the edge, where half of it would be cut off.
            x: 8.0 + part * (WIDTH - 16.0),
            y: 8.0 + (1.0 - score.clamp(0.0, 1.0)) * (HEIGHT - 16.0),
            name,
            title: format!("{}, {}: {cost} a trial, score {told}", words::model(run), words::tried(run)),
        }
    };
    (told.into_iter().map(point).collect(), highest)
}
