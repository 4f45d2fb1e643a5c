//! HTTP as async-openai is given it: our TLS, our headers, no retries, and failures told as what they are.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use futures::future::BoxFuture;
use kontor_core::error::{Chain, Fault as _};
use kontor_outbound::{
    Client, Error as OutboundError, Limits, Outbound, Response, Steered, Wait as OutboundWait,
};
use reqwest::{
    Body, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use url::Url;

use super::{encoding::Encoded, failure::Failure, framing, secrets::Secrets};
use crate::{
    config::{ProviderConfig, Secret, Timeouts},
    error::{ModelError, Wait},
};

/// How much of an error's body is read.
const LONGEST_ERROR: usize = 64 * 1024;
/// How much of a list of models is read.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// How long a provider may take to list its models.
const LISTING: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    provider: Arc<str>,
    headers: HeaderMap,
    secrets: Secrets,
}

impl Transport {
    pub(crate) fn new(
        provider: &str,
        base_url: &str,
        config: &ProviderConfig,
        outbound: &Outbound,
    ) -> Result<Self, ModelError> {
        let misconfigured =
            |message: String| ModelError::Misconfigured { provider: provider.to_owned(), message };
        let url = Url::parse(base_url).map_err(|error| misconfigured(format!("base_url: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(misconfigured(format!(
                "base_url begins with {}:, not http: or https:",
                url.scheme()
            )));
        }
        let key = key(config).map_err(misconfigured)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = &key {
            let value = HeaderValue::from_str(&format!("Bearer {}", key.expose()));
            let mut value =
                value.map_err(|_| misconfigured("the API key has characters no key has".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        for (name, secret) in &config.headers {
            let wrong = |_| misconfigured(format!("the header {name} cannot be sent"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(()))?;
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| wrong(()))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        let client = outbound
            .client(Steered::ByOperator(&url), limits(&config.timeouts))
            .map_err(|error| misconfigured(Chain(&error).to_string()))?;
        let secrets = Secrets::new(key.iter().chain(config.headers.values()));
        Ok(Self { client, provider: provider.into(), headers, secrets })
    }

    /// What is sent with every request and must not come back in a message.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    async fn send(self, request: HttpRequestFactory) -> Result<reqwest::Response, OpenAIError> {
        let mut request = request.build().await?;
        // What the library set from its own environment variables goes; what is configured comes.
        for name in ["authorization", "openai-organization", "openai-project"] {
            request.headers_mut().remove(name);
        }
        request.headers_mut().extend(self.headers.clone());
        let response =
            self.client.execute(request).await.map_err(|error| to_openai_error(self.failed(error)))?;
        // What a success is made of is seen from the body itself: servers send events under any type.
        if response.status().is_success() {
            return Ok(framed(response));
        }
        Err(to_openai_error(self.refused(response).await))
    }

    /// The names of the models that the server at `base_url` lists; `None` where it has no list.
    pub(super) async fn list(&self, base_url: &str) -> Result<Option<Vec<String>>, ModelError> {
        let request = self.client.request(Method::GET, &format!("{base_url}/models"));
        let request = request.headers(self.headers.clone()).timeout(LISTING);
        let response = request.send().await.map_err(|error| self.failed(error))?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            status if status.is_success() => {
                let body: Value = serde_json::from_slice(&response.beginning(LONGEST_LIST).await)
                    .map_err(|_| ModelError::Protocol("its list of models is not JSON".to_owned()))?;
                let listed = body.get("data").and_then(Value::as_array);
                let listed =
                    listed.map(|all| all.iter().filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())));
                Ok(listed.map(Iterator::collect))
            }
            _ => Err(self.refused(response).await),
        }
    }

    /// Why no response came. What the guard refuses will be refused again, until somebody sets the provider right.
    fn failed(&self, error: OutboundError) -> ModelError {
        match error {
            OutboundError::Timeout { wait: OutboundWait::Connect, .. } => {
                ModelError::Timeout { what: Wait::Connect }
            }
            OutboundError::Timeout { .. } => ModelError::Timeout { what: Wait::Total },
            OutboundError::Refused { .. } => {
                tracing::warn!(provider = %self.provider, error = %Chain(&error), "a model provider is not reached");
                let message = error.problem().message;
                ModelError::Misconfigured { provider: self.provider.to_string(), message }
            }
            _ => ModelError::Unreachable { source: Box::new(error) },
        }
    }

    /// Why a response is no success, told without what was sent in confidence.
    async fn refused(&self, response: Response) -> ModelError {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.beginning(LONGEST_ERROR).await;
        let body = Encoded::new(encoding(&headers)).decode(body.into()).unwrap_or_default();
        self.secrets.hide(Failure::of_response(status, &headers, &body).into_error(true))
    }
}

fn encoding(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok())
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// A request that cannot be built.
pub(super) fn unsendable(error: reqwest::Error) -> ModelError {
    // A URL may hold credentials.
    ModelError::Unreachable { source: error.without_url().into() }
}

/// The reply has timers and bounds of its own, which say more of a model than those of HTTP can: these stand behind
/// them.
fn limits(timeouts: &Timeouts) -> Limits {
    let behind = timeouts.total.saturating_add(Duration::from_secs(1));
    Limits {
        connect: timeouts.connect,
        head: behind,
        idle: behind,
        total: behind,
        body: 2 * framing::LONGEST_STREAM as u64,
        // A redirect would carry the key to wherever it points.
        redirects: 0,
        ..Limits::default()
    }
}

fn key(config: &ProviderConfig) -> Result<Option<Secret>, String> {
    if let Some(key) = &config.api_key {
        return Ok(Some(key.clone()));
    }
    let Some(variable) = &config.api_key_env else { return Ok(None) };
    match std::env::var(variable) {
        Ok(key) if !key.is_empty() => Ok(Some(Secret::new(key))),
        _ => Err(format!("the environment variable {variable} holds no key")),
    }
}

/// A response whose body is its events, one to a piece.
fn framed(response: Response) -> reqwest::Response {
    let (status, headers) = (response.status(), response.headers().clone());
    let events = framing::events(response.pieces(), encoding(&headers));
    let mut framed = http::Response::new(Body::wrap_stream(events));
    *framed.status_mut() = status;
    *framed.headers_mut() = headers;
    framed.into()
}

fn to_openai_error(error: ModelError) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}
