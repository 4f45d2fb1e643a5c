//! Members, invitations, sign-ins and passwords, as people manage them.

use super::*;

/// A request of somebody who is not signed in.
async fn look(server: &Server, path: &str) -> Answer {
    server.send(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn send(server: &Server, path: &str, form: &[(&str, &str)]) -> Answer {
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    server.send(post(path).body(body(&form)).unwrap()).await
}

/// The path of the link that a page shows once.
fn link(page: &Answer, kind: &str) -> String {
    let start = page.body.find(&format!("http://kontor.test/{kind}/")).expect(&page.body);
    let address = page.body[start..].split('"').next().unwrap();
    address.trim_start_matches("http://kontor.test").to_owned()
}

async fn member(server: &Server, name: &str) -> String {
    format!("/settings/members/{}", server.caller(name).await.member().unwrap())
}

#[tokio::test]
async fn an_admin_invites_by_a_link_which_ends_signed_in_without_a_script() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.get("/settings/members")
        .await
        .expect(200)
        .shows("Vera Voss")
        .shows("no email yet")
        .shows("Last seen");
    let wrong =
        ada.post("/settings/members/invite", &[("email", "max"), ("role", "Member")]).await.expect(422);
    wrong.shows("id=\"email-wrong\"").shows("value=\"max\"");
    let known = [("email", "vera@demo.test"), ("role", "Member")];
    ada.post("/settings/members/invite", &known).await.expect(409).shows("has a member with this email");
    let new = [("email", "max@demo.test"), ("role", "Viewer"), ("name", "Max Okafor")];
    let made = ada.post("/settings/members/invite", &new).await.expect(200);
    let path = link(&made, "invitations");
    let listed = ada.get("/settings/members").await.expect(200);
    listed.shows("max@demo.test").shows("Revoke the invitation of max@demo.test").hides(&path);

    let page = look(&server, &path).await.expect(200);
    page.shows("Join Demo").shows("Ada Brandt invites you as Viewer").shows("value=\"Max Okafor\"");
    page.hides("<script");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    let short = send(&server, &path, &[("name", "Max Okafor"), ("password", "short")]).await.expect(422);
    short.shows("id=\"password-wrong\"").shows("value=\"Max Okafor\"").hides("value=\"short");
    let joined = send(&server, &path, &[("name", "Max Okafor"), ("password", PASSWORD)]).await.expect(303);
    assert_eq!(joined.header("location"), "/chat");
    let cookie = joined.header("set-cookie").split(';').next().unwrap().to_owned();
    let chat = Request::get("/chat").header("cookie", cookie).body(Body::empty()).unwrap();
    server.send(chat).await.expect(200).shows("Max Okafor").hides("/settings/members");
    send(&server, &path, &[("name", "Eve"), ("password", PASSWORD)])
        .await
        .expect(404)
        .shows("Ask for a new one");
    look(&server, &path).await.expect(404);
}

#[tokio::test]
async fn settings_show_each_reader_what_they_may_open() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let own = ["/settings/password", "/settings/sign-ins", "/settings/usage"];
    let of_admins = ["/settings/members", "/settings/models", "/settings/budgets", "/audit", "/jobs"];
    let (adas, veras) = (ada.get("/settings").await.expect(200), vera.get("/settings").await.expect(200));
    for place in own {
        adas.shows(&format!("href=\"{place}\""));
        veras.shows(&format!("href=\"{place}\""));
        vera.get(place).await.expect(200);
    }
    for place in of_admins {
        adas.shows(&format!("href=\"{place}\""));
        veras.hides(&format!("href=\"{place}\""));
        ada.get(place).await.expect(200);
        vera.get(place).await.expect(403);
    }
    ada.get("/palette?q=invit").await.expect(200).shows("/settings/members");
    vera.get("/palette?q=invit").await.expect(200).hides("/settings/members");
    vera.get("/palette?q=password").await.expect(200).shows("/settings/password");
}

