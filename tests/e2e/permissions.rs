//! Rules outside the model: what an agent cannot do, whatever it is told.

use kontor_testkit::{
    scripted::{Script, ScriptedModel},
    sse::Event,
};
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture};

/// A model that tries every write there is on the account and deal it is told of, then gives up.
async fn saboteur() -> ScriptedModel {
    ScriptedModel::with_rule(|request| {
        let messages = request["messages"].as_array().cloned().unwrap_or_default();
        if messages.last().is_some_and(|message| message["role"] == "tool") {
            return Script::new().text("I could not.");
        }
        let id =
            messages.last().and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned();
        let by_id = json!({ "id": id }).to_string();
        Script::new().calls(&[
            ("a", "account.create", r#"{"name": "Sneaky"}"#),
            ("b", "account.update", &json!({"id": id, "name": "Defaced"}).to_string()),
            ("c", "account.delete", &by_id),
            ("d", "account.restore", &by_id),
            ("e", "account.destroy", &by_id),
            ("f", "note.create", r#"{"title": "Sneaky"}"#),
            (
                "g",
                "activity.log",
                &json!({"type": "CALL", "subject": "x", "target": {"object": "account", "id": id}})
                    .to_string(),
            ),
        ])
    })
    .await
    .unwrap()
}

async fn nothing_can_be_written(fixture: &Fixture, member: &str, agent: &str, model: &ScriptedModel) {
    let ada = fixture.sign_in("ada").await;
    let account = ada.post("/api/records/accounts", json!({"name": "Untouched"})).await.unwrap().ok();
    let id = account["id"].as_str().unwrap();
    let caller = fixture.sign_in(member).await;
    let session = caller.session(agent).await.unwrap();
    let events = caller.chat(&session, id).await.unwrap();
    assert_eq!(events.last().unwrap().name, "turn.completed", "{events:?}");
    let outcomes: Vec<&Event> = events.iter().filter(|event| event.name == "tool.result").collect();
    assert_eq!(outcomes.len(), 7);
    for outcome in outcomes {
        assert_eq!(outcome.data["outcome"]["status"], "failed", "{member} with {agent}: {}", outcome.data);
    }
    let after = ada.get(&format!("/api/records/accounts/{id}")).await.unwrap().ok();
    assert_eq!(after["name"], "Untouched");
    assert_eq!(after["version"], account["version"]);
    for tool in model.requests().last().unwrap()["tools"].as_array().unwrap() {
        let name = tool["function"]["name"].as_str().unwrap();
        let writes = ["create", "update", "delete", "restore", "destroy", "log"];
        assert!(!writes.iter().any(|verb| name.ends_with(verb)), "{member} with {agent} was offered {name}");
    }
}

#[tokio::test]
async fn a_viewers_agent_cannot_write_by_any_tool() {
    let model = saboteur().await;
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    nothing_can_be_written(&fixture, "vera", "sales-assistant", &model).await;
}

#[tokio::test]
async fn an_agent_with_a_reading_role_cannot_write_for_an_admin() {
    let model = saboteur().await;
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    nothing_can_be_written(&fixture, "ada", "analyst", &model).await;
}

#[tokio::test]
async fn a_viewer_cannot_write_over_the_api() {
    let fixture = Fixture::builtin().await;
    let vera = fixture.sign_in("vera").await;
    let accounts = vera.get("/api/records/accounts?limit=1").await.unwrap().ok();
    let id = accounts["data"][0]["id"].as_str().unwrap();
    let one = format!("/api/records/accounts/{id}");
    let answers = [
        vera.post("/api/records/accounts", json!({"name": "x"})).await.unwrap(),
        vera.patch(&one, json!({"name": "x"})).await.unwrap(),
        vera.delete(&one).await.unwrap(),
        vera.post(&format!("{one}/restore"), json!({})).await.unwrap(),
        vera.post(&format!("{one}/destroy"), json!({})).await.unwrap(),
        vera.post("/api/records/accounts/batch", json!({"create": [{"name": "x"}]})).await.unwrap(),
        vera.post("/api/records/accounts/batch", json!({"delete": [id]})).await.unwrap(),
        vera.post("/api/objects/account/fields", json!({"name": "x", "kind": "text"})).await.unwrap(),
        vera.post("/api/operations/account.update", json!({"id": id, "name": "x"})).await.unwrap(),
    ];
    for (index, answer) in answers.iter().enumerate() {
        assert!(matches!(answer.status.as_u16(), 403 | 404), "{index}: {} {}", answer.status, answer.body);
        assert_ne!(answer.body["code"], Value::Null, "{index}: {}", answer.body);
    }
}
