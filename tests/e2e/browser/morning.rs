//! An admin's morning, by keyboard alone: a member, a role, an agent made of nothing, its prompt, a second person's
//! review, what the new member sees, and the way back.

use fantoccini::{Client, key::Key};
use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
    server::PASSWORD,
};
use serde_json::json;

use super::{browser, go, go_by_palette, holds, picture, say, says, shown, sign_in, sign_in_as, tab_to};
use crate::fixture::{Engine, Fixture};

/// What the amount would begin with, in whatever way a page, a stream or a model's request writes it.
const AMOUNTS: [&str; 3] = ["7654321", "7,654,321", "7.654.321"];

/// A model that looks for deals, or adds a contact, and repeats what the tool said.
async fn parrot() -> ScriptedModel {
    ScriptedModel::with_rule(|request| {
        let last = request["messages"].as_array().and_then(|messages| messages.last()).cloned();
        let last = last.unwrap_or_default();
        let text = last["content"].as_str().unwrap_or_default();
        match last["role"].as_str() {
            Some("tool") => Script::new().text(text),
            _ if text.contains("contact") => {
                let stone = json!({"name": {"first": "Bob", "last": "Stone"}});
                Script::new().call("a", "contact_create", &stone.to_string())
            }
            _ => Script::new().call("a", "deal_find", r#"{"search": "gravel"}"#),
        }
    })
    .await
    .unwrap()
}

async fn type_into(page: &Client, css: &str, text: &str) {
    let input = tab_to(page, css).await;
    let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
    input.send_keys(&format!("{all}{text}")).await.unwrap();
}

/// Chooses by the beginning of an option's text, as somebody types it.
async fn choose(page: &Client, css: &str, option: &str) {
    let select = tab_to(page, css).await;
    select.send_keys(option).await.unwrap();
    let chosen = "return document.activeElement.selectedOptions[0].textContent.trim()";
    let chosen = page.execute(chosen, Vec::new()).await.unwrap();
    assert!(chosen.as_str().unwrap().starts_with(option), "{css} is at {chosen}, not {option}");
}

async fn tick(page: &Client, name: &str, value: &str, is_on: bool) {
    let tick = tab_to(page, &format!("input[name='{name}'][value='{value}']")).await;
    tick.send_keys(" ").await.unwrap();
    let checked = page.execute("return document.activeElement.checked", Vec::new()).await.unwrap();
    assert_eq!(checked, json!(is_on), "{name} {value}");
}

async fn enter(page: &Client, css: &str) {
    let button = tab_to(page, css).await;
    button.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
}

/// Asks for the move of `production` to a version, and has the second person agree to it.
async fn publish(ada: &Client, max: &Client, fixture: &Fixture, version: &str) {
    let form = "form[action$='/prompt/reviews']:has(input[value='production'])";
    choose(ada, &format!("{form} select[name='version']"), &format!("version {version}")).await;
    type_into(ada, &format!("{form} input[name='note']"), "Please look").await;
    enter(ada, &format!("{form} button")).await;
    says(ada, ".notice", "A second person is asked").await;
    // Who asks does not agree to it themselves.
    shown(ada, "button[name='decision'][value='withdraw']").await;

    go(max, fixture, "/settings/agents/intake/prompt").await;
    type_into(max, "input[name='comment']", "Good").await;
    enter(max, "button[name='decision'][value='approve']").await;
    says(max, ".page-head .badge", &format!("production: version {version}")).await;
    picture(max, &format!("morning-review-{version}")).await;
}

/// Nothing of the amount is in what somebody was shown or sent.
#[track_caller]
fn hides_amount(what: &str, text: &str) {
    for amount in AMOUNTS {
        assert!(!text.contains(amount), "{what} has {amount}: {text}");
    }
}

/// What a page shows and what its HTML holds.
async fn page_hides_amount(page: &Client, what: &str) {
    hides_amount(what, &shown(page, "body").await.text().await.unwrap());
    hides_amount(what, &page.source().await.unwrap());
}

/// What a stream of the page sends within a moment.
async fn stream_of(page: &Client, path: &str) -> String {
    let read = "const [path, done] = arguments; (async () => { \
                const reader = (await fetch(path)).body.pipeThrough(new TextDecoderStream()).getReader(); \
                let text = ''; setTimeout(() => reader.cancel(), 1500); \
                for (;;) { const { done: ended, value } = await reader.read(); if (ended) break; text += value; } \
                done(text); })().catch((error) => done(String(error)));";
    let text = page.execute_async(read, vec![json!(path)]).await.unwrap();
    text.as_str().unwrap().to_owned()
}

/// What programs are told, by every way to a deal.
async fn programs_are_told_no_amount(nina: &ApiClient, deal: &str, session: &str) {
    let ways = [
        "/api/records/deals?limit=100".to_owned(),
        format!("/api/records/deals/{deal}"),
        format!("/api/records/deals/{deal}/timeline"),
        "/api/objects/deal".to_owned(),
        "/api/search?q=gravel".to_owned(),
        "/api/records/deals/group?by=stage".to_owned(),
        format!("/api/sessions/{session}/export?format=json"),
    ];
    for way in ways {
        hides_amount(&way, &nina.get(&way).await.unwrap().body.to_string());
    }
    let sorted = nina.get("/api/records/deals?sort=-amount").await.unwrap();
    assert_eq!(sorted.status, 400, "an order by what is hidden tells of it: {}", sorted.body);
    let logged = nina.get(&format!("/api/sessions/{session}")).await.unwrap().ok();
    hides_amount("the session", &logged.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admins_morning_by_keyboard() {
    let Some(page) = browser(false).await else { return };
    let Some(second) = browser(true).await else { return };
    let model = parrot().await;
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let api = fixture.sign_in("ada").await;
    let secret = json!({"name": "Gravel for a year", "amount": {"amount": "7654321.98", "currency": "USD"}});
    let deal = api.post("/api/records/deals", secret).await.unwrap().ok()["id"].as_str().unwrap().to_owned();
    sign_in(&page, &fixture).await;

    // Invites a member.
    go_by_palette(&page, "invit", "/settings/members").await;
    type_into(&page, "#email", "nina@demo.test").await;
    choose(&page, "#role", "Viewer").await;
    type_into(&page, "#name", "Nina Sand").await;
    enter(&page, "form[action='/settings/members/invite'] .button.primary").await;
    let invitation = shown(&page, "#link").await.prop("value").await.unwrap().unwrap();

    // Makes another member an admin, who is to review.
    go_by_palette(&page, "members", "/settings/members").await;
    let members = api.get("/api/members").await.unwrap().ok();
    let max = members["data"].as_array().unwrap().iter().find(|one| one["email"] == "max@demo.test").unwrap();
    enter(&page, &format!("a[href='/settings/members/{}']", max["id"].as_str().unwrap())).await;
    choose(&page, "#role", "Admin").await;
    enter(&page, "form[aria-label='Member'] .button.primary").await;
    says(&page, ".notice", "Saved").await;

    // Makes a role that may create contacts and read no amounts.
    go_by_palette(&page, "roles", "/settings/roles").await;
    type_into(&page, "#name", "Intake").await;
    enter(&page, "form[action='/settings/roles'] .button.primary").await;
    says(&page, ".notice", "Made").await;
    tick(&page, "contact.action", "read", true).await;
    tick(&page, "contact.action", "create", true).await;
    tick(&page, "deal.action", "read", true).await;
    enter(&page, "details:has(input[name='deal.read']) > summary").await;
    tick(&page, "deal.read", "amount", false).await;
    type_into(&page, "#agents", "intake").await;
    picture(&page, "morning-role").await;
    enter(&page, "form[aria-label='The role Intake'] .button.primary").await;
    says(&page, ".notice", "Saved").await;

    // What it comes to is seen before anybody has it.
    enter(&page, ".page-head a[href^='/settings/authority']").await;
    says(&page, "#room", "Role: Intake").await;
    says(&page, "#room", "Amount").await;
    picture(&page, "morning-authority").await;

    // Has `production` move with a second person's review only.
    go_by_palette(&page, "agents", "/settings/agents").await;
    type_into(&page, "#labels", "production").await;
    enter(&page, "form[action='/settings/agents/protected'] button").await;
    says(&page, ".notice", "Saved").await;

    // Makes an agent of nothing.
    enter(&page, ".page-head a[href='/settings/agents/new']").await;
    type_into(&page, "#name", "intake").await;
    type_into(&page, "#label", "Intake assistant").await;
    type_into(&page, "#description", "Takes down who calls.").await;
    choose(&page, "#role", "Intake").await;
    type_into(&page, "#operations", "contact.*\ndeal.*\nsearch").await;
    enter(&page, ".form .button.primary").await;
    shown(&page, "input[name=version][value='1']").await;

    // Writes its prompt, sees how it looks for another member, and saves it.
    enter(&page, ".page-head a[href='/settings/agents/intake/prompt']").await;
    type_into(&page, "#body", "You take down contacts for {{ member.name }}.").await;
    choose(&page, "#member", "Max").await;
    says(&page, "#seen pre.text", "You take down contacts for Max Okafor.").await;
    type_into(&page, "#note", "A first one").await;
    picture(&page, "morning-prompt").await;

    let count = async || {
        api.get("/api/records/contacts?limit=1&total=true").await.unwrap().ok()["page"]["total"].clone()
    };
    let before = count().await;
    // Tries it in a copy, comes back to what was written, and saves it.
    enter(&page, "#editor button[formaction$='/prompt/try']").await;
    shown(&page, ".tried").await;
    say(&page, "take down a contact: Bob Stone", &["completed"]).await;
    says(&page, ".sessions.tried [data-changed]", "Created Bob Stone").await;
    picture(&page, "morning-tryout").await;
    assert_eq!(count().await, before, "nothing of the workspace is changed");
    enter(&page, ".sessions.tried form button").await;
    says(&page, ".notice", "The tryout has ended").await;
    for (input, text) in
        [("#body", "You take down contacts for {{ member.name }}."), ("#note", "A first one")]
    {
        holds(&page, input, text).await;
    }
    enter(&page, "#editor .button.primary").await;
    shown(&page, "a[href='/settings/agents/intake/prompt?version=2']").await;
    says(&page, ".page-head .badge", "production: version 1").await;

    // Publishes it with a second person's review.
    sign_in_as(&second, &fixture, "max").await;
    publish(&page, &second, &fixture, "2").await;

    // The new member joins by the link, and is given the role.
    let Some(third) = browser(false).await else { return };
    third.goto(&invitation).await.unwrap();
    type_into(&third, "#password", PASSWORD).await;
    enter(&third, ".door .button.primary").await;
    shown(&third, "#composer").await;
    let members = api.get("/api/members").await.unwrap().ok();
    let nina = members["data"].as_array().unwrap().iter().find(|one| one["email"] == "nina@demo.test");
    let nina = nina.unwrap()["id"].as_str().unwrap().to_owned();
    go(&page, &fixture, &format!("/settings/members/{nina}")).await;
    choose(&page, "#role", "Intake").await;
    enter(&page, "form[aria-label='Member'] .button.primary").await;
    says(&page, ".notice", "Saved").await;

    // She chats with it, and sees the amount nowhere.
    go(&third, &fixture, "/chat").await;
    says(&third, ".agents", "Intake assistant").await;
    let text = say(&third, "show the deals of gravel", &["completed"]).await;
    assert!(text.contains("Gravel for a year"), "{text}");
    page_hides_amount(&third, "the chat").await;
    let session = third.current_url().await.unwrap().path().trim_start_matches("/chat/").to_owned();
    let text = say(&third, "take down a contact: Bob Stone", &["completed"]).await;
    assert!(text.contains("Bob Stone") || text.contains("Stone"), "{text}");
    picture(&third, "morning-chat").await;
    let sent = stream_of(&third, &format!("/chat/{session}/events?after=0")).await;
    assert!(sent.contains("Gravel for a year"), "{sent}");
    hides_amount("the stream of the page", &sent);
    for path in ["/records/deals", &format!("/records/deals/{deal}"), "/records/deals?q=gravel"] {
        go(&third, &fixture, path).await;
        says(&third, "#room", "Gravel for a year").await;
        page_hides_amount(&third, path).await;
    }
    let client = fixture.sign_in("nina").await;
    programs_are_told_no_amount(&client, &deal, &session).await;
    let turns = client.get(&format!("/api/sessions/{session}")).await.unwrap().ok();
    assert_eq!(turns["agent"]["name"], "intake", "{turns}");
    for (number, request) in model.requests().iter().enumerate() {
        hides_amount(&format!("request {number} to the model"), &request.to_string());
    }
    let told = model.requests().last().unwrap().to_string();
    assert!(told.contains("You take down contacts for Nina Sand."), "{told}");

    // Rolls the prompt back, with a review as well.
    go(&page, &fixture, "/settings/agents/intake/prompt").await;
    publish(&page, &second, &fixture, "1").await;
    go(&third, &fixture, &format!("/chat/{session}")).await;
    say(&third, "and the deals again", &["completed"]).await;
    let told = model.requests().last().unwrap().to_string();
    assert!(!told.contains("You take down contacts for"), "{told}");

    // Reads the audit, which has all of it.
    go_by_palette(&page, "audit", "/audit").await;
    let audit = shown(&page, ".records table").await.text().await.unwrap();
    for act in [
        "invitation.made",
        "role.created",
        "role.changed",
        "agent.created",
        "prompt.saved",
        "review.requested",
        "review.approved",
        "label.moved",
        "contact.created",
        "Intake assistant on behalf of Nina Sand",
        "Max Okafor",
    ] {
        assert!(audit.contains(act), "{act} is not in {audit}");
    }
    picture(&page, "morning-audit").await;
    assert_eq!(model.violations(), Vec::<String>::new());
    let contacts = api.get(r#"/api/records/contacts?filter={"name":{"contains":"Stone"}}"#).await.unwrap();
    let made = contacts.ok()["data"].as_array().map(Vec::len);
    assert!(made >= Some(1), "{made:?}");
    for browser in [page, second, third] {
        browser.close().await.unwrap();
    }
}
