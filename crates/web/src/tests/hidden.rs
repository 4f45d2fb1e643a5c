//! A field that a role may not read is on no page.

use kontor_core::grants::FieldSet;

use super::*;

/// As a person reads it and as it is stored; shorter texts stand in ids by chance.
fn hides_the_amount(answer: &Answer) -> &Answer {
    answer.hides("987,65").hides("987654").hides("987655")
}

#[tokio::test]
async fn a_field_that_a_role_may_not_read_is_on_no_page() {
    let server = Server::start().await;
    server.work();
    let all_but_amount = || FieldSet::Except([Name::literal("amount")].into());
    let grant = ObjectGrant::everything().reading(all_but_amount()).updating(all_but_amount());
    server.grant_viewers(&Grants::everything().with_object(Name::literal("deal"), grant)).await;
    let account = server.create("account", json!({"name": "Acme"})).await;
    let amount = json!({"amount": 987_654, "currency": "EUR"});
    let deal = server
        .create("deal", json!({"name": "Crane", "stage": "LEAD", "amount": amount, "account": account}))
        .await;
    server.create("deal", json!({"name": "Digger", "stage": "LEAD"})).await;
    let ada = server.sign_in("ada").await;
    let page = format!("/records/deals/{deal}");
    let changed = [("version", "1"), ("amount.amount", "987655"), ("amount.currency", "EUR")];
    ada.post(&page, &changed).await.expect(303);
    ada.get(&page).await.expect(200).shows("987,655 EUR").shows("987,654 EUR");

    let vera = server.sign_in("vera").await;
    for path in [
        "/records/deals",
        "/records/deals?c=amount&c=stage",
        "/records/deals?c=name&c=amount",
        &page,
        &format!("{page}/edit"),
        "/records/deals/new",
        &format!("/records/accounts/{account}"),
    ] {
        let shown = vera.get(path).await.expect(200);
        hides_the_amount(&shown)
            .hides("Amount")
            .hides("amount.amount")
            .hides("\"amount\"")
            .hides("&#34;amount");
    }
    // The list as Ada has it, so that what is missed above is known to be there.
    let whole = ada.get("/records/deals").await.expect(200);
    whole.shows("987,655 EUR").shows(">Amount<").shows("sort=-amount").shows("&#34;amount&#34;");

    // What cannot be read can neither be sorted nor filtered by: the order and the rows tell nothing.
    let sorted = vera.get("/records/deals?sort=-amount").await.expect(200);
    hides_the_amount(&sorted).shows("role=\"alert\"").hides("Crane");
    for filter in ["f=amount&o=least&v=1000000", "f=amount&o=filled&v="] {
        let filtered = vera.get(&format!("/records/deals?{filter}")).await.expect(200);
        hides_the_amount(&filtered).shows("Crane").shows("Digger");
    }
    for found in ["/palette?q=987655", "/records/choices?q=987655&objects=deal", "/records/deals?q=987655"] {
        vera.get(found).await.expect(200).hides("Crane").hides("987,");
    }
    for found in ["/palette?q=crane", "/records/choices?q=crane&objects=deal"] {
        hides_the_amount(&vera.get(found).await.expect(200)).shows("Crane");
    }

    // Nor can it be written by a form that asks for it all the same.
    let made = vera
        .post("/records/deals", &[("name", "Sly"), ("amount.amount", "5"), ("amount.currency", "EUR")])
        .await;
    let made = made.expect(303).header("location").split('?').next().unwrap().to_owned();
    ada.get(&made).await.expect(200).shows("Sly").hides("5 EUR");

    // Her agent sees what she sees.
    let form = [("agent", "sales-assistant"), ("message", "show deals")];
    let chat = vera.post("/chat", &form).await.expect(303).header("location").to_owned();
    server.settled(&vera, &chat).await;
    vera.post(&format!("{chat}/turns"), &[("message", "show Crane")]).await.expect(303);
    server.settled(&vera, &chat).await;
    vera.post(&format!("{chat}/turns"), &[("message", "what changed on Crane?")]).await.expect(303);
    let cards = server.settled(&vera, &chat).await;
    hides_the_amount(&cards).hides("Amount");
    cards.shows("Find deals").shows("Read deal").shows("Read timeline of deal").shows("Crane");
    server.stop().await;
}

#[tokio::test]
async fn a_relation_to_what_may_not_be_read_is_shown_as_hidden() {
    let server = Server::start().await;
    let grants = Grants::everything().with_object(Name::literal("account"), ObjectGrant::nothing());
    server.grant_viewers(&grants).await;
    let account = server.create("account", json!({"name": "Acme"})).await;
    let deal =
        server.create("deal", json!({"name": "Crane", "stage": "LEAD", "account": account.clone()})).await;
    let page = format!("/records/deals/{deal}");
    let ada = server.sign_in("ada").await;
    ada.get(&page).await.expect(200).shows("Acme").hides("Hidden");
    let vera = server.sign_in("vera").await;
    for path in [page.as_str(), "/records/deals?c=account"] {
        vera.get(path).await.expect(200).shows("Hidden").hides("Acme").hides(&account.to_string());
    }
    server.stop().await;
}
