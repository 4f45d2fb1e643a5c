//! The commands beside `serve`.

use std::process::{Command, Output};

use kontor_testkit::server::PASSWORD;
use serde_json::json;

use crate::fixture::{Fixture, binary};

fn kontor(fixture: &Fixture, arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .arg("--data-dir")
        .arg(&fixture.options.data_dir)
        .env("KONTOR_PASSWORD", PASSWORD)
        .env("KONTOR_MODELS__OLLAMA_URL", "")
        .current_dir(fixture.folder())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_reply_streams_in_the_terminal() {
    let fixture = Fixture::builtin().await;
    let url = fixture.url().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(binary())
            .args(["chat", "how many deals are there?", "--server", &url, "--email", "ada@demo.test"])
            .env("KONTOR_PASSWORD", PASSWORD)
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("60"), "{}", said(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("deal."), "the tool call is not shown");
}

#[tokio::test]
async fn a_wrong_password_ends_the_chat_with_a_sentence() {
    let fixture = Fixture::builtin().await;
    let output = Command::new(binary())
        .args(["chat", "hello", "--server", fixture.url(), "--email", "ada@demo.test"])
        .env("KONTOR_PASSWORD", "not the password")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("password"), "{}", said(&output));
}

#[tokio::test]
async fn a_backup_made_while_serving_holds_what_was_written() {
    let mut fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let account = ada.post("/api/records/accounts", json!({"name": "In the backup"})).await.unwrap().ok();
    let copy = fixture.folder().join("copy");
    let output = kontor(&fixture, &["backup", copy.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    ada.delete(&format!("/api/records/accounts/{}", account["id"].as_str().unwrap())).await.unwrap().ok();
    drop(fixture.server.take());

    let occupied = kontor(&fixture, &["restore", copy.to_str().unwrap()]);
    assert!(!occupied.status.success(), "a backup was put over data");

    fixture.options.data_dir = fixture.folder().join("restored");
    let output = kontor(&fixture, &["restore", copy.to_str().unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    fixture.launch();
    let ada = fixture.sign_in("ada").await;
    let found =
        ada.get(&format!("/api/records/accounts/{}", account["id"].as_str().unwrap())).await.unwrap().ok();
    assert_eq!(found["name"], "In the backup");
}

#[tokio::test]
async fn doctor_says_what_works_beside_a_running_server() {
    let fixture = Fixture::builtin().await;
    let output = kontor(&fixture, &["doctor"]);
    assert!(output.status.success(), "{}", said(&output));
    for part in ["configuration", "directory", "workspace", "default model: builtin"] {
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
}

#[tokio::test]
async fn a_member_that_was_added_can_sign_in() {
    let mut fixture = Fixture::builtin().await;
    drop(fixture.server.take());
    let output =
        kontor(&fixture, &["user", "add", "nina@demo.test", "--name", "Nina Kovač", "--role", "Viewer"]);
    assert!(output.status.success(), "{}", said(&output));
    fixture.launch();
    let nina = fixture.sign_in("nina").await;
    let me = nina.get("/api/me").await.unwrap().ok();
    assert_eq!(me["member"]["role"], "Viewer");
}
