//! Data that is missing is told of, and never made anew.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture, binary};

/// The demonstration's data, with no server on it.
async fn data() -> (Fixture, PathBuf, PathBuf) {
    let mut fixture = Fixture::start(Engine::Sqlite, None).await;
    assert!(fixture.server.take().unwrap().stop().unwrap().success());
    fixture.options.demo = false;
    let data = fixture.options.data_dir.clone();
    let mut workspaces = std::fs::read_dir(data.join("workspaces")).unwrap();
    let workspace = workspaces.find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension().is_some_and(|extension| extension == "sqlite").then_some(path)
    });
    (fixture, data, workspace.unwrap())
}

fn run(fixture: &Fixture, command: &str, arguments: &[&Path]) -> Output {
    // A server that starts all the same is ended.
    Command::new("timeout")
        .arg("30")
        .arg(binary())
        .arg(command)
        .args(arguments)
        .arg("--data-dir")
        .arg(&fixture.options.data_dir)
        .env("KONTOR_MODELS__OLLAMA_URL", "")
        .env("KONTOR_LISTEN", "127.0.0.1:0")
        .current_dir(fixture.folder())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// That a server starts, and refuses who signs in with what is wrong with their workspace.
async fn refuses_its_members(fixture: &mut Fixture, code: &str) {
    fixture.launch();
    let client = ApiClient::anonymous(fixture.url()).unwrap();
    let login = json!({"email": "ada@demo.test", "password": kontor_testkit::server::PASSWORD});
    let refused = client.post("/api/auth/login", login).await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), &refused.body["code"]),
        (503, &Value::from(code)),
        "{}",
        refused.body
    );
    fixture.server = None;
}

#[tokio::test]
async fn a_workspace_whose_file_is_gone_is_told_of_and_not_made_anew() {
    let (mut fixture, _, workspace) = data().await;
    std::fs::remove_file(&workspace).unwrap();
    refuses_its_members(&mut fixture, "data_missing").await;
    assert!(!workspace.exists(), "a file was made in the place of the one that is missing");
    let copy = fixture.folder().join("copy");
    for (command, arguments) in [("doctor", &[][..]), ("backup", &[copy.as_path()])] {
        let output = run(&fixture, command, arguments);
        let said = said(&output);
        assert!(!output.status.success(), "{command}: {said}");
        assert!(said.contains(&workspace.display().to_string()), "{command}: {said}");
        assert!(
            said.contains("has no file") && said.contains("restore it from a backup"),
            "{command}: {said}"
        );
    }
    assert!(copy.join("directory.sqlite").exists(), "what is there is copied");
}

#[tokio::test]
async fn a_workspace_whose_file_was_emptied_is_told_of_and_not_made_anew() {
    let (mut fixture, _, workspace) = data().await;
    std::fs::write(&workspace, "").unwrap();
    refuses_its_members(&mut fixture, "data_missing").await;
    let output = run(&fixture, "doctor", &[]);
    assert!(!output.status.success() && said(&output).contains("is empty"), "{}", said(&output));
    std::fs::write(&workspace, vec![7; 8_192]).unwrap();
    refuses_its_members(&mut fixture, "data_damaged").await;
    let output = run(&fixture, "doctor", &[]);
    let said = said(&output);
    assert!(!output.status.success() && said.contains("FAIL  workspace"), "{said}");
    assert!(said.contains(&format!("the data is damaged: {}", workspace.display())), "{said}");
}

#[tokio::test]
async fn another_workspaces_file_is_not_taken_for_the_one_that_should_be_there() {
    let (mut fixture, data, workspace) = data().await;
    let other = data.join("workspaces/018f2b6e-7c1a-7000-8000-000000000001.sqlite");
    std::fs::copy(&workspace, &other).unwrap();
    let output = run(&fixture, "doctor", &[]);
    assert!(!output.status.success() && said(&output).contains("does not know it"), "{}", said(&output));
    std::fs::remove_file(other).unwrap();
    let output = run(&fixture, "doctor", &[]);
    assert!(output.status.success(), "{}", said(&output));

    let mut elsewhere = Fixture::start(Engine::Sqlite, None).await;
    assert!(elsewhere.server.take().unwrap().stop().unwrap().success());
    let theirs = std::fs::read_dir(elsewhere.options.data_dir.join("workspaces")).unwrap();
    let theirs = theirs
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|it| it == "sqlite"));
    std::fs::copy(theirs.unwrap(), &workspace).unwrap();
    refuses_its_members(&mut fixture, "data_missing").await;
    let output = run(&fixture, "doctor", &[]);
    assert!(
        !output.status.success() && said(&output).contains("in its place lies workspace"),
        "{}",
        said(&output)
    );
}

#[tokio::test]
async fn a_server_does_not_begin_anew_where_workspaces_lie_without_their_directory() {
    let (fixture, data, _) = data().await;
    let directory = data.join("directory.sqlite");
    for how in ["has no file", "is empty"] {
        if how == "is empty" {
            std::fs::write(&directory, "").unwrap();
        } else {
            std::fs::remove_file(&directory).unwrap();
        }
        for command in ["serve", "doctor"] {
            let output = run(&fixture, command, &[]);
            let said = said(&output);
            assert!(!output.status.success(), "{command}: {said}");
            assert!(said.contains(&directory.display().to_string()), "{command}: {said}");
            assert!(
                said.contains("restore it from a backup") && !said.contains("/setup"),
                "{command}: {said}"
            );
        }
        assert!(std::fs::metadata(&directory).map_or(0, |file| file.len()) == 0, "a directory was made anew");
    }
}

#[tokio::test]
async fn a_secret_that_is_gone_is_asked_for_and_not_made_anew() {
    let (mut fixture, data, _) = data().await;
    let secret = data.join("secret");
    let kept = std::fs::read(&secret).unwrap();
    std::fs::remove_file(&secret).unwrap();
    for _ in 0..2 {
        let output = run(&fixture, "serve", &[]);
        let said = said(&output);
        assert!(!output.status.success() && said.contains(&secret.display().to_string()), "{said}");
        assert!(said.contains("is missing") && said.contains("KONTOR_SECRET"), "{said}");
        assert!(!secret.exists());
    }
    std::fs::write(&secret, kept).unwrap();
    fixture.launch();
    fixture.sign_in("ada").await;
}
