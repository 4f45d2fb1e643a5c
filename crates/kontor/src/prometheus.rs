//! `/metrics` for Prometheus: what is counted, told to those who may know it.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use kontor_http::Streams;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use subtle::ConstantTimeEq as _;

/// The bounds of the histograms of durations, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// What a proxy adds to a request that it passes on.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];
/// What Prometheus asks for.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is counted in this process.
#[derive(Clone)]
pub(crate) struct Metrics(Arc<Inner>);

struct Inner {
    handle: PrometheusHandle,
    token: Option<String>,
}

impl Metrics {
    /// Counts from now on, once for the process. With a token, whoever has it may read; without, whoever is on this
    /// machine.
    pub(crate) fn install(token: Option<String>) -> Result<Self, BuildError> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .install_recorder()?;
        Ok(Self(Arc::new(Inner { handle, token })))
    }

    /// Adds up what was measured, which would else be kept one by one; from time to time.
    pub(crate) fn add_up(&self) {
        self.0.handle.run_upkeep();
    }

    pub(crate) fn routes(&self, streams: Streams) -> Router {
        Router::new().route("/metrics", get(tell)).with_state((self.clone(), streams))
    }

    fn may_read(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
        match &self.0.token {
            Some(token) => headers
                .get(header::AUTHORIZATION)
                .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
                .is_some_and(|given| given.as_bytes().ct_eq(token.as_bytes()).into()),
            // What a proxy on this machine passes on comes from elsewhere.
            None => {
                peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback())
                    && FORWARDED.iter().all(|name| !headers.contains_key(*name))
            }
        }
    }
}

async fn tell(State((metrics, streams)): State<(Metrics, Streams)>, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    if !metrics.may_read(request.headers(), peer) {
        let told = "The metrics are read on this machine, or with the token of the setting metrics_token.\n";
        return (StatusCode::FORBIDDEN, told).into_response();
    }
    metrics::gauge!("event_streams_open").set(u32::try_from(streams.total()).unwrap_or(u32::MAX));
    metrics::gauge!("kontor_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!("process_resident_memory_bytes").set(bytes);
    }
    ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], metrics.0.handle.render())
        .into_response()
}

/// The memory of this process, where the system tells it.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u32 = kilobytes.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kilobytes) * 1024.0)
}
