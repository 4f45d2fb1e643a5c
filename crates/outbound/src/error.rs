//! What can go wrong on the way out. No error names more of a URL than its host and port: the rest may hold secrets.

use std::{error::Error as StdError, fmt, io};

use kontor_core::error::{ErrorKind, Fault, Problem};

use crate::{address::Kind, resolver::Unresolved};

/// What was waited for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The name looked up, the connection made, TLS agreed on.
    Connect,
    /// The head of the response.
    Head,
    /// The next piece of the response's body.
    Idle,
    /// The whole of it.
    Total,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting took too long",
            Self::Head => "the answer did not begin",
            Self::Idle => "it fell silent in the middle of its answer",
            Self::Total => "the whole answer took too long",
        })
    }
}

/// What was larger than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// The URL and the headers of a request.
    RequestHead,
    ResponseBody,
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestHead => "the head of the request",
            Self::ResponseBody => "the answer",
        })
    }
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectFault {
    TooMany,
    /// It does not say where to, or not in a URL.
    Unreadable,
    /// From https to http.
    Downgrade,
}

impl fmt::Display for RedirectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "too many redirects in a row",
            Self::Unreadable => "where it redirects to is no URL",
            Self::Downgrade => "it redirects from https to http",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a URL begins with {scheme}:, not http: or https:")]
    Scheme { scheme: String },
    #[error("a URL names no host")]
    NoHost,
    /// The address is not public, and the operator does not allow it.
    #[error(
        "{host} is not reached: its address is not public ({kind}); the operator can allow it in outbound.allow"
    )]
    Refused { host: String, kind: Kind },
    #[error("the name of {host} cannot be looked up")]
    NameNotFound { host: String, source: Source },
    #[error("{host} did not answer in time: {wait}")]
    Timeout { host: String, wait: Wait },
    #[error("{what} is larger than {limit} bytes, with {host}")]
    TooLarge { host: String, what: Bounded, limit: u64 },
    #[error("a redirect of {host} is not followed: {fault}")]
    Redirect { host: String, fault: RedirectFault },
    #[error("TLS with {host} failed")]
    Tls { host: String, source: Source },
    #[error("{host} cannot be connected to")]
    Connect { host: String, source: Source },
    #[error("{host} sent what is not understood, or broke off")]
    Protocol { host: String, source: Source },
    #[error("https needs the system's CA certificates, and none are installed")]
    NoCertificates,
    #[error("the HTTP client cannot be set up")]
    Setup { source: Source },
    #[error("the request cannot be sent as it is")]
    Unsendable { source: Source },
}

/// What the libraries below say; it holds no URL.
pub type Source = Box<dyn StdError + Send + Sync>;

impl Error {
    /// What a failed request or body of reqwest's was. A wait that ended is the connection's, or else `wait`.
    pub(crate) fn of(host: &str, error: reqwest::Error, wait: Wait) -> Self {
        let (host, error) = (host.to_owned(), error.without_url());
        let unresolved = causes(&error).find_map(|cause| cause.downcast_ref::<Unresolved>());
        match unresolved {
            Some(Unresolved::Refused { kind }) => return Self::Refused { host, kind },
            Some(Unresolved::NotFound { .. }) => return Self::NameNotFound { host, source: error.into() },
            None => {}
        }
        if error.is_timeout() {
            let wait = if error.is_connect() { Wait::Connect } else { wait };
            return Self::Timeout { host, wait };
        }
        if causes(&error).any(is_tls) {
            return Self::Tls { host, source: error.into() };
        }
        if error.is_connect() {
            return Self::Connect { host, source: error.into() };
        }
        Self::Protocol { host, source: error.into() }
    }
}

fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An [`io::Error`] made of another error passes that one over among its sources.
fn is_tls(cause: &(dyn StdError + 'static)) -> bool {
    let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || within.is_some_and(|within| is_tls(within))
}

impl Fault for Error {
    /// What a member is told names the host that they know, and neither its addresses nor what kind they are of.
    fn problem(&self) -> Problem {
        let (kind, code, message) = match self {
            Self::Scheme { .. } | Self::NoHost | Self::Unsendable { .. } => (
                ErrorKind::Invalid,
                "outbound_url",
                "The URL cannot be used: it needs http:// or https:// and a host.".to_owned(),
            ),
            Self::Refused { host, .. } => (
                ErrorKind::Forbidden,
                "outbound_refused",
                format!(
                    "This server does not reach {host}: its address is not public. The operator can allow it in outbound.allow."
                ),
            ),
            Self::NameNotFound { host, .. } => (
                ErrorKind::Unavailable,
                "outbound_name_not_found",
                format!("The name of {host} cannot be looked up."),
            ),
            Self::Timeout { host, wait } => (
                ErrorKind::Unavailable,
                "outbound_timeout",
                format!("{host} did not answer in time: {wait}."),
            ),
            Self::TooLarge { host, what: Bounded::ResponseBody, limit } => (
                ErrorKind::Unavailable,
                "outbound_too_large",
                format!("The answer of {host} is larger than {limit} bytes."),
            ),
            Self::TooLarge { limit, what: Bounded::RequestHead, .. } => (
                ErrorKind::Invalid,
                "outbound_too_large",
                format!("The URL and the headers of the request are longer than {limit} bytes."),
            ),
            Self::Redirect { host, fault } => (
                ErrorKind::Unavailable,
                "outbound_redirect",
                format!("A redirect of {host} is not followed: {fault}."),
            ),
            Self::Tls { host, .. } => (
                ErrorKind::Unavailable,
                "outbound_tls",
                format!("No secure connection to {host} can be made. Its certificate may not be valid."),
            ),
            Self::Connect { host, .. } => {
                (ErrorKind::Unavailable, "outbound_unreachable", format!("{host} cannot be connected to."))
            }
            Self::Protocol { host, .. } => (
                ErrorKind::Unavailable,
                "outbound_protocol",
                format!("{host} sent what is not understood, or broke off."),
            ),
            Self::NoCertificates | Self::Setup { .. } => return Problem::internal(),
        };
        Problem::new(kind, code, message)
    }
}
