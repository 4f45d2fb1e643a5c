//! Who did what in the workspace.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use kontor_http::Services;
use kontor_operations::{AuditQuery, AuditRecord};

use crate::{
    extract::{Acting, Holds, Parameter, Parameters},
    openapi::Describe as _,
    page::{self, Page},
    problem::Result,
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

const KNOWN: [Parameter; 7] = [
    Parameter::new("action", Holds::Text, "Such as `deal.updated`, or its beginning before a `*`."),
    Parameter::new("target", Holds::Text, "Such as `deal:` and an id."),
    Parameter::new("by", Holds::Id, "The id of a member, an agent or another principal."),
    Parameter::new("from", Holds::Instant, "At this instant or later."),
    Parameter::new("until", Holds::Instant, "Before this instant."),
    Parameter::limit(MAX_LIMIT),
    Parameter::new("after", Holds::Id, "The id of the act after which the list goes on."),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let read = get_with(read, |op| {
        op.is("list_audit", "Who did what, the latest first").tag("Workspace").queries(&KNOWN)
    });
    ApiRouter::new().api_route("/audit", read)
}

async fn read(
    State(state): State<Services>,
    Acting(caller): Acting,
    parameters: Parameters,
) -> Result<Json<Page<AuditRecord>>> {
    let parameters = parameters.knowing(&KNOWN)?;
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
