//! The answer to a request, whose body is read within the client's limits.

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use tokio::time::{Instant, timeout_at};

use crate::{
    error::{Bounded, Error, Wait},
    limits::Limits,
};

/// A status, headers, and a body on its way.
pub struct Response {
    inner: reqwest::Response,
    host: String,
    limits: Limits,
    deadline: Instant,
    /// Bytes of the body that came.
    taken: u64,
}

impl Response {
    pub(crate) fn new(inner: reqwest::Response, host: String, limits: Limits, deadline: Instant) -> Self {
        Self { inner, host, limits, deadline, taken: 0 }
    }

    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The next piece of the body; none at its end.
    ///
    /// # Errors
    /// The wait for it was too long, the body is larger than it may be, or it broke off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(piece) = self.next().await? else { return Ok(None) };
        self.taken = self.taken.saturating_add(piece.len() as u64);
        self.check_size(self.taken)?;
        Ok(Some(piece))
    }

    /// The next piece, whatever its size.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let idle = Instant::now() + self.limits.idle;
        let (until, wait) =
            if idle < self.deadline { (idle, Wait::Idle) } else { (self.deadline, Wait::Total) };
        match timeout_at(until, self.inner.chunk()).await {
            Ok(piece) => piece.map_err(|error| Error::of(&self.host, error, wait)),
            Err(_) => Err(Error::Timeout { host: self.host.clone(), wait }),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As of [`Self::chunk`]. A body that says itself that it is larger than it may be is not read at all.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        self.check_size(self.inner.content_length().unwrap_or_default())?;
        let mut body = Vec::new();
        while let Some(piece) = self.chunk().await? {
            body.extend_from_slice(&piece);
        }
        Ok(body.into())
    }

    /// The first `limit` bytes of the body, and less where it breaks off before: what an answer says of a failure is
    /// better than nothing.
    pub async fn beginning(mut self, limit: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < limit
            && let Ok(Some(piece)) = self.next().await
        {
            body.extend_from_slice(&piece);
        }
        body.truncate(limit);
        body
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        if size <= self.limits.body {
            return Ok(());
        }
        let (host, limit) = (self.host.clone(), self.limits.body);
        Err(Error::TooLarge { host, what: Bounded::ResponseBody, limit })
    }
}
