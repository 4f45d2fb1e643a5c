use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt};
use kontor_core::{
    environment::Environment, grants::Grants, locale::DateLanguage, metadata::Name, operation::Effect,
};
use kontor_outbound::Outbound;
use kontor_testkit::scripted::{Fixed, Script, ScriptedModel};
use serde_json::json;

use crate::{
    assembler::{Assembler, CompletedStep},
    chat::{ChatModel, ChatRequest, Delta, FinishReason, Message, ToolCall, ToolDefinition, Usage},
    config::{ModelConfig, ProviderConfig, Secret, Timeouts},
    error::{ModelError, Wait},
    providers::{self, Described, Owner},
    retry::{RetryPolicy, Tries, with_retries},
    scene::{Definitions, OfferedOperation, RecordInView, Scene, SceneMember},
};

const KEY: &str = "sk-test-0123456789";

const PASS: &str = "gateway-9876543210";

fn model_at(base_url: String, timeouts: Timeouts) -> Arc<dyn ChatModel> {
    let config = ProviderConfig {
        base_url: Some(base_url),
        api_key: Some(Secret::new(KEY)),
        headers: [("x-gateway".to_owned(), Secret::new(format!("Basic {PASS}")))].into(),
        timeouts,
        ..ProviderConfig::default()
    };
    let named = ModelConfig { name: "scripted".to_owned(), ..ModelConfig::default() };
    providers::open("test", &config, Owner::Operator, &Outbound::default())
        .unwrap()
        .model(Described { config: named, ..Described::default() })
}

async fn server(scripts: impl IntoIterator<Item = Script>) -> (ScriptedModel, Arc<dyn ChatModel>) {
    let server = ScriptedModel::start().await.unwrap();
    scripts.into_iter().for_each(|script| server.push(script));
    let short = Duration::from_millis(300);
    let timeouts =
        Timeouts { connect: short, first_token: short, idle: short, total: Duration::from_secs(5) };
    let model = model_at(server.base_url(), timeouts);
    (server, model)
}

fn request() -> ChatRequest {
    let tool = |name: &str| ToolDefinition {
        name: name.to_owned(),
        description: "A tool.".to_owned(),
        parameters: Arc::new(json!({"type": "object", "properties": {}})),
    };
    ChatRequest::new(
        [Message::System("Be brief.".into()), Message::User("Hello".into())],
        [tool("deal.find"), tool("deal.update")],
    )
}

async fn ask(model: &Arc<dyn ChatModel>) -> Result<CompletedStep, ModelError> {
    let mut assembler = Assembler::new("call_s1", 1 << 20);
    let mut deltas = model.stream(request());
    while let Some(delta) = deltas.try_next().await? {
        assembler.push(delta);
    }
    assembler.complete()
}

#[tokio::test]
async fn text_reasoning_and_usage_arrive_and_finish_is_last() {
    let (server, model) =
        server([Script::new().reasoning("Hm.").text("Good day to you.").usage(12, 5)]).await;
    let deltas: Vec<Delta> = model.stream(request()).try_collect().await.unwrap();
    assert_eq!(deltas.last(), Some(&Delta::Finish(FinishReason::Stop)));
    assert!(deltas.contains(&Delta::Usage(Usage {
        input_tokens: 12,
        output_tokens: 5,
        cached_input_tokens: 0,
        cache_write_tokens: 0,
        reasoning_tokens: 0
    })));
    assert_eq!(deltas.iter().filter(|delta| matches!(delta, Delta::Text(_))).count(), 4);
    assert_eq!(server.violations(), Vec::<String>::new());
    assert_eq!(server.requests()[0]["stream_options"]["include_usage"], true);
}

#[tokio::test]
async fn parallel_calls_in_interleaved_pieces_come_back_whole_under_our_names() {
    let script = Script::new().calls(&[
        ("a", "deal.find", "{\"limit\": 20, \"sort\": \"-amount\"}"),
        ("b", "deal.update", "{\"id\": \"1\"}"),
    ]);
    let (server, model) = server([script]).await;
    let step = ask(&model).await.unwrap();
    let calls: Vec<_> =
        step.tool_calls.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.arguments.as_str())).collect();
    assert_eq!(
        calls,
        [
            ("a", "deal.find", "{\"limit\": 20, \"sort\": \"-amount\"}"),
            ("b", "deal.update", "{\"id\": \"1\"}")
        ]
    );
    assert_eq!(step.finish, FinishReason::ToolCalls);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn malformed_arguments_and_unknown_tools_are_handed_on_as_written() {
    let (_server, model) = server([Script::new().call("a", "deal.frob", "{\"limit\": ")]).await;
    let step = ask(&model).await.unwrap();
    assert_eq!(step.tool_calls[0].name, "deal_frob");
    assert_eq!(step.tool_calls[0].arguments, "{\"limit\": ");
}

