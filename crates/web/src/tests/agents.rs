//! The pages of agents and their prompts.

use super::*;

#[tokio::test]
async fn an_agent_is_made_changed_copied_and_deleted_on_its_pages() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.get("/settings").await.expect(200).shows("href=\"/settings/agents\"");
    ada.get("/settings/agents").await.expect(200).shows("Sales assistant").shows("standard");
    ada.get("/settings/agents/new")
        .await
        .expect(200)
        .shows("You are {{ agent.label }}")
        .shows("<option selected>Viewer");
    let new = [
        ("name", "lead-finder"),
        ("label", "Lead finder"),
        ("icon", "target"),
        ("role", "Viewer"),
        ("model", "smart"),
        ("operations", "lead.*\r\n*.find"),
        ("format", "markdown"),
        ("prompt", "You find leads."),
    ];
    let wrong = ada.post(
        "/settings/agents/new",
        &[
            ("name", "Lead Finder"),
            ("label", "x"),
            ("icon", "target"),
            ("role", "Viewer"),
            ("model", "smart"),
            ("prompt", "{{ nobody }}"),
            ("temperature", ""),
        ],
    );
    wrong
        .await
        .expect(422)
        .shows("name-wrong")
        .shows("prompt-wrong")
        .shows("Line 1, column 4")
        .shows("value=\"Lead Finder\"");
    let made = ada.post("/settings/agents/new", &new).await.expect(303);
    assert_eq!(made.header("location"), "/settings/agents/lead-finder?done=made");
    let path = "/settings/agents/lead-finder";
    ada.get(path)
        .await
        .expect(200)
        .shows("lead.*\n*.find")
        .shows("name=\"version\" value=\"1\"")
        .hides("Reset to");
    let change = [
        ("version", "1"),
        ("label", "Finder"),
        ("icon", "target"),
        ("role", "Viewer"),
        ("model", "fast"),
        ("operations", "lead.*"),
        ("format", "markdown"),
        ("steps", "3"),
    ];
    ada.post(path, &change).await.expect(303);
    ada.get(path).await.expect(200).shows("label, model, operations, limits").shows("in use");
    // What somebody else wrote meanwhile stays, and so does what is written now.
    let stale = [
        ("version", "1"),
        ("label", "Lead finder"),
        ("icon", "target"),
        ("role", "Member"),
        ("model", "smart"),
        ("operations", "lead.*\r\n*.find"),
        ("format", "markdown"),
    ];
    ada.post(path, &stale)
        .await
        .expect(409)
        .shows("changed this agent since you opened it: label, limits, model, operations.")
        .shows("value=\"Finder\"")
        .shows("<option selected>Member")
        .shows("name=\"version\" value=\"2\"");
    ada.get("/settings/agents/new?copy_of=lead-finder")
        .await
        .expect(200)
        .shows("Finder (copy)")
        .shows("You find leads.");
    ada.post(&format!("{path}/active"), &[("version", "2"), ("active", "no")]).await.expect(303);
    ada.get("/settings/agents").await.expect(200).shows("not active");
    ada.get("/chat").await.expect(200).hides("Finder");
    ada.post(&format!("{path}/delete"), &[("version", "2")]).await.expect(303);
    ada.get("/settings/agents").await.expect(200).shows("Deleted").shows("lead-finder");
    let vera = server.sign_in("vera").await;
    vera.get("/settings/agents").await.expect(403);
    vera.get("/settings").await.expect(200).hides("/settings/agents");
}

#[tokio::test]
async fn a_prompt_is_written_previewed_saved_and_used() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let path = "/settings/agents/analyst/prompt";
    ada.get(path)
        .await
        .expect(200)
        .shows("You are Analyst")
        .shows("What differs from production")
        .shows("member.name")
        .shows("Nothing.");
    let written = [("based_on", "1"), ("body", "Count for {{ member.name }}.\r\nWell."), ("note", "Shorter")];
    ada.post(&format!("{path}/preview"), &written)
        .await
        .expect(200)
        .shows("Count for Ada Brandt.")
        .shows("class=\"added\"")
        .shows("class=\"removed\"");
    let wrong = [("based_on", "1"), ("body", "Count\r\n{{ membr.name }}")];
    ada.post(&format!("{path}/preview"), &wrong).await.expect(200).shows("Line 2, column 4");
    ada.post(path, &wrong).await.expect(422).shows("Line 2, column 4").shows("{{ membr.name }}");
    ada.post(&format!("{path}/draft"), &wrong).await.expect(303);
    ada.get(path).await.expect(200).shows("Your draft, kept").shows("{{ membr.name }}");
    ada.post(path, &written).await.expect(303);
    ada.get(path).await.expect(200).shows("Version 2").shows("Shorter").hides("Your draft");
    let used = [("label", "production"), ("version", "2"), ("expected", "1")];
    ada.post(&format!("{path}/label"), &used).await.expect(303);
    ada.get(path).await.expect(200).shows("production: version 2").shows("Count for Ada Brandt.");
    ada.post(&format!("{path}/label"), &used)
        .await
        .expect(409)
        .shows("Ada Brandt moved production to version 2");
    let back = [("label", "production"), ("version", "1"), ("expected", "2")];
    ada.post(&format!("{path}/label"), &back).await.expect(303);
    ada.get(path).await.expect(200).shows("production: version 1");
}

