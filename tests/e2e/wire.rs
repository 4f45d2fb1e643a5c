//! The loop over the real wire of a model, with all that goes wrong there.

use kontor_testkit::{
    scripted::{Script, ScriptedModel},
    sse::{Event, text_of},
};
use serde_json::Value;

use crate::{
    fixture::{Engine, Fixture},
    pages::Pages,
};

struct Talk {
    model: ScriptedModel,
    fixture: Fixture,
}

impl Talk {
    async fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let model = ScriptedModel::start().await.unwrap();
        for script in scripts {
            model.push(script);
        }
        let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
        Self { model, fixture }
    }

    /// Sends one message as Ada; the events of its turn, after the invariants of every request were checked.
    async fn ask(&self, message: &str) -> Vec<Event> {
        let ada = self.fixture.sign_in("ada").await;
        let session = ada.session("sales-assistant").await.unwrap();
        let events = ada.chat(&session, message).await.unwrap();
        assert_eq!(self.model.violations(), Vec::<String>::new());
        events
    }
}

fn results(events: &[Event]) -> Vec<&Value> {
    events.iter().filter(|event| event.name == "tool.result").map(|event| &event.data).collect()
}

fn completed(events: &[Event]) {
    assert_eq!(events.last().map(|event| event.name.as_str()), Some("turn.completed"), "{events:?}");
}

#[tokio::test]
async fn two_reads_run_side_by_side_and_their_results_reach_the_model_in_order() {
    let talk = Talk::new([
        Script::new()
            .calls(&[("a", "deal.find", r#"{"limit": 3}"#), ("b", "account.find", r#"{"limit": 2}"#)]),
        Script::new().text("Three deals, two accounts.").usage(900, 12),
    ])
    .await;
    let events = talk.ask("what is there?").await;
    completed(&events);
    let results = results(&events);
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["outcome"]["result"]["records"].as_array().unwrap().len(), 3);
    assert_eq!(results[1]["outcome"]["result"]["records"].as_array().unwrap().len(), 2);
    let second = &talk.model.requests()[1];
    let told: Vec<_> =
        second["messages"].as_array().unwrap().iter().filter(|m| m["role"] == "tool").collect();
    assert_eq!(told[0]["tool_call_id"], "a");
    assert_eq!(told[1]["tool_call_id"], "b");
    assert!(events.iter().any(|event| event.name == "usage" && event.data["input_tokens"] == 900));
    assert_eq!(text_of(&events), "Three deals, two accounts.");
}

#[tokio::test]
async fn malformed_arguments_and_an_unknown_tool_go_back_to_the_model_which_repairs_them() {
    let talk = Talk::new([
        Script::new().call("a", "deal.find", r#"{"limit": 3"#),
        Script::new().call("b", "deal.find", r#"{"limit": "many", "sort": 7}"#),
        Script::new().call("c", "deal.search_all", "{}"),
        Script::new().call("d", "deal.find", r#"{"filter": {"stagee": {"eq": "LEAD"}}}"#),
        Script::new().call("e", "deal.find", r#"{"limit": 3}"#),
        Script::new().text("Found three."),
    ])
    .await;
    let events = talk.ask("find three deals").await;
    completed(&events);
    let results = results(&events);
    let statuses: Vec<_> =
        results.iter().map(|result| result["outcome"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["failed", "failed", "failed", "failed", "succeeded"]);
    assert!(results[1].to_string().contains("limit"), "{}", results[1]);
    assert!(results[2].to_string().contains("search_all"), "{}", results[2]);
    assert!(results[3].to_string().contains("Did you mean stage?"), "{}", results[3]);
}

#[tokio::test]
async fn an_unknown_finish_reason_is_no_reason_to_fail() {
    let talk = Talk::new([Script::new().text("Done.").finish("eos_reached")]).await;
    let events = talk.ask("say done").await;
    completed(&events);
    assert_eq!(text_of(&events), "Done.");
}

#[tokio::test]
async fn a_limited_then_a_failing_provider_is_asked_again() {
    let talk =
        Talk::new([Script::rate_limited(0), Script::status(500, "oops"), Script::new().text("Here I am.")])
            .await;
    let events = talk.ask("hello").await;
    completed(&events);
    assert_eq!(text_of(&events), "Here I am.");
    assert_eq!(talk.model.requests().len(), 3);
}

#[tokio::test]
async fn a_stream_cut_in_the_middle_restarts_the_step_and_its_words_count_once() {
    let talk =
        Talk::new([Script::new().text("Half a sent").cut(), Script::new().text("A whole sentence.")]).await;
    let events = talk.ask("speak").await;
    completed(&events);
    assert!(events.iter().any(|event| event.name == "step.restarted"), "{events:?}");
    assert_eq!(text_of(&events), "A whole sentence.");
}

#[tokio::test]
async fn a_wrong_key_ends_the_turn_with_a_problem_a_person_can_act_on() {
    let talk = Talk::new([Script::status(401, "Incorrect API key provided: sk-scr***")]).await;
    let events = talk.ask("hello").await;
    let last = events.last().unwrap();
    assert_eq!(last.name, "turn.failed", "{events:?}");
    let message = last.data["problem"]["message"].as_str().unwrap();
    assert!(message.contains("key"), "{message}");
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_ends_the_turn_with_a_problem_a_person_can_act_on() {
    // A port that was free a moment ago: nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fixture = Fixture::start(Engine::Sqlite, Some(&format!("http://{closed}/v1"))).await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("sales-assistant").await.unwrap();
    let turn = ada.turn(&session, "hello").await.unwrap();
    let events = ada.turn_events(&session, &turn).await.unwrap();
    let last = events.last().unwrap();
    let sentence = "The model provider cannot be reached. An admin can check base_url in [models] and that the provider is up.";
    assert_eq!(last.name, "turn.failed", "{events:?}");
    assert_eq!(last.data["problem"]["code"], "model_unreachable");
    assert_eq!(last.data["problem"]["message"], sentence);
    let told = ada.get(&format!("/api/turns/{turn}")).await.unwrap().ok();
    assert_eq!((&told["status"], &told["problem"]["code"]), (&"failed".into(), &"model_unreachable".into()));
    let page = Pages::sign_in(fixture.url(), "ada").await.get(&format!("/chat/{session}")).await;
    assert!(page.body.contains(&format!("<span class=\"bad\">{sentence}</span>")), "{}", page.body);
}

#[tokio::test]
async fn a_model_that_never_stops_calling_tools_is_stopped() {
    let model =
        ScriptedModel::with_rule(|_| Script::new().call("x", "deal.find", r#"{"limit": 1}"#)).await.unwrap();
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("sales-assistant").await.unwrap();
    let events = ada.chat(&session, "go").await.unwrap();
    let last = events.last().unwrap();
    assert_eq!(last.name, "turn.failed");
    assert!(last.data["problem"]["message"].as_str().unwrap().contains("step"), "{}", last.data);
    assert_eq!(model.violations(), Vec::<String>::new());
}
