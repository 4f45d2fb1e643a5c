//! What all streams of events have in common: a place among those that are open, an end, and their headers.

use std::time::Duration;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{caller::Caller, error::Problem};
use kontor_identity::Credential;

use crate::{Services, StreamPlace};

/// After so long a silence a stream says that the server lives.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// As long as an access token: whoever reads on shows again who they are.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The right to read one stream of events.
pub struct Admission {
    /// Held for as long as the stream is open.
    pub place: StreamPlace,
    /// Ends when the stream has to: with the server, with the caller's credential, and after its lifetime.
    pub ended: BoxFuture<'static, ()>,
}

impl Services {
    /// Lets one who was authenticated read a stream of events.
    ///
    /// # Errors
    /// Where as many streams are open as there may be.
    pub fn admit_stream(&self, caller: &Caller, credential: Credential) -> Result<Admission, Problem> {
        let place = self.streams.enter(caller, &credential)?;
        let (identity, shutdown, caller) = (self.identity.clone(), self.shutdown.clone(), caller.clone());
        let ended = async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = identity.until_revoked(credential, caller) => {}
                () = tokio::time::sleep(LIFETIME) => {}
            }
        };
        Ok(Admission { place, ended: ended.boxed() })
    }
}

/// A stream of events as a response that nothing on its way keeps back or keeps.
pub fn event_stream(events: impl IntoResponse) -> Response {
    let mut response = events.into_response();
    let headers = response.headers_mut();
    // Proxies that gather responses would hold the events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
