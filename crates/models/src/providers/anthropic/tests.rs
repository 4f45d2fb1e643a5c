use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use kontor_outbound::Outbound;
use kontor_testkit::scripted::{Script, ScriptedModel, answer};
use serde_json::{Value, json};

use crate::{
    assembler::{Assembler, CompletedStep},
    chat::{
        ChatModel, ChatRequest, Delta, FinishReason, Message, ToolCall, ToolChoice, ToolDefinition, Usage,
    },
    config::{ModelConfig, ProviderConfig, Secret, Thinking, Timeouts},
    error::{ModelError, Wait},
    providers::{self, Described, Owner, ProviderKind},
};

const KEY: &str = "sk-ant-test-0123456789";

async fn server(scripts: impl IntoIterator<Item = Script>) -> (ScriptedModel, Arc<dyn ChatModel>) {
    let server = ScriptedModel::start().await.unwrap();
    scripts.into_iter().for_each(|script| server.push(script));
    let model = model_at(&server, "claude", None);
    (server, model)
}

fn model_at(server: &ScriptedModel, name: &str, thinking: Option<Thinking>) -> Arc<dyn ChatModel> {
    let short = Duration::from_millis(300);
    let config = ProviderConfig {
        kind: Some(ProviderKind::Anthropic),
        base_url: Some(server.base_url()),
        api_key: Some(Secret::new(KEY)),
        timeouts: Timeouts { connect: short, first_token: short, idle: short, total: Duration::from_secs(5) },
        ..ProviderConfig::default()
    };
    let named = ModelConfig { name: name.to_owned(), thinking, ..ModelConfig::default() };
    providers::open("test", &config, Owner::Operator, &Outbound::default())
        .unwrap()
        .model(Described { config: named, ..Described::default() })
}

fn request(messages: Vec<Message>) -> ChatRequest {
    let tool = |name: &str| ToolDefinition {
        name: name.to_owned(),
        description: "A tool.".to_owned(),
        parameters: Arc::new(json!({"type": "object", "properties": {}})),
    };
    let system = [Message::System("Be brief.".into())];
    let messages: Vec<Message> = system.into_iter().chain(messages).collect();
    ChatRequest::new(messages, [tool("deal.find"), tool("deal.update")])
}

fn hello() -> ChatRequest {
    request(vec![Message::User("Hello".into())])
}

async fn ask(model: &Arc<dyn ChatModel>, request: ChatRequest) -> Result<CompletedStep, ModelError> {
    let mut assembler = Assembler::new("call_s1", 1 << 20);
    let mut deltas = model.stream(request);
    while let Some(delta) = deltas.try_next().await? {
        assembler.push(delta);
    }
    assembler.complete()
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn call(id: &str, name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": name, "input": input})
}

fn result(call: &ToolCall, content: &str) -> Message {
    Message::Tool { call_id: call.id.clone(), name: call.name.clone(), content: content.into() }
}

/// The stream that the documentation shows for a text.
const PUBLISHED: &str = r#"event: message_start
data: {"type": "message_start", "message": {"id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyS", "type": "message", "role": "assistant", "content": [], "model": "claude-opus-4-7", "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 25, "output_tokens": 1}}}

event: content_block_start
data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}

event: content_block_delta
data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "!"}}

event: content_block_stop
data: {"type": "content_block_stop", "index": 0}

