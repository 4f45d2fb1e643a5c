//! API keys, as admins manage them.

use super::*;

#[tokio::test]
async fn a_key_is_made_shown_once_and_revoked_without_a_script() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.get("/settings").await.expect(200).shows("/settings/keys");
    ada.get("/settings/keys").await.expect(200).shows("YOUR_API_KEY").shows("http://kontor.test/mcp");
    let wrong = [("name", ""), ("role", "Member"), ("scopes", "deel.find x!"), ("expires_in_days", "30")];
    let refused = ada.post("/settings/keys", &wrong).await.expect(422);
    refused.shows("id=\"name-wrong\"").shows("id=\"scopes-wrong\"").shows("deel.find x!");
    let unknown = [("name", "Website"), ("role", "Member"), ("scopes", "deel.find"), ("networks", "x")];
    ada.post("/settings/keys", &unknown).await.expect(422).shows("id=\"networks-wrong\"");
    let new = [
        ("name", "Website"),
        ("role", "Member"),
        ("scopes", "deal.find\r\ncontact.*"),
        ("expires_in_days", "30"),
    ];
    let made = ada.post("/settings/keys", &new).await.expect(200);
    let start = made.body.find("value=\"kontor_").expect(&made.body) + "value=\"".len();
    let key = made.body[start..].split('"').next().unwrap().to_owned();
    assert_eq!(key.len(), 79);
    made.shows(&format!("Authorization: Bearer {key}")).shows("shown once");
    let listed = ada.get("/settings/keys").await.expect(200);
    listed.shows("Website").shows("contact.*").shows("never").hides(&key).shows(&key[75..]);
    let start = listed.body.find("action=\"/settings/keys/").expect(&listed.body) + "action=\"".len();
    let revoke = listed.body[start..].split('"').next().unwrap().to_owned();
    assert_eq!(ada.post(&revoke, &[]).await.expect(303).header("location"), "/settings/keys?done=revoked");
    ada.get("/settings/keys?done=revoked").await.expect(200).shows("The key is revoked").hides(&key[75..]);
    ada.post(&revoke, &[]).await.expect(404);
}

#[tokio::test]
async fn keys_are_for_those_who_may_manage_them_and_pages_are_for_no_key() {
    let server = Server::start().await;
    server.sign_in("vera").await.get("/settings/keys").await.expect(403).shows("api_keys");
}
