//! Records over the API, as a program uses them.

use reqwest::Method;
use serde_json::json;

use crate::fixture::{Fixture, engines};

#[tokio::test]
async fn a_record_lives_from_creation_to_destruction() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let account = ada
            .post(
                "/api/records/accounts",
                json!({"name": "Harbour Works", "domain": "https://www.Harbour.example/about"}),
            )
            .await
            .unwrap();
        assert_eq!(account.status, 201);
        let location = account.headers["location"].to_str().unwrap().to_owned();
        let account = account.ok();
        assert_eq!(account["domain"], "harbour.example");
        assert_eq!(account["created_by"]["name"], "Ada Brandt");
        let twin = ada
            .post("/api/records/accounts", json!({"name": "Twin", "domain": "harbour.example"}))
            .await
            .unwrap();
        assert_eq!(twin.status, 409, "{engine:?}: {}", twin.body);

        let deal = ada.post("/api/records/deals", json!({"name": "Crane", "amount": {"amount": 1250.5, "currency": "EUR"}, "account": account["id"]})).await.unwrap().ok();
        assert_eq!(deal["amount"], json!({"amount": 1250.5, "currency": "EUR"}));
        assert_eq!(deal["stage"], "LEAD");
        assert_eq!(deal["account"]["label"], "Harbour Works");
        let one = format!("/api/records/deals/{}", deal["id"].as_str().unwrap());

        let read = ada.get(&one).await.unwrap();
        let tag = read.headers["etag"].to_str().unwrap().to_owned();
        let changed = ada
            .send(Method::PATCH, &one, Some(json!({"stage": "PROPOSAL"})), &[("if-match", &tag)])
            .await
            .unwrap()
            .ok();
        assert_eq!(changed["stage"], "PROPOSAL");
        let stale = ada
            .send(Method::PATCH, &one, Some(json!({"stage": "LEAD"})), &[("if-match", &tag)])
            .await
            .unwrap();
        assert_eq!(stale.status, 412, "{engine:?}: {}", stale.body);

        assert_eq!(ada.delete(&one).await.unwrap().status, 204);
        assert_eq!(ada.get(&one).await.unwrap().status, 404);
        ada.post(&format!("{one}/restore"), json!({})).await.unwrap().ok();
        let timeline = ada.get(&format!("{one}/timeline")).await.unwrap().ok();
        let names: Vec<_> = timeline["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["deal.restored", "deal.deleted", "deal.updated", "deal.created"], "{engine:?}");

        let gone = ada.post(&format!("{location}/destroy"), json!({})).await.unwrap();
        assert_eq!(gone.status, 204, "{}", gone.body);
        let orphan = ada.get(&one).await.unwrap().ok();
        assert!(orphan["account"].is_null(), "{engine:?}: {orphan}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn walking_by_cursor_meets_every_record_once_in_order() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let whole = ada.get("/api/records/contacts?sort=-lead_score,name&limit=200").await.unwrap().ok();
        let whole: Vec<_> =
            whole["data"].as_array().unwrap().iter().map(|record| record["id"].clone()).collect();
        assert_eq!(whole.len(), 120, "{engine:?}");
        let mut walked = Vec::new();
        let mut after = String::new();
        loop {
            let page = ada
                .get(&format!("/api/records/contacts?sort=-lead_score,name&limit=7{after}"))
                .await
                .unwrap()
                .ok();
            walked.extend(page["data"].as_array().unwrap().iter().map(|record| record["id"].clone()));
            match page["page"]["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(walked, whole, "{engine:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn money_is_summed_by_currency_and_never_across() {
    for engine in engines() {
        let fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let groups =
            ada.get("/api/records/deals/group?by=stage&aggregates=count,sum:amount").await.unwrap().ok();
        let groups = groups["data"].as_array().unwrap().clone();
        let count: i64 = groups.iter().map(|group| group["count"].as_i64().unwrap()).sum();
        assert_eq!(count, 60, "{engine:?}");
        let deals = ada.get("/api/records/deals?limit=200").await.unwrap().ok();
        for group in &groups {
            for sum in group["sum"]["amount"].as_array().unwrap() {
                let expected: f64 = deals["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|deal| {
                        deal["stage"] == group["by"]["stage"] && deal["amount"]["currency"] == sum["currency"]
                    })
                    .map(|deal| deal["amount"]["amount"].as_f64().unwrap())
                    .sum();
                assert!((sum["amount"].as_f64().unwrap() - expected).abs() < 0.01, "{engine:?}: {group}");
            }
        }
        fixture.end().await;
    }
}
