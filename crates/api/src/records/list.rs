use axum::{Json, extract::State};
use kontor_crm::records::{DEFAULT_LIMIT, ListQuery, MAX_LIMIT};
use serde_json::Value;

use crate::{
    extract::{Parameters, Segments, SignedIn},
    page,
    problem::Result,
    state::ApiState,
};

const KNOWN: [&str; 9] =
    ["filter", "sort", "fields", "include", "limit", "after", "total", "search", "deleted"];

pub(super) async fn list(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Json<Value>> {
    let page = state.crm.list(&caller, &plural, query(parameters)?).await?;
    let data: Vec<_> = page.records.iter().map(|record| record.to_json()).collect();
    Ok(page::page(data, page.next, page.total))
}

fn query(parameters: Parameters) -> Result<ListQuery> {
    let parameters = parameters.knowing(&KNOWN)?;
    Ok(ListQuery {
        filter: parameters.json("filter")?,
        sort: parameters.owned("sort"),
        fields: parameters.list("fields"),
        include: parameters.list("include").unwrap_or_default(),
        limit: parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        after: parameters.owned("after"),
        total: parameters.flag("total")?,
        search: parameters.owned("search"),
        deleted: parameters.flag("deleted")?,
    })
}
