//! Agents: what they are, what they are told, and which version of that is used.

mod definitions;
mod gates;
mod labels;
mod prompts;
mod tryouts;

use aide::axum::ApiRouter;
use kontor_http::Services;

pub(crate) fn routes() -> ApiRouter<Services> {
    ApiRouter::new()
        .merge(definitions::routes())
        .merge(prompts::routes())
        .merge(labels::routes())
        .merge(gates::routes())
        .merge(tryouts::routes())
}
