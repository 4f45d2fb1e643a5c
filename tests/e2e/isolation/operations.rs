//! Every operation by hand, and as a tool of an agent.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use kontor_operations::is_for_programs;
use kontor_testkit::{
    client::ApiClient,
    scripted::{Script, ScriptedModel},
};
use serde_json::{Map, Value, json};

use super::{HERS, records, tells, text, two_workspaces};
use crate::fixture::engines;

/// Calls in one step of a turn.
const STEP: usize = 12;

/// A call with ids of another workspace in it.
struct Attempt {
    operation: String,
    arguments: Value,
    /// Looks for records, and so finds none rather than failing.
    finds: bool,
}

/// What can be tried with an operation of which only the schema is known.
fn attempts(
    definition: &Value,
    own: &BTreeMap<String, String>,
    foreign: &BTreeMap<String, String>,
) -> Vec<Attempt> {
    let name = text(&definition["name"]);
    let properties = definition["parameters"]["properties"].as_object().cloned().unwrap_or_default();
    let (object, verb) = name.split_once('.').unwrap_or(("", name.as_str()));
    let refused = |arguments: Value| Attempt { operation: name.clone(), arguments, finds: false };
    let empty = |arguments: Value| Attempt { operation: name.clone(), arguments, finds: true };
    let its =
        || foreign.get(object).unwrap_or_else(|| panic!("there is no record of {object} to try {name} with"));
    match verb {
        "get" | "delete" | "restore" | "timeline" => vec![refused(json!({ "id": its() }))],
        "find" => vec![
            empty(json!({"filter": {"id": {"eq": its()}}})),
            empty(json!({"filter": {"id": {"in": [its()]}}, "sort": "-created_at"})),
            empty(json!({"search": "quellwasser"})),
        ]
        .into_iter()
        .filter(|attempt| attempt.arguments.get("search").is_none() || properties.contains_key("search"))
        .chain(related(&properties).into_iter().filter_map(|(field, to)| {
            let id = foreign.get(&to)?;
            Some(empty(json!({ "filter": { field: { "eq": id } } })))
        }))
        .collect(),
        "group" => {
            vec![empty(json!({"filter": {"id": {"eq": its()}}, "aggregates": [{"function": "count"}]}))]
        }
        "figures" => {
            let deal = json!({"object": "deal", "filter": {"id": {"eq": foreign["deal"]}}});
            vec![empty(json!({ "queries": [deal] }))]
        }
        "batch" => {
            let one = |operation: &str, arguments: Value| {
                refused(json!({"operations": [{"operation": operation, "arguments": arguments}]}))
            };
            vec![
                one("deal.delete", json!({"id": foreign["deal"]})),
                one("deal.get", json!({"id": foreign["deal"]})),
                one("deal.update", json!({"id": own["deal"], "account": foreign["account"]})),
            ]
        }
        "search" => vec![empty(json!({ "query": "quellwasser" }))],
        "create" | "update" | "upsert" | "log" => {
            let mut sound = Map::new();
            if verb == "update" {
                sound.insert("id".to_owned(), json!(own[object]));
            }
            for required in definition["parameters"]["required"].as_array().into_iter().flatten() {
                let field = text(required);
                if field != "id" && field != "target" {
                    sound.insert(field.clone(), filled(&properties[&field]));
                }
            }
            let with = |field: &str, value: Value| {
                let mut arguments = sound.clone();
                arguments.insert(field.to_owned(), value);
                refused(Value::Object(arguments))
            };
            let mut all: Vec<Attempt> = related(&properties)
                .into_iter()
                .map(|(field, to)| with(&field, json!(foreign[&to])))
                .collect();
            let targets = properties.get("target").map(|target| &target["properties"]["object"]["enum"]);
            for object in targets.and_then(Value::as_array).into_iter().flatten() {
                all.push(with("target", json!({"object": object, "id": foreign[&text(object)]})));
            }
            if verb == "update" {
                all.push(with("id", json!(its())));
            }
            assert!(!all.is_empty(), "nothing of {name} was tried");
            all
        }
        other => panic!("{name}: nothing is tried with {other} yet"),
    }
}

/// The fields that hold the id of a record, and of which object.
fn related(properties: &Map<String, Value>) -> Vec<(String, String)> {
    let fields = properties.iter().filter(|(name, _)| *name != "id");
    fields
        .filter_map(|(name, schema)| {
            let (_, rest) = schema["description"].as_str()?.split_once("Id of one ")?;
            Some((name.clone(), rest.split(' ').next()?.to_owned()))
        })
        .collect()
}

/// Some value that fits a schema.
fn filled(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|options| options.first()) {
        return first.clone();
    }
    if schema["properties"].get("first").is_some() {
        return json!({"first": "Mine", "last": "Own"});
    }
    json!("Mine")
}

