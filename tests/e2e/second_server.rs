//! What is changed on one server holds on another that serves the same data.

use kontor_testkit::client::ApiClient;
use serde_json::json;

use crate::fixture::{Fixture, engines, eventually, kontor};

#[tokio::test]
async fn a_changed_role_holds_on_another_server_within_five_seconds() {
    for engine in engines() {
        if engine == crate::fixture::Engine::Sqlite {
            continue;
        }
        let fixture = Fixture::start(engine, None).await;
        let second = fixture.second_server();
        let ada = fixture.sign_in("ada").await;
        ada.post("/api/roles", json!({"name": "Probe", "copy_of": "Member"})).await.unwrap().ok();
        let add = ["user", "add", "probe@demo.test", "--name", "Pia Probe", "--role", "Probe"];
        assert!(kontor(&fixture, &add).status.success());
        let there = ApiClient::sign_in(&second.url, "probe@demo.test").await.unwrap();
        there.post("/api/records/deals", json!({"name": "Before"})).await.unwrap().ok();
        let grants = json!({"default": {"actions": ["read"]}});
        ada.patch("/api/roles/Probe", json!({ "grants": grants })).await.unwrap().ok();
        let refused = eventually(std::time::Duration::from_secs(5), || async {
            let answer = there.post("/api/records/deals", json!({"name": "After"})).await.unwrap();
            (answer.status == 403).then_some(())
        });
        refused.await.expect("the other server still goes by the role as it was");
        drop(second);
        fixture.end().await;
    }
}