#[tokio::test]
async fn comments_unknown_words_and_a_missing_done_do_no_harm() {
    let script = Script::new().raw(": waiting\n\n").text("Yes.").finish("guardrail").without_done();
    let (_server, model) = server([script]).await;
    let step = ask(&model).await.unwrap();
    assert_eq!((step.text.as_str(), step.finish), ("Yes.", FinishReason::Other("guardrail".into())));
}

#[tokio::test]
async fn a_stream_cut_in_the_middle_is_told_from_a_whole_one() {
    let (_server, model) = server([Script::new().text("Half of an").cut()]).await;
    let mut deltas = model.stream(request());
    assert_eq!(deltas.next().await.unwrap().unwrap(), Delta::Text("Half ".into()));
    let rest: Vec<_> = deltas.collect().await;
    assert!(matches!(rest.last(), Some(Err(ModelError::CutShort { .. }))), "{rest:?}");
}

#[tokio::test]
async fn an_error_object_in_the_stream_ends_it() {
    let error = "data: {\"error\": {\"message\": \"upstream failed\", \"code\": 502}}\n\n";
    let (_server, model) = server([Script::new().text("One").raw(error)]).await;
    assert!(matches!(ask(&model).await, Err(ModelError::Server { status: 502, .. })));
}

#[tokio::test]
async fn what_was_sent_in_confidence_is_in_no_error() {
    let told = format!("no: {PASS}, {KEY}{}", "x".repeat(380));
    let event = |code: u16| format!("data: {{\"error\": {{\"message\": \"{told}\", \"code\": {code}}}}}\n\n");
    // The excerpt of the last one would end within the key.
    let late = format!("{}{KEY}", "x".repeat(390));
    let scripts = [
        Script::new().text("One").raw(&event(502)),
        Script::new().raw(&event(400)),
        Script::new().raw(&format!("data: {{\"choices\": \"{KEY}\"}}\n\n")),
        Script::status(400, &told),
        Script::status(400, &late),
    ];
    let count = scripts.len();
    let (_server, model) = server(scripts).await;
    for _ in 0..count {
        let error = ask(&model).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(PASS) && !shown.contains("sk-test"), "{shown}");
    }
}

#[tokio::test]
async fn silence_ends_by_the_timeout_that_fits() {
    let (_server, model) = server([Script::new().stall(), Script::new().text("One").stall()]).await;
    assert!(matches!(ask(&model).await, Err(ModelError::Timeout { what: Wait::FirstToken })));
    assert!(matches!(ask(&model).await, Err(ModelError::Timeout { what: Wait::Idle })));
}

#[tokio::test]
async fn statuses_are_told_apart_and_never_retried_by_the_library() {
    let echo = format!("Incorrect API key provided: {KEY}");
    let scripts = [
        Script::status(401, &echo),
        Script::status(500, "boom"),
        Script::rate_limited(7),
        Script::status(400, &format!("Unknown user {KEY}")),
    ];
    let (server, model) = server(scripts).await;
    assert!(matches!(ask(&model).await, Err(ModelError::Unauthorized { .. })));
    assert!(matches!(ask(&model).await, Err(ModelError::Server { status: 500, .. })));
    let limited = ask(&model).await.unwrap_err();
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(7)));
    let rejected = ask(&model).await.unwrap_err();
    assert!(matches!(rejected, ModelError::Rejected { status: 400, .. }));
    assert!(!format!("{rejected} {rejected:?}").contains(KEY));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn retries_go_on_until_the_first_delta_and_stop_there() {
    let scripts = [Script::rate_limited(0), Script::status(503, "busy"), Script::new().text("At last").cut()];
    let (server, model) = server(scripts).await;
    let policy = RetryPolicy { first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
    let items: Vec<_> =
        with_retries(model, request(), policy, Environment::system(), Tries::default()).collect().await;
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 2, "{items:?}");
    assert!(matches!(items.last(), Some(Err(ModelError::CutShort { .. }))));
    assert_eq!((server.requests().len(), server.left()), (3, 0));
}

