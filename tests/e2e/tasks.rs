//! Forty tasks by the few tools that a model is shown, beside the same tasks by the operations that they stand for.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
    sse::Event,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture::{Engine, Fixture};

/// A task, the call of a shown tool that fulfils it, and the call of the operation behind it. `{deal}`, `{account}`,
/// `{deleted}` stand for ids, `{way}` for a word that tells the two ways apart.
#[derive(Deserialize)]
struct Task {
    ask: String,
    tool: String,
    with: Value,
    operation: String,
    arguments: Value,
}

fn tasks() -> Vec<Task> {
    serde_json::from_str(include_str!("tasks.json")).unwrap()
}

/// A model that is told a name and its arguments, calls it once and says that it is done.
async fn obedient() -> ScriptedModel {
    ScriptedModel::with_rule(|request| {
        let messages = request["messages"].as_array().unwrap();
        let last = messages.last().unwrap();
        let told = last["content"].as_str().unwrap_or_default().split_once(" >> ");
        match (last["role"].as_str(), told) {
            (Some("user"), Some((name, arguments))) => Script::new().call("a", name, arguments),
            _ => Script::new().text("Done."),
        }
    })
    .await
    .unwrap()
}

/// The records that one way works on.
struct Records {
    deal: String,
    account: String,
    deleted: String,
}

impl Records {
    async fn new(ada: &ApiClient, way: &str) -> Self {
        let made = async |plural: &str, name: &str| {
            let path = format!("/api/records/{plural}");
            let answer = ada.post(&path, json!({"name": format!("{name} {way}")}));
            answer.await.unwrap().ok()["id"].as_str().unwrap().to_owned()
        };
        let deleted = made("deals", "Deleted").await;
        ada.delete(&format!("/api/records/deals/{deleted}")).await.unwrap().ok();
        Self { deal: made("deals", "Given").await, account: made("accounts", "Given").await, deleted }
    }

    fn fill(&self, arguments: &Value, way: &str) -> String {
        let places = [
            ("deal", &self.deal),
            ("account", &self.account),
            ("deleted", &self.deleted),
            ("way", &way.to_owned()),
        ];
        places
            .iter()
            .fold(arguments.to_string(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }
}

/// The events of a turn, to its end or to a question for a person.
async fn chat(ada: &ApiClient, message: &str) -> Vec<Event> {
    let session = ada.session("sales-assistant").await.unwrap();
    let turn = ada.turn(&session, message).await.unwrap();
    let mut stream = ada.events(&session, None).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        let is_last = event.ends_turn() || event.name == "approval.requested";
        if event.data["turn"].as_str() == Some(&turn) {
            events.push(event);
            if is_last {
                break;
            }
        }
    }
    events
}

/// The operation that was called, and what came of it: the number of records or groups, where it answers any.
fn told(events: &[Event], task: &str) -> (String, Value) {
    let called: Vec<_> = events.iter().filter(|event| event.name == "tool.called").collect();
    assert_eq!(called.len(), 1, "{task}: {called:?}");
    let operation = called[0].data["operation"].as_str().unwrap_or_default().to_owned();
    if events.last().unwrap().name == "approval.requested" {
        return (operation, json!("asked"));
    }
    let result = events.iter().find(|event| event.name == "tool.result").unwrap();
    let outcome = &result.data["outcome"];
    assert_eq!(outcome["status"], "succeeded", "{task}: {outcome}");
    let lists = ["records", "groups", "hits", "entries", "data"].map(|list| &outcome["result"][list]);
    let length = lists.iter().find_map(|list| list.as_array().map(Vec::len));
    (operation, length.map_or(json!("done"), |length| json!(length)))
}

#[tokio::test]
async fn forty_tasks_take_no_more_steps_by_the_tools_that_are_shown() {
    let tasks = tasks();
    assert_eq!(tasks.len(), 40);
    let model = obedient().await;
    let fixture = Fixture::start(Engine::Sqlite, Some(&model.base_url())).await;
    let ada = fixture.sign_in("ada").await;
    let by_tools = Records::new(&ada, "by tools").await;
    let by_operations = Records::new(&ada, "by operations").await;
    let mut used = BTreeSet::new();
    for task in &tasks {
        let tool = format!("{} >> {}", task.tool, by_tools.fill(&task.with, "tools"));
        let operation =
            format!("{} >> {}", task.operation, by_operations.fill(&task.arguments, "operations"));
        let before = model.requests().len();
        let shown = told(&chat(&ada, &tool).await, &task.ask);
        let between = model.requests().len();
        let whole = told(&chat(&ada, &operation).await, &task.ask);
        assert_eq!(shown.0, task.operation, "{}", task.ask);
        assert_eq!(shown, whole, "{}: both ways find and do the same", task.ask);
        assert_eq!(between - before, model.requests().len() - between, "{}: as many steps", task.ask);
        used.insert(task.tool.as_str());
    }
    assert_eq!(model.violations(), Vec::<String>::new());
    // A new tool needs a task. What tells and what reads on are no verbs.
    let tools = model.requests()[0]["tools"].as_array().unwrap().clone();
    let offered: BTreeSet<_> = tools
        .iter()
        .filter_map(|tool| tool["function"]["name"].as_str())
        .filter(|name| !["describe", "read_more"].contains(name))
        .collect();
    assert_eq!(used, offered);
    fixture.end().await;
}
