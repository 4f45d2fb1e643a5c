//! The traces of turns, as a receiver of OTLP gets them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use kontor_testkit::scripted::{Script, ScriptedModel};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use tokio_util::task::TaskTracker;

use crate::fixture::{Fixture, PATIENCE, eventually};

/// A receiver that keeps what it gets.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<(HeaderMap, ExportTraceServiceRequest)>>>);

impl Receiver {
    async fn start() -> (Self, String) {
        let receiver = Self::default();
        let take = async |State(receiver): State<Self>, headers: HeaderMap, body: Bytes| {
            let request = ExportTraceServiceRequest::decode(body).expect("it is OTLP");
            receiver.0.lock().unwrap().push((headers, request));
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(receiver.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        (receiver, url)
    }

    /// The spans that came, once those of a turn are there.
    async fn spans(&self) -> Vec<Span> {
        let come = || {
            let spans: Vec<Span> = (self.0.lock().unwrap().iter())
                .flat_map(|(_, request)| &request.resource_spans)
                .flat_map(|resource| &resource.scope_spans)
                .flat_map(|scope| scope.spans.clone())
                .collect();
            std::future::ready(Some(spans).filter(|spans| !spans.is_empty()))
        };
        eventually(PATIENCE, come).await.expect("no trace came")
    }
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.as_str(), text(attribute))).collect()
}

