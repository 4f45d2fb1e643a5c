//! A log that cannot be written keeps nobody from work.

use std::{fs::OpenOptions, process::Stdio, time::Duration};

use kontor_testkit::{
    client::ApiClient,
    server::{Server, ServerOptions},
};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{binary, eventually};

/// A server that logs all it can to `log`, and the folder it lives in.
fn server(log: Stdio) -> (Server, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut options = ServerOptions::demo(binary(), folder.path().join("data"));
    options.environment.push(("KONTOR_LOG".to_owned(), "trace".to_owned()));
    (Server::start_logging_to(&options, log).unwrap(), folder)
}

/// Reads, writes and a turn, each as it should be.
async fn work(server: &Server) -> ApiClient {
    let ada = ApiClient::sign_in(&server.url, "ada@demo.test").await.unwrap();
    for number in 0..30 {
        let account = json!({"name": format!("Acme {number}")});
        ada.post("/api/records/accounts", account).await.unwrap().ok();
        ada.get("/api/records/deals?limit=50").await.unwrap().ok();
        // What is wrong is logged as well.
        assert_eq!(ada.get("/api/records/unicorns").await.unwrap().status, 404);
    }
    let session = ada.session("sales-assistant").await.unwrap();
    let events = ada.chat(&session, "create the account Borealis").await.unwrap();
    assert_eq!(events.last().map(|event| event.name.as_str()), Some("turn.completed"), "{events:?}");
    ada
}

/// Whether the server counts lines that it could not write; the log has a thread of its own, which may be behind.
async fn counts_dropped_lines(ada: &ApiClient) -> bool {
    let counted = eventually(Duration::from_secs(10), || async {
        let ready = ada.get("/readyz").await.unwrap().ok();
        ready["dropped_log_lines"].as_u64().filter(|dropped| *dropped > 0)
    });
    counted.await.is_some()
}

#[tokio::test]
async fn a_server_whose_log_goes_to_a_closed_pipe_works_and_counts_what_it_could_not_write() {
    let (mut server, _folder) = server(Stdio::piped());
    drop(server.take_log().unwrap());
    let ada = work(&server).await;
    assert!(counts_dropped_lines(&ada).await);
    assert!(server.stop().unwrap().success());
}

#[tokio::test]
async fn a_server_whose_log_goes_to_a_full_disk_works_and_counts_what_it_could_not_write() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (server, _folder) = server(full.into());
    let ada = work(&server).await;
    assert!(counts_dropped_lines(&ada).await);
    assert!(server.stop().unwrap().success());
}

#[tokio::test]
async fn a_server_whose_log_nobody_reads_works_and_ends() {
    let (mut server, _folder) = server(Stdio::piped());
    let _unread = server.take_log().unwrap();
    work(&server).await;
    assert!(server.stop().unwrap().success());
}
