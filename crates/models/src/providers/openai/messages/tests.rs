use std::sync::Arc;

use super::*;
use crate::chat::Opaque;

/// The messages as they are sent to model `m` of provider `p`.
fn wire(messages: &[Message], quirks: &Quirks) -> Value {
    let names = Names::new(["deal.find", "deal.get"]);
    let recipient = Recipient { provider: "p", model: "m", names: &names, quirks };
    serde_json::to_value(recipient.messages(messages)).unwrap()
}

fn answer(text: &str, tool_calls: Vec<ToolCall>) -> Message {
    Message::Assistant { text: text.into(), tool_calls, carried: None }
}

fn call(id: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.into(), name: "deal.find".into(), arguments: arguments.into(), extra: None }
}

/// An answer of `by` with a thought, and a call with a signature.
fn signed(by: &str) -> Message {
    let extra = json!({"extra_content": {"google": {"thought_signature": "s"}}, "type": "odd"});
    let value = json!({"reasoning_content": "hm", "reasoning_details": [{"data": "x", "index": 0}]});
    Message::Assistant {
        text: "".into(),
        tool_calls: vec![ToolCall { extra: Some(Opaque::from(&extra)), ..call("a", "{}") }],
        carried: Some(Arc::new(Carried { by: by.into(), value: Opaque::from(&value) })),
    }
}

#[test]
fn malformed_arguments_do_not_go_back_to_the_server() {
    let written = ["{\"limit\":", "[1]", "", "{\"limit\": 1}"];
    let calls = written.iter().map(|written| call("a", written)).collect();
    let sent = wire(&[answer("", calls)], &Quirks::default());
    let sent: Vec<_> = sent[0]["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["function"]["arguments"].as_str().unwrap())
        .collect();
    assert_eq!(sent, ["{}", "{}", "{}", "{\"limit\": 1}"]);
}

fn roles(sent: &Value) -> Vec<&str> {
    sent.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect()
}

#[test]
fn the_roles_of_a_conversation_alternate_whatever_became_of_its_turns() {
    let result =
        |id: &str| Message::Tool { call_id: id.into(), name: "deal.find".into(), content: "{}".into() };
    let messages = [
        Message::System("a".into()),
        Message::System("b".into()),
        Message::User("failed at once".into()),
        Message::User("failed after a call".into()),
        answer("", vec![call("x", "{}")]),
        result("x"),
        Message::User("said nothing".into()),
        answer("  ", vec![]),
        Message::User("now".into()),
        answer("e", vec![]),
    ];
    let sent = wire(&messages, &Quirks::default());
    let begin = ["system", "user", "assistant", "user", "assistant", "tool"];
    let end = ["user", "assistant", "user", "assistant", "user"];
    assert_eq!(roles(&sent), [&begin[..], &end].concat());
    assert_eq!((&sent[0]["content"], &sent[2]["content"]), (&"a\n\nb".into(), &NO_ANSWER.into()));
    let sent = wire(&messages, &Quirks { strict_sequence: true, ..Quirks::default() });
    assert_eq!(roles(&sent), [&begin[..], &["assistant"], &end].concat());
}

#[test]
fn calls_alone_have_an_empty_text_or_null_where_that_is_refused() {
    let messages = [answer("", vec![call("a", "{}")]), Message::User("now".into())];
    assert_eq!(wire(&messages, &Quirks::default())[0]["content"], "");
    let quirks = Quirks { null_content: true, ..Quirks::default() };
    assert_eq!(wire(&messages, &quirks)[0]["content"], Value::Null);
}

#[test]
fn an_id_of_the_servers_own_goes_back_as_it_was_and_leads_to_its_result() {
    let own = format!("call_1__thought__{}", "x".repeat(300));
    let extra = json!({"id": own});
    let message = |by: &str| Message::Assistant {
        text: "".into(),
        tool_calls: vec![ToolCall { extra: Some(Opaque::from(&extra)), ..call("call_1__tho", "{}") }],
        carried: Some(Arc::new(Carried { by: by.into(), value: Opaque::from(&json!({})) })),
    };
    let result =
        Message::Tool { call_id: "call_1__tho".into(), name: "deal.find".into(), content: "{}".into() };
    for (by, expected) in [("openai:p/m", own.as_str()), ("openai:q/m", "call_1__tho")] {
        let sent = wire(&[message(by), result.clone()], &Quirks::default());
        assert_eq!(sent[0]["tool_calls"][0]["id"], expected);
        assert_eq!(sent[1]["tool_call_id"], expected);
    }
}

#[test]
fn what_came_with_an_answer_and_its_calls_goes_back_to_its_maker() {
    let sent = wire(&[signed("openai:p/m")], &Quirks::default());
    assert_eq!(
        sent[0].to_string(),
        concat!(
            r#"{"role":"assistant","content":"","reasoning_content":"hm","#,
            r#""reasoning_details":[{"data":"x","index":0}],"tool_calls":[{"id":"a","type":"function","#,
            r#""function":{"name":"deal_find","arguments":"{}"},"#,
            r#""extra_content":{"google":{"thought_signature":"s"}}}]}"#
        )
    );
}

#[test]
fn another_model_is_sent_no_signature_of_it() {
    let sibling = wire(&[signed("openai:p/n")], &Quirks::default());
    assert_eq!(sibling[0]["reasoning_content"], "hm");
    assert_eq!(sibling[0].get("reasoning_details"), None);
    assert_eq!(sibling[0]["tool_calls"][0].get("extra_content"), None);
    let refused = Quirks { return_thoughts: false, ..Quirks::default() };
    for sent in [
        wire(&[signed("openai:q/m")], &Quirks::default()),
        wire(&[signed("anthropic:p/m")], &Quirks::default()),
        wire(&[signed("openai:p/m")], &refused),
    ] {
        assert_eq!(sent, wire(&[answer("", vec![call("a", "{}")])], &Quirks::default()));
    }
}

#[test]
fn calls_that_nobody_thought_of_get_what_the_server_insists_on() {
    let asked = |stand_in| Quirks { stand_in, ..Quirks::default() };
    let messages = [answer("", vec![call("a", "{}"), call("b", "{}")]), answer("e", vec![])];
    let sent = wire(&messages, &asked(StandIn::ReasoningContent));
    assert_eq!((&sent[0]["reasoning_content"], sent[1].get("reasoning_content")), (&" ".into(), None));
    let sent = wire(&messages, &asked(StandIn::ThoughtSignature));
    let calls = &sent[0]["tool_calls"];
    assert_eq!(calls[0]["extra_content"]["google"]["thought_signature"], NO_SIGNATURE);
    assert_eq!(calls[1].get("extra_content"), None);
    let own = [signed("openai:p/m")];
    for stand_in in [StandIn::ReasoningContent, StandIn::ThoughtSignature] {
        assert_eq!(wire(&own, &asked(stand_in)), wire(&own, &asked(StandIn::None)));
    }
}

#[test]
fn thoughts_that_were_parts_of_the_content_are_so_again() {
    let message = |text: &str| Message::Assistant {
        text: text.into(),
        tool_calls: vec![],
        carried: Some(Arc::new(Carried {
            by: "openai:p/m".into(),
            value: Opaque::from(&json!({"content": "hm"})),
        })),
    };
    let sent = wire(&[message("Yes")], &Quirks::default());
    assert_eq!(
        sent[0]["content"],
        json!([
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "Yes"},
        ])
    );
}
