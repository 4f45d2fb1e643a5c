//! Every page as axe-core judges it. The pages are found by following links, and a route that no link led to fails.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use fantoccini::Client;
use reqwest::Method;
use serde_json::{Value, json};

use super::{DESK, PHONE, click, go, gone, say, shown, sign_in, window, write};
use crate::{
    fixture::{Fixture, PATIENCE, eventually},
    isolation::read_sources,
};

/// A wide desk's window.
const WIDE: (u32, u32) = (1440, 900);

/// What answers with something else than a page of somebody who is signed in.
const NO_PAGES: [&str; 13] = [
    // Leads on.
    "/",
    // A file.
    "/chat/{session}/export",
    // Streams and answers to scripts.
    "/chat/{session}/events",
    "/settings/agents/{name}/tryouts/{tryout}/events",
    "/settings/evaluations/runs/{id}/events",
    "/live",
    "/palette",
    "/records/choices",
    // Before anybody can sign in; the page of signing in is looked at as such.
    "/setup",
    "/sign-in",
    // Where programs send browsers; looked at as such.
    "/oauth/authorize",
    // By links that are told once, which are looked at as such.
    "/invitations/{token}",
    "/reset/{token}",
];

/// Kinds of faults that are no fault of a page as serious as others, and still have no place in any.
const NEVER: [&str; 3] = ["region", "heading-order", "link-name"];

/// The source of axe-core, where there is one: `KONTOR_TEST_AXE` names the file.
fn axe() -> Option<String> {
    let file = std::env::var_os("KONTOR_TEST_AXE")?;
    Some(std::fs::read_to_string(file).unwrap())
}

/// What axe finds on the page that is shown: the rule, how bad it is, and the first elements. Nothing where there is no
/// axe.
async fn faults(page: &Client, axe: Option<&str>) -> Vec<String> {
    let Some(axe) = axe else { return Vec::new() };
    let loads = page.execute("return window.axe === undefined", Vec::new()).await.unwrap();
    if loads == json!(true) {
        page.execute(axe, Vec::new()).await.unwrap();
    }
    let run = "const done = arguments[arguments.length - 1]; \
               axe.run(document, { resultTypes: ['violations'] }) \
                 .then(({ violations }) => done(violations.map(({ id, impact, nodes }) => ({ id, impact, \
                   nodes: nodes.slice(0, 3).map(({ target, html }) => `${target}  ${html.slice(0, 160)}`) })))) \
                 .catch((error) => done([{ id: String(error), impact: 'critical', nodes: [] }]));";
    let found = page.execute_async(run, Vec::new()).await.unwrap();
    let is_fault = |fault: &&Value| {
        let id = fault["id"].as_str().unwrap();
        matches!(fault["impact"].as_str(), Some("serious" | "critical")) || NEVER.contains(&id)
    };
    found.as_array().unwrap().iter().filter(is_fault).map(ToString::to_string).collect()
}

/// The routes that answer to GET.
fn routes() -> BTreeSet<String> {
    let mut sources = Vec::new();
    read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src"), &mut sources);
    let calls = sources.iter().flat_map(|source| source.split(".route(\"").skip(1));
    let gets = calls.filter_map(|call| {
        let (path, rest) = call.split_once('"')?;
        // Up to the end of the statement stand the methods of this route.
        let methods = rest.split(['\n', ';']).next()?;
        methods.contains(" get(").then_some(path)
    });
    gets.filter(|path| !path.starts_with("/assets/")).map(str::to_owned).collect()
}

/// The route that an address belongs to, the one with the fewest parameters.
fn route_of<'r>(routes: &'r BTreeSet<String>, path: &str) -> Option<&'r str> {
    let fits = |route: &&String| {
        let (route, path) = (route.split('/'), path.split('/'));
        route.clone().count() == path.clone().count()
            && route.zip(path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    routes.iter().filter(fits).min_by_key(|route| route.matches('{').count()).map(String::as_str)
}

/// The links of the page that is shown to pages of this site.
async fn links(page: &Client) -> Vec<String> {
    let all =
        "return [...document.querySelectorAll('a[href^=\"/\"]')].map((link) => link.getAttribute('href'))";
    let links = page.execute(all, Vec::new()).await.unwrap();
    links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()).collect()
}

