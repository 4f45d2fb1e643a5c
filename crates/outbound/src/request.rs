//! Requests: put together here, and sent by the client alone.

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use reqwest::header::HeaderMap;
use serde::Serialize;
use tower::{BoxError, Layer, Service};

use crate::{client::Client, error::Error, response::Response, tls::with_tls};

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

/// A client of the HTTP library that connects to nothing: for a library that wants one to put requests together,
/// which are then given to [`Client::execute`].
///
/// # Errors
/// TLS cannot be set up.
pub fn unconnected() -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder().no_proxy().connector_layer(Unconnected);
    with_tls(builder, false)?.build().map_err(|source| Error::Setup { source: source.into() })
}

/// Has every connection fail before it is begun.
#[derive(Clone)]
struct Unconnected;

impl<S> Layer<S> for Unconnected {
    type Service = NoConnections<S>;

    fn layer(&self, connector: S) -> NoConnections<S> {
        NoConnections(connector)
    }
}

/// In the place of what would connect.
#[derive(Clone)]
struct NoConnections<S>(S);

impl<S: Service<R>, R> Service<R> for NoConnections<S> {
    type Response = S::Response;
    type Error = BoxError;
    type Future = Ready<Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: R) -> Self::Future {
        ready(Err("this client puts requests together, and sends none".into()))
    }
}
