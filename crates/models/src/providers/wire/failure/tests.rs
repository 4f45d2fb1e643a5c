use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::json;

use super::*;

fn words(value: Value) -> String {
    Failure::of_value(&value).words
}

fn refused(status: u16, body: &Value) -> ModelError {
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    Failure::of_response(status, &HeaderMap::new(), body.as_bytes()).into_error(true)
}

#[test]
fn the_providers_words_are_found_in_every_shape() {
    let said = "Field required";
    for error in [
        json!(said),
        json!({"error": said}),
        json!({"message": said}),
        json!({"error": {"message": said, "code": 400}}),
        json!([{"error": {"message": said, "status": "INVALID_ARGUMENT"}}]),
        json!({"detail": said}),
        json!({"detail": [{"msg": said}, {"msg": said}]}),
        json!({"message": {"detail": [{"msg": said}]}}),
        json!({"error": {"error": {"message": said}}}),
        json!({"error": "Bad Request", "message": said}),
        json!({"errors": [{"message": said}]}),
        json!({"error": {"message": json!({"error": {"message": said}}).to_string()}}),
        json!({"error": {"metadata": {"raw": json!({"message": said}).to_string()}}}),
        json!({"error_msg": said, "error_code": 17}),
    ] {
        assert_eq!(words(error.clone()), said, "{error}");
    }
    let place = json!({"detail": [{"loc": ["body", "messages", 0], "msg": said}]});
    assert_eq!(words(place), "body.messages.0: Field required");
    let cause = json!({"error": {"message": "Provider returned error", "metadata": {"raw": "names differ"}}});
    assert_eq!(words(cause), "Provider returned error: names differ");
}

#[test]
fn a_page_is_told_as_one_with_its_title() {
    let page = json!("<!DOCTYPE html><html><title>Attention |\n Cloudflare</title><p>…</html>");
    let ModelError::Rejected { message, .. } = refused(403, &page) else { panic!() };
    assert!(message.contains("titled “Attention | Cloudflare”") && message.contains("firewall"), "{message}");
    let missing = json!("<html><body><h1>404 Not Found</h1></body></html>");
    let ModelError::Rejected { message, .. } = refused(404, &missing) else { panic!() };
    assert!(message.contains("404 Not Found") && message.contains("base_url"), "{message}");
    assert!(matches!(Failure::of_value(&missing).into_error(true), ModelError::Protocol(_)));
    assert!(matches!(
        refused(502, &json!("<html>Bad Gateway</html>")),
        ModelError::Server { status: 502, .. }
    ));
}

#[test]
fn a_quota_that_is_used_up_is_told_from_a_rate() {
    let quota = |status, error: Value| {
        matches!(refused(status, &json!({"error": error})), ModelError::QuotaUsed { .. })
    };
    assert!(quota(429, json!({"code": "insufficient_quota", "message": "You exceeded it"})));
    assert!(quota(
        429,
        json!({"message": "You exceeded your current quota, please check your plan and billing"})
    ));
    assert!(quota(402, json!({"message": "Pay"})));
    assert!(quota(400, json!({"message": "Your credit balance is too low"})));
    let rates = [
        json!({"message": "Rate limit reached: quota of 3 requests per minute"}),
        json!({"message": "You exceeded your current quota", "details": [{"retryDelay": "31s"}]}),
        json!({"message": "slow down", "type": "rate_limit_error"}),
    ];
    for rate in rates {
        assert!(matches!(refused(429, &json!({"error": rate})), ModelError::RateLimited { .. }), "{rate}");
    }
}

