//! A model whose context window is too small for the agents is told of.

use std::process::Command;

use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
};
use serde_json::Value;

use crate::fixture::{Fixture, binary, said};

/// A provider whose one model, the default, has a window of so many tokens.
fn settings(model: &ScriptedModel, window: u32) -> Vec<(&'static str, String)> {
    vec![
        ("MODELS__OLLAMA_URL", String::new()),
        ("MODELS__DEFAULT", "local/scripted".to_owned()),
        ("MODELS__PROVIDERS__LOCAL__BASE_URL", model.base_url()),
        ("MODELS__PROVIDERS__LOCAL__MODELS", format!("[{{name=\"scripted\", context_window={window}}}]")),
    ]
}

/// What doctor says beside the running server, were its model this one.
async fn doctor(fixture: &Fixture, settings: &[(&str, String)]) -> (bool, String) {
    let mut command = Command::new(binary());
    command.args(["doctor", "--data-dir"]).arg(&fixture.options.data_dir).current_dir(fixture.folder());
    command.envs(settings.iter().map(|(name, value)| (format!("KONTOR_{name}"), value)));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.success(), said(&output))
}

async fn listed(client: &ApiClient) -> Value {
    let models = client.get("/api/models").await.unwrap().body["data"].clone();
    models.as_array().unwrap().iter().find(|model| model["id"] == "local/scripted").unwrap().clone()
}

#[tokio::test]
async fn doctor_the_api_and_a_chat_say_with_numbers_that_a_window_is_too_small() {
    let model = ScriptedModel::start().await.unwrap();
    model.push(Script::new().text("Never asked for."));
    let small = settings(&model, 2_048);
    let borrowed: Vec<(&str, &str)> = small.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let fixture = Fixture::with(&borrowed).await;
    let (is_well, told) = doctor(&fixture, &small).await;
    assert!(!is_well && told.contains("FAIL  agents of "), "{told}");
    assert!(
        told.contains("The context window of local/scripted holds 2,048 tokens. Sales assistant needs 4,"),
        "{told}"
    );
    let (is_well, told) = doctor(&fixture, &settings(&model, 32_000)).await;
    assert!(is_well && told.contains("ok    context windows"), "{told}");

    let client = fixture.sign_in("ada").await;
    let warnings = listed(&client).await["too_small_for"].clone();
    let names: Vec<&str> =
        warnings.as_array().unwrap().iter().map(|warning| warning["agent"].as_str().unwrap()).collect();
    assert_eq!(names, ["sales-assistant", "analyst", "data-steward"]);
    assert!(
        warnings[0]["needed"].as_u64().unwrap() > 4_000 && warnings[0]["is_in_use"] == true,
        "{warnings}"
    );

    let session = client.session("sales-assistant").await.unwrap();
    let events = client.chat(&session, "who is there?").await.unwrap();
    let failed = &events.last().unwrap().data;
    assert_eq!(failed["problem"]["code"], "window_too_small");
    assert_eq!(model.left(), 1, "it is not asked what it cannot read");
}
