//! Turns as OpenTelemetry traces, sent over OTLP (OTLP specification 1.9, HTTP with protobuf).
//!
//! A turn's spans are made of its log once it has ended, so that running turns do nothing for them and what a crash
//! interrupted is one trace all the same: ids follow from the turn's id. Where nobody reads the traces they are dropped
//! and counted; no turn waits for them.

mod attributes;
mod content;
mod spans;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use kontor_agents::{Agents, TurnObserver};
use kontor_core::{
    caller::Operator,
    error::Chain,
    ids::{TurnId, WorkspaceId},
};
use kontor_outbound::{Client, Limits, Outbound, Steered};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde::Deserialize;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{config::Redacted, error::Error};

/// Turns that may wait to be told.
const WAITING: usize = 4_096;
/// Turns that are told in one request, and for how long they are gathered.
const BATCH: usize = 64;
const GATHERED: Duration = Duration::from_secs(2);
/// How often a request is tried, and the first pause.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);
/// How long the end of the process waits for what is left.
const LAST: Duration = Duration::from_secs(3);

/// Where traces go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetryConfig {
    /// The address of an OTLP receiver, such as `http://127.0.0.1:4318`: traces go to `/v1/traces` below it. Without
    /// one, nothing is sent.
    pub(crate) endpoint: Option<String>,
    /// Headers of each request, such as what the receiver asks for to let it in.
    pub(crate) headers: BTreeMap<String, Redacted>,
    /// Whether messages, answers, prompts and what tools were asked and answered are sent too.
    pub(crate) content: bool,
    /// `service.name`.
    pub(crate) service_name: Option<String>,
}

/// Hears of turns that end, and keeps them for who sends them.
#[derive(Debug)]
struct Ended(mpsc::Sender<(WorkspaceId, TurnId)>);

impl TurnObserver for Ended {
    fn turn_ended(&self, workspace: WorkspaceId, turn: TurnId) {
        if self.0.try_send((workspace, turn)).is_err() {
            dropped(1);
        }
    }
}

fn dropped(turns: usize) {
    metrics::counter!("telemetry_turns_dropped_total").increment(turns as u64);
}

/// What sends the traces of turns.
pub(crate) struct Exporter {
    ended: mpsc::Receiver<(WorkspaceId, TurnId)>,
    client: Client,
    url: String,
    headers: HeaderMap,
    content: bool,
    service_name: String,
}

/// What sends traces, and who is told of the turns that end.
type Observed = (Exporter, Arc<dyn TurnObserver>);

impl Exporter {
    /// What sends traces where the settings say, and who is to be told of turns that end; nothing where they name no
    /// receiver.
    ///
    /// # Errors
    /// An address or a header that cannot be used.
    pub(crate) fn of(config: &TelemetryConfig, outbound: &Outbound) -> Result<Option<Observed>, Error> {
        let Some(endpoint) = &config.endpoint else { return Ok(None) };
        let refused = |why: String| Error::Usage(format!("telemetry.endpoint: {why}"));
        let parsed = Url::parse(endpoint);
        let endpoint = &parsed.map_err(|error| refused(format!("{endpoint:?} is no URL ({error})")))?;
        let url = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let client = outbound
            .client(
                Steered::ByOperator(endpoint),
                Limits { total: Duration::from_secs(10), ..Limits::default() },
            )
            .map_err(|error| refused(Chain(&error).to_string()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let wrong =
                || Error::Usage(format!("telemetry.headers: {name:?} is no header, or has no such value"));
            let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            let mut value = HeaderValue::try_from(value.0.as_str()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let (sender, ended) = mpsc::channel(WAITING);
        let service_name = config.service_name.clone().unwrap_or_else(|| "kontor".to_owned());
        let exporter = Self { ended, client, url, headers, content: config.content, service_name };
        Ok(Some((exporter, Arc::new(Ended(sender)))))
    }

    /// Sends the traces of turns as they end, until the process does.
    pub(crate) async fn run(mut self, agents: Agents, shutdown: CancellationToken) {
        loop {
            let mut turns = Vec::new();
            tokio::select! {
                () = shutdown.cancelled() => break,
                first = self.ended.recv() => match first {
                    Some(first) => turns.push(first),
                    None => return,
                },
            }
            let until = Instant::now() + GATHERED;
            while turns.len() < BATCH {
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    next = tokio::time::timeout_at(until, self.ended.recv()) => match next {
                        Ok(Some(next)) => turns.push(next),
                        Ok(None) | Err(_) => break,
                    },
                }
            }
            self.send(&agents, turns, &shutdown).await;
        }
        let mut rest = Vec::new();
        while let Ok(next) = self.ended.try_recv() {
            rest.push(next);
        }
        let left = rest.len();
        if left > 0 && tokio::time::timeout(LAST, self.send(&agents, rest, &shutdown)).await.is_err() {
            dropped(left);
        }
    }

    async fn send(&self, agents: &Agents, turns: Vec<(WorkspaceId, TurnId)>, shutdown: &CancellationToken) {
        let mut spans = Vec::new();
        for (workspace, turn) in &turns {
            match agents.trace_of(Operator::of_this_installation(), *workspace, *turn).await {
                Ok(trace) => spans.extend(spans::of_turn(*workspace, &trace, self.content)),
                // A chat may be removed at once with all that was in it.
                Err(error) => {
                    tracing::debug!(%turn, error = %Chain(&error), "a turn has no trace to send");
                }
            }
        }
        if spans.is_empty() {
            return;
        }
        let request =
            ExportTraceServiceRequest { resource_spans: vec![spans::resource(&self.service_name, spans)] };
        let body = request.encode_to_vec();
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.post(body.clone()).await {
                Ok(()) => return,
                Err(failed) if failed.may_pass && attempt < ATTEMPTS && !shutdown.is_cancelled() => {
                    tracing::debug!(why = failed.why, "traces are sent again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(failed) => {
                    tracing::warn!(
                        turns = turns.len(),
                        why = failed.why,
                        "traces could not be sent and are dropped"
                    );
                    dropped(turns.len());
                    return;
                }
            }
        }
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), Failed> {
        let request = self.client.request(Method::POST, &self.url).headers(self.headers.clone()).body(body);
        let answer = request
            .send()
            .await
            .map_err(|error| Failed { why: Chain(&error).to_string(), may_pass: true })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        // OTLP specification, "OTLP/HTTP Response": only these are sent again.
        let may_pass = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        Err(Failed { why: format!("the receiver answered {status}"), may_pass })
    }
}

/// Why a request came to nothing.
struct Failed {
    why: String,
    may_pass: bool,
}
