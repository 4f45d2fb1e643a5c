//! Evaluations of the workspace: datasets, and runs of them on its agents.

mod datasets;
mod runs;

use aide::axum::ApiRouter;
use kontor_http::Services;

pub(crate) fn routes() -> ApiRouter<Services> {
    ApiRouter::new().merge(datasets::routes()).merge(runs::routes())
}