/// A server in which each kind of page has something to show.
async fn furnished() -> Fixture {
    let fixture = Fixture::builtin().await;
    let ada = fixture.sign_in("ada").await;
    let provider = json!({"kind": "mistral", "api_key": "k-0123456789-abcdef"});
    ada.send(Method::PUT, "/api/models/providers/mistral", Some(provider), &[]).await.unwrap().ok();
    let note =
        json!({"title": "What was said", "body": "# Title\n\n### Part\n\n| a | b |\n|---|--:|\n| c | 1 |"});
    ada.post("/api/records/notes", note).await.unwrap().ok();
    ada.post("/api/agents/sales-assistant/tryouts", json!({})).await.unwrap().ok();
    let session = ada.session("sales-assistant").await.unwrap();
    for message in ["show open deals", "find deal Arden pilot", "count deals by stage"] {
        ada.chat(&session, message).await.unwrap();
    }
    let turn = ada.turn(&session, "show my tasks").await.unwrap();
    let feedback = json!({"rating": "down", "comment": "Not mine"});
    ada.send(Method::PUT, &format!("/api/turns/{turn}/feedback"), Some(feedback), &[]).await.unwrap().ok();
    ada.post("/api/roles", json!({"name": "Field rep", "copy_of": "Member"})).await.unwrap().ok();
    ada.patch("/api/settings", json!({"protected_labels": ["production"]})).await.unwrap().ok();
    let agent = json!({"name": "intake", "label": "Intake", "role": "Field rep", "prompt": "You are brief."});
    ada.post("/api/agents", agent).await.unwrap().ok();
    let prompt = json!({"body": "You are brief and friendly.", "note": "Friendlier"});
    for agent in ["sales-assistant", "intake"] {
        ada.post(&format!("/api/agents/{agent}/prompts"), prompt.clone()).await.unwrap().ok();
        let review = json!({"label": "production", "version": 2, "expected": 1, "note": "Please look"});
        ada.post(&format!("/api/agents/{agent}/reviews"), review).await.unwrap().ok();
    }
    ada.delete("/api/agents/intake").await.unwrap();
    let says = json!({"reply": {"contains": ["contact"]}});
    let cases =
        json!([{"name": "contacts are counted", "turns": ["how many contacts are there?"], "expect": says}]);
    ada.post("/api/evals/datasets", json!({"name": "basics", "cases": cases})).await.unwrap().ok();
    let gate = json!({"dataset": "basics", "min_score": 0.9, "no_regression": true});
    let label = "/api/agents/analyst/labels/production/gate";
    ada.send(Method::PUT, label, Some(gate), &[]).await.unwrap().ok();
    for _ in 0..2 {
        let run = json!({"dataset": "basics", "agent": "analyst", "model": "builtin"});
        let run = ada.post("/api/evals/runs", run).await.unwrap().ok();
        let run = format!("/api/evals/runs/{}", run["id"].as_str().unwrap());
        let ended = eventually(PATIENCE, async || {
            let run = ada.get(&run).await.unwrap().ok();
            (!run["ended_at"].is_null()).then_some(())
        });
        ended.await.expect("the run does not end");
    }
    let key = json!({"name": "Website", "role": "Member", "scopes": ["lead.*", "contact.find"], "expires_in_days": 90});
    ada.post("/api/keys", key).await.unwrap().ok();
    ada.exchange("deal.find deal.get").await.unwrap().ok();
    fixture
}

/// An invitation, and a link for a new password.
async fn told_once(fixture: &Fixture) -> [String; 2] {
    let ada = fixture.sign_in("ada").await;
    let link = |answer: Value| answer["link"].as_str().unwrap().to_owned();
    let invited = ada.post("/api/invitations", json!({"email": "guest@demo.test"})).await.unwrap().ok();
    let members = ada.get("/api/members").await.unwrap().ok();
    let vera = members["data"].as_array().unwrap().iter().find(|member| member["email"] == "vera@demo.test");
    let path = format!("/api/members/{}/reset-link", vera.unwrap()["id"].as_str().unwrap());
    [link(invited), link(ada.post(&path, json!({})).await.unwrap().ok())]
}

