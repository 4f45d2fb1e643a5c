//! HTTP as every wire uses it: our TLS, our headers, no retries, and failures told as what they are.

use std::{sync::Arc, time::Duration};

use kontor_core::error::{Chain, Fault as _};
use kontor_outbound::{
    Client, Error as OutboundError, Limits, Outbound, RequestBuilder, Response, Steered, Wait as OutboundWait,
};
use reqwest::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue},
};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::{
    answer::Answer,
    encoding::Encoded,
    failure::Failure,
    framing::{self, Frames},
    secrets::Secrets,
};
use crate::{
    config::Timeouts,
    error::{ModelError, Wait},
    providers::{Access, ApiVersion, KeyHeader, Owner},
};

/// How much of an error's body is read.
const LONGEST_ERROR: usize = 64 * 1024;
/// How much is read of what a provider says of itself.
const LONGEST_LIST: usize = 4 * 1024 * 1024;
/// How long a provider may take to say something of itself.
const ASKING: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Transport {
    client: Client,
    provider: Arc<str>,
    headers: HeaderMap,
    /// A parameter and its value that every address gets.
    query: Option<(&'static str, Arc<str>)>,
    secrets: Secrets,
}

impl Transport {
    pub(crate) fn new(access: &Access, outbound: &Outbound) -> Result<Self, ModelError> {
        let misconfigured = |message: String| access.misconfigured(message);
        let url =
            Url::parse(&access.base_url).map_err(|error| misconfigured(format!("base_url: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(misconfigured(format!(
                "base_url begins with {}:, not http: or https:",
                url.scheme()
            )));
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &access.key {
            let (name, value) = match access.key_header {
                KeyHeader::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose())),
                KeyHeader::Named(name) => (HeaderName::from_static(name), key.expose().to_owned()),
            };
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| misconfigured("the API key has characters no key has".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let wrong = |name: &str| misconfigured(format!("the header {name} cannot be sent"));
        let mut query = None;
        match (access.version, &access.configured_version) {
            (ApiVersion::Header(name, known), configured) => {
                let version = configured.as_deref().unwrap_or(known);
                let version = HeaderValue::from_str(version).map_err(|_| wrong(name))?;
                headers.insert(HeaderName::from_static(name), version);
            }
            (ApiVersion::Query(name), Some(version)) => query = Some((name, version.as_str().into())),
            _ => {}
        }
        for (name, secret) in &access.headers {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(name))?;
            let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| wrong(name))?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        let steered = match access.owner {
            Owner::Workspace => Steered::ByWorkspace,
            Owner::Operator => Steered::ByOperator(&url),
        };
        let client = outbound
            .client(steered, limits(&access.timeouts))
            .map_err(|error| misconfigured(Chain(&error).to_string()))?;
        let secrets = Secrets::new(access.key.iter().chain(access.headers.values()));
        Ok(Self { client, provider: access.name.clone(), headers, query, secrets })
    }

    /// What is sent with every request and must not come back in a message.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Asks a question that is answered in events. What a success is made of is seen from the body itself: servers
    /// send events under any type.
    pub(crate) async fn post(&self, url: &str, body: &impl Serialize) -> Result<Answer, ModelError> {
        let request = self.request(Method::POST, url).json(body);
        let response = request.send().await.map_err(|error| self.failed(error))?;
        if response.status().is_success() {
            let frames = Frames::new(encoding(response.headers()));
            return Ok(Answer::new(response, frames));
        }
        Err(self.refused(response).await)
    }

    /// A request with what every one of the provider gets.
    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let mut url = url.to_owned();
        if let (Some((name, value)), Ok(mut parsed)) = (&self.query, Url::parse(&url)) {
            parsed.query_pairs_mut().append_pair(name, value);
            url = parsed.into();
        }
        self.client.request(method, &url).headers(self.headers.clone())
    }

    /// The names of the models that the server lists at `url`; `None` where it has no list.
    pub(crate) async fn list(&self, url: &str) -> Result<Option<Vec<String>>, ModelError> {
        let Some(body) = self.get(url).await? else { return Ok(None) };
        let listed = body.get("data").and_then(Value::as_array);
        let listed = listed.map(|all| all.iter().filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())));
        Ok(listed.map(Iterator::collect))
    }

    /// What the server says of itself at `url`; `None` where it has no such address.
    pub(crate) async fn get(&self, url: &str) -> Result<Option<Value>, ModelError> {
        self.answer(self.request(Method::GET, url)).await
    }

    /// What the server answers to a short question at `url`; `None` where it has no such address.
    pub(crate) async fn ask(&self, url: &str, question: &Value) -> Result<Option<Value>, ModelError> {
        self.answer(self.request(Method::POST, url).json(question)).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Option<Value>, ModelError> {
        let response = request.timeout(ASKING).send().await.map_err(|error| self.failed(error))?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            status if status.is_success() => serde_json::from_slice(&response.beginning(LONGEST_LIST).await)
                .map(Some)
                .map_err(|_| ModelError::Protocol("what it says of itself is not JSON".to_owned())),
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