/// Whether a result holds no record.
fn is_empty(result: &Value) -> bool {
    let lists = ["records", "results"].iter().filter_map(|key| result[*key].as_array());
    let figures = result["figures"].as_array().into_iter().flatten();
    let groups = figures.chain([result]).filter_map(|one| one["groups"].as_array()).flatten();
    let counted = groups.filter_map(|group| group["count"].as_u64());
    lists.map(Vec::len).sum::<usize>() == 0 && counted.sum::<u64>() == 0
}

/// All attempts with all operations that Otto has.
async fn all_attempts(ada: &ApiClient, otto: &ApiClient) -> Vec<Attempt> {
    let foreign = records(ada, HERS).await;
    let own = records(otto, ("Mine", "Own")).await;
    let listed = otto.get("/api/operations").await.unwrap().ok();
    let definitions = listed["data"].as_array().unwrap();
    assert!(definitions.len() > 50, "{}", definitions.len());
    definitions.iter().flat_map(|definition| attempts(definition, &own, &foreign)).collect()
}

#[tokio::test]
async fn another_workspaces_ids_lead_nowhere_through_any_operation() {
    for engine in engines() {
        let (fixture, ada, otto) = two_workspaces(engine, None).await;
        for Attempt { operation, arguments, finds } in all_attempts(&ada, &otto).await {
            let answer = otto.post(&format!("/api/operations/{operation}"), arguments.clone()).await.unwrap();
            let shown = format!("{engine:?} {operation} {arguments}: {} {}", answer.status, answer.body);
            assert!(!tells(&answer.body.to_string()), "{shown}");
            if finds {
                assert!(answer.status.is_success() && is_empty(&answer.body), "{shown}");
            } else {
                assert!(matches!(answer.status.as_u16(), 400 | 404), "{shown}");
            }
        }
        fixture.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspaces_ids_lead_nowhere_through_any_tool_of_an_agent() {
    for engine in engines() {
        // Each message is the calls that the model makes.
        let model = ScriptedModel::with_rule(|request| {
            let messages = request["messages"].as_array().cloned().unwrap_or_default();
            let last = messages.last().cloned().unwrap_or_default();
            if last["role"] == "tool" {
                return Script::new().text("That was all.");
            }
            let calls: Vec<(String, Value)> =
                serde_json::from_str(last["content"].as_str().unwrap()).unwrap();
            let calls: Vec<(String, String, String)> = calls
                .into_iter()
                .enumerate()
                .map(|(index, (name, arguments))| {
                    (format!("call_{}_{index}", messages.len()), name, arguments.to_string())
                })
                .collect();
            let calls: Vec<(&str, &str, &str)> = calls
                .iter()
                .map(|(id, name, arguments)| (id.as_str(), name.as_str(), arguments.as_str()))
                .collect();
            Script::new().calls(&calls)
        })
        .await
        .unwrap();
        let (fixture, ada, otto) = two_workspaces(engine, Some(&model.base_url())).await;
        let attempts = all_attempts(&ada, &otto).await;
        let mut tried = 0;
        for step in attempts.chunks(STEP) {
            let calls: Vec<_> =
                step.iter().map(|attempt| (attempt.operation.as_str(), &attempt.arguments)).collect();
            let session = otto.session("sales-assistant").await.unwrap();
            otto.turn(&session, &json!(calls).to_string()).await.unwrap();
            let mut events = otto.events(&session, None).await.unwrap();
            while let Some(event) = events.next().await {
                match event.name.as_str() {
                    "approval.requested" => {
                        // A person who agrees gives an agent nothing that is not theirs.
                        let approval = text(&event.data["approval"]);
                        let answer = json!({ "decision": "approve" });
                        otto.post(&format!("/api/approvals/{approval}"), answer).await.unwrap().ok();
                    }
                    "tool.result" => {
                        let attempt = &step[usize::try_from(event.data["index"].as_u64().unwrap()).unwrap()];
                        let outcome = &event.data["outcome"];
                        let shown =
                            format!("{engine:?} {} {}: {outcome}", attempt.operation, attempt.arguments);
                        assert!(!tells(&outcome.to_string()), "{shown}");
                        // The agents of chats have none of those that are for programs.
                        if attempt.finds && !is_for_programs(&attempt.operation) {
                            assert!(
                                outcome["status"] == "succeeded" && is_empty(&outcome["result"]),
                                "{shown}"
                            );
                        } else {
                            assert_eq!(outcome["status"], "failed", "{shown}");
                        }
                        tried += 1;
                    }
                    _ => {}
                }
                if event.ends_turn() {
                    assert_eq!(event.name, "turn.completed", "{}", event.data);
                    break;
                }
            }
        }
        // The agent has every other operation that the member has.
        assert_eq!(tried, attempts.len(), "{engine:?}");
        fixture.end().await;
    }
}
