//! The connections of the server: how many there may be, how long a client may take to say what it wants, and
//! how they end.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// How long a client may take for the head of a request, the wait for it included: longer than proxies keep
/// a connection they may use again, which must not find it closed.
pub(crate) const HEAD: Duration = Duration::from_secs(75);
/// The pause after a connection could not be taken, most likely because no file descriptor is free.
const PAUSE: Duration = Duration::from_secs(1);

/// What bounds connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// At one time; further ones wait to be taken.
    pub(crate) connections: usize,
    pub(crate) head: Duration,
}

/// Serves until `shutdown`, then until what is in progress has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(limits.connections.max(1)));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    let (builder, connections) = (Arc::new(builder), TaskTracker::new());
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await;
            (permit, accept(&listener).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        let router = router.clone();
        let service = tower::service_fn(move |mut request: Request<_>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let (builder, shutdown) = (builder.clone(), shutdown.clone());
        connections.spawn(async move {
            let _permit = permit;
            let service = TowerToHyperService::new(service);
            let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        task::JoinHandle,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    struct Served {
        address: SocketAddr,
        shutdown: CancellationToken,
        ended: JoinHandle<()>,
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits for what it begins")]
    async fn served(connections: usize, head: Duration) -> Served {
        let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() };
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        };
        let router = Router::new().route("/peer", get(peer)).route("/slow", get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let serving = serve(listener, router, Limits { connections, head }, shutdown.clone());
        Served { address, shutdown, ended: tokio::spawn(serving) }
    }

    async fn connect(served: &Served, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// What comes until the server ends the connection.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut text)).await;
        read.expect("the server ends the connection").unwrap();
        text
    }

    #[tokio::test]
    async fn a_client_that_sends_half_a_head_is_left_and_one_that_asks_knows_its_address() {
        let served = served(10, Duration::from_millis(200)).await;
        for half in ["", "GET /peer HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
            let left = rest(connect(&served, half).await).await;
            assert!(!left.contains("200 OK"), "{left}");
        }
        let whole = connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let answer = rest(whole).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn connections_beyond_the_limit_wait_for_a_place() {
        let served = served(1, PATIENCE * 2).await;
        let first = connect(&served, "").await;
        let mut second = connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let early = tokio::time::timeout(Duration::from_millis(200), second.read_u8()).await;
        assert!(early.is_err(), "a second connection was served beside the first");
        drop(first);
        let letter = tokio::time::timeout(PATIENCE, second.read_u8()).await;
        assert_eq!(letter.unwrap().unwrap(), b'H');
    }

    #[tokio::test]
    async fn a_request_in_progress_is_answered_while_the_server_stops() {
        let served = served(10, PATIENCE).await;
        let idle = connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await;
        idle.readable().await.unwrap();
        let busy = connect(&served, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        // Taken in the order in which they came: when this one is answered, that one is in progress.
        connect(&served, "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.readable().await.unwrap();
        served.shutdown.cancel();
        assert!(rest(busy).await.ends_with("slow"));
        rest(idle).await;
        tokio::time::timeout(PATIENCE, served.ended).await.expect("the server ends").unwrap();
    }
}
