//! The commands beside `serve`.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Output},
};

use kontor_testkit::{scripted::ScriptedModel, server::PASSWORD, sse::text_of};
use serde_json::json;

use crate::fixture::{Fixture, PATIENCE, binary, engines, eventually, kontor, said};

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
async fn a_chat_whose_agent_was_chosen_is_listed_given_away_exported_and_deleted() {
    let fixture = Fixture::builtin().await;
    let url = fixture.url().to_owned();
    let run = |arguments: &[&str]| {
        let (all, url): (Vec<String>, _) = (arguments.iter().map(|&it| it.to_owned()).collect(), url.clone());
        tokio::task::spawn_blocking(move || {
            let mut command = Command::new(binary());
            command.args(all).args(["--server", &url, "--email", "ada@demo.test"]);
            command.env("KONTOR_PASSWORD", PASSWORD).output().unwrap()
        })
    };
    let asked = run(&["chat", "Analyst: how many deals are there?"]).await.unwrap();
    assert!(asked.status.success(), "{}", said(&asked));
    let told = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert!(told.contains("[Analyst answers: The message asks for it by name.]"), "{told}");
    let listed = run(&["session", "list", "--agent", "analyst"]).await.unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let id = listed.split_whitespace().next().unwrap();
    for (arguments, expected) in [
        (&["session", "show", id][..], "\"by\": \"rules\""),
        (&["session", "rename", id, "How many deals"], "How many deals"),
        (&["session", "agent", id, "sales-assistant"], "\"by\": \"member\""),
        (&["session", "export", id], "### Analyst"),
        (&["session", "delete", id], "deleted"),
    ] {
        let output = run(arguments).await.unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && printed.contains(expected), "{arguments:?}: {}", said(&output));
    }
    let gone = run(&["session", "show", id]).await.unwrap();
    assert!(!gone.status.success(), "{}", said(&gone));
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
async fn a_restore_into_postgres_is_refused_as_a_backup_of_it_is() {
    let fixture = Fixture::builtin().await;
    let copy = fixture.folder().join("copy");
    assert!(kontor(&fixture, &["backup", copy.to_str().unwrap()]).status.success());
    let output = Command::new(binary())
        .args(["restore", copy.to_str().unwrap(), "--data-dir"])
        .arg(fixture.folder().join("elsewhere"))
        .env("KONTOR_DATABASE_URL", "postgres://127.0.0.1/kontor")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("pg_restore"), "{}", said(&output));
}

#[tokio::test]
async fn doctor_says_what_works_beside_a_running_server() {
    for engine in engines() {
        let model = ScriptedModel::start().await.unwrap();
        let fixture = Fixture::start(engine, None).await;
        let provider = |name: &str| format!("KONTOR_MODELS__PROVIDERS__LOCAL__{name}");
        let mut command = Command::new(binary());
        command.arg("doctor").arg("--data-dir").arg(&fixture.options.data_dir);
        command.envs(fixture.options.database_url.iter().map(|url| ("KONTOR_DATABASE_URL", url)));
        command.env("KONTOR_MODELS__OLLAMA_URL", "").env(provider("BASE_URL"), model.base_url());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        for part in [
            "ok    configuration",
            "ok    directory: schema version",
            "ok    workspace",
            "ok    default model: builtin",
            "ok    model provider local: answers, and has 1 model",
            "ok    context windows: large enough for the agents",
        ] {
            assert!(said(&output).contains(part), "{part}: {}", said(&output));
        }
        fixture.end().await;
    }
}

/// What doctor says of a folder that holds nothing, with a provider at this address.
fn doctor_without_data(folder: &std::path::Path, base_url: &str) -> Output {
    Command::new(binary())
        .args(["doctor", "--data-dir"])
        .arg(folder.join("missing"))
        .env("KONTOR_MODELS__OLLAMA_URL", "")
        .env("KONTOR_MODELS__PROVIDERS__LOCAL__BASE_URL", base_url)
        .env("KONTOR_MODELS__PROVIDERS__LOCAL__API_KEY", "sk-wrong")
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn doctor_fails_over_missing_data_and_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = doctor_without_data(folder.path(), &format!("http://{closed}/v1"));
    assert!(!output.status.success());
    for part in ["FAIL  directory:", "holds no data", "FAIL  model provider local:", "cannot be reached"] {
        assert!(said(&output).contains(part), "{part}: {}", said(&output));
    }
    assert!(!folder.path().join("missing").exists(), "looking made a data folder");
}

#[test]
fn doctor_tells_a_wrong_key_from_a_provider_that_cannot_be_reached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let refusing = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let answer = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    };
    let refusing = std::thread::Builder::new().name("refusing".to_owned()).spawn(refusing).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = doctor_without_data(folder.path(), &format!("http://{address}/v1"));
    refusing.join().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("refused the API key"), "{}", said(&output));
    assert!(!said(&output).contains("sk-wrong"), "{}", said(&output));
}

