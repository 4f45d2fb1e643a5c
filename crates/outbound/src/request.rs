//! Requests: put together here, and sent by the client alone.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Serialize;

use crate::{client::Client, error::Error, response::Response};

/// A request that is put together, for the client that will send it.
#[must_use = "it is not sent until `send`"]
pub struct RequestBuilder {
    client: Client,
    request: reqwest::RequestBuilder,
}

impl RequestBuilder {
    pub(crate) fn new(client: Client, request: reqwest::RequestBuilder) -> Self {
        Self { client, request }
    }

    /// Adds headers, or puts them in the place of those of the same name.
    pub fn headers(self, headers: HeaderMap) -> Self {
        Self { request: self.request.headers(headers), ..self }
    }

    /// Has it take no longer than this, where the client's limits allow more.
    pub fn timeout(self, within: Duration) -> Self {
        Self { request: self.request.timeout(within), ..self }
    }

    /// Gives it a body.
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// Gives it a body that is written already.
    pub fn body(self, body: Vec<u8>) -> Self {
        Self { request: self.request.body(body), ..self }
    }

    /// Sends it.
    ///
    /// # Errors
    /// As of [`Client::execute`]; the URL or the body is none that can be sent.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self
            .request
            .build()
            .map_err(|source| Error::Unsendable { source: source.without_url().into() })?;
        self.client.execute(request).await
    }
}
