//! What models have used up: of the whole workspace for those who may set its budgets, of themselves for others.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use kontor_agents::{UsageBy, UsageFigures, UsageGroup, UsageQuery, UsageReport};
use kontor_core::{
    caller::Caller,
    error::{Fault as _, Issue},
    grants::Permission,
    reading::readable,
    time::Date,
    usage::dollars,
};
use kontor_http::Services;

use crate::{
    assets,
    error::{PageError, Result, page},
    form::{Fields, Wrong},
    link::with_query,
    session::SignedIn,
    shell::Shell,
    show::{Chart, share},
};

#[derive(Template)]
#[template(path = "usage.html")]
struct UsagePage {
    assets: &'static str,
    shell: Shell,
    asked: Asked,
    sees_all: bool,
    agents: Vec<(String, String)>,
    members: Vec<(String, String)>,
    models: Vec<String>,
    wrong: Wrong,
    /// Nothing where what was asked for is no range of days.
    found: Option<Found>,
}

/// What the form says.
#[derive(Clone)]
struct Asked {
    from: String,
    to: String,
    agent: String,
    member: String,
    model: String,
}

struct Found {
    from: Date,
    to: Date,
    totals: Vec<(&'static str, String)>,
    unpriced: u64,
    is_empty: bool,
    /// What the bars show.
    measure: &'static str,
    highest: String,
    chart: Chart,
    days: Section,
    sections: Vec<Section>,
}

/// A table of usage by one thing.
struct Section {
    id: &'static str,
    title: &'static str,
    head: &'static str,
    csv: String,
    rows: Vec<Row>,
    has_more: bool,
}

struct Row {
    label: String,
    cost: String,
    input: String,
    cached: String,
    output: String,
    steps: String,
    latency: String,
    /// Of a hundred.
    share: u64,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Response> {
    let query = Fields::of_query(&request);
    let text = |name: &str| query.get(name).to_owned();
    let mut asked = Asked {
        from: text("from"),
        to: text("to"),
        agent: text("agent"),
        member: text("member"),
        model: text("model"),
    };
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Usage", "settings/usage").await?;
    let sees_all = caller.grants.permits(Permission::Settings);
    let (mut wrong, mut found) = (Vec::new(), None);
    match asked.query() {
        Ok(query) => match find(&state, &caller, &asked, &query).await {
            Ok(shown) => found = Some(shown),
            Err(error) if !error.problem().issues.is_empty() => wrong = error.problem().issues,
            Err(error) => return Err(PageError::from(error)),
        },
        Err(issues) => wrong = issues,
    }
    if let Some(found) = &found {
        (asked.from, asked.to) = (found.from.to_string(), found.to.to_string());
    }
    let agents = state.agents.agents(&caller).await?;
    let (members, models) = match &found {
        Some(found) => choices(&state, &caller, found).await?,
        None => (Vec::new(), Vec::new()),
    };
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = UsagePage {
        assets: &assets::BASE,
        shell,
        asked,
        sees_all,
        agents: agents.into_iter().map(|agent| (agent.id.to_string(), agent.definition.label)).collect(),
        members,
        models,
        wrong: Wrong::of(&wrong, str::to_owned),
        found,
    };
    Ok((status, page(&shown)?).into_response())
}

impl Asked {
    /// What is asked for, by day, or what is wrong with it.
    fn query(&self) -> std::result::Result<UsageQuery, Vec<Issue>> {
        let mut issues = Vec::new();
        let mut day = |path: &str, text: &str| match text.parse::<Date>() {
            _ if text.is_empty() => None,
            Ok(day) => Some(day),
            Err(_) => {
                issues.push(Issue::new(path, "wrong_type", "expected a day such as 2026-03-01"));
                None
            }
        };
        let (from, to) = (day("from", &self.from), day("to", &self.to));
        if !issues.is_empty() {
            return Err(issues);
        }
        Ok(UsageQuery {
            from,
            to,
            // What is no id is nobody's: the lists offer none.
            agent: self.agent.parse().ok(),
            member: self.member.parse().ok(),
            model: Some(self.model.clone()).filter(|model| !model.is_empty()),
            ..UsageQuery::by(UsageBy::Day)
        })
    }

