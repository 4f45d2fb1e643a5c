//! Conversations with the interpreter in a workspace such as a fresh one.

mod catalogue;
mod changes;
mod commands;
mod conversations;
mod definitions;
mod documented;
mod doubts;
mod others;
mod sales;
mod understanding;

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    locale::{DateLanguage, TimeZone},
    metadata::Name,
};
use kontor_models::{Assembler, Definitions, Message, RecordInView, Scene, SceneMember};
use serde_json::{Value, json};

use crate::{catalogue::Catalogue, model::answer};

const ADA: &str = "018f2b6e-7c1a-7000-8000-000000000001";

/// A session: what is said, what it answers, and results given by the test.
#[derive(Clone)]
pub(super) struct Chat {
    messages: Vec<Message>,
    scene: Arc<Scene>,
    catalogue: Arc<Catalogue>,
    /// The id of the record in view, and the short one by which a test names it.
    in_view: Option<(String, String)>,
}

/// What the interpreter did last.
#[derive(Debug, PartialEq)]
pub(super) enum Did {
    Called(Vec<(String, Value)>),
    Said(String),
}

impl Did {
    #[track_caller]
    pub(super) fn call(self) -> (String, Value) {
        match self {
            Self::Called(mut calls) if calls.len() == 1 => calls.remove(0),
            other => panic!("one call was expected: {other:?}"),
        }
    }

    #[track_caller]
    pub(super) fn text(self) -> String {
        match self {
            Self::Said(text) => text,
            other => panic!("a reply was expected: {other:?}"),
        }
    }
}

impl Chat {
    pub(super) fn new() -> Self {
        Self::with(catalogue::definitions())
    }

    pub(super) fn with(definitions: Arc<Definitions>) -> Self {
        let catalogue = Arc::new(Catalogue::new(&definitions));
        let scene = Scene {
            today: "2026-11-22".parse().unwrap(),
            time_zone: TimeZone::UTC,
            dates: DateLanguage::default(),
            member: SceneMember { id: ADA.parse().unwrap(), name: "Ada Brandt".to_owned() },
            record: None,
            definitions,
            colleagues: Arc::default(),
            successors: Arc::default(),
        };
        // What a prompt says is not read, and no tool is needed.
        let prompt = "Today is Monday, 2001-01-01 (UTC).\nYou act for Bob (member b1, role Admin).";
        Self { messages: vec![Message::System(prompt.into())], scene: scene.into(), catalogue, in_view: None }
    }

    pub(super) fn looking_at(mut self, object: &'static str, label: &str, id: &str, path: &str) -> Self {
        let seen: RecordId = "018f2b6e-7c1a-7000-8000-0000000000ff".parse().unwrap();
        let record = RecordInView {
            object: Name::literal(object),
            id: seen,
            label: label.to_owned(),
            path: format!("{path}/{seen}"),
        };
        self.scene = Arc::new(Scene { record: Some(record), ..(*self.scene).clone() });
        self.in_view = Some((seen.to_string(), id.to_owned()));
        self
    }

    pub(super) fn say(&mut self, text: &str) -> Did {
        self.messages.push(Message::User(text.into()));
        self.step()
    }

    /// Says a sentence and answers the calls that find out what a name stands for, up to what it does then.
    /// Known are the accounts Acme and Acme Corp, the contact Jane Doe and the member Max Okafor.
    pub(super) fn do_now(&mut self, text: &str) -> Did {
        let mut did = self.say(text);
        while let Did::Called(calls) = &did {
            let answers: Option<Vec<Value>> =
                calls.iter().map(|(tool, arguments)| known(tool, arguments)).collect();
            let Some(answers) = answers else { break };
            did = self.results(&answers);
        }
        match did {
            Did::Called(mut calls) => {
                for (_, arguments) in &mut calls {
                    arguments.as_object_mut().unwrap().remove("total");
                }
                Did::Called(calls)
            }
            said => said,
        }
    }

