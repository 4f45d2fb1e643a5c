//! MCP: the workspace as tools for programs whose models act for somebody (Model Context Protocol, revisions
//! 2026-07-28, 2025-11-25 and those before that clients still send).
//!
//! A client sees what a model in Kontor sees: the same surface over the caller's operations, within the same budget, and
//! each of its calls is an operation under the caller's grants, scope and approvals. This crate knows the protocol and
//! decides nothing about records or approvals. It keeps nothing between two requests: each says who asks and what, so
//! that any server of an installation answers it.
//!
//! | module | holds |
//! |---|---|
//! | `gate` | what every request passes before the protocol: origin, credential, media types, size |
//! | `refusal` | a failure before the protocol, and how to sign in |
//! | `profile` | the two addresses: what each offers |
//! | `server` | the protocol's methods |
//! | `shown` | what a caller is shown: the surface, as tools |
//! | `tools` | a tool as the protocol tells it: its hints and the schemas of what it takes and answers |
//! | `call` | a tool's call, as the operation that it means |
//! | `approval` | a call that waits for a person's word |
//! | `ask` | the tool that asks an agent |
//! | `resources` | records and objects as resources, suggested questions as prompts |
//!
//! The protocol's own framing is rmcp's.

mod approval;
mod ask;
mod call;
mod gate;
mod profile;
mod refusal;
mod resources;
mod server;
mod shown;
#[cfg(test)]
mod tests;
mod tools;

use axum::{Router, middleware, routing::any_service};
use kontor_http::{Deadline, Entrance, Services, admit, identify, in_time, panicked};
use tower_http::catch_panic::CatchPanicLayer;

pub use self::{
    gate::{Gate, MAX_BODY, serve},
    profile::Profile,
};
use self::{refusal::refuse, server::Server};

/// The routes of MCP, to be merged beside those of the other faces.
pub fn router(services: Services) -> Router {
    let kept = shown::Kept::default();
    let mut router = Router::new();
    for profile in Profile::ALL {
        let (services, kept) = (services.clone(), kept.clone());
        let gate = Gate::new(&services.public_url, profile.path());
        let protocol = serve(move || Server::new(services.clone(), profile, kept.clone()));
        let route = any_service(protocol).layer(middleware::from_fn_with_state(gate, gate::pass));
        router = router.route(profile.path(), route);
    }
    router
        .layer(middleware::from_fn_with_state(Entrance::new(services.clone(), refuse), admit))
        .layer(CatchPanicLayer::custom(panicked(refuse)))
        .layer(middleware::from_fn_with_state(Deadline::new(refuse), in_time))
        .layer(middleware::from_fn_with_state(services.environment.clone(), identify))
}