async fn every_page(size: (u32, u32), dark: bool) {
    let axe = axe();
    let Some(page) = window(dark, size).await else { return };
    let fixture = furnished().await;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    go(&page, &fixture, "/sign-in").await;
    found.insert("/sign-in".to_owned(), faults(&page, axe.as_deref()).await);
    for link in told_once(&fixture).await {
        page.goto(&link).await.unwrap();
        shown(&page, ".door form").await;
        found.insert(link, faults(&page, axe.as_deref()).await);
    }
    sign_in(&page, &fixture).await;

    let routes = routes();
    assert!(routes.len() > 20, "{routes:?}");
    let mut seen: BTreeSet<&str> = NO_PAGES.into();
    let mut waiting = VecDeque::from(["/chat".to_owned(), "/nothing-here".to_owned()]);
    while let Some(address) = waiting.pop_front() {
        let path = address.split(['?', '#']).next().unwrap();
        let route = route_of(&routes, path).unwrap_or("/nothing-here");
        if !seen.insert(route) {
            continue;
        }
        go(&page, &fixture, &address).await;
        let size = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let surplus = page.execute(size, Vec::new()).await.unwrap();
        assert_eq!(surplus, json!(0), "{address} is wider than the window");
        waiting.extend(links(&page).await);
        found.insert(address, faults(&page, axe.as_deref()).await);
    }
    found.extend(open_parts(&page, &fixture, axe.as_deref(), size == PHONE).await);
    found.retain(|_, faults| !faults.is_empty());
    assert!(found.is_empty(), "{found:#?}");
    let missed: Vec<_> = routes.iter().filter(|route| !seen.contains(route.as_str())).collect();
    assert!(missed.is_empty(), "no link leads to {missed:?}: link them, or name them in NO_PAGES");
    page.close().await.unwrap();
}

