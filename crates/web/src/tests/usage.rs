//! What models have used up, as people see it, and the budgets that end a reply.

use super::*;

/// A chat in which a message was answered, or came to its end otherwise.
async fn chat(server: &Server, browser: &Browser<'_>) -> Answer {
    let begun =
        browser.post("/chat", &[("agent", "sales-assistant"), ("message", "hello")]).await.expect(303);
    server.settled(browser, begun.header("location")).await
}

#[tokio::test]
async fn a_chat_shows_what_its_replies_used_up_and_a_budget_that_ended_one() {
    let server = Server::with_priced_model().await;
    server.work();
    let ada = server.sign_in("ada").await;
    chat(&server, &ada).await.shows("Good day.").shows("1,010 tokens · $0.0032");
    let budget = [("of", "turn"), ("dollars", "0"), ("tokens", "")];
    ada.post("/settings/budgets", &budget).await.expect(303);
    chat(&server, &ada)
        .await
        .shows("data-state=\"failed\"")
        .shows("This message has used up the budget of a message: $0 of $0.")
        .hides("class=\"spent\"");
    server.stop().await;
}

#[tokio::test]
async fn the_page_of_usage_has_charts_with_tables_and_is_ones_own_without_the_permission() {
    let server = Server::with_priced_model().await;
    server.work();
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    ada.get("/settings/usage").await.expect(200).shows("Nothing was used up");
    for browser in [&ada, &ada, &vera] {
        chat(&server, browser).await;
    }
    let shown = ada.get("/settings/usage").await.expect(200);
    shown.shows("Cost by day, $0.0095 at most").shows("<title>").shows("$0.0063").shows("=priced/greeter");
    for section in ["by-day", "by-agent", "by-member", "by-model"] {
        shown.shows(&format!("id=\"{section}\"")).shows(&format!("aria-labelledby=\"{section}\""));
    }
    shown.shows("Vera Voss").shows("/api/usage?by=member&#38;from=").hides("style=").hides("<script>");
    let own = vera.get("/settings/usage").await.expect(200);
    own.shows("used up for you")
        .shows("$0.0032")
        .hides("name=\"member\"")
        .hides("Ada Brandt")
        .hides("/settings/budgets");
    let narrowed = ada.get("/settings/usage?model=other").await.expect(200);
    narrowed.shows("Nothing was used up").shows("<option>=priced/greeter</option>");
    ada.get("/settings/usage?from=soon").await.expect(422).shows("from-wrong").shows("value=\"soon\"");
    let backwards = ada.get("/settings/usage?from=2026-02-02&to=2026-02-01").await.expect(422);
    backwards.shows("The first day is after the last, 2026-02-01.");
    server.stop().await;
}

#[tokio::test]
async fn budgets_are_set_changed_and_removed_in_forms() {
    let server = Server::start().await;
    let (ada, vera) = (server.sign_in("ada").await, server.sign_in("vera").await);
    vera.get("/settings/budgets").await.expect(403);
    vera.post("/settings/budgets", &[("of", "turn"), ("tokens", "1")]).await.expect(403);
    vera.post("/settings/budgets/remove", &[("of", "turn")]).await.expect(403);
    ada.get("/settings/budgets").await.expect(200).shows("No budgets");
    let member = server.caller("vera").await.member().unwrap();
    let of_vera = format!("member/{member}");
    ada.post("/settings/budgets", &[("of", &of_vera), ("dollars", "2.50"), ("tokens", "100k")])
        .await
        .expect(303);
    ada.get("/settings/budgets?done=saved")
        .await
        .expect(200)
        .shows("Saved.")
        .shows("Vera Voss (member), a day")
        .shows("$2.50 or 100,000 tokens")
        .shows("$0, 0 tokens");
    let chosen = ada.get(&format!("/settings/budgets?of={of_vera}")).await.expect(200);
    chosen.shows("value=\"2.5\"").shows("value=\"100000\"").shows(&format!("value=\"{of_vera}\" selected"));
    let wrong =
        ada.post("/settings/budgets", &[("of", "turn"), ("dollars", "5 EUR"), ("tokens", "many")]).await;
    wrong.expect(422).shows("dollars-wrong").shows("tokens-wrong").shows("value=\"many\"");
    let nothing = ada.post("/settings/budgets", &[("of", "turn")]).await;
    nothing.expect(422).shows("dollars-wrong");
    ada.post("/settings/budgets/remove", &[("of", &of_vera)]).await.expect(303);
    ada.post("/settings/budgets/remove", &[("of", &of_vera)]).await.expect(404);
    ada.get("/settings/budgets?done=removed").await.expect(200).shows("Removed.").shows("No budgets");
}
