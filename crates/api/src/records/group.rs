use axum::{extract::State, response::Response};
use kontor_crm::records::{Aggregate, Function, GroupQuery, MAX_GROUPS};

use crate::{
    extract::{Parameters, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
    state::ApiState,
};

const DEFAULT_LIMIT: u32 = 100;

/// Counts and totals: `?by=stage,close_date:month&aggregates=count,sum:amount`.
pub(super) async fn group(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Response> {
    let groups = state.crm.group(&caller, &plural, query(parameters)?).await?;
    Ok(page::whole(groups.iter().map(|group| group.to_json()).collect::<Vec<_>>()))
}

fn query(parameters: Parameters) -> Result<GroupQuery> {
    let parameters = parameters.knowing(&["by", "aggregates", "filter", "limit"])?;
    let aggregates = parameters.list("aggregates").unwrap_or_default();
    Ok(GroupQuery {
        by: parameters.list("by").unwrap_or_default(),
        aggregates: aggregates.iter().enumerate().map(aggregate).collect::<Result<_>>()?,
        filter: parameters.json("filter")?,
        limit: parameters.number("limit", 1..=MAX_GROUPS)?.unwrap_or(DEFAULT_LIMIT),
    })
}

/// `count`, or a function and its field such as `sum:amount`.
fn aggregate((index, text): (usize, &String)) -> Result<Aggregate> {
    let (function, field) = text.split_once(':').map_or((text.as_str(), None), |(f, field)| (f, Some(field)));
    let function = match function {
        "count" => Function::Count,
        "sum" => Function::Sum,
        "avg" => Function::Avg,
        "min" => Function::Min,
        "max" => Function::Max,
        _ => {
            let path = format!("aggregates[{index}]");
            let message = "count, sum, avg, min or max is expected, with a field such as in sum:amount.";
            return Err(ApiError::issue(&path, "invalid_value", message));
        }
    };
    Ok(Aggregate { function, field: field.map(str::to_owned) })
}