#[tokio::test]
async fn a_provider_that_is_down_is_unreachable() {
    let gone = ScriptedModel::start().await.unwrap().base_url();
    let model = model_at(gone, Timeouts::default());
    let error = ask(&model).await.unwrap_err();
    assert!(matches!(error, ModelError::Unreachable { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn nothing_of_the_scene_is_sent() {
    let (server, model) = server([Script::new().text("Hi."), Script::new().text("Hi.")]).await;
    let id = "018f2b6e-7c1a-7000-8000-000000000001";
    let definitions = Definitions {
        schema: Arc::default(),
        grants: Arc::new(Grants::everything()),
        operations: vec![OfferedOperation { name: "deal.destroy".to_owned(), effect: Effect::Destructive }],
    };
    let scene = Scene {
        today: "2031-07-09".parse().unwrap(),
        time_zone: "Asia/Tokyo".parse().unwrap(),
        dates: DateLanguage::default(),
        member: SceneMember { id: id.parse().unwrap(), name: "Ada Brandt".to_owned() },
        record: Some(RecordInView {
            object: Name::literal("deal"),
            id: id.parse().unwrap(),
            label: "Crane".to_owned(),
            path: format!("/records/deals/{id}"),
        }),
        definitions: Arc::new(definitions),
        colleagues: Arc::default(),
        successors: Arc::default(),
    };
    for request in [request(), request().in_scene(Arc::new(scene))] {
        let _: Vec<Delta> = model.stream(request).try_collect().await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
}

#[tokio::test]
async fn the_fixed_server_answers_a_whole_turn() {
    let fixed = Fixed::new("deal_find", &json!({"limit": 5}));
    let server = ScriptedModel::fixed("127.0.0.1:0", fixed).await.unwrap();
    let model = model_at(server.base_url(), Timeouts::default());
    let first = ask(&model).await.unwrap();
    let call = &first.tool_calls[0];
    assert_eq!((call.name.as_str(), call.arguments.as_str()), ("deal.find", "{\"limit\":5}"));
    let mut messages = request().messages.to_vec();
    let result = Message::Tool { call_id: call.id.clone(), name: call.name.clone(), content: "{}".into() };
    messages.extend([
        Message::Assistant { text: "".into(), tool_calls: vec![ToolCall::clone(call)], carried: None },
        result,
    ]);
    let second = ChatRequest { messages: messages.into(), ..request() };
    let deltas: Vec<Delta> = model.stream(second).try_collect().await.unwrap();
    assert_eq!(deltas.iter().filter(|delta| matches!(delta, Delta::Text(_))).count(), 40);
}

#[tokio::test]
async fn a_refused_parameter_is_left_out_and_not_sent_again() {
    let refusal = Script::status(422, "Extra inputs are not permitted: stream_options");
    let scripts = [refusal, Script::new().text("One."), Script::new().text("Two.")];
    let (server, model) = server(scripts).await;
    assert_eq!(ask(&model).await.unwrap().text, "One.");
    assert_eq!(ask(&model).await.unwrap().text, "Two.");
    let sent: Vec<bool> =
        server.requests().iter().map(|request| request.get("stream_options").is_some()).collect();
    assert_eq!(sent, [true, false, false]);
}

#[tokio::test]
async fn all_that_asks_for_one_answer_shares_its_requests() {
    let cut = || Script::new().text("Half").cut();
    let (server, model) = server([Script::status(503, "busy"), cut(), cut(), cut(), cut()]).await;
    let policy = RetryPolicy { first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
    let tries = Tries::default();
    let mut asked = 0;
    while tries.are_left(policy) {
        let deltas = with_retries(model.clone(), request(), policy, Environment::system(), tries.clone());
        let items: Vec<_> = deltas.collect().await;
        assert!(matches!(items.last(), Some(Err(ModelError::CutShort { .. }))), "{items:?}");
        asked += 1;
    }
    assert_eq!((asked, server.requests().len()), (3, 4));
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends_the_asking() {
    let (server, model) = server([Script::rate_limited(3_600)]).await;
    let (policy, tries) = (RetryPolicy::default(), Tries::default());
    let deltas = with_retries(model, request(), policy, Environment::system(), tries.clone());
    let items: Vec<_> = deltas.collect().await;
    assert!(matches!(items[..], [Err(ModelError::RateLimited { .. })]), "{items:?}");
    assert!(!tries.are_left(policy));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn after_the_finish_reason_an_open_stream_is_left() {
    let end = "data: {\"choices\": [{\"delta\": {\"content\": \"Yes.\"}, \"finish_reason\": \"stop\"}]}\n\n";
    let server = ScriptedModel::start().await.unwrap();
    server.push(Script::new().raw(end).stall());
    let model = model_at(server.base_url(), Timeouts::default());
    let begun = std::time::Instant::now();
    assert_eq!(ask(&model).await.unwrap().text, "Yes.");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_answer_and_an_error_that_are_no_events_are_read() {
    let whole = "{\"choices\": [{\"message\": {\"content\": \"Yes.\"}, \"finish_reason\": \"stop\"}]}\n\n";
    let error = "event: error\ndata: {\"message\": \"used up\", \"code\": \"insufficient_quota\"}\n\n";
    let scripts = [whole, error].map(|body| Script::new().raw(body));
    let (_server, model) = server(scripts).await;
    assert_eq!(ask(&model).await.unwrap().text, "Yes.");
    assert!(matches!(ask(&model).await, Err(ModelError::QuotaUsed { .. })));
}
