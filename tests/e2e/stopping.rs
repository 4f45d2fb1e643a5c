//! How the server ends when it is told to.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use kontor_testkit::scripted::{Script, ScriptedModel};

use crate::fixture::{Engine, Fixture};

/// What operators are told to wait before they kill it.
const PROMISED: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_has_ended_in_time_whatever_is_open() {
    let model = ScriptedModel::start().await.unwrap();
    // One word, so that nothing more comes after the first piece of text.
    model.push(Script::new().text("Wait. ").stall());
    let mut fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    // A turn whose model is silent, a reader of it, and a client that has sent half a head.
    let session = ada.session("sales-assistant").await.unwrap();
    ada.turn(&session, "wait for me").await.unwrap();
    let mut stream = ada.events(&session, None).await.unwrap();
    while stream.next().await.unwrap().name != "text.delta" {}
    let server = fixture.server.take().unwrap();
    let mut half = TcpStream::connect(server.address()).unwrap();
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();

    let told = Instant::now();
    let status = tokio::task::spawn_blocking(move || server.stop().unwrap()).await.unwrap();
    let took = told.elapsed();
    assert!(status.success(), "{status}");
    assert!(took < PROMISED, "it took {took:?}");
    assert!(stream.next().await.is_none(), "the reader is left, to come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_the_moment_it_is_ready_ends_in_order() {
    let mut fixture = Fixture::start(Engine::Sqlite, None).await;
    fixture.options.demo = false;
    for _ in 0..20 {
        let server = fixture.server.take().unwrap();
        let status = tokio::task::spawn_blocking(move || server.stop().unwrap()).await.unwrap();
        assert!(status.success(), "{status}");
        fixture.launch();
    }
}