event: message_delta
data: {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence":null}, "usage": {"output_tokens": 15}}

event: message_stop
data: {"type": "message_stop"}

"#;

#[tokio::test]
async fn the_published_stream_is_read_and_finish_is_last() {
    let (server, model) = server([Script::new().events(&[]).raw(PUBLISHED)]).await;
    let deltas: Vec<Delta> = model.stream(hello()).try_collect().await.unwrap();
    let texts: Vec<_> = deltas.iter().filter(|delta| matches!(delta, Delta::Text(_))).collect();
    assert_eq!(texts, [&Delta::Text("Hello".into()), &Delta::Text("!".into())]);
    assert_eq!(deltas.last(), Some(&Delta::Finish(FinishReason::Stop)));
    let usage = Usage {
        input_tokens: 25,
        output_tokens: 15,
        cached_input_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
    };
    assert!(deltas.contains(&Delta::Usage(usage)), "{deltas:?}");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn parallel_calls_come_back_under_our_names_and_their_results_go_in_one_message() {
    let first = [
        text("Let me look."),
        call("toolu_1", "deal_find", json!({"limit": 20, "sort": "-amount"})),
        call("toolu_2", "deal_update", json!({"id": "1"})),
    ];
    let scripts = [answer(&first, "tool_use"), answer(&[text("Done.")], "end_turn")];
    let (server, model) = server(scripts.map(|events| Script::new().events(&events))).await;
    let step = ask(&model, hello()).await.unwrap();
    let calls: Vec<_> =
        step.tool_calls.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.arguments.as_str())).collect();
    let expected = [
        ("toolu_1", "deal.find", r#"{"limit":20,"sort":"-amount"}"#),
        ("toolu_2", "deal.update", r#"{"id":"1"}"#),
    ];
    assert_eq!((calls.as_slice(), step.finish.clone()), (&expected[..], FinishReason::ToolCalls));
    let usage = Usage {
        input_tokens: 132,
        output_tokens: 15,
        cached_input_tokens: 100,
        cache_write_tokens: 7,
        reasoning_tokens: 0,
    };
    assert_eq!(step.usage, Some(usage));

    let messages = vec![
        Message::User("Hello".into()),
        step.message(),
        result(&step.tool_calls[0], "[]"),
        result(&step.tool_calls[1], "ok"),
        Message::User("And now?".into()),
    ];
    assert_eq!(ask(&model, request(messages)).await.unwrap().text, "Done.");
    assert_eq!(server.violations(), Vec::<String>::new());
    let sent = &server.requests()[1];
    let kinds = |message: &Value| -> Vec<Value> {
        message["content"].as_array().unwrap().iter().map(|block| block["type"].clone()).collect()
    };
    assert_eq!(kinds(&sent["messages"][1]), ["text", "tool_use", "tool_use"]);
    assert_eq!(kinds(&sent["messages"][2]), ["tool_result", "tool_result", "text"]);
    assert_eq!(sent["messages"][1]["content"][1]["name"], "deal_find");
}

#[tokio::test]
async fn thoughts_go_back_unchanged_and_in_their_order_to_the_model_that_made_them_alone() {
    let thought =
        json!({"type": "thinking", "thinking": "The user wants deals.", "signature": "EqQBCgIYAhIM=="});
    let hidden = json!({"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"});
    let first = [
        thought.clone(),
        text("Let me look."),
        hidden.clone(),
        call("toolu_1", "deal_find", json!({})),
        json!({"type": "a_block_of_tomorrow", "value": 7}),
    ];
    let server = ScriptedModel::start().await.unwrap();
    server.push(Script::new().events(&answer(&first, "tool_use")));
    let model = model_at(&server, "claude", Some(Thinking::Adaptive));
    let step = ask(&model, hello()).await.unwrap();
    assert_eq!((step.reasoning.as_str(), step.text.as_str()), ("The user wants deals.", "Let me look."));
    // As it stands in a log between two steps.
    let message: Message = serde_json::from_value(serde_json::to_value(step.message()).unwrap()).unwrap();
    let messages = vec![Message::User("Hello".into()), message, result(&step.tool_calls[0], "[]")];
    for name in ["claude", "another"] {
        server.push(Script::new().events(&answer(&[text("Done.")], "end_turn")));
        let model = model_at(&server, name, Some(Thinking::Adaptive));
        ask(&model, request(messages.clone())).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests[0]["thinking"], json!({"type": "adaptive"}));
    let mut expected = first.to_vec();
    assert_eq!(requests[1]["messages"][1]["content"], Value::Array(expected.clone()));
    expected.retain(|block| block["type"] == "text" || block["type"] == "tool_use");
    assert_eq!(requests[2]["messages"][1]["content"], Value::Array(expected));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn tools_prompt_and_the_conversation_so_far_are_read_from_the_cache() {
    let scripts =
        std::array::from_fn::<_, 2, _>(|_| Script::new().events(&answer(&[text("Yes.")], "end_turn")));
    let (server, model) = server(scripts).await;
    ask(&model, hello()).await.unwrap();
    let said = |text: &str| Message::Assistant { text: text.into(), tool_calls: vec![], carried: None };
    let messages =
        vec![Message::User("Hello".into()), said("Yes."), Message::User("Sure?".into()), said(" ")];
    ask(&model, request(messages)).await.unwrap();
    let requests = server.requests();
    let is_marked = |value: &Value| value["cache_control"] == json!({"type": "ephemeral"});
    for request in &requests {
        assert!(is_marked(&request["system"][0]) && is_marked(&request["tools"][1]), "{request}");
        assert!(!is_marked(&request["tools"][0]));
    }
    let ends: Vec<bool> = requests[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| is_marked(message["content"].as_array().unwrap().last().unwrap()))
        .collect();
    assert_eq!(ends, [true, false, true]);
    // What was sent before is the beginning of what is sent later, byte for byte.
    assert_eq!(requests[0]["messages"][0], requests[1]["messages"][0]);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_conversation_of_other_models_is_made_to_fit() {
    let (server, model) = server([Script::new().events(&answer(&[text("Yes.")], "end_turn"))]).await;
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: "deal.find".to_owned(),
        arguments: arguments.to_owned(),
        extra: None,
    };
    let calls = vec![call("call.1|x", "{\"limit\":"), call("ok", "[1]"), call("call.2", "{\"limit\": 1}")];
    let results = [result(&calls[2], "two"), result(&calls[0], "one")];
    let messages = [
        vec![Message::Assistant { text: "".into(), tool_calls: calls, carried: None }],
        results.to_vec(),
        vec![Message::User(" ".into()), Message::User("Go on".into())],
    ];
    ask(&model, request(messages.concat())).await.unwrap();
    assert_eq!(server.violations(), Vec::<String>::new());
    let sent = &server.requests()[0]["messages"];
    let inputs: Vec<_> =
        sent[1]["content"].as_array().unwrap().iter().map(|block| block["input"].to_string()).collect();
    assert_eq!(inputs, ["{}", "{}", "{\"limit\":1}"]);
    let told: Vec<_> = sent[2]["content"].as_array().unwrap().iter().map(|b| b["content"].clone()).collect();
    assert_eq!(told, [json!("two"), json!("one"), json!("This call was not run."), Value::Null]);
}

#[tokio::test]
async fn a_call_is_required_in_the_apis_own_words() {
    let scripts = std::array::from_fn::<_, 2, _>(|_| {
        Script::new().events(&answer(&[call("toolu_1", "deal_find", json!({}))], "tool_use"))
    });
    let (server, model) = server(scripts).await;
    for required in [None, Some("deal.find".to_owned())] {
        let request = ChatRequest { tool_choice: ToolChoice::Required(required), ..hello() };
        ask(&model, request).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests[0]["tool_choice"], json!({"type": "any"}));
    assert_eq!(requests[1]["tool_choice"], json!({"type": "tool", "name": "deal_find"}));
}

#[tokio::test]
async fn each_stop_reason_ends_as_what_it_is() {
    let ends = [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("pause_turn", FinishReason::Length),
        ("refusal", FinishReason::ContentFilter),
        ("a_reason_of_tomorrow", FinishReason::Other("a_reason_of_tomorrow".to_owned())),
    ];
    let script = |reason: &str| Script::new().events(&answer(&[text("Well")], reason));
    let (_server, model) = server(ends.iter().map(|(reason, _)| script(reason))).await;
    for (reason, finish) in ends {
        assert_eq!(ask(&model, hello()).await.unwrap().finish, finish, "{reason}");
    }
}

#[tokio::test]
async fn a_refusal_without_a_word_is_told_with_its_explanation() {
    let mut events = answer(&[], "refusal");
    let delta = events.len() - 2;
    events[delta]["delta"]["stop_details"] = json!({"type": "refusal", "explanation": "It may do harm."});
    let (_server, model) = server([Script::new().events(&events)]).await;
    let refused = ask(&model, hello()).await.unwrap_err();
    assert!(
        matches!(&refused, ModelError::Filtered { message } if message == "It may do harm."),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_ends_it() {
    let begun = answer(&[text("Half of an answer")], "end_turn");
    let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "Overloaded"}});
    let script = |kind: &str| {
        let events = [&begun[..5], &[error(kind)]].concat();
        Script::new().events(&events)
    };
    let (_server, model) =
        server(["overloaded_error", "api_error", "invalid_request_error"].map(script)).await;
    let overloaded = ask(&model, hello()).await.unwrap_err();
    assert!(matches!(&overloaded, ModelError::Server { message, .. } if message == "Overloaded"));
    assert!(overloaded.is_retryable());
    assert!(ask(&model, hello()).await.unwrap_err().is_retryable());
    assert!(matches!(ask(&model, hello()).await, Err(ModelError::Rejected { .. })));
}

#[tokio::test]
async fn a_stream_that_breaks_ends_or_falls_silent_is_told_from_a_whole_one() {
    let whole = answer(&[text("Half of an answer")], "end_turn");
    let part = || Script::new().events(&whole[..5]);
    let (_server, model) =
        server([part().cut(), part(), part().stall(), Script::new().events(&[]).stall()]).await;
    assert!(matches!(ask(&model, hello()).await, Err(ModelError::CutShort { .. })));
    assert!(matches!(ask(&model, hello()).await, Err(ModelError::CutShort { .. })));
    assert!(matches!(ask(&model, hello()).await, Err(ModelError::Timeout { what: Wait::Idle })));
    assert!(matches!(ask(&model, hello()).await, Err(ModelError::Timeout { what: Wait::FirstToken })));
}

#[tokio::test]
async fn what_is_not_known_and_what_is_missing_does_no_harm() {
    let events = [
        json!({"type": "an_event_of_tomorrow", "index": 0}),
        json!({"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "lost"}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Ye"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "s."}}),
        json!({"type": "content_block_start", "index": 1, "content_block": call("", "deal_find", json!({"limit": 1}))}),
        json!({"type": "content_block_start", "index": 2, "content_block": "no object"}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
        json!({"type": "content_block_stop", "index": 2}),
        json!({"type": "content_block_start", "index": 3, "content_block": {"type": "thinking", "thinking": ""}}),
        json!({"type": "content_block_delta", "index": 3, "delta": {"type": "thinking_delta", "thinking": "Hm"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
    ];
    // Neither the ends of the blocks nor that of the message came.
    let (_server, model) = server([Script::new().events(&events)]).await;
    let step = ask(&model, hello()).await.unwrap();
    assert_eq!((step.text.as_str(), step.tool_calls.len()), ("Yes.", 1));
    assert_eq!((step.tool_calls[0].id.len(), step.tool_calls[0].arguments.as_str()), (9, "{\"limit\":1}"));
    let carried = step.carried.map(|carried| carried.value.as_str().to_owned()).unwrap_or_default();
    assert!(!carried.contains("Hm"), "thoughts without their signature are refused: {carried}");
}

#[tokio::test]
async fn an_answer_that_comes_as_a_whole_is_read() {
    let whole = json!({
        "type": "message", "role": "assistant", "content": [text("Yes."), call("toolu_1", "deal_find", json!({"limit": 1}))],
        "stop_reason": "tool_use", "usage": {"input_tokens": 3, "output_tokens": 2},
    });
    let (_server, model) = server([Script::new().events(&[]).raw(&format!("{whole}\n"))]).await;
    let step = ask(&model, hello()).await.unwrap();
    assert_eq!((step.text.as_str(), step.tool_calls[0].arguments.as_str()), ("Yes.", "{\"limit\":1}"));
}

#[tokio::test]
async fn refusals_are_told_apart_in_the_providers_words() {
    let limited =
        Script::refusal(429, "rate_limit_error", "Number of request tokens has exceeded your limit");
    let scripts = [
        Script::refusal(529, "overloaded_error", "Overloaded"),
        limited.header("retry-after", "7"),
        Script::refusal(413, "request_too_large", "Request exceeds the maximum size"),
        Script::refusal(400, "invalid_request_error", "max_tokens: 300000 > 64000"),
        Script::refusal(400, "invalid_request_error", "Your credit balance is too low to access the API"),
        Script::refusal(401, "authentication_error", &format!("invalid x-api-key {KEY}")),
        Script::refusal(404, "not_found_error", "model: claude"),
    ];
    let (server, model) = server(scripts).await;
    let mut failed = Vec::new();
    while server.left() > 0 {
        failed.push(ask(&model, hello()).await.unwrap_err());
    }
    assert!(failed[0].is_retryable() && failed[0].to_string().contains("Overloaded"), "{}", failed[0]);
    assert_eq!(failed[1].retry_after(), Some(Duration::from_secs(7)));
    assert!(matches!(failed[2], ModelError::Rejected { status: 413, .. }));
    assert!(matches!(&failed[3], ModelError::Rejected { status: 400, message } if message.contains("64000")));
    assert!(matches!(failed[4], ModelError::QuotaUsed { .. }));
    assert!(matches!(failed[5], ModelError::Unauthorized { .. }));
    assert!(!format!("{:?} {}", failed[5], failed[5]).contains(KEY));
    assert!(matches!(failed[6], ModelError::Rejected { status: 404, .. }));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_follows_the_end_is_not_waited_for() {
    let (_server, model) = server([Script::new().events(&answer(&[text("Yes.")], "end_turn")).stall()]).await;
    let begun = std::time::Instant::now();
    let deltas: Vec<_> = model.stream(hello()).collect().await;
    assert!(matches!(deltas.last(), Some(Ok(Delta::Finish(FinishReason::Stop)))), "{deltas:?}");
    assert!(begun.elapsed() < Duration::from_secs(2));
}
