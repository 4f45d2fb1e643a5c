//! HTTP for programs: records, metadata, operations, sessions and turns over REST and server-sent events.
//!
//! A handler takes the caller from an extractor, calls one use case and renders its answer; every failure
//! becomes problem details (RFC 9457) in one place. This crate decides nothing about records or agents,
//! knows no database, and never runs a turn: it starts one and streams its log.
//!
//! | module | holds |
//! |---|---|
//! | `problem` | an error to a response |
//! | `layers` | what answers where no handler does |
//! | `extract` | the caller, JSON bodies, query parameters, path segments, `If-Match` |
//! | `page` | the one shape of lists |
//! | `openapi` | the description of all routes |
//! | `auth`, `oauth`, `me`, `account`, `well_known` | signing in, tokens and their keys, one's own account |
//! | `keys` | API keys, by which programs act |
//! | `members`, `invitations` | who belongs to the workspace, and who is invited |
//! | `records`, `search`, `objects` | records and what they are made of |
//! | `views` | tables, boards and calendars that are saved |
//! | `operations` | the caller's catalogue, and running one of it |
//! | `agents`, `models`, `sessions`, `turns`, `approvals` | talking to agents |
//! | `usage`, `budgets`, `csv` | what models have used up and may; tables for spreadsheets |
//! | `events` | a session's log as server-sent events |
//! | `evals` | datasets of evaluations, and runs of them |
//! | `audit` | who did what in the workspace |
//! | `roles`, `authority` | roles, and what somebody may do by them |
//! | `settings` | what the workspace has set for itself |
//! | `jobs` | what waits, runs and has failed in the background |
//! | `health` | whether the server lives, and can serve |

mod account;
mod agents;
mod approvals;
mod audit;
mod auth;
mod authority;
mod budgets;
mod csv;
mod evals;
mod events;
mod extract;
mod feedback;
mod health;
mod invitations;
mod jobs;
mod keys;
mod layers;
mod me;
mod members;
mod models;
mod oauth;
mod objects;
mod openapi;
mod operations;
mod page;
mod problem;
mod records;
mod roles;
mod search;
mod session_shares;
mod sessions;
mod settings;
#[cfg(test)]
mod tests;
mod turns;
mod usage;
mod views;
mod well_known;

use aide::axum::ApiRouter;
use axum::{Router, middleware};
use kontor_http::{Deadline, Entrance, Services, admit, identify, in_time, panicked};
use tower_http::catch_panic::CatchPanicLayer;

pub use layers::refuse;

/// Every route for programs, to be merged beside the pages. It answers for all that is below `/api`, and has
/// no fallback elsewhere.
pub fn router(services: Services) -> Router {
    let mut document = openapi::begin();
    let api = ApiRouter::new()
        .merge(auth::routes())
        .merge(me::routes())
        .merge(account::routes())
        .merge(members::routes())
        .merge(keys::routes())
        .merge(invitations::routes())
        .merge(records::routes())
        .merge(search::routes())
        .merge(objects::routes())
        .merge(views::routes())
        .merge(operations::routes())
        .merge(agents::routes())
        .merge(jobs::routes())
        .merge(settings::routes())
        .merge(roles::routes())
        .merge(authority::routes())
        .merge(audit::routes())
        .merge(models::routes())
        .merge(usage::routes())
        .merge(budgets::routes())
        .merge(sessions::routes())
        .merge(session_shares::routes())
        .merge(feedback::routes())
        .merge(turns::routes())
        .merge(approvals::routes())
        .merge(events::routes())
        .merge(evals::routes())
        .fallback(layers::not_found);
    let routes = ApiRouter::new().nest("/api", api).merge(oauth::routes()).merge(well_known::routes());
    // Before what was described is completed, since that ends what aide collects.
    let health = health::routes().finish_api(&mut document);
    let routes = routes.finish_api_with(&mut document, openapi::complete);
    routes
        .merge(openapi::routes(&document))
        .layer(middleware::from_fn_with_state(Entrance::new(services.clone(), layers::refuse), admit))
        // Whoever watches the server is never one too many.
        .merge(health)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked(layers::refuse)))
        .layer(middleware::from_fn_with_state(Deadline::new(layers::refuse), in_time))
        .layer(middleware::from_fn_with_state(services.environment.clone(), identify))
        .with_state(services)
}