#[tokio::test]
async fn a_chat_whose_agent_is_gone_stays_readable_and_says_so() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let begun = ada
        .post("/chat", &[("agent", "analyst"), ("message", "how many deals are there?")])
        .await
        .expect(303);
    let chat = begun.header("location").to_owned();
    ada.post("/settings/agents/analyst/delete", &[("version", "1")]).await.expect(303);
    ada.get(&chat).await.expect(200).shows("how many deals are there?").shows("takes no more messages");
}

#[tokio::test]
async fn a_protected_label_waits_for_a_second_person_on_its_page() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    ada.post("/settings/agents/protected", &[("labels", "production, staging")]).await.expect(303);
    ada.get("/settings/agents").await.expect(200).shows("value=\"production, staging\"");
    let path = "/settings/agents/analyst/prompt";
    ada.post(path, &[("based_on", "1"), ("body", "Count."), ("note", "")]).await.expect(303);
    ada.get(path).await.expect(200).shows("with review").shows("Ask for a review").hides("Move production");
    let to = [("label", "production"), ("version", "2"), ("expected", "1"), ("note", "Look, please.")];
    ada.post(&format!("{path}/label"), &to).await.expect(409).shows("a second person agrees");
    ada.post(&format!("{path}/reviews"), &to).await.expect(303);
    ada.get(path).await.expect(200).shows("Look, please.").shows("Take back").hides("Approve");
}

#[tokio::test]
async fn what_is_tried_stands_in_the_editor_afterwards() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    let path = "/settings/agents/analyst/prompt";
    let tried = format!("{path}/try");
    let wrong = [("based_on", "1"), ("body", "Count {{ membr }}.")];
    ada.post(&tried, &wrong).await.expect(422).shows("Line 1").shows("Count {{ membr }}.");
    ada.get(path).await.expect(200).hides("Your draft");

    let ours = server.caller("ada").await.member().unwrap().to_string();
    let form = [
        ("based_on", "1"),
        ("body", "Count\r\nfor {{ member.name }}."),
        ("note", "Shorter & better"),
        ("member", &ours),
    ];
    let begun = ada.post(&tried, &form).await.expect(303);
    let page = begun.header("location").to_owned();
    let shown = ada.get(&page).await.expect(200);
    shown.shows("Nothing here is changed.").shows("name=\"note\" value=\"Shorter &#38; better\"");
    let editor = format!("{path}?member={ours}&note=Shorter+%26+better");
    shown.shows(&editor.replace('&', "&#38;"));
    let back = ada.get(&editor).await.expect(200);
    back.shows("Count\nfor {{ member.name }}.")
        .shows("Your draft, kept")
        .shows("value=\"Shorter &#38; better\"");
    let tryout = page.split('?').next().unwrap();
    let ended = ada.post(&format!("{tryout}/end"), &[("note", "Shorter")]).await.expect(303);
    assert_eq!(ended.header("location"), format!("{path}?done=ended&note=Shorter"));
    // Its address leads to what was tried, too.
    let over = ada.get(&page).await.expect(404);
    over.shows("There is no such tryout").shows("Count\nfor {{ member.name }}.");

    // A version that is tried as it is takes no draft's place.
    let saved = server.services.agents.prompt(&server.caller("ada").await, "analyst", 1).await.unwrap().body;
    let begun = ada.post(&tried, &[("based_on", "1"), ("body", &saved)]).await.expect(303);
    assert!(begun.header("location").ends_with("?version=1"), "{}", begun.header("location"));
    ada.get(&format!("{path}?version=1")).await.expect(200).shows("You have a draft, kept");
    ada.get(path).await.expect(200).shows("Count\nfor {{ member.name }}.");
    server.stop().await;
}