    /// The same as a table for spreadsheets.
    fn csv(&self, by: UsageBy, report: &UsageReport) -> String {
        let (from, to) = (report.from.to_string(), report.to.to_string());
        let narrowed = [("agent", &self.agent), ("member", &self.member), ("model", &self.model)];
        let narrowed = narrowed.into_iter().filter(|(_, value)| !value.is_empty());
        let fixed = [("by", by.word()), ("from", from.as_str()), ("to", to.as_str()), ("format", "csv")];
        let pairs = fixed.into_iter().chain(narrowed.map(|(name, value)| (name, value.as_str())));
        with_query("/api/usage", pairs)
    }
}

async fn find(
    state: &Services,
    caller: &Caller,
    asked: &Asked,
    query: &UsageQuery,
) -> std::result::Result<Found, kontor_agents::Error> {
    let days = state.agents.usage(caller, query.clone()).await?;
    let by_cost = days.total.cost_micros > 0;
    let mut sections = Vec::new();
    for (by, id, title, head) in [
        (UsageBy::Agent, "by-agent", "By agent", "Agent"),
        (UsageBy::Member, "by-member", "By member", "Member"),
        (UsageBy::Model, "by-model", "By model", "Model"),
    ] {
        let report = state.agents.usage(caller, UsageQuery { by, ..query.clone() }).await?;
        sections.push(section(id, title, head, asked.csv(by, &report), report, by_cost));
    }
    let total = days.total;
    let highest = days.groups.iter().map(|group| measured(&group.figures, by_cost)).max().unwrap_or(0);
    Ok(Found {
        from: days.from,
        to: days.to,
        totals: totals(&total),
        unpriced: total.unpriced_steps,
        is_empty: total.steps == 0,
        measure: if by_cost { "Cost" } else { "Tokens" },
        highest: if by_cost { dollars(highest) } else { number(highest) },
        chart: chart(&days, by_cost),
        days: section("by-day", "By day", "Day", asked.csv(UsageBy::Day, &days), days, by_cost),
        sections,
    })
}

/// The members and the models that there is something to show of.
async fn choices(
    state: &Services,
    caller: &Caller,
    found: &Found,
) -> Result<(Vec<(String, String)>, Vec<String>)> {
    let of = |by| UsageQuery { from: Some(found.from), to: Some(found.to), ..UsageQuery::by(by) };
    let members = state.agents.usage(caller, of(UsageBy::Member)).await?.groups;
    let models = state.agents.usage(caller, of(UsageBy::Model)).await?.groups;
    let members = members.into_iter().filter_map(|group| {
        let id = group.member.as_ref()?.id.to_string();
        Some((id, label(&group)))
    });
    Ok((members.collect(), models.into_iter().filter_map(|group| group.model).collect()))
}

fn totals(total: &UsageFigures) -> Vec<(&'static str, String)> {
    let tokens = total.input_tokens + total.output_tokens;
    vec![
        ("Cost", dollars(total.cost_micros)),
        ("Tokens", number(tokens)),
        ("Of these from a cache", number(total.cached_input_tokens)),
        ("Answers", number(total.steps)),
        ("An answer takes", seconds(total.latency_ms)),
    ]
}

/// A bar for each day of the report, also for those without usage.
fn chart(days: &UsageReport, by_cost: bool) -> Chart {
    let known: HashMap<Date, UsageFigures> =
        days.groups.iter().filter_map(|group| Some((group.day?, group.figures))).collect();
    let all = std::iter::successors(Some(days.from), |day| Some(day.plus_days(1)));
    Chart::new(all.take_while(|day| *day <= days.to).map(|day| {
        let figures = known.get(&day).copied().unwrap_or_default();
        let tokens = figures.input_tokens + figures.output_tokens;
        let title = format!("{day}: {}, {} tokens", dollars(figures.cost_micros), number(tokens));
        (measured(&figures, by_cost), title)
    }))
}

fn section(
    id: &'static str,
    title: &'static str,
    head: &'static str,
    csv: String,
    report: UsageReport,
    by_cost: bool,
) -> Section {
    let most = report.groups.iter().map(|group| measured(&group.figures, by_cost)).max().unwrap_or(0);
    let row = |group: UsageGroup| {
        let figures = group.figures;
        let price = match figures.unpriced_steps {
            unpriced if unpriced > 0 && unpriced == figures.steps => "not known".to_owned(),
            0 => dollars(figures.cost_micros),
            _ => format!("{} and more", dollars(figures.cost_micros)),
        };
        Row {
            label: label(&group),
            cost: price,
            input: number(figures.input_tokens),
            cached: number(figures.cached_input_tokens),
            output: number(figures.output_tokens),
            steps: number(figures.steps),
            latency: seconds(figures.latency_ms),
            share: share(measured(&figures, by_cost), most, 100),
        }
    };
    let rows = report.groups.into_iter().map(row).collect();
    Section { id, title, head, csv, rows, has_more: report.has_more }
}

/// What a bar shows.
fn measured(figures: &UsageFigures, by_cost: bool) -> u64 {
    if by_cost { figures.cost_micros } else { figures.input_tokens + figures.output_tokens }
}

fn label(group: &UsageGroup) -> String {
    let named = group.agent.as_ref().or(group.member.as_ref());
    let name = named.map(|named| named.label.clone().unwrap_or_else(|| format!("Gone: {}", named.id)));
    let plain = || group.day.map(|day| day.to_string()).or_else(|| group.model.clone());
    name.or_else(plain).unwrap_or_default()
}

fn number(count: u64) -> String {
    readable(&count.to_string())
}

fn seconds(milliseconds: u64) -> String {
    if milliseconds < 1_000 {
        return format!("{milliseconds} ms");
    }
    format!("{}.{} s", number(milliseconds / 1_000), milliseconds % 1_000 / 100)
}
