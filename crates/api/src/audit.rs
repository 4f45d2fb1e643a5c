//! Who did what in the workspace.

use axum::{Router, extract::State, response::Response, routing::get};
use kontor_operations::AuditQuery;

use crate::{
    extract::{Parameters, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/audit", get(read))
}

async fn read(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["action", "target", "by", "from", "until", "limit", "after"])?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let instant = "An instant such as 2026-03-01T09:30:00Z";
    let query = AuditQuery {
        action: parameters.owned("action"),
        target: parameters.owned("target"),
        by: parameters.parsed("by", "The id of a member or an agent")?,
        from: parameters.parsed("from", instant)?,
        until: parameters.parsed("until", instant)?,
        after: parameters.parsed("after", "The id of an act")?,
        limit: u64::from(limit),
    };
    let found = state.audit.read(&caller, query).await?;
    let next = found.acts.last().filter(|_| found.has_more).map(|act| act.id.to_string());
    Ok(page::page(found.acts, next, None))
}
