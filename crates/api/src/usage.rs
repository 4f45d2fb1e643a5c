//! What models have used up, added up.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use kontor_agents::{MOST_GROUPS, Named, UsageBy, UsageFigures, UsageGroup, UsageQuery, UsageReport};
use kontor_core::time::Date;
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    csv::{self, Csv},
    extract::{Holds, Parameter, Parameters, SignedIn},
    openapi::Describe as _,
    page::{self, Page},
    problem::{ApiError, Result},
};

const MAX_LIMIT: u32 = 500;
const DEFAULT_LIMIT: u32 = 500;

const KNOWN: [Parameter; 8] = [
    Parameter::new("by", Holds::Word(&["day", "agent", "member", "model"]), "What it is added up by.")
        .required(),
    Parameter::new(
        "from",
        Holds::Day,
        "The first day; thirty days are told unless it is given, 366 at most.",
    ),
    Parameter::new("to", Holds::Day, "The last day; today unless it is given."),
    Parameter::new("agent", Holds::Id, "Only that of this agent."),
    Parameter::new("member", Holds::Id, "Only that of this member."),
    Parameter::new("model", Holds::Text, "Only that of the model with this id."),
    Parameter::new("format", Holds::Word(&["json", "csv"]), "Counts more than `Accept`."),
    Parameter::limit(MAX_LIMIT),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let usage = get_with(usage, |op| {
        op.is("get_usage", "What models have used up, by day, agent, member or model")
            .tag("Agents")
            .queries(&KNOWN)
    });
    ApiRouter::new().api_route("/usage", usage)
}

/// Groups of usage with all of it added up.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Usage {
    #[serde(flatten)]
    groups: Page<UsageGroup>,
    /// Of all groups, also of those beyond the limit.
    total: UsageFigures,
    /// The first day, by the workspace's clocks.
    from: Date,
    /// The last day.
    to: Date,
}

/// The answer in the form that was asked for.
pub(crate) enum UsageAnswer {
    Json(Json<Usage>),
    Csv(Csv),
}

impl IntoResponse for UsageAnswer {
    fn into_response(self) -> Response {
        match self {
            Self::Json(json) => json.into_response(),
            Self::Csv(csv) => csv.into_response(),
        }
    }
}

async fn usage(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<UsageAnswer> {
    let parameters = parameters.knowing(&KNOWN)?;
    let is_csv = match parameters.text("format") {
        None => csv::is_preferred(&headers),
        Some("csv") => true,
        Some("json") => false,
        Some(_) => return Err(ApiError::issue("format", "invalid_value", "json or csv is expected here.")),
    };
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?;
    // A table is whole, unless it was asked for in part.
    let usual = if is_csv { MOST_GROUPS } else { DEFAULT_LIMIT };
    let query = query(&parameters, limit.unwrap_or(usual))?;
    let by = query.by;
    let report = state.agents.usage(&caller, query).await?;
    if is_csv {
        if report.has_more && limit.is_none() {
            return Err(too_long());
        }
        return table(by, report).map(UsageAnswer::Csv);
    }
    let UsageReport { from, to, groups, has_more, total } = report;
    Ok(UsageAnswer::Json(Json(Usage { groups: page::first(groups, has_more).0, total, from, to })))
}

/// A table with a part of the usage only would be taken for all of it.
fn too_long() -> ApiError {
    let message = format!(
        "A table has at most {MOST_GROUPS} rows. Ask for fewer days, narrow it to an agent, a member or a model, or set a limit."
    );
    ApiError::issue("limit", "too_many", message)
}

fn query(parameters: &Parameters, limit: u32) -> Result<UsageQuery> {
    let expected = "day, agent, member or model is expected here.";
    let by = match parameters.text("by") {
        None => return Err(ApiError::issue("by", "required", expected)),
        Some(word) => {
            UsageBy::from_word(word).ok_or_else(|| ApiError::issue("by", "invalid_value", expected))?
        }
    };
    let day = "A day such as 2026-03-01";
    Ok(UsageQuery {
        by,
        from: parameters.parsed("from", day)?,
        to: parameters.parsed("to", day)?,
        agent: parameters.parsed("agent", "The id of an agent")?,
        member: parameters.parsed("member", "The id of a member")?,
        model: parameters.owned("model"),
        limit,
    })
}

/// The groups as a table, each with its id and its name where the two differ.
fn table(by: UsageBy, report: UsageReport) -> Result<Csv> {
    let UsageReport { from, to, groups, .. } = report;
    let heads = [
        by.word(),
        "name",
        "steps",
        "input_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_micros",
        "unpriced_steps",
        "latency_ms",
    ];
    let rows = groups.into_iter().map(|group| {
        let named = |named: Named| (named.id.to_string(), named.label.unwrap_or_default());
        let of = group.agent.or(group.member).map(named);
        let plain = group.day.map(|day| day.to_string()).or(group.model).map(|plain| (plain.clone(), plain));
        let (id, name) = of.or(plain).unwrap_or_default();
        let UsageFigures {
            steps,
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            cost_micros,
            unpriced_steps,
            latency_ms,
        } = group.figures;
        let figures = [
            steps,
            input_tokens,
            cached_input_tokens,
            cache_write_tokens,
            output_tokens,
            reasoning_tokens,
            cost_micros,
            unpriced_steps,
            latency_ms,
        ]
        .map(|figure| figure.to_string());
        let [a, b, c, d, e, f, g, h, i] = figures;
        [id, name, a, b, c, d, e, f, g, h, i]
    });
    Csv::new(format!("usage-by-{}-{from}-{to}.csv", by.word()), heads, rows)
}