#[tokio::test]
async fn members_and_workspaces_are_added_beside_a_running_server() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        // The server has looked at both before.
        fixture.sign_in("ada").await;
        let output =
            kontor(&fixture, &["user", "add", "nina@demo.test", "--name", "Nina Kovač", "--role", "Viewer"]);
        assert!(output.status.success(), "{}", said(&output));
        let nina = fixture.sign_in("nina").await;
        let me = nina.get("/api/me").await.unwrap().ok();
        assert_eq!((&me["member"]["role"], &me["workspace"]["name"]), (&json!("Viewer"), &json!("Demo")));
        let deactivated = kontor(&fixture, &["user", "deactivate", "Nina@demo.test"]);
        assert!(deactivated.status.success(), "{}", said(&deactivated));
        let listed = kontor(&fixture, &["user", "list"]);
        assert!(said(&listed).contains("Nina Kovač <nina@demo.test>: Viewer, inactive"), "{}", said(&listed));
        let out = eventually(std::time::Duration::from_secs(10), || async {
            (nina.get("/api/me").await.unwrap().status == 401).then_some(())
        });
        out.await.expect("who is deactivated is out within seconds");
        let unknown = kontor(&fixture, &["user", "activate", "nobody@demo.test"]);
        assert!(!unknown.status.success() && said(&unknown).contains("no member"), "{}", said(&unknown));
        let activated = kontor(&fixture, &["user", "activate", "nina@demo.test"]);
        assert!(activated.status.success(), "{}", said(&activated));
        fixture.sign_in("nina").await;

        let output = kontor(
            &fixture,
            &["workspace", "add", "Second", "--email", "otto@demo.test", "--admin", "Otto Weiss"],
        );
        assert!(output.status.success(), "{}", said(&output));
        let otto = fixture.sign_in("otto").await;
        otto.post("/api/records/accounts", json!({"name": "First of the second"})).await.unwrap().ok();
        let session = otto.session("analyst").await.unwrap();
        let events = otto.chat(&session, "how many accounts are there?").await.unwrap();
        assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
        assert!(text_of(&events).contains('1'), "{events:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn a_member_that_was_added_without_a_server_can_sign_in() {
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

#[tokio::test]
async fn admins_and_the_operator_see_the_jobs_and_run_them_again() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let (ada, vera) = (fixture.sign_in("ada").await, fixture.sign_in("vera").await);
        let deal = json!({ "name": "Zanzibar" });
        ada.post("/api/records/deals", deal).await.unwrap().ok();
        let session = ada.session("sales-assistant").await.unwrap();
        let turn = ada.turn(&session, "delete the deal Zanzibar").await.unwrap();
        // What denies the deletion when nobody answers.
        let expiry = eventually(PATIENCE, || async {
            let jobs = ada.get("/api/jobs?state=waiting").await.unwrap().ok();
            jobs["data"].as_array().unwrap().first().cloned()
        });
        let expiry = expiry.await.unwrap();
        let id = expiry["id"].as_str().unwrap();
        assert_eq!(
            (expiry["name"].as_str(), expiry["attempts"].as_u64()),
            (Some("approvals.expire"), Some(0))
        );
        let listed = kontor(&fixture, &["jobs"]);
        assert!(listed.status.success() && said(&listed).contains(id), "{engine:?}: {}", said(&listed));
        assert!(said(&listed).contains("workspaces.clean_up runs by itself"), "{}", said(&listed));

        for path in ["/api/jobs", "/api/jobs/planned"] {
            let refused = vera.get(path).await.unwrap();
            assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!("not_permitted")));
            assert!(refused.body["detail"].as_str().unwrap().contains("\"jobs\""), "{}", refused.body);
        }
        let run = format!("/api/jobs/{id}/run");
        assert_eq!(vera.post(&run, json!({})).await.unwrap().status, 403);
        assert_eq!(ada.get("/api/jobs?state=done").await.unwrap().status, 400);

        let again = kontor(&fixture, &["jobs", "--run", id]);
        assert!(again.status.success(), "{}", said(&again));
        // Another takes its place, since the approval still waits.
        let gone = eventually(PATIENCE, || async {
            let jobs = ada.get("/api/jobs").await.unwrap().ok();
            jobs["data"][0]["id"].as_str().is_some_and(|now| now != id).then_some(())
        });
        gone.await.expect("the server finds what the operator has run again");
        assert_eq!(ada.post(&run, json!({})).await.unwrap().status, 404);
        let twice = kontor(&fixture, &["jobs", "--run", id]);
        assert!(!twice.status.success() && said(&twice).contains("no job"), "{}", said(&twice));
        assert_eq!(vera.get("/api/audit").await.unwrap().status, 403);
        let audit = ada.get("/api/audit?action=job.*&limit=1").await.unwrap().ok();
        assert_eq!(audit["data"][0]["target"], json!(format!("job:{id}")));
        assert_eq!(
            (&audit["data"][0]["actor"]["kind"], &audit["page"]["has_more"]),
            (&json!("system"), &json!(false))
        );
        assert_eq!(ada.get("/api/audit?after=nowhere").await.unwrap().status, 400);
        // It came before its time: nothing was denied.
        let waiting = ada.get(&format!("/api/approvals?session={session}")).await.unwrap().ok();
        assert_eq!(waiting["data"][0]["turn"].as_str(), Some(turn.as_str()));
        fixture.end().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_member_is_listed_and_answered_in_the_terminal() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    ada.post("/api/records/accounts", json!({"name": "Quellwasser"})).await.unwrap().ok();
    let session = ada.session("sales-assistant").await.unwrap();
    ada.turn(&session, "delete the account Quellwasser").await.unwrap();
    let waiting = eventually(PATIENCE, || async {
        let listed = ada.get("/api/approvals").await.unwrap().ok();
        listed["data"][0]["id"].as_str().map(str::to_owned)
    });
    let approval = waiting.await.unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["approvals", "--server", fixture.url(), "--email", "ada@demo.test"]).args(arguments);
        command.env("KONTOR_PASSWORD", PASSWORD).output().unwrap()
    };
    let listed = said(&run(&["list"]));
    assert!(listed.contains(&approval) && listed.contains("account.delete"), "{listed}");
    let denied = said(&run(&["deny", &approval, "--comment", "we keep it"]));
    assert!(denied.contains("account.delete is denied."), "{denied}");
    assert!(!said(&run(&["list"])).contains(&approval));
    let again = run(&["approve", &approval]);
    assert!(!again.status.success() && said(&again).contains("answered already"), "{}", said(&again));
}
