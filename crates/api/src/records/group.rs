use axum::{Json, extract::State};
use kontor_core::error::{Issue, Problem};
use kontor_crm::records::{Aggregate, Group, GroupQuery, MAX_GROUPS};
use kontor_http::Services;

use crate::{
    extract::{Acting, Holds, Parameter, Parameters, Segments},
    page::{self, Page},
    problem::{ApiError, Result},
};

const DEFAULT_LIMIT: u32 = 100;

pub(super) const KNOWN: [Parameter; 4] = [
    Parameter::new("by", Holds::Names, "Up to two fields; a date by its month as `close_date:month`."),
    Parameter::new("aggregates", Holds::Names, "`count:field`, or `sum`, `avg`, `min` or `max` of a field."),
    Parameter::new("filter", Holds::Json, "Which records."),
    Parameter::limit(MAX_GROUPS),
];

/// Counts and totals: `?by=stage,close_date:month&aggregates=count:account,sum:amount`.
pub(super) async fn group(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Json<Page<Group>>> {
    let found = state.crm.group(&caller, &plural, query(parameters)?).await?;
    Ok(page::first(found.groups, found.has_more))
}

fn query(parameters: Parameters) -> Result<GroupQuery> {
    let parameters = parameters.knowing(&KNOWN)?;
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
