use axum::{extract::State, response::Response};
use kontor_core::error::{Issue, Problem};
use kontor_crm::records::{Aggregate, Group, GroupQuery, MAX_GROUPS};

use crate::{
    extract::{Parameters, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
};
use kontor_http::Services;

const DEFAULT_LIMIT: u32 = 100;

/// Counts and totals: `?by=stage,close_date:month&aggregates=count:account,sum:amount`.
pub(super) async fn group(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Response> {
    let found = state.crm.group(&caller, &plural, query(parameters)?).await?;
    let groups: Vec<_> = found.groups.iter().map(Group::to_json).collect();
    Ok(page::first(groups, found.has_more))
}

fn query(parameters: Parameters) -> Result<GroupQuery> {
    let parameters = parameters.knowing(&["by", "aggregates", "filter", "limit"])?;
    let aggregates = parameters.list("aggregates").unwrap_or_default();
    let aggregates = aggregates.iter().enumerate().map(aggregate).collect::<Result<Vec<_>>>()?;
    Ok(GroupQuery {
        by: parameters.list("by").unwrap_or_default(),
        aggregates: aggregates.into_iter().flatten().collect(),
        filter: parameters.json("filter")?,
        limit: parameters.number("limit", 1..=MAX_GROUPS)?.unwrap_or(DEFAULT_LIMIT),
    })
}

/// `count`, or a function and its field such as `sum:amount`.
fn aggregate((index, text): (usize, &String)) -> Result<Option<Aggregate>> {
    let (function, field) = text.split_once(':').map_or((text.as_str(), None), |(f, field)| (f, Some(field)));
    // The two stand in one word of the parameter, which has no path within.
    let wrong = |issue: Issue| Issue { path: format!("aggregates[{index}]"), ..issue };
    Aggregate::parse(function, field.map(str::to_owned))
        .map_err(|issue| ApiError::of(Problem::invalid(vec![wrong(issue)])))
}
