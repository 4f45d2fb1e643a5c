//! What was said, in the shape of messages that the conventions ask for.

use kontor_agents::{TraceCall, TraceStep};
use serde_json::{Value, json};

/// What a step's model was asked: a message, and what came of the steps before. Earlier turns are traces of their own.
pub(super) fn input(asked: &str, before: &[TraceStep]) -> String {
    let mut messages = vec![json!({"role": "user", "parts": [text(asked)]})];
    for step in before {
        messages.push(output_message(step));
        let results: Vec<_> = step.calls.iter().map(|call| result(step.number, call)).collect();
        if !results.is_empty() {
            messages.push(json!({"role": "tool", "parts": results}));
        }
    }
    Value::from(messages).to_string()
}

/// What a step's model answered.
pub(super) fn output(step: &TraceStep) -> String {
    json!([output_message(step)]).to_string()
}

fn output_message(step: &TraceStep) -> Value {
    let mut parts = Vec::new();
    if !step.reasoning.is_empty() {
        parts.push(json!({"type": "reasoning", "content": step.reasoning}));
    }
    if !step.text.is_empty() {
        parts.push(text(&step.text));
    }
    let call = |call: &TraceCall| {
        let id = call_id(step.number, call);
        json!({"type": "tool_call", "id": id, "name": call.operation, "arguments": call.arguments})
    };
    parts.extend(step.calls.iter().map(call));
    let reason = if step.calls.is_empty() { "stop" } else { "tool_call" };
    json!({"role": "assistant", "parts": parts, "finish_reason": reason})
}

fn result(step: u32, call: &TraceCall) -> Value {
    let response = call.result.as_ref().or(call.problem.as_ref());
    json!({"type": "tool_call_response", "id": call_id(step, call), "response": response})
}

fn text(content: &str) -> Value {
    json!({"type": "text", "content": content})
}

/// The prompt, as the instructions of a step's model.
pub(super) fn instructions(prompt: &str) -> String {
    json!([text(prompt)]).to_string()
}

/// A call's id in its turn: its step and its place in it.
pub(super) fn call_id(step: u32, call: &TraceCall) -> String {
    format!("{step}.{}", call.index)
}
