//! Nothing of one workspace is reached from another.

use std::process::Command;

use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
    server::PASSWORD,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture, binary, engines};

/// The demonstration beside a second workspace whose admin is Otto.
async fn two_workspaces(engine: Engine, model: Option<&str>) -> (Fixture, ApiClient, ApiClient) {
    let mut fixture = Fixture::start(engine, model).await;
    fixture.server.take().unwrap().stop().unwrap();
    let mut command = Command::new(binary());
    command
        .args([
            "workspace",
            "add",
            "Other",
            "--email",
            "otto@demo.test",
            "--admin",
            "Otto Other",
            "--data-dir",
        ])
        .arg(&fixture.options.data_dir)
        .env("KONTOR_PASSWORD", PASSWORD)
        .current_dir(fixture.folder());
    if let Some(url) = &fixture.options.database_url {
        command.env("KONTOR_DATABASE_URL", url);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fixture.launch();
    let (ada, otto) = (fixture.sign_in("ada").await, fixture.sign_in("otto").await);
    (fixture, ada, otto)
}

#[tokio::test]
async fn another_workspaces_ids_lead_nowhere_through_any_endpoint() {
    for engine in engines() {
        let (fixture, ada, otto) = two_workspaces(engine, None).await;
        let deal = &ada.get("/api/records/deals?limit=1").await.unwrap().ok()["data"][0];
        let id = deal["id"].as_str().unwrap();
        let name = deal["name"].as_str().unwrap();
        let session = ada.session("sales-assistant").await.unwrap();
        let turn = ada.turn(&session, "delete the deal").await.unwrap();
        ada.turn_events(&session, &turn).await.unwrap();

        let one = format!("/api/records/deals/{id}");
        let nothing = [
            otto.get(&one).await.unwrap(),
            otto.patch(&one, json!({"name": "stolen"})).await.unwrap(),
            otto.delete(&one).await.unwrap(),
            otto.post(&format!("{one}/restore"), json!({})).await.unwrap(),
            otto.post(&format!("{one}/destroy"), json!({})).await.unwrap(),
            otto.get(&format!("{one}/timeline")).await.unwrap(),
            otto.post("/api/records/deals/batch", json!({"delete": [id]})).await.unwrap(),
            otto.post("/api/records/deals/batch", json!({"update": [{"id": id, "name": "stolen"}]}))
                .await
                .unwrap(),
            otto.post("/api/operations/deal.get", json!({"id": id})).await.unwrap(),
            otto.post("/api/operations/deal.update", json!({"id": id, "name": "stolen"})).await.unwrap(),
            otto.post("/api/operations/deal.timeline", json!({"id": id})).await.unwrap(),
            otto.get(&format!("/api/sessions/{session}")).await.unwrap(),
            otto.patch(&format!("/api/sessions/{session}"), json!({"title": "stolen"})).await.unwrap(),
            otto.post(&format!("/api/sessions/{session}/turns"), json!({"message": "hi"})).await.unwrap(),
            otto.get(&format!("/api/sessions/{session}/events")).await.unwrap(),
            otto.post(&format!("/api/turns/{turn}/cancel"), json!({})).await.unwrap(),
        ];
        for (index, answer) in nothing.iter().enumerate() {
            assert_eq!(answer.status, 404, "{engine:?} {index}: {}", answer.body);
            assert!(!answer.body.to_string().contains(name), "{engine:?} {index}: {}", answer.body);
        }
        // A relation to a record of another workspace is a relation to nothing.
        let made = otto.post("/api/records/notes", json!({"title": "x", "deal": id})).await.unwrap();
        assert_eq!(made.status, 400, "{engine:?}: {}", made.body);
        for (path, query) in [
            ("/api/records/deals", vec![("filter", json!({"id": {"eq": id}}).to_string())]),
            ("/api/search", vec![("q", name.to_owned())]),
        ] {
            let response = otto.request(Method::GET, path).query(&query).send().await.unwrap();
            assert!(response.status().is_success(), "{path}: {}", response.status());
            let found: Value = response.json().await.unwrap();
            assert_eq!(found["data"].as_array().map(Vec::len), Some(0), "{engine:?} {path}: {found}");
        }
        assert_eq!(ada.get(&one).await.unwrap().ok()["name"], name, "{engine:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn an_agents_tools_find_nothing_of_another_workspace() {
    let model = ScriptedModel::with_rule(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        if messages.last().is_some_and(|message| message["role"] == "tool") {
            return Script::new().text("Nothing.");
        }
        let id =
            messages.last().and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned();
        let by_id = json!({ "id": id }).to_string();
        Script::new().calls(&[
            ("a", "deal.get", &by_id),
            ("b", "deal.timeline", &by_id),
            ("c", "deal.update", &json!({"id": id, "name": "stolen"}).to_string()),
            (
                "d",
                "activity.log",
                &json!({"type": "CALL", "subject": "x", "target": {"object": "deal", "id": id}}).to_string(),
            ),
        ])
    })
    .await
    .unwrap();
    let (fixture, ada, otto) = two_workspaces(Engine::Sqlite, Some(&model.base_url())).await;
    let deal = &ada.get("/api/records/deals?limit=1").await.unwrap().ok()["data"][0];
    let session = otto.session("sales-assistant").await.unwrap();
    let events = otto.chat(&session, deal["id"].as_str().unwrap()).await.unwrap();
    let outcomes: Vec<_> = events.iter().filter(|event| event.name == "tool.result").collect();
    assert_eq!(outcomes.len(), 4);
    for outcome in outcomes {
        assert_eq!(outcome.data["outcome"]["status"], "failed", "{}", outcome.data);
        assert!(!outcome.data.to_string().contains(deal["name"].as_str().unwrap()), "{}", outcome.data);
    }
    fixture.end().await;
}

#[tokio::test]
async fn a_token_of_one_server_is_nothing_to_another() {
    let (one, other) = (Fixture::builtin().await, Fixture::builtin().await);
    let ada = one.sign_in("ada").await;
    let stranger = ada.at(other.url());
    assert_eq!(stranger.get("/api/me").await.unwrap().status, 401);
}