#[test]
fn what_no_second_request_mends_is_asked_once() {
    for (status, message) in [
        (500, "model requires more system memory (10.0 GiB) than is available (6.2 GiB)"),
        (500, "CUDA error: out of memory"),
        (500, "the request exceeds the available context size"),
        (429, "Request too large for model: Limit 12000, Requested 21000"),
        (413, "Request too large"),
        (400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
    ] {
        let error = refused(status, &json!({"error": {"message": message, "code": "rate_limit_exceeded"}}));
        assert!(!error.is_retryable() && error.to_string().contains(message), "{error}");
    }
    let call = json!({"error": {"message": "Failed to call a function", "code": "tool_use_failed"}});
    assert!(refused(400, &call).is_retryable());
    for (status, message, is_against) in [
        (500, "CUDA error: out of memory", true),
        (500, "the request exceeds the available context size", false),
        (503, "This model's maximum context length is 8192 tokens", false),
    ] {
        let error = refused(status, &json!({"error": {"message": message}}));
        assert_eq!(error.is_against_the_model(), is_against, "{error}");
    }
    assert!(refused(400, &call).is_of_the_model() && !refused(400, &call).is_against_the_model());
}

#[test]
fn an_error_without_a_status_is_told_by_its_code_or_type() {
    let error = |value: Value| Failure::of_value(&value).into_error(false);
    assert!(matches!(error(json!({"code": "429", "message": "slow"})), ModelError::RateLimited { .. }));
    assert!(matches!(error(json!({"status": "RESOURCE_EXHAUSTED"})), ModelError::RateLimited { .. }));
    assert!(matches!(error(json!({"type": "authentication_error"})), ModelError::Unauthorized { .. }));
    assert!(matches!(error(json!("boom")), ModelError::Server { status: 500, .. }));
    assert!(matches!(error(json!({"type": "overloaded_error"})), ModelError::Server { status: 503, .. }));
    assert!(matches!(error(json!({"type": "invalid_request_error"})), ModelError::Rejected { .. }));
    assert!(matches!(error(json!({"error": {"code": 502}})), ModelError::Server { status: 502, .. }));
}

#[test]
fn a_wait_of_the_headers_goes_before_one_of_the_body() {
    let mut headers = HeaderMap::new();
    let body = br#"{"error": {"message": "Please try again in 20s"}}"#;
    let wait = |headers: &HeaderMap| Failure::of_response(429, headers, body).into_error(true).retry_after();
    assert_eq!(wait(&headers), Some(Duration::from_secs(20)));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
    assert_eq!(wait(&headers), Some(Duration::from_secs(3)));
}

#[test]
fn the_refusals_of_each_provider_are_told_by_kind() {
    let azure = json!({"error": {"code": "content_filter", "status": 400, "param": "prompt",
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's policy.",
        "innererror": {"code": "ResponsibleAIPolicyViolation"}}});
    assert!(matches!(refused(400, &azure), ModelError::Filtered { .. }));
    let xai =
        json!({"code": "Client specified an invalid argument", "error": "Incorrect API key provided: x"});
    assert!(matches!(refused(400, &xai), ModelError::Unauthorized { .. }));
    let cerebras = json!({"message": "Requests per minute limit exceeded - too many requests sent.",
        "type": "too_many_requests_error", "param": "quota", "code": "request_quota_exceeded"});
    assert!(matches!(refused(429, &cerebras), ModelError::RateLimited { .. }));
    let together = json!({"error": {"message": "The server is overloaded or not ready yet.", "type": "service_unavailable"}});
    assert!(matches!(refused(503, &together), ModelError::Server { status: 503, .. }));
    let gemini = json!([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Resource exhausted",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]}}]);
    assert_eq!(refused(429, &gemini).retry_after(), Some(Duration::from_secs(7)));
    let cohere = json!({"message": "invalid request: message must be at least 1 token long"});
    assert!(matches!(refused(400, &cohere), ModelError::Rejected { .. }));
    assert_eq!(words(json!({"fault": {"faultstring": "Quota violation", "detail": {}}})), "Quota violation");
    assert_eq!(
        words(json!({"error": "No models loaded. Please load a model."})),
        "No models loaded. Please load a model."
    );
}
