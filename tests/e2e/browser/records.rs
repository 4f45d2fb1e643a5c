//! Records made and changed by hand.

use fantoccini::{Locator, key::Key};
use serde_json::json;

use super::{WAIT, browser, click, go, picture, press, shown, sign_in};
use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn records_are_created_and_edited_by_hand() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    let find = |css: &'static str| page.wait().at_most(WAIT).for_element(Locator::Css(css));
    page.goto(&format!("{}/records/accounts/new", fixture.url())).await.unwrap();
    find("#name").await.unwrap().send_keys("Lighthouse GmbH").await.unwrap();
    find("#domain").await.unwrap().send_keys("not a domain").await.unwrap();
    find("main form button.primary, form .button.primary").await.unwrap().click().await.unwrap();
    let wrong = find("#domain-wrong").await.unwrap().text().await.unwrap();
    assert!(wrong.contains("not a domain"), "{wrong}");
    let kept = find("#name").await.unwrap().prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Lighthouse GmbH"), "the input was lost");
    let domain = find("#domain").await.unwrap();
    domain.clear().await.unwrap();
    domain.send_keys("lighthouse.example").await.unwrap();
    picture(&page, "edit-light").await;
    find("main form button.primary, form .button.primary").await.unwrap().click().await.unwrap();
    let timeline = find(".timeline").await.unwrap().text().await.unwrap();
    assert!(timeline.contains("Ada Brandt"), "{timeline}");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_is_chosen_by_keyboard_when_a_record_is_made_and_changed() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    for name in ["Quarry North", "Quarry South"] {
        ada.post("/api/records/accounts", json!({ "name": name })).await.unwrap().ok();
    }
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/deals/new").await;
    shown(&page, "#name").await.send_keys("Gravel for a year").await.unwrap();
    let account = shown(&page, "#account").await;
    account.send_keys("quarry").await.unwrap();
    shown(&page, "#account-list:not([hidden]) [role=option]:nth-child(2)").await;
    let first = shown(&page, "#account-list [aria-selected=true]").await.text().await.unwrap();
    press(&account, Key::Down).await;
    let second =
        shown(&page, "#account-list li:nth-child(2)[aria-selected=true]").await.text().await.unwrap();
    assert_ne!(first, second);
    picture(&page, "relation-light").await;
    press(&account, Key::Enter).await;
    assert_eq!(account.prop("value").await.unwrap().as_deref(), Some(second.as_str()));
    click(&page, "form .button.primary").await;
    shown(&page, ".timeline").await;
    let details = shown(&page, "dl.fields").await.text().await.unwrap();
    assert!(details.contains(&second), "{details}");

    click(&page, "a[href$='/edit']").await;
    let account = shown(&page, "#account").await;
    account.clear().await.unwrap();
    account.send_keys(&first).await.unwrap();
    shown(&page, "#account-list:not([hidden]) [aria-selected=true]").await;
    press(&account, Key::Enter).await;
    // Enter before anything is found does not send the form.
    let hasty = "const field = document.getElementById('contact'); field.value = 'Jane'; \
                 field.dispatchEvent(new InputEvent('input')); \
                 const enter = new KeyboardEvent('keydown', { key: 'Enter', cancelable: true }); \
                 const sends = field.dispatchEvent(enter); field.value = ''; \
                 field.dispatchEvent(new InputEvent('input')); return sends;";
    assert_eq!(page.execute(hasty, Vec::new()).await.unwrap(), json!(false));
    click(&page, "form .button.primary").await;
    shown(&page, ".timeline").await;
    let details = shown(&page, "dl.fields").await.text().await.unwrap();
    assert!(details.contains(&first) && !details.contains(&second), "{details}");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_record_show_what_others_change() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/deals?q=quokka").await;
    shown(&page, ".empty").await;
    let deal = json!({ "name": "Quokka pilot", "stage": "LEAD" });
    let deal = ada.post("/api/records/deals", deal).await.unwrap().ok();
    let row = shown(&page, ".records tbody tr a").await;
    assert_eq!(row.text().await.unwrap(), "Quokka pilot");

    row.click().await.unwrap();
    shown(&page, ".timeline").await;
    let id = deal["id"].as_str().unwrap();
    let change = json!({ "stage": "PROPOSAL" });
    ada.patch(&format!("/api/records/deals/{id}"), change).await.unwrap().ok();
    shown(&page, ".stages li:nth-child(3)[aria-current]").await;
    // What is about it appears on its timeline.
    let note = json!({ "title": "They called", "target": { "object": "deal", "id": id } });
    ada.post("/api/records/notes", note).await.unwrap().ok();
    let linked =
        page.wait().at_most(WAIT).for_element(Locator::XPath("//ol[@class='timeline']//a[.='They called']"));
    linked.await.unwrap();
    page.close().await.unwrap();
}
