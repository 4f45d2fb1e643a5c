//! Roles as a matrix, and what may be done by them.

use super::*;

#[tokio::test]
async fn a_role_is_made_edited_as_a_matrix_and_deleted() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    vera.get("/settings/roles").await.expect(403);
    vera.post("/settings/roles", &[("name", "Mine")]).await.expect(403);
    ada.get("/settings/roles").await.expect(200).shows("May do everything").shows("/settings/roles/Viewer");
    let made = ada.post("/settings/roles", &[("name", "Field rep"), ("copy_of", "Viewer")]).await.expect(303);
    assert_eq!(made.header("location"), "/settings/roles/Field%20rep?done=made");
    ada.post("/settings/roles", &[("name", "field rep"), ("copy_of", "")])
        .await
        .expect(409)
        .shows("name-wrong");

    let role = "/settings/roles/Field%20rep";
    ada.get(role).await.expect(200).shows("as every other").shows("Nobody.");
    let rules = "{\r\n  \"read\": [{\"owner\": {\"eq\": \"$me\"}}]\r\n}";
    let edit = [
        ("version", "1"),
        ("label", "Field rep"),
        ("*.action", "read"),
        ("*.read_new", "yes"),
        ("*.write_new", "yes"),
        ("deal.action", "read"),
        ("deal.action", "create"),
        ("deal.read", "name"),
        ("deal.read", "owner"),
        ("deal.write", "name"),
        ("deal.rules", rules),
        ("permission", "audit"),
        ("agents", "analyst, sales-*"),
    ];
    ada.post(role, &edit).await.expect(303);
    let caller = server.caller("ada").await;
    let (saved, _) = server.services.identity.role(&caller, "Field rep").await.unwrap();
    let deal = &serde_json::to_value(saved.grants.as_ref().unwrap()).unwrap()["objects"]["deal"];
    assert_eq!(deal["actions"], json!(["read", "create"]));
    assert_eq!(deal["read_fields"], json!({"only": ["name", "owner"]}));
    assert_eq!(deal["rows"], json!({"read": [{"owner": {"eq": "$me"}}]}));
    let agents = saved.grants.as_ref().unwrap().agents();
    assert!(agents.contains("sales-assistant") && !agents.contains("x"));

    // Somebody else was faster: what was set stays in the form, beside what is stored.
    let stale = ada.post(role, &edit).await.expect(409);
    stale
        .shows("changed the role")
        .shows("&#34;description&#34;")
        .shows("What is stored now")
        .shows("value=\"analyst, sales-*\"");
    let mut wrong = edit.to_vec();
    wrong[0] = ("version", "2");
    wrong[10] = ("deal.rules", "{\"read\": [{\"stagee\": {}}]}");
    ada.post(role, &wrong)
        .await
        .expect(422)
        .shows("deal.rules-wrong")
        .shows("stagee")
        .shows("Did you mean stage?");

    ada.post("/settings/roles/Admin", &edit).await.expect(409).shows("stays as it is");
    ada.post("/settings/roles/Viewer/delete", &[]).await.expect(409).shows("standard");
    ada.post("/settings/roles/Viewer/reset", &[]).await.expect(303);
    ada.post(&format!("{role}/delete"), &[]).await.expect(303);
    ada.get(role).await.expect(404);
}

#[tokio::test]
async fn what_somebody_may_do_is_asked_on_a_page() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let asked = "/settings/authority?of=role/Viewer&object=deal&action=update";
    ada.get(asked)
        .await
        .expect(200)
        .shows("Denied.")
        .shows("The role Viewer does not allow to update deal records.");
    let read = "/settings/authority?of=role/Viewer&object=deal&action=read";
    ada.get(read).await.expect(200).shows("<strong>Allowed.</strong>");
    let agent = "/settings/authority?of=role/Member&agent=sales-assistant&object=deal&action=delete";
    ada.get(agent).await.expect(200).shows("after somebody agrees");
    ada.get("/settings/authority?operation=deal.find&arguments={").await.expect(200).shows("arguments-wrong");
    vera.get("/settings/authority").await.expect(200).shows("Role: Viewer").hides("<optgroup");
    vera.get(asked).await.expect(200).shows("permission").hides("Denied.");
}

#[tokio::test]
async fn who_gives_roles_and_does_not_change_them_sees_no_grants() {
    let server = Server::start().await;
    let members = kontor_core::grants::Permission::Members;
    server.grant_viewers(&Grants::on_every_object([Action::Read]).with_platform([members])).await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    ada.get("/settings/roles/Member").await.expect(200).shows("The workspace itself").shows("deal.action");
    let shown = vera.get("/settings/roles/Member").await.expect(200);
    shown
        .shows("Members and agents with this role")
        .hides("The workspace itself")
        .hides("deal.action")
        .hides("checkbox");
    let refused = vera.post("/settings/roles", &[("name", "Reps"), ("copy_of", "Viewer")]).await.expect(403);
    refused.shows("role=\"alert\"").shows("permission");
}
