//! The connections of the server: how many there may be, how long a client may take to say what it wants and to
//! take what it is told, and how they end.

mod places;
mod stall;
#[cfg(test)]
mod tests;

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request, header},
    response::Response,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use kontor_core::error::{ErrorKind, Problem};
use kontor_http::{Refuse, TrustedProxies};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

pub(crate) use self::places::LANE;
use self::{
    places::{Answering, Connection, Places},
    stall::Unstalled,
};

/// How long a client may take for the head of a request, the wait for it included: longer than proxies keep
/// a connection they may use again, which must not find it closed.
pub(crate) const HEAD: Duration = Duration::from_secs(75);
/// How long a client may take nothing of what it is sent.
pub(crate) const STALL: Duration = Duration::from_secs(60);
/// The pause after a connection could not be taken, most likely because no file descriptor is free.
const PAUSE: Duration = Duration::from_secs(1);
/// When whoever found no place may try again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What bounds connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// At one time; the few beyond it are told so, and how the server is.
    pub(crate) connections: usize,
    pub(crate) head: Duration,
    pub(crate) stall: Duration,
}

/// How requests are answered.
#[derive(Clone)]
pub(crate) struct Answers {
    pub(crate) router: Router,
    pub(crate) proxies: Arc<TrustedProxies>,
    /// How a request that does not get as far as the router is refused.
    pub(crate) refuse: Refuse,
}

/// Serves until `shutdown`, then until what is in progress has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    answers: Answers,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let places = Places::new(limits.connections);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    let (builder, connections) = (Arc::new(builder), TaskTracker::new());
    loop {
        let next = async {
            let (stream, peer) = accept(&listener).await;
            places.next().await.map(|connection| (connection, stream, peer))
        };
        let (connection, stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => match next {
                Some(next) => next,
                None => break,
            },
        };
        let gives_way = connection.gives_way();
        let (answers, connection) = (answers.clone(), Arc::new(connection));
        let service = tower::service_fn(move |request: Request<_>| {
            let (answers, connection) = (answers.clone(), Arc::clone(&connection));
            async move { Ok::<_, Infallible>(answers.answer(&connection, peer, request.map(Body::new)).await) }
        });
        let (builder, shutdown) = (builder.clone(), shutdown.clone());
        connections.spawn(async move {
            let service = TowerToHyperService::new(service);
            let stream = TokioIo::new(Unstalled::new(stream, limits.stall));
            let mut connection = pin!(builder.serve_connection(stream, service));
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = gives_way.cancelled() => return,
                () = shutdown.cancelled() => {
                    // After the answer to what it is asking, where it is asking something.
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "a connection broke off");
            }
        });
    }
    // Whoever comes now is refused rather than kept waiting.
    drop(listener);
    connections.close();
    connections.wait().await;
}

impl Answers {
    async fn answer(self, connection: &Connection, peer: SocketAddr, mut request: Request<Body>) -> Response {
        let busy = connection.begin();
        let response = match kontor_http::check_message(&mut request) {
            Err(problem) => self.close(problem),
            Ok(()) if connection.has_place() => self.route(peer, request).await,
            // Health is told in the lane as well, and leaves it at once.
            Ok(()) if is_health(&request) => closing(self.route(peer, request).await),
            Ok(()) if connection.take_place().await => self.route(peer, request).await,
            Ok(()) => self.close(
                Problem::new(
                    ErrorKind::Unavailable,
                    "server_busy",
                    "The server has as many connections open as it can have. Try again in a moment.",
                )
                .retry_after(RETRY_AFTER),
            ),
        };
        response.map(|body| Body::new(Answering { body, _busy: busy }))
    }

    async fn route(self, peer: SocketAddr, mut request: Request<Body>) -> Response {
        let client = self.proxies.client_of(peer.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
        match self.router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// A refusal after which the connection ends: what else stands on it may be no request.
    fn close(&self, problem: Problem) -> Response {
        closing((self.refuse)(problem))
    }
}

fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_health(request: &Request<Body>) -> bool {
    matches!(request.uri().path(), "/healthz" | "/readyz")
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // A piece of a reply goes out at once rather than waiting for the acknowledgement of the one
                // before.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps small pieces back");
                }
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
