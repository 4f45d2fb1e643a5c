use axum::{extract::State, response::Response};
use kontor_crm::records::{DEFAULT_LIMIT, ListQuery, MAX_LIMIT};

use crate::{
    extract::{Parameters, Segments, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

const KNOWN: [&str; 9] =
    ["filter", "sort", "fields", "include", "limit", "after", "total", "search", "deleted"];

pub(super) async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Response> {
    let page = state.crm.list(&caller, &plural, query(parameters)?).await?;
    Ok(page::page(&page.records, page.next, page.total))
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
