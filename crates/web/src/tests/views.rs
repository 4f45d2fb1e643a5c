//! Views on the pages of lists.

use serde_json::{Value as Json, json};

use super::{Browser, Server};

async fn with_deals() -> Server {
    let server = Server::start().await;
    for (name, stage, amount) in [("Gravel", "LEAD", 10), ("Sand", "PROPOSAL", 30), ("Clay", "LEAD", 20)] {
        let amount = json!({"amount": amount, "currency": "EUR"});
        server.create("deal", json!({"name": name, "stage": stage, "amount": amount})).await;
    }
    server
}

/// Saves a view and returns its address.
async fn save(browser: &Browser<'_>, fields: &[(&str, &str)]) -> String {
    browser.post("/records/deals/views", fields).await.expect(303).header("location").to_owned()
}

/// The views of the workspace that Ada sees.
async fn views(server: &Server) -> Json {
    json!(server.services.crm.views(&server.caller("ada").await, Some("deal")).await.unwrap())
}

#[tokio::test]
async fn what_a_list_shows_is_saved_as_a_view_and_shown_by_it() {
    let server = with_deals().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let list = ada.get("/records/deals?f=stage&o=is&v=LEAD&sort=-amount&c=amount&c=stage").await.expect(200);
    list.shows("Save as view").hides("Edit view");
    let asked =
        [("f", "stage"), ("o", "is"), ("v", "LEAD"), ("sort", "-amount"), ("c", "amount"), ("c", "stage")];
    let named = [("name", "Early ones"), ("as", "TABLE"), ("visibility", "PRIVATE")];
    let view = save(&ada, &[&asked[..], &named[..]].concat()).await;
    let shown = ada.get(&view).await.expect(200);
    shown.shows("Gravel").shows("Clay").hides(">Sand<").shows("aria-sort=\"descending\"").shows("Edit view");
    shown.hides("Save changes").shows("value=\"LEAD\" selected");
    assert!(shown.body.find("Clay").unwrap() < shown.body.find("Gravel").unwrap(), "the largest first");
    let heads = shown.body.split("<thead>").nth(1).unwrap();
    assert!(heads.find("Amount").unwrap() < heads.find("Stage").unwrap(), "in the order of the view");
    vera.get(&view).await.expect(404);
    vera.get("/records/deals").await.expect(200).hides("Early ones");
    // A view is not how the list was left.
    assert!(!ada.get("/records/deals").await.expect(303).header("location").contains("view"));

    // Changed on the page, and saved by its form.
    let changed = format!("{view}&edited=yes&sort=-amount&c=amount&c=stage");
    ada.get(&changed).await.expect(200).shows("Sand").shows("Save changes").shows("Undo changes");
    let post = view.replace("?view=", "/views/");
    let told = &views(&server).await[0];
    assert_eq!(told["columns"], json!(["name", "amount", "stage"]));
    let saved = [("edited", "yes"), ("sort", "name"), ("c", "stage"), ("version", "1")];
    ada.post(&post, &saved).await.expect(303);
    ada.post(&post, &saved).await.expect(409).shows("Ada");
    ada.get(&view).await.expect(200).shows("Sand").hides("Save changes");
    vera.post(&post, &[("name", "Stolen")]).await.expect(404);
    ada.post(&post, &[("name", "Ours"), ("visibility", "WORKSPACE"), ("version", "2")]).await.expect(303);
    vera.get(&view).await.expect(200).shows("Ours").hides("Edit view");
    vera.post(&post, &[("name", "Stolen")]).await.expect(403);
    vera.post(&format!("{post}/delete"), &[]).await.expect(403);
    ada.post(&format!("{post}/delete"), &[("version", "3")]).await.expect(303);
    ada.get(&view).await.expect(404);
    ada.get("/records/contacts?view=nothing").await.expect(404);
}