/// A turn with a call that finds and one that does not exist; what came of it at the receiver.
async fn traced(content: bool) -> (Receiver, Vec<Span>, String) {
    let (receiver, url) = Receiver::start().await;
    let model = ScriptedModel::start().await.unwrap();
    model.push(
        Script::new()
            .calls(&[("a", "find", r#"{"object": "deal"}"#), ("b", "nothing_of_the_kind", "{}")])
            .usage(120, 7),
    );
    model.push(Script::new().text("There are some.").usage(150, 9));
    let settings = [
        ("MODELS__DEFAULT", "scripted/scripted".to_owned()),
        ("MODELS__PROVIDERS__SCRIPTED__BASE_URL", model.base_url()),
        ("MODELS__PROVIDERS__SCRIPTED__API_KEY", "k-1".to_owned()),
        ("TELEMETRY__ENDPOINT", url),
        ("TELEMETRY__HEADERS", "{x-key=\"let me in\"}".to_owned()),
        ("TELEMETRY__CONTENT", content.to_string()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let fixture = Fixture::with(&settings).await;
    let ada = fixture.sign_in("ada").await;
    let session = ada.session("sales-assistant").await.unwrap();
    ada.turn(&session, "Which deals are there?").await.unwrap();
    let spans = receiver.spans().await;
    fixture.end().await;
    (receiver, spans, session)
}

#[tokio::test]
async fn a_turn_is_one_trace_by_the_genai_conventions_and_tells_no_content() {
    let (receiver, spans, session) = traced(false).await;
    let root = spans.iter().find(|span| span.parent_span_id.is_empty()).unwrap();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    assert_eq!(root.name, "invoke_agent sales-assistant");
    let of_turn = attributes(&root.attributes);
    assert_eq!(of_turn["gen_ai.operation.name"], "invoke_agent");
    assert_eq!(of_turn["gen_ai.conversation.id"], session);
    assert_eq!(
        (of_turn["gen_ai.usage.input_tokens"].as_str(), of_turn["gen_ai.usage.output_tokens"].as_str()),
        ("270", "16")
    );

    let chats = named("chat scripted");
    assert_eq!(chats.len(), 2, "{spans:?}");
    for chat in &chats {
        let told = attributes(&chat.attributes);
        assert_eq!((chat.kind, told["gen_ai.provider.name"].as_str()), (SpanKind::Client as i32, "scripted"));
        assert_eq!((&chat.trace_id, &chat.parent_span_id), (&root.trace_id, &root.span_id));
        assert!(chat.end_time_unix_nano >= chat.start_time_unix_nano);
        assert!(chat.start_time_unix_nano >= root.start_time_unix_nano);
    }
    let found = attributes(&named("execute_tool deal.find")[0].attributes);
    assert_eq!(
        (found["gen_ai.tool.name"].as_str(), found["gen_ai.tool.type"].as_str()),
        ("deal.find", "function")
    );
    let wrong = named("execute_tool nothing_of_the_kind")[0];
    assert_eq!(attributes(&wrong.attributes)["error.type"], "unknown_operation");
    let ids: std::collections::BTreeSet<_> = spans.iter().map(|span| span.span_id.clone()).collect();
    assert_eq!((ids.len(), spans.len()), (5, 5));
    assert!(spans.iter().all(|span| span.trace_id.len() == 16 && span.span_id.len() == 8));

    let all = format!("{spans:?}");
    for content in ["Which deals", "There are some", "You are", "arguments"] {
        assert!(!all.contains(content), "{content} in {all}");
    }
    let requests = receiver.0.lock().unwrap();
    let (headers, request) = &requests[0];
    assert_eq!(
        (&headers["content-type"], &headers["x-key"]),
        (&"application/x-protobuf".parse().unwrap(), &"let me in".parse().unwrap())
    );
    let resource = request.resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(attributes(&resource.attributes)["service.name"], "kontor");
}

#[tokio::test]
async fn content_is_told_where_the_configuration_says_so() {
    let (_, spans, _) = traced(true).await;
    let first = spans.iter().find(|span| span.name == "chat scripted").unwrap();
    let told = attributes(&first.attributes);
    assert!(told["gen_ai.input.messages"].contains("Which deals are there?"), "{told:?}");
    assert!(told["gen_ai.output.messages"].contains("tool_call"));
    assert!(told["gen_ai.system_instructions"].contains("Ada"));
    assert!(told["gen_ai.tool.definitions"].contains("find"));
    let found = spans.iter().find(|span| span.name == "execute_tool deal.find").unwrap();
    assert!(attributes(&found.attributes)["gen_ai.tool.call.result"].contains("records"));
}

#[tokio::test]
async fn an_agent_that_was_asked_is_an_invocation_within_the_call() {
    let (receiver, url) = Receiver::start().await;
    let model = ScriptedModel::start().await.unwrap();
    let question = r#"{"agent": "analyst", "question": "How many?"}"#;
    model.push(Script::new().calls(&[("a", "ask_agent", question)]).usage(100, 5));
    model.push(Script::new().calls(&[("b", "find", r#"{"object": "deal"}"#)]).usage(20, 2));
    model.push(Script::new().text("Seven.").usage(30, 3));
    model.push(Script::new().text("There are seven.").usage(110, 6));
    let settings = [
        ("MODELS__DEFAULT", "scripted/scripted".to_owned()),
        ("MODELS__PROVIDERS__SCRIPTED__BASE_URL", model.base_url()),
        ("MODELS__PROVIDERS__SCRIPTED__API_KEY", "k-1".to_owned()),
        ("TELEMETRY__ENDPOINT", url),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let fixture = Fixture::with(&settings).await;
    let ada = fixture.sign_in("ada").await;
    let asks = serde_json::json!({"ask": ["analyst"]});
    ada.patch("/api/agents/sales-assistant", asks).await.unwrap().ok();
    let session = ada.session("sales-assistant").await.unwrap();
    ada.turn(&session, "How many deals are there?").await.unwrap();
    let spans = receiver.spans().await;
    fixture.end().await;

    let named = |name: &str| {
        spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"))
    };
    let (root, call) = (named("invoke_agent sales-assistant"), named("execute_tool ask_agent"));
    let (asked, found) = (named("invoke_agent analyst"), named("execute_tool deal.find"));
    assert_eq!((&call.parent_span_id, &asked.parent_span_id), (&root.span_id, &call.span_id));
    assert_eq!(found.parent_span_id, asked.span_id);
    let told = attributes(&asked.attributes);
    assert_eq!(told["gen_ai.agent.name"], "analyst");
    assert_eq!(
        (told["gen_ai.agent.version"].as_str(), told["gen_ai.usage.input_tokens"].as_str()),
        ("1", "50")
    );
    let within = |span: &&Span| span.name == "chat scripted" && span.parent_span_id == asked.span_id;
    assert_eq!(spans.iter().filter(within).count(), 2);
    assert_eq!(attributes(&root.attributes)["gen_ai.usage.input_tokens"], "260");
    let ids: std::collections::BTreeSet<_> = spans.iter().map(|span| span.span_id.clone()).collect();
    assert_eq!((ids.len(), spans.len()), (8, 8));
    assert!(!format!("{spans:?}").contains("How many"));
}
