//! What a person does, in a real Chromium.

mod accessibility;
mod acts;
mod agents;
mod chat;
mod chats;
mod connection;
mod evaluations;
mod forms;
mod lists;
mod morning;
mod people;
mod reading;
mod records;
mod settings;
mod together;
mod tryouts;
mod usage;
mod views;

use std::{path::PathBuf, time::Duration};

use fantoccini::{
    Client, ClientBuilder, Locator, elements::Element, key::Key, wd::WebDriverCompatibleCommand,
};
use kontor_testkit::server::PASSWORD;
use serde_json::{Value, json};

use crate::fixture::{Fixture, eventually};

/// How long a page may take to show what is waited for, on a loaded machine.
const WAIT: Duration = Duration::from_secs(30);

/// The window of a desk and of a telephone.
const DESK: (u32, u32) = (1280, 800);
const PHONE: (u32, u32) = (390, 844);

/// A browser of the test's own, where there is one: `KONTOR_TEST_WEBDRIVER_URL` names the driver.
async fn browser(dark: bool) -> Option<Client> {
    window(dark, DESK).await
}

/// The same with a window of a size.
async fn window(dark: bool, (width, height): (u32, u32)) -> Option<Client> {
    let Ok(url) = std::env::var("KONTOR_TEST_WEBDRIVER_URL") else {
        let required = std::env::var("KONTOR_TEST_REQUIRE_BROWSER").is_ok();
        assert!(!required, "KONTOR_TEST_WEBDRIVER_URL names no driver");
        return None;
    };
    let mut arguments = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
    ];
    if dark {
        arguments.push("--blink-settings=preferredColorScheme=0");
    }
    // The size of what is shown, whatever the window has around it: no window is as narrow as a telephone.
    let metrics = json!({"width": width, "height": height, "pixelRatio": 1, "mobile": false, "touch": false});
    let options = json!({ "args": arguments, "mobileEmulation": { "deviceMetrics": metrics } });
    let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else { return None };
    Some(
        ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&url)
            .await
            .unwrap(),
    )
}

/// A command of Chromium's own protocol, which WebDriver has no word for.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &reqwest::Url,
        session: Option<&str>,
    ) -> Result<reqwest::Url, <reqwest::Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &reqwest::Url) -> (reqwest::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (reqwest::Method::POST, Some(body.to_string()))
    }
}

/// Puts the browser into a time zone.
async fn live_in(page: &Client, zone: &str) {
    let command = DevTools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone }));
    page.issue_cmd(command).await.unwrap();
}

/// Waits until an element's value is as expected.
#[track_caller]
fn holds<'p>(page: &'p Client, css: &'p str, expected: &'p str) -> impl Future<Output = ()> + 'p {
    let place = std::panic::Location::caller();
    async move {
        let value = async || shown(page, css).await.prop("value").await.unwrap().unwrap_or_default();
        let held = eventually(WAIT, || async { (value().await == expected).then_some(()) }).await;
        assert!(held.is_some(), "{place}: {css} holds {:?}, not {expected:?}", value().await);
    }
}

/// Waits until something is on the page.
#[track_caller]
fn shown<'p>(page: &'p Client, css: &'p str) -> impl Future<Output = Element> + 'p {
    let place = std::panic::Location::caller();
    async move {
        match page.wait().at_most(WAIT).for_element(Locator::Css(css)).await {
            Ok(found) => found,
            Err(error) => {
                let body = page.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
                panic!("{place}: {css}: {error}\n{body}")
            }
        }
    }
}

/// Waits until nothing of the kind is on the page.
async fn gone(page: &Client, css: &str) {
    let is_gone = eventually(WAIT, || async {
        page.find_all(Locator::Css(css)).await.unwrap().is_empty().then_some(())
    });
    is_gone.await.unwrap_or_else(|| panic!("{css} is still there"));
}

/// Waits until what an element says has this in it.
#[track_caller]
fn says<'p>(page: &'p Client, css: &'p str, expected: &'p str) -> impl Future<Output = ()> + 'p {
    let place = std::panic::Location::caller();
    async move {
        // One that is replaced meanwhile says nothing.
        let text = async || shown(page, css).await.text().await.unwrap_or_default();
        let said = eventually(WAIT, || async { text().await.contains(expected).then_some(()) }).await;
        assert!(said.is_some(), "{place}: {css} says {:?}, not {expected:?}", text().await);
    }
}

