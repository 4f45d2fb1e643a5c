//! HTTP as async-openai is given it: our TLS, our headers, no retries, and failures told by status.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use futures::future::BoxFuture;
use reqwest::{
    Body, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};
use serde_json::Value;

use super::{
    chunk::{by_status, message_of},
    framing,
    secrets::Secrets,
};
use crate::{
    config::{ProviderConfig, Secret},
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
    client: reqwest::Client,
    headers: HeaderMap,
    secrets: Secrets,
}

impl Transport {
    pub(crate) fn new(provider: &str, base_url: &str, config: &ProviderConfig) -> Result<Self, ModelError> {
        let misconfigured =
            |message: String| ModelError::Misconfigured { provider: provider.to_owned(), message };
        let url = url::Url::parse(base_url).map_err(|error| misconfigured(format!("base_url: {error}")))?;
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(misconfigured(format!("base_url begins with {other}:, not http: or https:")));
            }
        };
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
        let client = http_client(secure, config.timeouts.connect).map_err(misconfigured)?;
        let secrets = Secrets::new(key.iter().chain(config.headers.values()));
        Ok(Self { client, headers, secrets })
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// What is sent with every request and must not come back in a message.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    async fn send(self, request: HttpRequestFactory) -> Result<Response, OpenAIError> {
        let mut request = request.build().await?;
        // What the library set from its own environment variables goes; what is configured comes.
        for name in ["authorization", "openai-organization", "openai-project"] {
            request.headers_mut().remove(name);
        }
        request.headers_mut().extend(self.headers.clone());
        let response =
            self.client.execute(request).await.map_err(|error| to_openai_error(unreachable(error)))?;
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/json"));
        if response.status().is_success() && !is_json {
            return Ok(framed(response));
        }
        Err(to_openai_error(self.refused(response).await))
    }

    /// The names of the models that the server at `base_url` lists; `None` where it has no list.
    pub(super) async fn list(&self, base_url: &str) -> Result<Option<Vec<String>>, ModelError> {
        let request = self.client.get(format!("{base_url}/models")).headers(self.headers.clone());
        let response = request.timeout(LISTING).send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            status if status.is_success() => {
                let body: Value = serde_json::from_slice(&read_some(response, LONGEST_LIST).await)
                    .map_err(|_| ModelError::Protocol("its list of models is not JSON".to_owned()))?;
                let listed = body.get("data").and_then(Value::as_array);
                let listed =
                    listed.map(|all| all.iter().filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())));
                Ok(listed.map(Iterator::collect))
            }
            _ => Err(self.refused(response).await),
        }
    }

    /// Why a response is no stream, told without what was sent in confidence.
    async fn refused(&self, response: Response) -> ModelError {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let body = read_some(response, LONGEST_ERROR).await;
        let value: Value =
            serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
        let message = message_of(&value);
        if status.is_success() {
            return self.secrets.hide(match value.get("error") {
                Some(_) => ModelError::Rejected { status: status.as_u16(), message },
                None => ModelError::Protocol("the answer is not a stream of events".to_owned()),
            });
        }
        self.secrets.hide(by_status(status.as_u16(), retry_after, message))
    }
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// A client for one provider. Certificates are read only where they are needed, so that a machine without
/// any can still reach a local server over plain HTTP.
pub(crate) fn http_client(secure: bool, connect: Duration) -> Result<reqwest::Client, String> {
    let mut roots = rustls::RootCertStore::empty();
    if secure {
        let found = rustls_native_certs::load_native_certs();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            return Err("https needs the system's CA certificates, and none are installed".to_owned());
        }
    }
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect)
        // A redirect would carry the key to wherever it points.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| format!("the HTTP client cannot be set up: {error}"))
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

pub(crate) fn unreachable(error: reqwest::Error) -> ModelError {
    // A URL may hold credentials.
    let error = error.without_url();
    match (error.is_timeout(), error.is_connect()) {
        (true, true) => ModelError::Timeout { what: Wait::Connect },
        (true, false) => ModelError::Timeout { what: Wait::Total },
        _ => ModelError::Unreachable { source: Box::new(error) },
    }
}

/// A response whose body is its events, one to a piece.
fn framed(response: Response) -> Response {
    let (status, headers) = (response.status(), response.headers().clone());
    let events = framing::events(response.bytes_stream());
    let mut framed = http::Response::new(Body::wrap_stream(events));
    *framed.status_mut() = status;
    *framed.headers_mut() = headers;
    framed.into()
}

fn to_openai_error(error: ModelError) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}

async fn read_some(mut response: Response, limit: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < limit
        && let Ok(Some(piece)) = response.chunk().await
    {
        body.extend_from_slice(&piece);
    }
    body.truncate(limit);
    body
}