#[tokio::test]
async fn a_member_is_changed_deactivated_with_their_records_and_let_in_again() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let (path, own) = (member(&server, "vera").await, member(&server, "ada").await);
    let (vera_id, ada_id) = (path.rsplit('/').next().unwrap(), own.rsplit('/').next().unwrap());
    vera.get(&path).await.expect(403);
    vera.post(&path, &[("role", "Admin")]).await.expect(403);
    let form = [("name", "Vera Voss"), ("role", "Member"), ("version", "1")];
    ada.post(&path, &form).await.expect(303);
    ada.get(&path).await.expect(200).shows("<option value=\"Member\" selected>");
    let late = ada.post(&path, &form).await.expect(409);
    late.shows("Ada Brandt changed this member meanwhile");
    let alone = ada.post(&own, &[("name", "Ada Brandt"), ("role", "Member")]).await.expect(409);
    alone.shows("no active member").hides("Now:");
    let last = [("hand_over_to", "")];
    ada.post(&format!("{own}/deactivate"), &last).await.expect(409).shows("no active member");
    let itself = [("hand_over_to", vera_id)];
    ada.post(&format!("{path}/deactivate"), &itself).await.expect(422).shows("id=\"hand_over_to-wrong\"");
    ada.post(&format!("{path}/deactivate"), &[("hand_over_to", ada_id)]).await.expect(303);
    ada.get(&path).await.expect(200).shows("Inactive").shows("being handed over to Ada Brandt");
    vera.get("/chat").await.expect(303);
    ada.post(&format!("{path}/activate"), &[]).await.expect(303);
    server.sign_in("vera").await;
    ada.get("/settings/members/018f2b6e-7c1a-7000-8000-000000000001").await.expect(404);
}

#[tokio::test]
async fn sign_ins_are_seen_and_ended_by_their_owner_and_by_admins() {
    let server = Server::start().await;
    let (ada, vera, phone) =
        (server.sign_in("ada").await, server.sign_in("vera").await, server.sign_in("vera").await);
    let page = vera.get("/settings/sign-ins").await.expect(200);
    assert_eq!(page.body.matches("This one").count(), 1);
    let start = page.body.find("/settings/sign-ins/").unwrap();
    let end = page.body[start..].split('"').next().unwrap().to_owned();
    ada.post(&end, &[]).await.expect(404);
    vera.post(&end, &[]).await.expect(303);
    phone.get("/chat").await.expect(303);
    let again = server.sign_in("vera").await;
    vera.post("/settings/sign-ins/end-others", &[]).await.expect(303);
    again.get("/chat").await.expect(303);
    let path = member(&server, "vera").await;
    vera.post(&format!("{path}/sign-ins/end"), &[]).await.expect(403);
    ada.post(&format!("{path}/sign-ins/end"), &[]).await.expect(303);
    vera.get("/chat").await.expect(303);
    ada.get(&path).await.expect(200).shows("Not signed in anywhere");
}

#[tokio::test]
async fn a_password_is_changed_by_its_owner_and_by_a_link() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let form = |current, new| [("current_password", current), ("new_password", new)];
    let wrong = vera.post("/settings/password", &form("wrong password", "a second one")).await.expect(422);
    wrong.shows("id=\"current_password-wrong\"").hides("a second one");
    vera.post("/settings/password", &form(PASSWORD, "a second password")).await.expect(303);
    vera.get("/settings/password?done=saved").await.expect(200).shows("is changed");

    let path = member(&server, "vera").await;
    let own = member(&server, "ada").await;
    ada.get(&own).await.expect(200).hides("reset-link");
    let made = ada.post(&format!("{path}/reset-link"), &[]).await.expect(200);
    let reset = link(&made, "reset");
    look(&server, &reset).await.expect(200).shows("vera@demo.test");
    send(&server, &reset, &[("password", "short")]).await.expect(422).shows("password-wrong");
    let set = send(&server, &reset, &[("password", PASSWORD)]).await.expect(303);
    assert_eq!(set.header("location"), "/sign-in?done=password");
    look(&server, "/sign-in?done=password").await.expect(200).shows("Your password is set");
    vera.get("/chat").await.expect(303);
    server.sign_in("vera").await;
    send(&server, &reset, &[("password", PASSWORD)]).await.expect(404);
}

#[tokio::test]
async fn dates_are_written_in_the_language_that_the_reader_chose() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    server.create("deal", json!({ "name": "Crane", "close_date": "2031-03-05" })).await;
    ada.get("/records/deals").await.expect(200).shows("5 Mar 2031").hides("data-dates");
    let form = [("name", "Ada Lovelace"), ("time_zone", "Europe/Berlin"), ("date_language", "de-DE")];
    ada.post("/settings/own", &form).await.expect(303);
    let page = ada.get("/records/deals").await.expect(200);
    page.shows("05.03.2031").hides("5 Mar 2031").shows("data-dates=\"de-DE\"").shows("Ada Lovelace");
    let wrong = [("name", " "), ("time_zone", ""), ("date_language", "tlh")];
    let refused = ada.post("/settings/own", &wrong).await.expect(422);
    refused.shows("own_name-wrong").shows("own_date_language-wrong");
}