/// Puts a text in the place of what an input holds.
async fn write(page: &Client, css: &str, text: &str) {
    let input = shown(page, css).await;
    input.clear().await.unwrap();
    input.send_keys(text).await.unwrap();
}

/// Whether a text stands anywhere in the page's HTML.
async fn source_holds(page: &Client, text: &str) -> bool {
    page.source().await.unwrap().contains(text)
}

/// Goes from where the focus is to an element by Tab alone.
async fn tab_to(page: &Client, css: &str) -> Element {
    shown(page, css).await;
    for _ in 0..400 {
        let focused = page.active_element().await.unwrap();
        let is_it = "return document.activeElement.matches(arguments[0])";
        if page.execute(is_it, vec![json!(css)]).await.unwrap() == json!(true) {
            return focused;
        }
        focused.send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
    }
    panic!("no Tab leads to {css}");
}

/// Goes to a page by keyboard alone: opens the palette, looks for words and takes what leads there.
async fn go_by_palette(page: &Client, words: &str, path: &str) {
    let body = shown(page, "body").await;
    body.send_keys(&format!("{}k", char::from(Key::Control))).await.unwrap();
    let palette = shown(page, "#palette-input").await;
    palette.send_keys(&format!("{}{words}", char::from(Key::Null))).await.unwrap();
    shown(page, &format!("#palette-list [data-href='{path}']")).await;
    let is_chosen = "return document.querySelector('#palette-list [aria-selected=true]').dataset.href";
    while page.execute(is_chosen, Vec::new()).await.unwrap() != json!(path) {
        press(&palette, Key::Down).await;
    }
    press(&palette, Key::Enter).await;
    let is_there = || async { (page.current_url().await.unwrap().path() == path).then_some(()) };
    eventually(WAIT, is_there).await.unwrap_or_else(|| panic!("the palette does not lead to {path}"));
    gone(page, "#palette[open]").await;
}

async fn click(page: &Client, css: &str) {
    shown(page, css).await.click().await.unwrap();
}

async fn press(element: &Element, key: Key) {
    element.send_keys(&char::from(key).to_string()).await.unwrap();
}

async fn go(page: &Client, fixture: &Fixture, path: &str) {
    page.goto(&format!("{}{path}", fixture.url())).await.unwrap();
}

async fn sign_in(page: &Client, fixture: &Fixture) {
    sign_in_as(page, fixture, "ada").await;
}

async fn sign_in_as(page: &Client, fixture: &Fixture, name: &str) {
    page.goto(&format!("{}/chat", fixture.url())).await.unwrap();
    let find = |css: &'static str| page.wait().at_most(WAIT).for_element(Locator::Css(css));
    find("#email").await.unwrap().send_keys(&format!("{name}@demo.test")).await.unwrap();
    find("#password").await.unwrap().send_keys(PASSWORD).await.unwrap();
    find("form[action='/sign-in'] button").await.unwrap().click().await.unwrap();
    find("#composer").await.unwrap();
}

/// Sends a message and waits until its turn is in one of these states; the text of the turn.
async fn say(page: &Client, message: &str, states: &[&str]) -> String {
    let before = page.find_all(Locator::Css("#transcript > .turn")).await.unwrap().len();
    let field = page.wait().at_most(WAIT).for_element(Locator::Css("#message")).await.unwrap();
    field.send_keys(message).await.unwrap();
    field.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    let wanted = states
        .iter()
        .map(|state| format!("#transcript > .turn:nth-child({})[data-state='{state}']", before + 1));
    let wanted = wanted.collect::<Vec<_>>().join(", ");
    let turn = page.wait().at_most(WAIT).for_element(Locator::Css(&wanted)).await;
    match turn {
        Ok(turn) => turn.text().await.unwrap(),
        Err(error) => panic!(
            "{message:?}: {error}\n{}",
            page.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
        ),
    }
}

/// Keeps a picture of the page where `KONTOR_TEST_PICTURES` names a folder for them.
async fn picture(page: &Client, name: &str) {
    if let Some(folder) = std::env::var_os("KONTOR_TEST_PICTURES") {
        let png = page.screenshot().await.unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), png).unwrap();
    }
}