    /// Answers the calls that are open, in order.
    pub(super) fn results(&mut self, results: &[Value]) -> Did {
        let Some(Message::Assistant { tool_calls, .. }) = self.messages.last() else {
            panic!("nothing was called")
        };
        assert_eq!(tool_calls.len(), results.len());
        let answers: Vec<Message> = tool_calls
            .iter()
            .zip(results)
            .map(|(call, result)| Message::Tool {
                call_id: call.id.clone(),
                name: call.name.clone(),
                content: result.to_string().into(),
            })
            .collect();
        self.messages.extend(answers);
        self.step()
    }

    pub(super) fn result(&mut self, result: Value) -> Did {
        self.results(&[result])
    }

    fn step(&mut self) -> Did {
        let mut assembler = Assembler::new("call", 1 << 20);
        for delta in answer(&self.messages, &self.scene, self.catalogue.clone()) {
            assembler.push(delta);
        }
        let step = assembler.complete().unwrap();
        self.messages.push(step.message());
        if step.tool_calls.is_empty() {
            assert!(!step.text.is_empty());
            return Did::Said(self.with_short_id(step.text));
        }
        let ids: std::collections::HashSet<_> = self.messages.iter().flat_map(call_ids).collect();
        assert_eq!(ids.len(), self.messages.iter().flat_map(call_ids).count(), "ids of calls differ");
        let calls = step.tool_calls.into_iter().map(|call| {
            let arguments = self.with_short_id(call.arguments);
            (call.name, serde_json::from_str(&arguments).unwrap())
        });
        Did::Called(calls.collect())
    }

    fn with_short_id(&self, text: String) -> String {
        match &self.in_view {
            Some((id, short)) => text.replace(id, short),
            None => text,
        }
    }
}

/// What is answered to a call that looks for a name; nothing where it is no such call.
fn known(tool: &str, arguments: &Value) -> Option<Value> {
    const KNOWN: [(&str, &str, &str); 4] = [
        ("account", "a1", "Acme"),
        ("account", "a2", "Acme Corp"),
        ("contact", "c1", "Jane Doe"),
        ("member", "m2", "Max Okafor"),
    ];
    let object = tool.strip_suffix(".find")?;
    let condition = arguments["filter"].as_object().filter(|filter| filter.len() == 1)?.values().next()?;
    let (name, is_whole) = match (condition["contains"].as_str(), condition["eq"].as_str()) {
        (Some(name), _) if arguments["sort"].is_string() => (name, false),
        (_, Some(name)) if arguments["limit"] == 3 => (name, true),
        _ => return None,
    };
    let fits = |label: &str| if is_whole { label == name } else { label.contains(name) };
    let records: Vec<Value> = KNOWN
        .iter()
        .filter(|(known, _, label)| *known == object && fits(label))
        .map(|(_, id, label)| json!({"id": id, "label": label}))
        .collect();
    Some(
        json!({"object": object, "path": format!("/records/{object}s"), "records": records, "has_more": false}),
    )
}

fn call_ids(message: &Message) -> Vec<String> {
    match message {
        Message::Assistant { tool_calls, .. } => tool_calls.iter().map(|call| call.id.clone()).collect(),
        _ => Vec::new(),
    }
}

/// A list of deals as `deal.find` answers it.
pub(super) fn deals(rows: &[(&str, &str, i64, &str)]) -> Value {
    let records: Vec<Value> = rows
        .iter()
        .map(|(id, label, amount, stage)| {
            json!({"id": id, "label": label, "name": label, "amount": {"amount": amount, "currency": "USD"},
                   "stage": stage, "account": {"id": "a1", "label": "Acme"}})
        })
        .collect();
    json!({"object": "deal", "path": "/records/deals", "records": records, "has_more": false})
}

/// Some records as `search` answers them.
pub(super) fn hits(rows: &[(&str, &str, &str)]) -> Value {
    let results: Vec<Value> = rows
        .iter()
        .map(|(object, id, label)| json!({"object": object, "id": id, "label": label, "path": format!("/records/{object}s")}))
        .collect();
    json!({"results": results})
}
