//! Forms lose nothing of what was written and send nothing that was not meant, by pointer and by keyboard.

use fantoccini::{Client, Locator, key::Key};
use kontor_testkit::client::ApiClient;
use serde_json::{Value, json};

use super::{DESK, PHONE, browser, click, go, gone, holds, live_in, picture, press, shown, sign_in, window};
use crate::fixture::Fixture;

const CREATE: &str = "form.form .button.primary";

async fn account(ada: &ApiClient, name: &str) -> String {
    let made = ada.post("/api/records/accounts", json!({ "name": name })).await.unwrap().ok();
    made["id"].as_str().unwrap().to_owned()
}

/// The record whose page is shown.
async fn record(page: &Client, ada: &ApiClient) -> Value {
    shown(page, ".timeline").await;
    let path = page.current_url().await.unwrap().path().to_owned();
    ada.get(&format!("/api{path}")).await.unwrap().ok()
}

/// Begins a new deal of a name.
async fn new_deal(page: &Client, fixture: &Fixture, name: &str) {
    go(page, fixture, "/records/deals/new").await;
    shown(page, "#name").await.send_keys(name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_typed_and_not_picked_is_taken_by_tab_by_a_click_and_by_enter() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let harbour = account(&ada, "Harbour Transit").await;
    account(&ada, "Harbour Transit North").await;
    sign_in(&page, &fixture).await;

    // At once to the button, before any answer: the record of this very name.
    new_deal(&page, &fixture, "By click").await;
    shown(&page, "#account").await.send_keys("harbour transit").await.unwrap();
    click(&page, CREATE).await;
    assert_eq!(record(&page, &ada).await["account"]["id"], json!(harbour));

    // Tab before any answer.
    new_deal(&page, &fixture, "By tab").await;
    shown(&page, "#account").await.send_keys("Harbour Transit\t").await.unwrap();
    holds(&page, "[name=account]", &harbour).await;
    click(&page, CREATE).await;
    assert_eq!(record(&page, &ada).await["account"]["id"], json!(harbour));

    // Tab with the list open takes what is marked, and goes on to the next field.
    new_deal(&page, &fixture, "By tab from the list").await;
    let field = shown(&page, "#account").await;
    field.send_keys("harbour").await.unwrap();
    shown(&page, "#account-list:not([hidden]) li:nth-child(2)").await;
    press(&field, Key::Down).await;
    let marked = shown(&page, "#account-list [aria-selected=true] span").await.text().await.unwrap();
    press(&field, Key::Tab).await;
    holds(&page, "#account", &marked).await;
    let focused = "return document.activeElement.id";
    assert_eq!(page.execute(focused, Vec::new()).await.unwrap(), json!("contact"));
    click(&page, CREATE).await;
    assert_eq!(record(&page, &ada).await["account"]["label"], json!(marked));

    // Enter twice: the first takes the record, the second sends the form.
    new_deal(&page, &fixture, "By enter").await;
    let field = shown(&page, "#account").await;
    field.send_keys(&format!("Harbour Transit{}", char::from(Key::Enter))).await.unwrap();
    holds(&page, "[name=account]", &harbour).await;
    press(&field, Key::Enter).await;
    assert_eq!(record(&page, &ada).await["account"]["id"], json!(harbour));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_no_record_keeps_the_form_and_its_record_can_be_made_with_it() {
    for (dark, size, look) in [(false, DESK, "desk-light"), (true, PHONE, "phone-dark")] {
        let Some(page) = window(dark, size).await else { return };
        let fixture = Fixture::builtin().await;
        let ada = fixture.sign_in("ada").await;
        sign_in(&page, &fixture).await;
        new_deal(&page, &fixture, "Crane").await;
        shown(&page, "#account").await.send_keys("Acme New Co").await.unwrap();
        click(&page, CREATE).await;
        let wrong = shown(&page, "#account-wrong").await.text().await.unwrap();
        assert!(wrong.contains("No account “Acme New Co”.") && wrong.contains("Create it"), "{wrong}");
        holds(&page, "#account", "Acme New Co").await;
        let focused = "return document.activeElement.id";
        assert_eq!(page.execute(focused, Vec::new()).await.unwrap(), json!("account"));
        picture(&page, &format!("form-no-account-{look}")).await;
        // By keyboard: the offer is the next stop.
        let field = shown(&page, "#account").await;
        press(&field, Key::Tab).await;
        let button = page.active_element().await.unwrap();
        assert_eq!(button.text().await.unwrap(), "Create it");
        // It is gone as soon as the key is down, at which the driver wonders.
        let _ = button.send_keys(&char::from(Key::Enter).to_string()).await;
        gone(&page, "#account-wrong").await;
        picture(&page, &format!("form-account-to-be-made-{look}")).await;
        click(&page, CREATE).await;
        let deal = record(&page, &ada).await;
        assert_eq!((&deal["name"], &deal["account"]["label"]), (&json!("Crane"), &json!("Acme New Co")));
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_records_opens_when_asked_and_never_lies_over_the_button() {
    for (size, look) in [(DESK, "desk"), (PHONE, "phone")] {
        let Some(page) = window(false, size).await else { return };
        let fixture = Fixture::builtin().await;
        let ada = fixture.sign_in("ada").await;
        sign_in(&page, &fixture).await;
        new_deal(&page, &fixture, "Crane").await;
        for name in ["account", "contact", "owner"] {
            let css = format!("#{name}");
            page.execute(&format!("document.querySelector('{css}').focus()"), Vec::new()).await.unwrap();
            // As long as a list takes that would open by itself.
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            assert!(page.find(Locator::Css(&format!("{css}-list:not([hidden])"))).await.is_err(), "{name}");
            let field = shown(&page, &css).await;
            press(&field, Key::Down).await;
            shown(&page, &format!("{css}-list:not([hidden]) li")).await;
            picture(&page, &format!("form-list-of-{name}-{look}")).await;
            let under = "const box = document.querySelector('form.form .button.primary').getBoundingClientRect(); \
                         const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
                         return at === null ? 'outside' : at.closest('.combo-list') ? 'list' : 'free';";
            assert_ne!(page.execute(under, Vec::new()).await.unwrap(), json!("list"), "{name} {look}");
            press(&field, Key::Escape).await;
        }
        // The list of what is there opens on a click as well, and a click on the button sends the form.
        click(&page, "#contact").await;
        shown(&page, "#contact-list:not([hidden]) li").await;
        click(&page, CREATE).await;
        assert_eq!(record(&page, &ada).await["contact"], Value::Null);
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_read_as_they_are_written_and_two_meanings_are_asked_back() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    for (typed, amount) in [("10k", 10_000.0), ("10.000,50", 10_000.5), ("12,500", 12_500.0)] {
        new_deal(&page, &fixture, typed).await;
        shown(&page, "#amount").await.send_keys(typed).await.unwrap();
        click(&page, CREATE).await;
        assert_eq!(record(&page, &ada).await["amount"]["amount"].as_f64(), Some(amount), "{typed}");
    }
    new_deal(&page, &fixture, "Two meanings").await;
    shown(&page, "#amount").await.send_keys("12.500").await.unwrap();
    click(&page, CREATE).await;
    let wrong = shown(&page, "#amount-wrong").await.text().await.unwrap();
    assert!(wrong.contains("12,500 or 12.5"), "{wrong}");
    holds(&page, "#amount", "12.500").await;
    holds(&page, "#name", "Two meanings").await;
    picture(&page, "form-two-meanings-light").await;
    click(&page, ".offers label:first-child").await;
    click(&page, CREATE).await;
    let deal = record(&page, &ada).await;
    assert_eq!((&deal["name"], &deal["amount"]["amount"]), (&json!("Two meanings"), &json!(12_500)));

    // The same in a filter.
    go(&page, &fixture, "/records/deals?f=amount&o=least&v=12.500").await;
    let wrong = shown(&page, ".filter .wrong").await.text().await.unwrap();
    assert!(wrong.contains("12,500 or 12.5"), "{wrong}");
    picture(&page, "filter-two-meanings-light").await;
    click(&page, ".filter .wrong a:first-of-type").await;
    shown(&page, ".records tbody tr").await;
    assert!(page.current_url().await.unwrap().query().unwrap().contains("v=12500"));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_written_date_keeps_the_form() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    new_deal(&page, &fixture, "Half a date").await;
    shown(&page, "#close_date").await.send_keys("0228").await.unwrap();
    click(&page, CREATE).await;
    let wrong = shown(&page, "#close_date-wrong").await.text().await.unwrap();
    assert_eq!(wrong, "This date is not complete.");
    assert_eq!(page.current_url().await.unwrap().path(), "/records/deals/new");
    picture(&page, "form-half-date-light").await;
    let fill = "const field = document.getElementById('close_date'); field.value = '2027-02-28'; \
                field.dispatchEvent(new InputEvent('input', { bubbles: true }));";
    page.execute(fill, Vec::new()).await.unwrap();
    click(&page, CREATE).await;
    assert_eq!(record(&page, &ada).await["close_date"], json!("2027-02-28"));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_that_of_the_browsers_zone_however_often_it_is_shown() {
    for (zone, winter, summer) in [
        ("America/Los_Angeles", "2026-11-30T17:00:00Z", "2026-07-01T16:00:00Z"),
        ("Asia/Kolkata", "2026-11-30T03:30:00Z", "2026-07-01T03:30:00Z"),
    ] {
        let Some(page) = browser(false).await else { return };
        let fixture = Fixture::builtin().await;
        let ada = fixture.sign_in("ada").await;
        live_in(&page, zone).await;
        sign_in(&page, &fixture).await;
        for (typed, expected) in [("2026-11-30T09:00", winter), ("2026-07-01T09:00", summer)] {
            go(&page, &fixture, "/records/tasks/new").await;
            let hint = shown(&page, "[data-zone]").await.text().await.unwrap();
            assert!(hint.starts_with("In your time zone, "), "{hint}");
            let fill = format!("document.getElementById('due_at').value = '{typed}'");
            page.execute(&fill, Vec::new()).await.unwrap();
            // Sent with a mistake first: what comes back means the same.
            click(&page, CREATE).await;
            shown(&page, "#title-wrong").await;
            holds(&page, "#due_at", typed).await;
            shown(&page, "#title").await.send_keys("Call Kenji").await.unwrap();
            click(&page, CREATE).await;
            assert_eq!(record(&page, &ada).await["due_at"], json!(expected), "{zone} {typed}");
            let fields = shown(&page, "dl.fields").await.text().await.unwrap();
            assert!(fields.contains("09:00") && !fields.contains("UTC"), "{fields}");
            click(&page, "a[href$='/edit']").await;
            holds(&page, "#due_at", typed).await;
            picture(&page, "form-time-zone-light").await;
            click(&page, CREATE).await;
            let notice = shown(&page, ".notice").await.text().await.unwrap();
            assert_eq!(notice, "Nothing was changed.");
            // It is said once.
            page.refresh().await.unwrap();
            shown(&page, ".timeline").await;
            gone(&page, ".notice").await;
        }
        // A filter means the same moment.
        go(&page, &fixture, "/records/tasks").await;
        click(&page, "#add-filter").await;
        shown(&page, ".filter [name=f]").await.select_by_value("due_at").await.unwrap();
        shown(&page, ".filter [name=o]").await.select_by_value("is").await.unwrap();
        shown(&page, ".filter [name=v][type=datetime-local]").await;
        let fill = "document.querySelector('.filter [name=v]').value = '2026-11-30T09:00'";
        page.execute(fill, Vec::new()).await.unwrap();
        click(&page, "#apply").await;
        shown(&page, ".filter[data-applied]").await;
        holds(&page, ".filter [name=v]", "2026-11-30T09:00").await;
        let query = page.current_url().await.unwrap().query().unwrap().to_owned();
        assert!(query.contains(&format!("v={}Z", winter[..16].replace(':', "%3A"))), "{query}");
        let rows = shown(&page, ".records tbody").await.text().await.unwrap();
        assert_eq!(rows.matches("Call Kenji").count(), 1, "{rows}");
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_form_is_not_left_unasked_and_a_double_send_makes_one_record() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/deals/new").await;
    let asks = "const leaving = new Event('beforeunload', { cancelable: true }); \
                window.dispatchEvent(leaving); return leaving.defaultPrevented;";
    shown(&page, "#name").await;
    assert_eq!(page.execute(asks, Vec::new()).await.unwrap(), json!(false));
    shown(&page, "#name").await.send_keys("Sent in a hurry").await.unwrap();
    assert_eq!(page.execute(asks, Vec::new()).await.unwrap(), json!(true));
    let twice =
        "const form = document.querySelector('form.form'); form.requestSubmit(); form.requestSubmit();";
    page.execute(twice, Vec::new()).await.unwrap();
    shown(&page, ".timeline").await;
    let found = ada.get("/api/records/deals?search=Sent+in+a+hurry").await.unwrap().ok();
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{found}");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_said_at_once_with_the_first_of_it_in_focus() {
    for (dark, size, look) in [(true, DESK, "desk-dark"), (false, PHONE, "phone-light")] {
        let Some(page) = window(dark, size).await else { return };
        let fixture = Fixture::builtin().await;
        sign_in(&page, &fixture).await;
        go(&page, &fixture, "/records/deals/new").await;
        shown(&page, "#amount").await.send_keys("12.500").await.unwrap();
        shown(&page, "#probability").await.send_keys("400").await.unwrap();
        click(&page, CREATE).await;
        for field in ["name", "amount", "probability"] {
            shown(&page, &format!("#{field}-wrong")).await;
        }
        holds(&page, "#amount", "12.500").await;
        holds(&page, "#probability", "400").await;
        let focused = "return document.activeElement.id";
        assert_eq!(page.execute(focused, Vec::new()).await.unwrap(), json!("name"));
        picture(&page, &format!("form-all-wrong-{look}")).await;
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_the_clocks_skip_is_as_long_after_the_last_before_it() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    live_in(&page, "Europe/Berlin").await;
    sign_in(&page, &fixture).await;
    go(&page, &fixture, "/records/tasks/new").await;
    shown(&page, "#title").await.send_keys("Call Kenji").await.unwrap();
    shown(&page, "[data-zone]").await;
    let fill = "document.getElementById('due_at').value = '2027-03-28T02:30'";
    page.execute(fill, Vec::new()).await.unwrap();
    click(&page, CREATE).await;
    // As the server reads what is written without an offset.
    assert_eq!(record(&page, &ada).await["due_at"], json!("2027-03-28T01:30:00Z"));
    let task = json!({ "title": "Call Kenji", "due_at": "2027-03-28T02:30" });
    let task = ada.post("/api/records/tasks", task).await.unwrap().ok();
    assert_eq!(task["due_at"], "2027-03-28T01:30:00Z");
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_the_clock_shows_twice_is_kept_as_it_was() {
    let Some(page) = browser(false).await else { return };
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    live_in(&page, "America/New_York").await;
    sign_in(&page, &fixture).await;
    for due in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"] {
        let task = json!({ "title": "Call Kenji", "due_at": due });
        let task = ada.post("/api/records/tasks", task).await.unwrap().ok();
        go(&page, &fixture, &format!("/records/tasks/{}/edit", task["id"].as_str().unwrap())).await;
        holds(&page, "#due_at", "2026-11-01T01:30").await;
        shown(&page, "#title").await.send_keys(" again").await.unwrap();
        click(&page, CREATE).await;
        let saved = record(&page, &ada).await;
        assert_eq!((&saved["title"], &saved["due_at"]), (&json!("Call Kenji again"), &json!(due)));
    }
    page.close().await.unwrap();
}
