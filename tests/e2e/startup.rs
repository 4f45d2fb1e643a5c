//! How the server starts, and how it says that it cannot.

use std::{os::unix::fs::PermissionsExt as _, process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_testkit::{
    client::ApiClient,
    server::{PASSWORD, Server},
};
use serde_json::json;
use tempfile::TempDir;

use crate::fixture::{Fixture, binary};

#[tokio::test]
async fn the_demonstration_is_kept_on_a_second_start_and_its_passwords_renewed() {
    let mut fixture = Fixture::builtin().await;
    let greeting = fixture.server().greeting.join("\n");
    for person in ["ada@demo.test (Admin)", "max@demo.test (Member)", "vera@demo.test (Viewer)"] {
        assert!(greeting.contains(person), "{greeting}");
    }
    let ada = fixture.sign_in("ada").await;
    let created = ada.post("/api/records/accounts", json!({"name": "Kept Ltd"})).await.unwrap().ok();
    let status = fixture.server.take().unwrap().stop().unwrap();
    assert!(status.success(), "{status}");

    let renewed = "another-horse-another-battery";
    fixture.options.environment.push(("KONTOR_DEMO_PASSWORD".to_owned(), renewed.to_owned()));
    fixture.launch();
    let mut ada = ApiClient::anonymous(fixture.url()).unwrap();
    let login = |password: &str| json!({"email": "ada@demo.test", "password": password});
    let former = ada.post("/api/auth/login", login(PASSWORD)).await.unwrap();
    assert_eq!(former.status, 401, "{}", former.body);
    let tokens = ada.post("/api/auth/login", login(renewed)).await.unwrap().ok();
    tokens["access_token"].as_str().unwrap().clone_into(&mut ada.token);
    let kept =
        ada.get(&format!("/api/records/accounts/{}", created["id"].as_str().unwrap())).await.unwrap().ok();
    assert_eq!(kept["name"], "Kept Ltd");
    let total = ada.get("/api/records/deals?limit=1&total=true").await.unwrap().ok();
    assert_eq!(total["page"]["total"], 60, "the demonstration was filled twice or not at all");
}

#[tokio::test]
async fn a_second_server_is_told_that_the_data_folder_is_in_use() {
    let fixture = Fixture::builtin().await;
    let output = fixture.options.command().stdout(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let folder = fixture.options.data_dir.display().to_string();
    assert!(said.contains(&format!("{folder} is in use by another Kontor server")), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let output = std::process::Command::new(binary())
        .args(["serve", "--listen", &address, "--data-dir"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    // A file where a folder should be: root, too, cannot write there.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = std::process::Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(file.join("data"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&file.display().to_string()), "{said}");
}

#[tokio::test]
async fn the_first_start_prints_a_link_that_makes_the_first_workspace_once() {
    let folder = TempDir::new().unwrap();
    let mut options = kontor_testkit::server::ServerOptions::demo(binary(), folder.path().join("data"));
    options.demo = false;
    let server = Server::start(&options).unwrap();
    let link =
        server.greeting.iter().find_map(|line| line.trim().strip_prefix(&server.url)).unwrap().to_owned();
    let client = ApiClient::anonymous(&server.url).unwrap();
    let page = client.request(reqwest::Method::GET, &link).send().await.unwrap();
    assert!(page.status().is_success());
    assert!(page.text().await.unwrap().contains("<form"));
    let token = link.split_once("token=").unwrap().1;
    let form = |workspace: &'static str| {
        let fields = [
            ("token", token),
            ("workspace", workspace),
            ("name", "Ada Brandt"),
            ("email", "ada@demo.test"),
            ("password", PASSWORD),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        client
            .request(reqwest::Method::POST, "/setup")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
    };
    let made = form("First").await.unwrap();
    assert!(made.status().is_success() || made.status().is_redirection(), "{}", made.status());
    let ada = ApiClient::sign_in(&server.url, "ada@demo.test").await.unwrap();
    let me = ada.get("/api/me").await.unwrap().ok();
    assert_eq!((&me["workspace"]["name"], &me["member"]["role"]), (&json!("First"), &json!("Admin")));
    let again = form("Second").await.unwrap();
    assert!(again.status().is_client_error(), "{}", again.status());
    let used = client.request(reqwest::Method::GET, &link).send().await.unwrap();
    assert!(used.status().is_client_error(), "{}", used.status());
    let secret = folder.path().join("data/secret");
    let mode = std::fs::metadata(&secret).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the secret can be read by others");
}

#[tokio::test]
async fn what_a_cluster_sets_for_a_service_of_this_name_is_ignored_and_what_is_near_a_setting_refused() {
    let folder = TempDir::new().unwrap();
    let mut options = kontor_testkit::server::ServerOptions::demo(binary(), folder.path().join("data"));
    for (name, value) in [
        ("KONTOR_PORT", "tcp://10.0.0.1:80"),
        ("KONTOR_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("KONTOR_SERVICE_HOST", "10.0.0.1"),
        ("KONTOR_SERVICE_PORT", "80"),
        ("KONTOR_REDIS_URL", "redis://10.0.0.2"),
        ("KONTOR_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"),
    ] {
        options.environment.push((name.to_owned(), value.to_owned()));
    }
    let mut server = Server::start_logging_to(&options, Stdio::piped()).unwrap();
    let mut log = server.take_log().unwrap();
    assert!(server.stop().unwrap().success());
    let mut told = String::new();
    std::io::Read::read_to_string(&mut log, &mut told).unwrap();
    assert_eq!(told.matches("KONTOR_SERVICE_HOST").count(), 1, "{told}");
    assert!(told.contains("KONTOR_REDIS_URL has no effect"), "{told}");

    let refused = options.command().env("KONTOR_DATABSE_URL", "postgres://x").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("did you mean KONTOR_DATABASE_URL?"), "{said}");
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let fixture = Fixture::builtin().await;
    let client = ApiClient::anonymous(fixture.url()).unwrap();
    for path in ["/healthz", "/readyz"] {
        let answer = client.get(path).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
    }
}

/// What is promised of the released binary. One that is built for debugging is larger and slower, and is only
/// told of.
#[tokio::test]
async fn the_demonstration_is_ready_within_two_seconds_and_idle_in_80_megabytes() {
    let fixture = Fixture::builtin().await;
    let (started_in, resident) = (fixture.server().started_in, fixture.server().resident_bytes().unwrap());
    println!("ready in {started_in:?}, {} MB resident", resident / 1_000_000);
    if !cfg!(debug_assertions) {
        assert!(started_in < Duration::from_secs(2), "ready in {started_in:?}");
        assert!(resident < 80_000_000, "{resident} bytes resident");
    }
}

#[tokio::test]
async fn access_tokens_are_issued_by_whom_the_server_names() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let named = ada.get("/.well-known/oauth-authorization-server").await.unwrap().ok();
    let claims = ada.token.split('.').nth(1).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["iss"], named["issuer"]);
    assert_eq!(claims["iss"], fixture.url());
}

#[tokio::test]
async fn the_metrics_tell_what_was_done_to_this_machine_or_to_whoever_has_the_token() {
    let mut fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("sales-assistant").await.unwrap();
    ada.chat(&session, "how many deals are there?").await.unwrap();
    ada.get("/api/records/deals").await.unwrap().ok();
    let http = reqwest::Client::new();
    let url = format!("{}/metrics", fixture.url());
    let answer = http.get(&url).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let told = answer.text().await.unwrap();
    for line in [
        "http_requests_total{method=\"GET\",route=\"/api/records/{plural}\",status=\"200\"} 1",
        "agent_turns_total{status=\"completed\"} 1",
        "model_answers_total{model=\"builtin\"} ",
        "http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/records/{plural}\",le=\"30\"} 1",
        "process_resident_memory_bytes ",
    ] {
        assert!(told.lines().any(|found| found.starts_with(line)), "{line} is not in {told}");
    }
    let passed_on = http.get(&url).header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    assert_eq!(passed_on.status().as_u16(), 403);

    drop(fixture.server.take());
    let token = "a token of the metrics";
    fixture.options.environment.push(("KONTOR_METRICS_TOKEN".to_owned(), token.to_owned()));
    fixture.launch();
    let url = format!("{}/metrics", fixture.url());
    for (given, status) in [(token, 200), ("another token of metrics", 403), ("", 403)] {
        let answer = http.get(&url).bearer_auth(given).header("x-forwarded-for", "203.0.113.7").send();
        assert_eq!(answer.await.unwrap().status().as_u16(), status, "{given}");
    }
    assert_eq!(http.get(&url).send().await.unwrap().status().as_u16(), 403);
}
