//! What the server asks of others.

use std::process::Command;

use kontor_testkit::scripted::ScriptedModel;

use crate::fixture::{binary, said};

/// What doctor says of a folder that holds no data, with these variables of the environment.
async fn doctor(variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.args(["doctor", "--data-dir", "missing"]).current_dir(folder.path());
    command.env("KONTOR_MODELS__OLLAMA_URL", "").envs(variables.iter().copied());
    said(&tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
}

#[tokio::test]
async fn a_provider_of_the_operator_is_reached_on_this_machine_and_past_any_proxy() {
    let model = ScriptedModel::start().await.unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = format!("http://{nobody}");
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/v1", model.address().port());
        let told = doctor(&[
            ("KONTOR_MODELS__PROVIDERS__LOCAL__BASE_URL", &url),
            ("HTTP_PROXY", &proxy),
            ("http_proxy", &proxy),
            ("ALL_PROXY", &proxy),
        ])
        .await;
        assert!(told.contains("ok    model provider local: answers"), "{told}");
    }
}

#[tokio::test]
async fn what_may_be_reached_is_read_at_the_start() {
    let told = doctor(&[("KONTOR_OUTBOUND__ALLOW", "10.0.0.0/8, ollama.internal")]).await;
    assert!(told.contains("ok    configuration"), "{told}");
    let told = doctor(&[("KONTOR_OUTBOUND__ALLOW", "10.0.0.0/8, 10.0.0.0/99")]).await;
    assert!(told.contains("\"10.0.0.0/99\" is no address, no network and no name"), "{told}");
}
