//! The model of the loop, on either wire.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::scripted::{Script, ScriptedModel, answer};

/// How each signature begins.
pub(super) const SIGNATURE: &str = "EqQBCgIYAhIM";

/// On whose wire the model speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// OpenAI's chat completions, with thoughts and signatures as DeepSeek and Google send them.
    OpenAi,
    /// Anthropic's messages, with thinking blocks and their signatures.
    Anthropic,
}

impl Wire {
    /// The settings of a server that uses the model on this wire.
    pub fn environment(self) -> Vec<(String, String)> {
        let name = "KONTOR_MODELS__PROVIDERS__SCRIPTED__KIND";
        match self {
            Self::OpenAi => Vec::new(),
            Self::Anthropic => vec![(name.to_owned(), "anthropic".to_owned())],
        }
    }
}

/// What the model says in one step: thoughts, a text, and calls as (operation, arguments).
struct Said {
    text: String,
    calls: Vec<(&'static str, Value)>,
}

impl Said {
    fn calls(text: &str, calls: Vec<(&'static str, Value)>) -> Self {
        Self { text: text.to_owned(), calls }
    }
}

/// A model that is told a marker and a deal: it makes two things side by side, changes the deal and logs a call
/// about it, makes one thing more and deletes the deal, and ends with a sentence. Each answer has a thought, each
/// thought and call a signature or an id that no other answer has, so that one sent back in the place of another is
/// found.
///
/// # Errors
/// When no port can be listened on.
pub async fn model(wire: Wire) -> io::Result<ScriptedModel> {
    let answers = AtomicU64::new(0);
    ScriptedModel::with_rule(move |request| {
        let number = answers.fetch_add(1, Ordering::Relaxed);
        match wire {
            Wire::OpenAi => chat_completion(request, number),
            Wire::Anthropic => message(request, number),
        }
    })
    .await
}

fn chat_completion(request: &Value, number: u64) -> Script {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = messages.iter().rposition(|message| message["role"] == "user").unwrap_or(0);
    let text = messages.get(asked).and_then(|message| message["content"].as_str()).unwrap_or_default();
    let results = messages.iter().skip(asked).filter(|message| message["role"] == "tool").count();
    let said = next(text, results);
    let mut script = Script::new().reasoning(&thought(number));
    if !said.text.is_empty() {
        script = script.text(&said.text);
    }
    let calls: Vec<_> = said
        .calls
        .iter()
        .enumerate()
        .map(|(index, (operation, arguments))| {
            (format!("{number}_{index}"), *operation, arguments.to_string())
        })
        .collect();
    let pieces: Vec<_> = calls
        .iter()
        .map(|(id, operation, arguments)| (id.as_str(), *operation, arguments.as_str()))
        .collect();
    script = script.calls(&pieces);
    // As Google does, the signature comes with the first of several calls.
    if calls.is_empty() {
        return script;
    }
    let signature = json!({"google": {"thought_signature": signature(number)}});
    script.delta(json!({"tool_calls": [{"index": 0, "extra_content": signature}]}))
}

fn message(request: &Value, number: u64) -> Script {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let blocks = |message: &Value, kind: &str| -> Vec<Value> {
        let all = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|block| block["type"] == kind).cloned().collect()
    };
    let asked = messages
        .iter()
        .rposition(|message| message["role"] == "user" && blocks(message, "tool_result").is_empty())
        .unwrap_or(0);
    let texts = messages.get(asked).map(|message| blocks(message, "text")).unwrap_or_default();
    let text = texts.last().and_then(|block| block["text"].as_str()).unwrap_or_default();
    let results: usize =
        messages.iter().skip(asked).map(|message| blocks(message, "tool_result").len()).sum();
    let said = next(text, results);
    let mut answered =
        vec![json!({"type": "thinking", "thinking": thought(number), "signature": signature(number)})];
    if !said.text.is_empty() {
        answered.push(json!({"type": "text", "text": said.text}));
    }
    answered.extend(said.calls.iter().enumerate().map(|(index, (operation, arguments))| {
        let id = format!("toolu_{number}_{index}");
        json!({"type": "tool_use", "id": id, "name": operation.replace('.', "_"), "input": arguments})
    }));
    let stop_reason = if said.calls.is_empty() { "end_turn" } else { "tool_use" };
    Script::new().events(&answer(&answered, stop_reason))
}

fn thought(number: u64) -> String {
    format!("Thought {number}: one thing after the other. ")
}

fn signature(number: u64) -> String {
    format!("{SIGNATURE}{number:016}==")
}

/// What is said after so many results to whoever sent this text.
fn next(text: &str, results: usize) -> Said {
    let (marker, deal) = text.split_once(' ').unwrap_or((text, ""));
    let title = json!({ "title": marker });
    match results {
        0 => Said::calls(
            "I make two things. ",
            vec![("account.create", json!({ "name": marker })), ("note.create", title)],
        ),
        2 => {
            let target = json!({ "object": "deal", "id": deal });
            Said::calls(
                "",
                vec![
                    ("deal.update", json!({ "id": deal, "stage": "PROPOSAL" })),
                    ("activity.log", json!({ "type": "CALL", "subject": marker, "target": target })),
                ],
            )
        }
        4 => Said::calls("", vec![("task.create", title), ("deal.delete", json!({ "id": deal }))]),
        _ => Said { text: format!("All of {marker} is done now, as you asked."), calls: Vec::new() },
    }
}
