//! Of a long result the model is given a page and a handle to read on.

use kontor_agents::{AgentSettings, Limits};
use kontor_core::turn::TurnEvent;
use kontor_models::ModelOverride;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

use crate::house::{House, outcome, plan, settings};

fn narrow_pages() -> AgentSettings {
    let limits = Limits { result_bytes: 1_000, ..settings().limits };
    AgentSettings { limits, ..settings() }
}

/// The page that the model was given last, in a conversation that ends with a tool's result.
fn last_page(request: &Value) -> Option<Value> {
    let last = request["messages"].as_array()?.last()?;
    if last["role"] != "tool" {
        return None;
    }
    serde_json::from_str(last["content"].as_str()?).ok()
}

/// The handle with which the model that was asked last can read on in its first result.
fn handle(house: &House) -> String {
    let requests = house.server.requests();
    let pages: Vec<Value> = requests.iter().filter_map(last_page).collect();
    pages.last().unwrap()["read_more"].as_str().unwrap().to_owned()
}

async fn with_deals(store: TestStore) -> House {
    let house = House::with(store, narrow_pages()).await;
    for number in 0..20 {
        house.deal(&format!("Renewal of the contract of customer {number}")).await;
    }
    house
}

fn read_on(handle: &str) -> Value {
    plan(&[&[("read_more", json!({"handle": handle}))]], "Read.")
}

fn problem(events: &[TurnEvent]) -> Value {
    outcome(events, 1, 0)["problem"].clone()
}

both_engines! {
    async fn a_model_reads_a_long_result_to_its_end_by_handles(store: TestStore) {
        let rule = |request: &Value| {
            let Some(page) = last_page(request) else { return Script::new().call("a", "deal.find", "{}") };
            match page["read_more"].as_str() {
                Some(handle) => Script::new().call("b", "read_more", &json!({"handle": handle}).to_string()),
                None => Script::new().text("Read."),
            }
        };
        let server = kontor_testkit::scripted::ScriptedModel::with_rule(rule).await.unwrap();
        let house = House::on(store, server, narrow_pages()).await;
        for number in 0..20 {
            house.deal(&format!("Renewal of the contract of customer {number}")).await;
        }
        let session = house.first.session(&house.ada, "sales-assistant").await;
        let events = house.first.ask(&house.ada, session, "read all of it").await;
        assert_eq!(events.last().unwrap().name(), "turn.completed");
        let whole = &outcome(&events, 1, 0)["result"];
        assert_eq!(whole["records"].as_array().unwrap().len(), 20, "the log keeps all of it");
        let pages: Vec<Value> = house.server.requests().iter().filter_map(last_page).collect();
        assert!(pages.len() > 3);
        let text = |page: &Value| page.get("beginning").or(page.get("text")).unwrap().as_str().unwrap().to_owned();
        let joined: String = pages.iter().map(text).collect();
        assert_eq!(serde_json::from_str::<Value>(&joined).unwrap(), *whole);
        for page in &pages {
            assert!(page.to_string().len() <= 1_000);
        }
        house.check();
    }

    async fn a_handle_goes_on_in_a_later_message_until_what_it_tells_of_has_changed(store: TestStore) {
        let house = with_deals(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "Found.")).await;
        let handle = handle(&house);
        let events = house.first.ask(&house.ada, session, read_on(&handle)).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "succeeded");
        house.deal("A new one").await;
        let events = house.first.ask(&house.ada, session, read_on(&handle)).await;
        assert_eq!(problem(&events)["code"], "result_changed");
        house.check();
    }

    async fn a_handle_goes_on_where_the_window_has_become_smaller(store: TestStore) {
        let house = with_deals(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "Found.")).await;
        let handle = handle(&house);
        let known = ModelOverride { context_window: Some(8_192), ..ModelOverride::default() };
        house.first.agents.override_model(&house.ada, "scripted/scripted", known).await.unwrap();
        let events = house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "Found.")).await;
        let shown = outcome(&events, 1, 0)["result"]["records"].as_array().unwrap().len();
        assert!(shown < 20, "a list is shorter now: {shown}");
        let events = house.first.ask(&house.ada, session, read_on(&handle)).await;
        assert_eq!(outcome(&events, 1, 0)["status"], "succeeded", "nothing has changed");
        house.check();
    }

    async fn a_handle_of_another_chat_is_none(store: TestStore) {
        let house = with_deals(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.first.ask(&house.ada, session, plan(&[&[("deal.find", json!({}))]], "Found.")).await;
        let handle = handle(&house);
        let max = house.member("Max Moor", "Member").await;
        for caller in [&house.ada, &max] {
            let other = house.first.session(caller, "sales-assistant").await;
            for wrong in [handle.as_str(), "12", &handle.replace(".1.0.", ".4000000000.0.")] {
                let events = house.first.ask(caller, other, read_on(wrong)).await;
                assert_eq!(problem(&events)["issues"][0]["code"], "unknown_handle", "{wrong}");
            }
        }
        house.check();
    }
}
