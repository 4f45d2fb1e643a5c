use std::path::Path;

use super::*;

/// `docs/openapi.json` is written anew by `INSTA_UPDATE=always cargo test`, as snapshots are.
#[tokio::test]
async fn the_document_beside_the_code_is_what_the_server_says_of_itself() {
    let server = Server::start().await;
    let answer = server.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let told = format!("{}\n", serde_json::to_string_pretty(&answer.body).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(told.lines()).position(|(kept, told)| kept != told);
    assert!(kept == told, "docs/openapi.json is not up to date, from line {differs:?}");
}

#[tokio::test]
async fn every_operation_has_an_id_of_its_own_a_summary_and_what_its_failures_are() {
    let server = Server::start().await;
    let document = server.send(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.body;
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(!id.is_empty() && ids.insert(id.to_owned()), "{method} {path}: {id:?}");
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
            if *path != "/healthz" && !path.starts_with("/.well-known/") {
                let failure = &responses["default"]["content"]["application/problem+json"]["schema"];
                assert_eq!(failure["$ref"], "#/components/schemas/Problem", "{method} {path}");
            }
            let variables = path.matches('{').count();
            let described = operation["parameters"]
                .as_array()
                .map_or(0, |all| all.iter().filter(|parameter| parameter["in"] == "path").count());
            assert_eq!(variables, described, "{method} {path}");
        }
    }
    assert!(ids.len() > 40, "{}", ids.len());
}
