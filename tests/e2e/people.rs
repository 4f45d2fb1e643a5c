//! People who come and go, against the real server.

use std::time::Duration;

use serde_json::json;

use crate::fixture::{Fixture, engines, eventually, kontor, said};

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_member_who_goes_are_handed_over_whatever_happens_to_the_server() {
    for engine in engines() {
        let mut fixture = Fixture::start(engine, None).await;
        let ada = fixture.sign_in("ada").await;
        let members = ada.get("/api/members").await.unwrap().ok();
        let id = |email: &str| {
            let found = members["data"].as_array().unwrap().iter().find(|member| member["email"] == email);
            found.unwrap()["id"].as_str().unwrap().to_owned()
        };
        let (max, heir) = (id("max@demo.test"), id("ada@demo.test"));
        for _ in 0..3 {
            let deals: Vec<_> =
                (0..200).map(|number| json!({ "name": format!("Deal {number}"), "owner": max })).collect();
            ada.post("/api/records/deals/batch", json!({ "create": deals })).await.unwrap().ok();
        }
        let path = format!("/api/members/{max}");
        let patch = json!({ "status": "inactive", "hand_over_to": heir });
        let begun = ada.send(reqwest::Method::PATCH, &path, Some(patch), &[]).await.unwrap().ok();
        assert_eq!((&begun["status"], &begun["hand_over"]["state"]), (&json!("inactive"), &json!("running")));
        // Killed in the middle of it.
        drop(fixture.server.take());
        fixture.launch();
        let ada = fixture.sign_in("ada").await;
        let done = eventually(Duration::from_secs(90), || async {
            let member = ada.get(&path).await.unwrap().ok();
            (member["hand_over"]["state"] != "running").then_some(member)
        });
        let done = done.await.expect("the hand-over came to no end");
        assert_eq!(done["hand_over"]["state"], "done", "{engine:?}: {done}");
        assert!(done["hand_over"]["handed_over"].as_i64().unwrap() >= 600, "{engine:?}: {done}");
        let owned = |member: &str| {
            format!(
                "/api/records/deals?total=true&limit=1&filter=%7B%22owner%22:%7B%22eq%22:%22{member}%22%7D%7D"
            )
        };
        assert_eq!(ada.get(&owned(&max)).await.unwrap().ok()["page"]["total"], 0, "{engine:?}");
        // Each was changed once, and says by whom.
        let deals = ada.get(&owned(&heir)).await.unwrap().ok();
        assert_eq!(deals["data"][0]["version"], 2, "{engine:?}: {deals}");
        assert_eq!(deals["data"][0]["updated_by"]["name"], "Ada Brandt", "{engine:?}");
        fixture.end().await;
    }
}

#[tokio::test]
async fn the_operator_invites_gives_roles_and_makes_links() {
    let fixture = Fixture::builtin().await;
    let invited = kontor(&fixture, &["member", "invite", "eve@demo.test", "--role", "Viewer"]);
    assert!(said(&invited).contains("/invitations/kontor_invite_"), "{}", said(&invited));
    let role = kontor(&fixture, &["user", "role", "vera@demo.test", "Member"]);
    assert!(said(&role).contains("vera@demo.test is Member"), "{}", said(&role));
    let link = kontor(&fixture, &["member", "reset-link", "vera@demo.test"]);
    assert!(said(&link).contains("/reset/kontor_reset_"), "{}", said(&link));
    let gone =
        kontor(&fixture, &["member", "deactivate", "max@demo.test", "--hand-over-to", "ada@demo.test"]);
    assert!(said(&gone).contains("hands their records over to ada@demo.test"), "{}", said(&gone));
    let last = kontor(&fixture, &["member", "deactivate", "ada@demo.test"]);
    assert!(!last.status.success() && said(&last).contains("no active member"), "{}", said(&last));
    let none = kontor(&fixture, &["member", "role", "nobody@demo.test", "Viewer"]);
    assert!(!none.status.success() && said(&none).contains("is no member"), "{}", said(&none));
}
