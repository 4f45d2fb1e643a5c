//! Members, invitations, sign-ins and passwords, as a program manages them.

use super::*;

/// A request of somebody who is not signed in.
async fn public(server: &Server, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    server.send(request.body(body).unwrap()).await
}

async fn id_of(ada: &Client<'_>, email: &str) -> String {
    let listed = ada.get("/api/members").await.expect(200).body;
    let found = listed["data"].as_array().unwrap().iter().find(|member| member["email"] == email);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_admin_invites_by_link_and_the_link_is_taken_once() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let new = json!({"email": "Max@demo.test", "role": "Member"});
    assert_eq!(vera.post("/api/invitations", new.clone()).await.expect(403).code(), "not_permitted");
    let made = ada.post("/api/invitations", new).await.expect(201).body;
    assert_eq!((&made["email"], &made["role"]), (&json!("max@demo.test"), &json!("Member")));
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["link"], format!("http://kontor.test/invitations/{token}"));
    let listed = ada.get("/api/invitations").await.expect(200);
    assert_eq!(listed.body["data"][0]["id"], made["id"]);
    assert!(!listed.body.to_string().contains(token), "it is told once");
    assert!(!ada.get("/api/audit").await.expect(200).body.to_string().contains(token));

    let look = format!("/api/invitations/{token}");
    let seen = public(&server, Method::GET, &look, None).await.expect(200).body;
    assert_eq!((&seen["workspace"], &seen["has_account"]), (&json!("Demo"), &json!(false)));
    let accept = format!("{look}/accept");
    let wrong = public(&server, Method::POST, &accept, Some(json!({"password": "short"}))).await.expect(400);
    assert_eq!(wrong.body["errors"].as_array().unwrap().len(), 2, "{}", wrong.body);
    let taken = json!({"name": "Max Okafor", "password": PASSWORD});
    let tokens = public(&server, Method::POST, &accept, Some(taken.clone())).await.expect(200).body;
    let max = Client { server: &server, token: tokens["access_token"].as_str().unwrap().into() };
    assert_eq!(max.get("/api/me").await.expect(200).body["member"]["role"], "Member");
    let again = public(&server, Method::POST, &accept, Some(taken)).await.expect(404);
    assert_eq!(again.code(), "invitation_invalid");
    // Who was invited is a record as well.
    let records = ada.get("/api/records/members?search=okafor").await.expect(200).body;
    assert_eq!(records["data"][0]["email"], "max@demo.test", "{records}");

    let other = ada.post("/api/invitations", json!({"email": "eve@demo.test"})).await.expect(201);
    let revoke = format!("/api/invitations/{}", other.id());
    vera.delete(&revoke).await.expect(403);
    ada.delete(&revoke).await.expect(204);
    ada.delete(&revoke).await.expect(404);
    for wrong in [json!({}), json!({"email": "eve"}), json!({"email": "eve@demo.test", "rolle": "Admin"})] {
        ada.post("/api/invitations", wrong).await.expect(400);
    }
    let unknown =
        ada.post("/api/invitations", json!({"email": "eve@demo.test", "role": "Admn"})).await.expect(400);
    assert_eq!(unknown.body["errors"][0]["path"], "role");
    ada.post("/api/invitations", json!({"email": "vera@demo.test"})).await.expect(409);
}

#[tokio::test]
async fn members_are_listed_added_and_changed() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    vera.get("/api/members").await.expect(403);
    let new = json!({"name": "Max Okafor", "email": "max@demo.test", "role": "Viewer", "password": PASSWORD});
    let max = ada.post("/api/members", new.clone()).await.expect(201);
    assert_eq!(
        (&max.body["role"], &max.body["status"], &max.body["last_seen_at"]),
        (&json!("Viewer"), &json!("active"), &Value::Null)
    );
    assert_eq!(max.header("location"), format!("/api/members/{}", max.id()));
    assert_eq!(ada.post("/api/members", new).await.expect(409).code(), "member_exists");
    let path = format!("/api/members/{}", max.id());
    let signed_in = server.sign_in("max").await;
    let changed = ada.patch(&path, json!({"role": "Member", "version": 1})).await.expect(200).body;
    assert_eq!((&changed["role"], &changed["version"]), (&json!("Member"), &json!(2)));
    assert_ne!(changed["last_seen_at"], Value::Null);
    assert_eq!(
        ada.patch(&path, json!({"role": "Viewer", "version": 1})).await.expect(409).code(),
        "changed_meanwhile"
    );
    assert_eq!(signed_in.patch(&path, json!({"role": "Admin"})).await.expect(403).code(), "not_permitted");
    for wrong in
        [json!({"role": "Admn"}), json!({"status": "gone"}), json!({"rolle": "Admin"}), json!({"name": " "})]
    {
        ada.patch(&path, wrong).await.expect(400);
    }
    ada.patch(&path, json!({"status": "inactive"})).await.expect(200);
    signed_in.get("/api/me").await.expect(401);
    ada.patch(&path, json!({"status": "active"})).await.expect(200);
    let own = format!("/api/members/{}", id_of(&ada, "ada@demo.test").await);
    assert_eq!(ada.patch(&own, json!({"status": "inactive"})).await.expect(409).code(), "last_admin");
    ada.get("/api/members/018f2b6e-7c1a-7000-8000-000000000001").await.expect(404);
    ada.get("/api/members/nobody").await.expect(404);
}

