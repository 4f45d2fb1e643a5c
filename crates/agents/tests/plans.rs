//! What a message tells the scripted model to do.

use std::time::Duration;

use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

/// A message that tells the scripted model what to do: in each step these calls, then this text.
pub(crate) fn plan(steps: &[&[(&str, Value)]], text: &str) -> Value {
    let steps: Vec<Vec<Value>> = steps
        .iter()
        .map(|calls| calls.iter().map(|(name, arguments)| json!([name, arguments])).collect())
        .collect();
    json!({"steps": steps, "text": text})
}

/// Does what the last message of the user says. `{"wait": milliseconds}` in a plan pauses in the middle of
/// the text, `{"stall": true}` never goes on; `{"by": {label: plan}}` has an agent whose prompt says `You are label.` do
/// as its plan says.
pub(crate) fn obey(request: &Value) -> Script {
    let messages = request["messages"].as_array().unwrap();
    let last_user = messages.iter().rposition(|message| message["role"] == "user").unwrap();
    let plan: Value = serde_json::from_str(messages[last_user]["content"].as_str().unwrap())
        .unwrap_or(json!({"text": "Hm?"}));
    let prompt = messages[0]["content"].as_str().unwrap_or_default();
    let is_its = |label: &String| prompt.starts_with(&format!("You are {label}."));
    let of_agent = plan["by"].as_object().and_then(|by| by.iter().find(|(label, _)| is_its(label)));
    let plan = of_agent.map_or(plan.clone(), |(_, plan)| plan.clone());
    let step = messages[last_user..].iter().filter(|message| message["role"] == "assistant").count();
    if let Some(calls) = plan["steps"].get(step).and_then(Value::as_array) {
        let ids: Vec<String> = (0..calls.len()).map(|index| format!("call_{step}_{index}")).collect();
        let arguments: Vec<String> = calls.iter().map(|call| call[1].to_string()).collect();
        let list: Vec<(&str, &str, &str)> = calls
            .iter()
            .zip(ids.iter().zip(&arguments))
            .map(|(call, (id, arguments))| (id.as_str(), call[0].as_str().unwrap(), arguments.as_str()))
            .collect();
        return Script::new().calls(&list).usage(100, 10);
    }
    let text = plan["text"].as_str().unwrap_or("Done.");
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let script = Script::new().text(&text[..half]);
    if plan["stall"] == true {
        return script.stall();
    }
    let script = match plan["wait"].as_u64() {
        Some(wait) => script.pause(Duration::from_millis(wait)),
        None => script,
    };
    script.text(&text[half..]).usage(50, 5)
}