/// What opens within pages: dialogs, menus, forms with mistakes, a call that waits.
async fn open_parts(
    page: &Client,
    fixture: &Fixture,
    axe: Option<&str>,
    has_menu: bool,
) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut look = async |name: &str| {
        found.insert(name.to_owned(), faults(page, axe).await);
    };
    go(page, fixture, "/records/deals?f=amount&o=least&v=much&sort=-amount").await;
    look("a filter with a mistake").await;
    click(page, ".pop > summary").await;
    look("columns").await;
    click(page, ".pop > summary").await;
    click(page, "[data-palette]").await;
    shown(page, "#palette-list li").await;
    look("palette").await;
    let input = shown(page, "#palette-input").await;
    input.send_keys("zzzzqx").await.unwrap();
    shown(page, "#palette [role=status]:not(:empty)").await;
    look("palette with nothing found").await;
    click(page, "#palette .close").await;
    gone(page, "#palette[open]").await;
    if has_menu {
        click(page, ".menu-button").await;
        shown(page, ".menu:popover-open").await;
        look("menu").await;
    }
    go(page, fixture, "/records/deals/new").await;
    click(page, "#account").await;
    shown(page, "#account-list li").await;
    look("an open picker").await;
    go(page, fixture, "/records/deals/new").await;
    click(page, ".form .button.primary").await;
    shown(page, ".wrong").await;
    look("a form with mistakes").await;
    go(page, fixture, "/records/deals?q=").await;
    click(page, ".records td a").await;
    click(page, "[data-opens=delete]").await;
    shown(page, "dialog#delete[open]").await;
    look("a question before deleting").await;
    go(page, fixture, "/records/notes?q=").await;
    click(page, ".records td a").await;
    shown(page, ".fields .prose h3").await;
    look("a note with headings of its own").await;
    go(page, fixture, "/settings/roles/Field%20rep").await;
    click(page, "details:has([name='deal.read']) > summary").await;
    look("the fields and rules of a role").await;
    go(page, fixture, "/settings/agents/new").await;
    click(page, ".form .button.primary").await;
    shown(page, ".wrong").await;
    look("an agent's form with mistakes").await;
    go(page, fixture, "/settings/agents/analyst/prompt").await;
    write(page, "#body", "{{ nobody }}").await;
    shown(page, "#seen #problem").await;
    look("a prompt with a mistake").await;
    go(page, fixture, "/settings/authority?object=deal&action=delete").await;
    shown(page, ".notice").await;
    look("an answer about what one may do").await;
    let program = json!({"client_name": "Helper", "redirect_uris": ["https://helper.test/cb"]});
    let program = fixture.sign_in("ada").await.post("/oauth/register", program).await.unwrap().ok();
    let asked = format!(
        "/oauth/authorize?response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fhelper.test%2Fcb\
         &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        program["client_id"].as_str().unwrap(),
    );
    go(page, fixture, &asked).await;
    look("letting a program in").await;
    go(page, fixture, "/chat").await;
    say(page, "delete the contact Tariq Fischer", &["waiting"]).await;
    look("a call that waits").await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serious_is_found_on_any_page_at_a_desk_in_light() {
    every_page(WIDE, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serious_is_found_on_any_page_at_a_desk_in_dark() {
    every_page(WIDE, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serious_is_found_on_any_page_of_a_telephone_in_light() {
    every_page(PHONE, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serious_is_found_on_any_page_of_a_telephone_in_dark() {
    every_page(PHONE, true).await;
}

/// Whether what is focused is within an element of the page.
async fn is_focused(page: &Client, css: &str) -> bool {
    let script = "return document.activeElement.closest(arguments[0]) !== null";
    page.execute(script, vec![json!(css)]).await.unwrap() == json!(true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_reaches_every_page_and_opens_no_keyboard_by_itself() {
    let Some(page) = window(false, PHONE).await else { return };
    let touch = super::DevTools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true }));
    page.issue_cmd(touch).await.unwrap();
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    assert!(!is_focused(&page, "#message").await, "a keyboard would cover half of the page");
    let size = "return parseFloat(getComputedStyle(document.getElementById('message')).fontSize)";
    assert_eq!(page.execute(size, Vec::new()).await.unwrap(), json!(16), "smaller text zooms the page");

    click(&page, ".menu-button").await;
    shown(&page, ".menu:popover-open").await;
    let hidden = "return [...document.querySelectorAll('.menu a, .menu button')].filter((item) => { \
                  item.scrollIntoView({ block: 'nearest' }); const box = item.getBoundingClientRect(); \
                  return box.left < 0 || box.right > innerWidth || box.bottom > innerHeight || box.top < 0; \
                  }).length";
    assert_eq!(page.execute(hidden, Vec::new()).await.unwrap(), json!(0), "not all of it can be reached");
    click(&page, ".menu a[href='/records/deals']").await;
    shown(&page, ".menu:not(:popover-open)").await;
    click(&page, ".records td a").await;
    let order = "const top = (css) => document.querySelector(css).getBoundingClientRect().top; \
                 return [top('.stages') < top('.happened'), top('.happened') < top('#details'), \
                 [...document.querySelectorAll('.stages li')].every((stage) => \
                 parseFloat(getComputedStyle(stage).fontSize) > 10 && stage.clientWidth > 60)]";
    assert_eq!(page.execute(order, Vec::new()).await.unwrap(), json!([true, true, true]));
    click(&page, "[data-palette]").await;
    shown(&page, "#palette[open]").await;
    click(&page, "#palette .close").await;
    gone(&page, "#palette[open]").await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_four_times_its_size_a_chat_can_still_be_read_and_written() {
    // A desk's window of 1280 by 1024 at 400 %.
    let Some(page) = window(false, (320, 256)).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    say(&page, "show open deals", &["completed"]).await;
    let room = "const send = document.querySelector('#composer .primary').getBoundingClientRect(); \
                return [document.querySelector('.scroll').clientHeight > 120, send.right <= innerWidth, \
                document.documentElement.scrollWidth <= innerWidth]";
    assert_eq!(page.execute(room, Vec::new()).await.unwrap(), json!([true, true, true]));
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_current_is_told_where_a_reader_chose_the_colours() {
    let Some(page) = window(false, DESK).await else { return };
    let fixture = Fixture::builtin().await;
    sign_in(&page, &fixture).await;
    let colours = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    page.issue_cmd(super::DevTools("Emulation.setEmulatedMedia", colours)).await.unwrap();
    go(&page, &fixture, "/records/deals").await;
    click(&page, ".records td a").await;
    shown(&page, ".stages").await;
    let differs = "const ground = (css) => getComputedStyle(document.querySelector(css)).backgroundColor; \
                   return [ground('.stages li[aria-current]') !== ground('.stages li:not([aria-current])'), \
                   ground('.rail a[aria-current]') !== ground('.rail li a:not([aria-current])')]";
    assert_eq!(page.execute(differs, Vec::new()).await.unwrap(), json!([true, true]));
    page.close().await.unwrap();
}
