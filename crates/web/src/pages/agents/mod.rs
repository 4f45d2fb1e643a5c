//! The agents of the workspace: what they are, what they are told, and which version of that is used.

mod form;
mod list;
mod prompt;
mod reviews;

use axum::{
    Router,
    routing::{get, post},
};
use kontor_core::{caller::Caller, grants::Permission};
use kontor_http::Services;

use crate::form::Fields;

/// Where the list is.
const HREF: &str = "/settings/agents";

pub(super) fn routes() -> Router<Services> {
    Router::new()
        .route("/settings/agents", get(list::show))
        .route("/settings/agents/new", get(form::new).post(form::create))
        .route("/settings/agents/{name}", get(form::show).post(form::change))
        .route("/settings/agents/{name}/active", post(list::activate))
        .route("/settings/agents/{name}/reset", post(list::reset))
        .route("/settings/agents/{name}/delete", post(list::delete))
        .route("/settings/agents/{name}/restore", post(list::restore))
        .route("/settings/agents/{name}/prompt", get(prompt::show).post(prompt::save))
        .route("/settings/agents/{name}/prompt/draft", post(prompt::keep))
        .route("/settings/agents/{name}/prompt/discard", post(prompt::discard))
        .route("/settings/agents/{name}/prompt/preview", post(prompt::preview))
        .route("/settings/agents/{name}/prompt/label", post(reviews::move_label))
        .route("/settings/agents/{name}/prompt/reviews", post(reviews::request))
        .route("/settings/agents/{name}/prompt/reviews/{id}", post(reviews::answer))
}

fn href(name: &str) -> String {
    format!("{HREF}/{name}")
}

fn may_change(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Agents)
}

fn may_write(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Prompts)
}

/// A number that a form carries.
fn number(fields: &Fields, name: &str) -> Option<i64> {
    fields.get(name).parse().ok()
}