#[tokio::test]
async fn sign_ins_are_seen_and_ended() {
    let server = Server::start().await;
    let (ada, vera, phone) =
        (server.sign_in("ada").await, server.sign_in("vera").await, server.sign_in("vera").await);
    let own = vera.get("/api/me/sign-ins").await.expect(200).body;
    let own = own["data"].as_array().unwrap();
    assert_eq!((own.len(), own.iter().filter(|seen| seen["is_current"] == true).count()), (2, 1));
    vera.delete("/api/me/sign-ins").await.expect(204);
    phone.get("/api/me").await.expect(401);
    let id = id_of(&ada, "vera@demo.test").await;
    let path = format!("/api/members/{id}/sign-ins");
    vera.get(&path).await.expect(403);
    let seen = ada.get(&path).await.expect(200).body;
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    let one = seen["data"][0]["id"].as_str().unwrap();
    ada.delete(&format!("/api/me/sign-ins/{one}")).await.expect(404);
    ada.delete(&format!("{path}/{one}")).await.expect(204);
    ada.delete(&format!("{path}/{one}")).await.expect(404);
    vera.get("/api/me").await.expect(401);
    let again = server.sign_in("vera").await;
    ada.delete(&path).await.expect(204);
    again.get("/api/me").await.expect(401);
}

#[tokio::test]
async fn passwords_are_changed_by_their_owner_and_by_a_link() {
    let server = Server::start().await;
    let (ada, vera, phone) =
        (server.sign_in("ada").await, server.sign_in("vera").await, server.sign_in("vera").await);
    let change = |current: &str| json!({"current_password": current, "new_password": "a second password"});
    let wrong = vera.post("/api/me/password", change("a wrong password")).await.expect(400);
    assert_eq!(wrong.body["errors"][0]["path"], "current_password");
    vera.post("/api/me/password", change(PASSWORD)).await.expect(204);
    vera.get("/api/me").await.expect(200);
    phone.get("/api/me").await.expect(401);

    let id = id_of(&ada, "vera@demo.test").await;
    let path = format!("/api/members/{id}/reset-link");
    vera.post(&path, json!({})).await.expect(403);
    let link = ada.post(&path, json!({})).await.expect(201).body;
    let token = link["token"].as_str().unwrap();
    assert_eq!(link["link"], format!("http://kontor.test/reset/{token}"));
    let reset = format!("/api/password-resets/{token}");
    assert_eq!(public(&server, Method::GET, &reset, None).await.expect(200).body["email"], "vera@demo.test");
    public(&server, Method::POST, &reset, Some(json!({"password": "short"}))).await.expect(400);
    public(&server, Method::POST, &reset, Some(json!({"password": PASSWORD}))).await.expect(204);
    vera.get("/api/me").await.expect(401);
    server.sign_in("vera").await.get("/api/me").await.expect(200);
    let used = public(&server, Method::POST, &reset, Some(json!({"password": PASSWORD}))).await.expect(404);
    assert_eq!(used.code(), "reset_link_invalid");
}

#[tokio::test]
async fn a_member_sets_their_name_and_how_dates_are_written() {
    let server = Server::start().await;
    let vera = server.sign_in("vera").await;
    assert_eq!(vera.get("/api/me").await.expect(200).body["date_language"], "en-GB");
    let set = json!({"name": "Vera Vogel", "date_language": "de-de"});
    let me = vera.patch("/api/me", set).await.expect(200).body;
    assert_eq!(
        (&me["member"]["name"], &me["user"]["name"], &me["date_language"]),
        (&json!("Vera Vogel"), &json!("Vera Vogel"), &json!("de-DE"))
    );
    let wrong = vera
        .patch("/api/me", json!({"name": "", "date_language": "tlh", "time_zone": "Mars"}))
        .await
        .expect(400);
    let mut paths: Vec<_> =
        wrong.body["errors"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["date_language", "name", "time_zone"]);
    let ada = server.sign_in("ada").await;
    ada.patch("/api/settings", json!({"date_language": "sv-SE"})).await.expect(200);
    assert_eq!(ada.get("/api/me").await.expect(200).body["date_language"], "sv-SE");
    let members = ada.get("/api/records/members?search=vogel").await.expect(200).body;
    assert_eq!(members["data"].as_array().unwrap().len(), 1, "{members}");
}