#[tokio::test]
async fn a_filter_that_no_rows_can_say_is_applied_and_said_in_words() {
    let server = with_deals().await;
    let ada = server.sign_in("ada").await;
    let new = json!({
        "object": "deal", "name": "Either", "columns": [{"field": "stage", "width": 200}],
        "filter": {"or": [{"stage": {"eq": "PROPOSAL"}}, {"amount": {"gte": 20}}]},
    });
    let caller = server.caller("ada").await;
    let made = server.services.crm.create_view(&caller, serde_json::from_value(new).unwrap()).await.unwrap();
    let view = format!("/records/deals?view={}", made.id);
    let shown = ada.get(&view).await.expect(200);
    shown.shows("Sand").shows("Clay").hides("Gravel").shows("Stage is Proposal, or Amount is at least 20");
    shown.shows("class=\"w7\"");
    let narrowed = format!("{view}&edited=yes&f=name&o=is&v=Clay&c=stage");
    ada.get(&narrowed).await.expect(200).shows("Clay").hides(">Sand<").shows("Save changes");
    let post = view.replace("?view=", "/views/");
    let saved =
        [("edited", "yes"), ("f", "name"), ("o", "is"), ("v", "Clay"), ("c", "stage"), ("version", "1")];
    ada.post(&post, &saved).await.expect(303);
    let told = &views(&server).await[0];
    assert_eq!(told["filter"]["and"][1], json!({"and": [{"name": {"eq": "Clay"}}]}));
    assert_eq!(told["columns"], json!(["name", {"field": "stage", "width": 200}]));
    ada.get(&view).await.expect(200).shows("Clay").hides(">Sand<");
    ada.get(&format!("{view}&without=yes")).await.expect(200).shows("Sand").shows("Gravel");
    ada.get(&view.replace("deals", "contacts")).await.expect(404);
}

#[tokio::test]
async fn a_board_shows_cards_by_their_stage_and_a_form_moves_them() {
    let server = with_deals().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    let named =
        [("name", "Funnel"), ("as", "KANBAN:stage"), ("visibility", "WORKSPACE"), ("sort", "-amount")];
    let view = save(&ada, &named).await;
    let shown = ada.get(&view).await.expect(200);
    shown.shows("30 EUR, weighted 3 EUR").shows("30 EUR, weighted 15 EUR").shows("Move selected to");
    let lane = |page: &super::Answer, stage: &str| {
        let part = page.body.split(&format!("data-to=\"{stage}\"")).nth(1).unwrap();
        part.split("</section>").next().unwrap().to_owned()
    };
    assert!(lane(&shown, "LEAD").contains("Gravel") && lane(&shown, "PROPOSAL").contains("Sand"));
    vera.get(&view).await.expect(200).shows("Gravel").hides("Move selected to").hides("draggable=\"true\"");

    let told = &views(&server).await[0];
    assert_eq!(told["sort"], Json::Null, "cards are moved by hand");
    let post = format!("{}/move", view.replace("?view=", "/views/"));
    let lead = lane(&shown, "LEAD");
    let card = lead.split("data-id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    vera.post(&post, &[("record", &card), ("to", "PROPOSAL")]).await.expect(403);
    ada.post(&post, &[("to", "PROPOSAL")]).await.expect(400);
    ada.post(&post, &[("record", &card), ("to", "PROPOSAL")]).await.expect(303);
    let shown = ada.get(&view).await.expect(200);
    assert!(
        lane(&shown, "PROPOSAL").find("Gravel") < lane(&shown, "PROPOSAL").find("Sand"),
        "first in its column"
    );
    assert!(!lane(&shown, "LEAD").contains("Gravel"));
    ada.get(&format!("{view}&column=LEAD"))
        .await
        .expect(200)
        .shows("Clay")
        .hides("Gravel")
        .shows("Whole board");
    ada.get(&format!("{view}&as=table")).await.expect(200).shows("list-form");

    let sorted = [("edited", "yes"), ("sort", "-amount"), ("version", "1")];
    ada.post(&view.replace("?view=", "/views/"), &sorted).await.expect(303);
    ada.get(&view).await.expect(200).shows("The board is sorted").hides("Move selected to");
    ada.post(&post, &[("record", &card), ("to", "LEAD")]).await.expect(409).shows("-amount");
}

#[tokio::test]
async fn a_calendar_shows_records_on_their_days() {
    let server = Server::start().await;
    let ada = server.sign_in("ada").await;
    for (name, day) in [("Gravel", "2026-11-30"), ("Sand", "2026-12-31"), ("Clay", "2027-01-04")] {
        server.create("deal", json!({"name": name, "stage": "LEAD", "close_date": day})).await;
    }
    let view =
        save(&ada, &[("name", "Closing"), ("as", "CALENDAR:close_date"), ("visibility", "PRIVATE")]).await;
    let shown = ada.get(&format!("{view}&month=2026-12")).await.expect(200);
    shown.shows("December 2026 by close date").shows("Gravel").shows("Sand").hides("Clay");
    shown.shows("month=2026-11").shows("month=2027-01");
    ada.get(&format!("{view}&week=2027-01-04")).await.expect(200).shows("Clay").hides("Sand");
    ada.get(&view).await.expect(200);
}
