//! A prompt tried in a copy of the workspace: nothing of the workspace changes, and nothing of the copy is left.

use std::path::Path;

use futures::StreamExt as _;
use kontor_testkit::{client::ApiClient, sse};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, PATIENCE, engines, eventually};

/// A message in a tryout and the events of its answer, up to its end or an approval that it waits for.
async fn ask(ada: &ApiClient, tryout: &str, message: &str) -> Vec<sse::Event> {
    let turn = ada.post(&format!("{tryout}/turns"), json!({ "message": message })).await.unwrap();
    assert_eq!(turn.status, 202, "{}", turn.body);
    let turn = turn.body["id"].as_str().unwrap().to_owned();
    let stream = ada.request(Method::GET, &format!("{tryout}/events?after=0")).send().await.unwrap();
    let mut stream = sse::events(stream.error_for_status().unwrap().bytes_stream());
    let mut found = Vec::new();
    while let Some(event) = tokio::time::timeout(PATIENCE, stream.next()).await.unwrap() {
        if event.data["turn"] != turn.as_str() {
            continue;
        }
        let is_over = event.ends_turn() || event.name == "approval.requested";
        found.push(event);
        if is_over {
            break;
        }
    }
    found
}

async fn begun(ada: &ApiClient, body: Value) -> String {
    let tryout = ada.post("/api/agents/sales-assistant/tryouts", body).await.unwrap();
    assert_eq!(tryout.status, 201, "{}", tryout.body);
    let path = format!("/api/agents/sales-assistant/tryouts/{}", tryout.body["id"].as_str().unwrap());
    assert_eq!(tryout.headers["location"], path.as_str());
    path
}

/// What lies in the folder of throw-away workspaces.
fn left(fixture: &Fixture) -> usize {
    let folder: &Path = &fixture.options.data_dir.join("sandboxes");
    let processes = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    processes.flat_map(|process| std::fs::read_dir(process.path()).into_iter().flatten()).count()
}

/// Everything in the workspace that somebody could notice.
async fn state(ada: &ApiClient) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/api/records/contacts?limit=100&total=true",
        "/api/records/deals?limit=100&total=true",
        "/api/sessions",
        "/api/approvals?status=all",
        "/api/jobs",
        "/api/audit?limit=100",
        "/api/agents/sales-assistant",
        "/api/agents/sales-assistant/prompts",
    ] {
        seen.push(ada.get(path).await.unwrap().ok());
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_workspace_changes_by_a_tryout() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let before = state(&ada).await;
        let tryout = begun(&ada, json!({"body": "You try."})).await;
        let events = ask(&ada, &tryout, "create contact Zoe Quellwasser").await;
        assert!(events.last().is_some_and(sse::Event::ends_turn), "{events:?}");
        // What needs an approval needs it here as well.
        let events = ask(&ada, &tryout, "delete the contact Zoe Quellwasser").await;
        assert_eq!(events.last().unwrap().name, "approval.requested", "{events:?}");
        let waiting = ada.get(&format!("{tryout}/approvals")).await.unwrap().ok();
        let approval = waiting["data"][0]["id"].as_str().unwrap();
        let answer = json!({"decision": "approve"});
        ada.post(&format!("{tryout}/approvals/{approval}"), answer).await.unwrap().ok();
        let told = eventually(PATIENCE, || async {
            let told = ada.get(&tryout).await.unwrap().ok();
            (told["changes"].as_array().unwrap().len() == 2).then_some(told)
        });
        let told = told.await.unwrap();
        let actions: Vec<_> =
            told["changes"].as_array().unwrap().iter().map(|change| &change["action"]).collect();
        assert_eq!(actions, ["create", "delete"], "{told}");
        assert_eq!(told["changes"][0]["label"], "Zoe Quellwasser");
        assert_eq!(told["copied"]["is_whole"], true, "{told}");
        assert_eq!(state(&ada).await, before, "{engine:?}");
        assert_eq!(left(&fixture), 2, "the lock and the copy");

        let ended = ada.delete(&tryout).await.unwrap();
        assert_eq!((ended.status.as_u16(), ada.get(&tryout).await.unwrap().status.as_u16()), (204, 404));
        assert_eq!(left(&fixture), 1, "the lock alone");
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_leaves_nothing_of_a_tryout_after_its_next_start() {
    let mut fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    begun(&ada, json!({})).await;
    assert!(left(&fixture) > 1);
    fixture.server.take().unwrap().kill().unwrap();
    assert!(left(&fixture) > 1, "kill -9 leaves it");
    fixture.launch();
    assert_eq!(left(&fixture), 0);
    fixture.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tryout_is_for_whom_may_write_prompts_and_ends_when_rights_change() {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let vera = fixture.sign_in("vera").await;
    let refused = vera.post("/api/agents/sales-assistant/tryouts", json!({})).await.unwrap();
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!("not_permitted")));

    let grants = |fields: Value| {
        json!({"grants": {
            "default": {"actions": ["read", "update"]},
            "objects": {"deal": {"actions": ["read"], "read_fields": fields}},
            "platform": ["prompts"],
        }})
    };
    let role = json!({"name": "Writers", "grants": grants(json!({"except": []}))["grants"]});
    ada.post("/api/roles", role).await.unwrap().ok();
    let me = vera.get("/api/me").await.unwrap().ok()["member"]["id"].as_str().unwrap().to_owned();
    ada.patch(&format!("/api/members/{me}"), json!({"role": "Writers"})).await.unwrap().ok();
    let tryout = eventually(PATIENCE, || async {
        let begun = vera.post("/api/agents/sales-assistant/tryouts", json!({})).await.unwrap();
        let id = begun.body["id"].as_str().filter(|_| begun.status == 201)?;
        Some(format!("/api/agents/sales-assistant/tryouts/{id}"))
    });
    let tryout = tryout.await.unwrap();
    // It is theirs alone.
    assert_eq!(ada.get(&tryout).await.unwrap().status, 404);
    let shown = format!("{:?}", ask(&vera, &tryout, "show open deals").await);
    assert!(shown.contains("amount"), "{shown}");
    // A field that is taken from them is not read in a copy that was made before.
    ada.patch("/api/roles/Writers", grants(json!({"except": ["amount"]}))).await.unwrap().ok();
    let over = eventually(PATIENCE, || async {
        let answer = vera.get(&tryout).await.unwrap();
        (answer.status != 200).then_some(answer)
    });
    let over = over.await.unwrap();
    assert_eq!((over.status.as_u16(), &over.body["code"]), (409, &json!("tryout_over")));
    let again = begun(&vera, json!({})).await;
    let shown = format!("{:?}", ask(&vera, &again, "show open deals").await);
    assert!(shown.contains("stage") && !shown.contains("amount"), "{shown}");
    fixture.end().await;
}
