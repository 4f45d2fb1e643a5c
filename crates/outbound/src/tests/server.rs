//! A server of HTTP/1.1 that answers as it is told to, and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What is sent in answer to a request, in pieces, each after a pause.
pub(crate) type Script = Vec<(Duration, Vec<u8>)>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _running: JoinSet<()>,
}

impl Server {
    /// Answers by the path of the request.
    pub(crate) async fn start(answer: impl Fn(&str) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), heads.clone());
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (answer.clone(), seen.clone());
                connections.spawn(async move { serve(stream, &*answer, &seen).await });
            }
        });
        Self { address, heads, _running: running }
    }

    /// One that says `hello` to everything.
    pub(crate) async fn greeting() -> Self {
        Self::start(|_| whole("200 OK", "", "hello")).await
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    /// The heads of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// An answer with its headers, each with its line break, and a body, after which the connection ends.
pub(crate) fn whole(status: &str, headers: &str, body: &str) -> Script {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    vec![(Duration::ZERO, head.into_bytes())]
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&str) -> Script + Send + Sync),
    seen: &Mutex<Vec<String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            // A handshake of TLS, to which a server without it says this.
            Ok(0x16) if head.is_empty() => {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                return;
            }
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head);
    for (pause, piece) in answer(&path) {
        tokio::time::sleep(pause).await;
        if stream.write_all(&piece).await.is_err() {
            return;
        }
    }
}
