//! The one HTTP client for URLs that an admin, a member or a model can steer.
//!
//! A server stands where others do not: beside a database, a cloud's metadata service, an office's devices. A
//! [`Client`] connects to none of them unless the operator allows it ([`Allowed`]). It looks a name up once for
//! each connection, judges every address that it gets and connects to those alone, so that a name that answers
//! otherwise the next time leads nowhere else. It judges again with every redirect, and each of its waits and
//! everything that it reads has a bound ([`Limits`]).
//!
//! Environment variables that name a proxy are not followed: a proxy would look names up by itself, out of reach
//! of all this.
//!
//! This crate knows HTTP and addresses, and neither workspaces nor what anything is fetched for.
//!
//! | module | holds |
//! |---|---|
//! | `address` | which addresses are public, and what the others are |
//! | `allowed` | what the operator allows beside them |
//! | `guard` | whether a URL and an address may be reached |
//! | `resolver` | names looked up once, and what is left of the answers |
//! | `client` | requests and redirects within their limits |
//! | `request` | requests put together; only a [`Client`] sends them |
//! | `response` | bodies read within their limits |
//! | `limits` | waits and sizes |
//! | `error` | what can go wrong |
//! | `tls` | certificates; the one way in which the house sets TLS up |

mod address;
mod allowed;
mod client;
mod error;
mod guard;
mod limits;
mod request;
mod resolver;
mod response;
mod tls;

pub use allowed::Allowed;
pub use client::{Client, Outbound, Steered};
pub use error::{Bounded, Error, RedirectFault, Source, Wait};
pub use limits::{Limits, MAX_REDIRECTS};
pub use request::RequestBuilder;
pub use response::Response;
pub use tls::with_tls;

#[cfg(test)]
mod tests;
