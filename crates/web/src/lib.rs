//! HTTP for people: server-rendered pages, the scripts and styles they use, and the stream that keeps a chat
//! current.
//!
//! A page takes the person from an extractor, calls the use cases of `crm`, `agents` and `identity`, and
//! renders a template; every failure becomes a page in one place. This crate decides nothing about records
//! or agents, knows no database, and never runs a turn. It works without a script, and better with one.
//!
//! | module | holds |
//! |---|---|
//! | `pages` | one file a page, and the requests it sends |
//! | `session`, `security`, `error` | the person behind a cookie, what surrounds every page, failures |
//! | `compression` | what travels compressed, and what must not |
//! | `shell`, `settings_pages`, `assets`, `form`, `link` | navigation, static files, what was sent, addresses |
//! | `chat` | transcripts as HTML, and their event stream |
//! | `kinds` | what pages make of each kind of field |
//! | `records` | columns, filters and forms made of an object's fields |
//! | `show`, `markdown` | values and texts as a person reads them |

mod assets;
mod chat;
mod compression;
mod error;
mod form;
mod kinds;
mod link;
mod markdown;
mod pages;
mod records;
mod security;
mod session;
mod settings_pages;
mod shell;
mod show;
#[cfg(test)]
mod tests;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use kontor_http::{Deadline, Entrance, Services, admit, identify, in_time, panicked};
use tower_http::catch_panic::CatchPanicLayer;

/// The largest form that is read, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Every page, to be merged beside the routes for programs. It answers for all addresses that nobody else
/// answers for.
pub fn router(services: Services) -> Router {
    pages::routes()
        .layer(middleware::from_fn_with_state(services.clone(), error::within_shell))
        .layer(middleware::from_fn_with_state(Entrance::new(services.clone(), error::refuse), admit))
        .merge(pages::assets())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(CatchPanicLayer::custom(panicked(error::refuse)))
        .layer(middleware::from_fn_with_state(Deadline::new(error::refuse), in_time))
        .layer(middleware::from_fn(security::surround))
        .layer(compression::layer())
        .layer(middleware::from_fn(compression::for_our_own))
        .layer(middleware::from_fn_with_state(services.environment.clone(), identify))
        .with_state(services)
}
