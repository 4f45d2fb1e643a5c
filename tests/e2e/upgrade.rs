//! A workspace that the first version made, opened by this one.

use kontor_testkit::sse::text_of;
use serde_json::{Value, json};

use crate::fixture::{Fixture, engines, kontor, said};

fn named<'v>(list: &'v Value, name: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|item| item["name"] == name || item["value"] == name);
    found.unwrap_or_else(|| panic!("there is no {name}: {list}"))
}

fn named_label<'v>(list: &'v Value, label: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|item| item["label"] == label);
    found.unwrap_or_else(|| panic!("there is no {label}: {list}"))
}

#[tokio::test]
async fn a_workspace_of_the_first_version_gets_what_is_new_and_keeps_what_its_admin_made() {
    for engine in engines() {
        let mut fixture = Fixture::of_first_version(engine).await;
        // The second start finds nothing left to do.
        for _ in 0..2 {
            let ada = fixture.sign_in("ada").await;
            let objects = ada.get("/api/objects").await.unwrap().ok();
            let field =
                |object: &str, field: &str| named(&named(&objects["data"], object)["fields"], field).clone();
            // What is new.
            assert_eq!(field("member", "time_zone")["kind"], "text");
            assert_eq!(
                named(&field("activity", "type")["settings"]["options"], "MESSAGE")["label"],
                "Message"
            );
            ada.get("/api/feedback").await.unwrap().ok();
            let agents = ada.get("/api/agents").await.unwrap().ok();
            assert_eq!(named(&agents["data"], "data-steward")["prompt_version"], 1);
            assert_eq!(named(&agents["data"], "sales-assistant")["prompt_version"], 2);
            assert_eq!(named(&agents["data"], "sales-assistant")["model"], "smart");
            ada.get("/api/jobs").await.unwrap().ok();
            ada.get("/api/keys").await.unwrap().ok();
            let standing = async |agent: &str| {
                let labels = ada.get(&format!("/api/agents/{agent}/labels")).await.unwrap().ok();
                named_label(&labels["data"], "production")["version"].clone()
            };
            assert_eq!((standing("sales-assistant").await, standing("analyst").await), (json!(2), json!(1)));
            // What the admin made.
            assert_eq!(field("deal", "stage")["label"], "Phase");
            assert_eq!(field("deal", "region")["label"], "Region");
            assert_eq!(
                named(&field("activity", "type")["settings"]["options"], "CALL")["label"],
                "Phone call"
            );
            assert_eq!(named(&agents["data"], "sales-assistant")["label"], "Verkaufshilfe");
            assert_eq!(named(&agents["data"], "analyst")["prompt_version"], 1);
            fixture.server.take().unwrap().stop().unwrap();
            fixture.launch();
        }

        let ada = fixture.sign_in("ada").await;
        let deals = ada.get("/api/records/deals").await.unwrap().ok();
        let deal = &deals["data"][0];
        assert_eq!((&deal["name"], &deal["region"]), (&json!("Crane"), &json!("NORTH")));
        assert_eq!(deal["amount"], json!({ "amount": 1250.5, "currency": "EUR" }));
        assert_eq!(deal["updated_by"]["name"], "Sales assistant");
        let id = deal["id"].as_str().unwrap();
        let timeline = ada.get(&format!("/api/records/deals/{id}/timeline")).await.unwrap().ok();
        assert_eq!(timeline["data"].as_array().unwrap().len(), 3, "{timeline}");
        let message = json!({ "type": "MESSAGE", "subject": "Hi", "target": { "object": "deal", "id": id } });
        ada.post("/api/records/activities", message).await.unwrap().ok();
        let session = ada.session("data-steward").await.unwrap();
        let events = ada.chat(&session, "how many deals are there?").await.unwrap();
        assert!(text_of(&events).contains('1'), "{events:?}");

        let added =
            kontor(&fixture, &["user", "add", "vera@demo.test", "--name", "Vera", "--role", "Viewer"]);
        assert!(added.status.success(), "{}", said(&added));
        let vera = fixture.sign_in("vera").await;
        let deals = vera.get("/api/records/deals").await.unwrap().ok();
        assert_eq!((deals["data"][0].get("amount"), &deals["data"][0]["name"]), (None, &json!("Crane")));
        fixture.end().await;
    }
}
