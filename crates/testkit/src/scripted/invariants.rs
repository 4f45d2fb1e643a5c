//! What holds for every request a model server may receive.

use std::collections::HashSet;

use serde_json::Value;

/// The largest body a request may have.
pub(super) const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// What is wrong with a request; nothing when all holds.
pub(super) fn check(request: &Value, body: &[u8], secrets: &[&str]) -> Vec<String> {
    let mut wrong = check_body(body, secrets);
    check_tools(request, &mut wrong);
    match request["messages"].as_array() {
        Some(messages) if !messages.is_empty() => check_messages(messages, &mut wrong),
        _ => wrong.push("there are no messages".to_owned()),
    }
    wrong
}

/// What holds for every body, whatever wire it is for.
pub(super) fn check_body(body: &[u8], secrets: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    if body.len() > LONGEST_BODY {
        wrong.push(format!("the body has {} bytes, more than {LONGEST_BODY}", body.len()));
    }
    let text = String::from_utf8_lossy(body);
    for secret in secrets {
        if text.contains(secret) {
            wrong.push("a secret stands in the body".to_owned());
        }
    }
    wrong
}

fn check_tools(request: &Value, wrong: &mut Vec<String>) {
    let mut seen = HashSet::new();
    let Some(tools) = request.get("tools") else { return };
    let Some(tools) = tools.as_array().filter(|tools| !tools.is_empty()) else {
        wrong.push("tools is not a list of at least one".to_owned());
        return;
    };
    for tool in tools {
        let function = &tool["function"];
        let name = function["name"].as_str().unwrap_or_default();
        if !is_tool_name(name) {
            wrong.push(format!("{name:?} is not a tool name the wire takes"));
        }
        if !seen.insert(name) {
            wrong.push(format!("the tool {name} is there twice"));
        }
        if function["parameters"]["type"] != "object" {
            wrong.push(format!("the parameters of {name} are not an object's schema"));
        }
    }
}

fn check_messages(messages: &[Value], wrong: &mut Vec<String>) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids = HashSet::new();
    let mut before = "";
    for (position, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role != "tool" && !open.is_empty() {
            wrong.push(format!("message {position}: the calls {open:?} have no result"));
            open.clear();
        }
        match role {
            "system" if before.is_empty() || before == "system" => {}
            "system" => {
                wrong.push(format!("message {position}: a system message after the conversation began"))
            }
            "user" => {
                if !message["content"].is_string() && !message["content"].is_array() {
                    wrong.push(format!("message {position}: a user message without content"));
                }
            }
            "assistant" => {
                if before.is_empty() || before == "system" {
                    wrong.push(format!("message {position}: the assistant speaks first"));
                }
                let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
                if calls.is_empty() && !message["content"].is_string() {
                    wrong.push(format!("message {position}: neither text nor calls"));
                }
                for call in calls {
                    check_call(position, call, wrong);
                    let id = call["id"].as_str().unwrap_or_default();
                    if !ids.insert(id) {
                        wrong.push(format!("message {position}: the call id {id:?} is used twice"));
                    }
                    open.push(id);
                }
            }
            "tool" => {
                let id = message["tool_call_id"].as_str().unwrap_or_default();
                match open.iter().position(|open| *open == id) {
                    Some(found) => {
                        open.remove(found);
                    }
                    None => {
                        wrong.push(format!("message {position}: a result for {id:?}, which no open call has"))
                    }
                }
                if !message["content"].is_string() {
                    wrong.push(format!("message {position}: a result without text"));
                }
            }
            other => wrong.push(format!("message {position}: the role {other:?}")),
        }
        before = role;
    }
    if !open.is_empty() {
        wrong.push(format!("the calls {open:?} have no result"));
    }
    if !matches!(before, "user" | "tool") {
        wrong.push(format!("the last message is the {before}'s"));
    }
}

fn check_call(position: usize, call: &Value, wrong: &mut Vec<String>) {
    let name = call["function"]["name"].as_str().unwrap_or_default();
    if !is_tool_name(name) {
        wrong.push(format!("message {position}: {name:?} is not a tool name the wire takes"));
    }
    let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
    if !serde_json::from_str::<Value>(arguments).is_ok_and(|arguments| arguments.is_object()) {
        wrong.push(format!("message {position}: the arguments of {name} are not a JSON object"));
    }
}

fn is_tool_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(messages: Value) -> Vec<String> {
        let request = json!({"messages": messages});
        check(&request, request.to_string().as_bytes(), &["sk-1"])
    }

    fn call(id: &str) -> Value {
        json!({"id": id, "type": "function", "function": {"name": "deal_find", "arguments": "{}"}})
    }

    #[test]
    fn a_well_formed_conversation_passes() {
        let found = wrong(json!([
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]},
            {"role": "tool", "tool_call_id": "b", "content": "{}"},
            {"role": "tool", "tool_call_id": "a", "content": "{}"},
        ]));
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_call_without_result_and_a_result_without_call_are_found() {
        let found = wrong(json!([
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": null, "tool_calls": [call("a")]},
            {"role": "user", "content": "again"},
            {"role": "tool", "tool_call_id": "a", "content": "{}"},
        ]));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_secret_in_the_body_is_found() {
        assert_eq!(wrong(json!([{"role": "user", "content": "my key is sk-1"}])).len(), 1);
    }
}
