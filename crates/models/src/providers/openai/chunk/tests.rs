use serde_json::json;

use super::*;

fn decode(chunks: impl IntoIterator<Item = Value>) -> (Vec<Delta>, Decoder) {
    let names = Names::new(["deal.find"]);
    let (mut deltas, mut decoder) = (Vec::new(), Decoder::default());
    for chunk in chunks {
        let chunk = serde_json::from_value(chunk).unwrap();
        decoder.decode(chunk, &names, |delta| deltas.push(delta)).unwrap();
    }
    (deltas, decoder)
}

#[test]
fn nulls_unknown_fields_and_empty_choices_are_taken_as_nothing() {
    let (deltas, decoder) = decode([
        json!({"choices": null}),
        json!({"choices": [], "usage": null, "new_field": 1}),
        json!({"choices": [{"delta": {"role": "assistant", "content": null, "tool_calls": null}, "finish_reason": null}]}),
        json!({"choices": [{"delta": {"content": ""}, "logprobs": {}}]}),
    ]);
    assert!(deltas.is_empty() && decoder.progress.finish.is_none());
}

#[test]
fn text_comes_as_a_string_or_in_parts_and_reasoning_under_either_name() {
    let (deltas, _) = decode([
        json!({"choices": [{"delta": {"content": "a"}}]}),
        json!({"choices": [{"delta": {"content": [{"type": "text", "text": "b"}]}}]}),
        json!({"choices": [{"delta": {"reasoning_content": "c"}}]}),
        json!({"choices": [{"delta": {"reasoning": "d"}}]}),
    ]);
    let [a, b, c, d] = deltas.as_slice() else { panic!("{deltas:?}") };
    assert_eq!((a, b), (&Delta::Text("a".into()), &Delta::Text("b".into())));
    assert_eq!((c, d), (&Delta::Reasoning("c".into()), &Delta::Reasoning("d".into())));
}

#[test]
fn a_call_without_index_and_with_object_arguments_is_whole() {
    let call = json!({"function": {"name": "deal_find", "arguments": {"limit": 1}}});
    let (deltas, _) = decode([json!({"choices": [{"message": {"tool_calls": [call, call]}}]})]);
    let indexes: Vec<_> = deltas
        .iter()
        .map(|delta| match delta {
            Delta::ToolCall { index, name, arguments, .. } => {
                assert_eq!(name.as_deref(), Some("deal.find"));
                assert_eq!(arguments, "{\"limit\":1}");
                *index
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(indexes, [0, 1]);
}

#[test]
fn what_comes_with_an_answer_and_its_calls_is_kept_to_go_back() {
    let call = json!({"index": 0, "id": "a", "type": "function", "function": {"name": "deal_find"},
        "extra_content": {"google": {"thought_signature": "s"}}, "note": null});
    let (deltas, mut decoder) = decode([
        json!({"choices": [{"delta": {"reasoning_content": "h"}}]}),
        json!({"choices": [{"delta": {"reasoning_content": "m", "reasoning": "m"}}]}),
        json!({"choices": [{"delta": {"tool_calls": [call]}}]}),
        json!({"choices": [{"delta": {"extra_content": {"a": 1}}, "finish_reason": "stop"}]}),
    ]);
    let extra = deltas.iter().find_map(|delta| match delta {
        Delta::ToolCall { extra, .. } => extra.clone(),
        _ => None,
    });
    let expected = json!({"extra_content": {"google": {"thought_signature": "s"}}});
    assert_eq!(extra.map(Value::Object), Some(expected));
    let carried = decoder.carried().unwrap();
    assert_eq!(carried.as_str(), r#"{"reasoning_content":"hm","extra_content":{"a":1}}"#);
    let (_, mut decoder) = decode([json!({"choices": [{"delta": {"content": "a"}}]})]);
    assert_eq!(decoder.carried(), None);
}

#[test]
fn an_unknown_finish_reason_is_kept_as_it_is() {
    let (_, decoder) = decode([json!({"choices": [{"delta": {}, "finish_reason": "guardrail"}]})]);
    assert_eq!(decoder.progress.finish, Some(FinishReason::Other("guardrail".into())));
}

fn failed(chunks: impl IntoIterator<Item = Value>) -> ModelError {
    let (names, mut decoder) = (Names::new([]), Decoder::default());
    let mut chunks = chunks.into_iter().map(|chunk| serde_json::from_value(chunk).unwrap());
    chunks.find_map(|chunk| decoder.decode(chunk, &names, drop).err()).unwrap()
}

#[test]
fn an_error_in_the_stream_is_one_wherever_it_stands() {
    let choice = |choice: Value| json!({"choices": [choice]});
    assert!(matches!(
        failed([choice(json!({"delta": {}, "error": {"code": 502, "message": "gone"}}))]),
        ModelError::Server { status: 502, .. }
    ));
    assert!(matches!(
        failed([json!({"object": "error", "message": "too long", "code": 400})]),
        ModelError::Rejected { status: 400, .. }
    ));
    assert!(matches!(failed([json!({"code": 429, "message": "slow"})]), ModelError::RateLimited { .. }));
    for word in ["error", "network_error", "MALFORMED_FUNCTION_CALL"] {
        let end = choice(json!({"delta": {}, "finish_reason": word}));
        assert!(matches!(failed([end]), ModelError::CutShort { .. }), "{word}");
    }
    let (deltas, _) = decode([
        json!({"error": null, "choices": [{"delta": {"content": "a"}, "error": {}}]}),
        json!({"type": "ping", "message": "still at it"}),
    ]);
    assert_eq!(deltas, [Delta::Text("a".into())]);
}

#[test]
fn the_providers_word_that_all_was_said_ends_an_answer_without_a_reason() {
    let after = |chunks: Vec<Value>| {
        let (_, mut decoder) = decode(chunks);
        decoder.take(Frame::Done, &Names::default(), |_| {}).unwrap();
        decoder.progress.finish
    };
    let text = json!({"choices": [{"delta": {"content": "a"}}]});
    assert_eq!(after(vec![text.clone()]), Some(FinishReason::Stop));
    assert_eq!(after(Vec::new()), None);
    assert_eq!(decode([text]).1.progress.finish, None);
    let whole = json!({"choices": [{"message": {"content": "a"}, "finish_reason": null}]});
    assert_eq!(decode([whole]).1.progress.finish, Some(FinishReason::Stop));
}

#[test]
fn a_filter_before_any_word_is_named_and_one_after_it_ends_the_answer() {
    let end = json!({"choices": [{"delta": {}, "finish_reason": "content_filter"}]});
    assert!(matches!(failed([end.clone()]), ModelError::Filtered { .. }));
    let text = json!({"choices": [{"delta": {"content": "a"}}]});
    assert_eq!(decode([text, end]).1.progress.finish, Some(FinishReason::ContentFilter));
}

#[test]
fn thoughts_are_found_in_every_field_and_told_once() {
    let piece = |piece: Value| json!({"choices": [{"delta": piece}]});
    let (deltas, _) = decode([
        piece(json!({"reasoning_content": "", "reasoning": "a", "reasoning_details": [{"text": "a"}]})),
        piece(json!({"reasoning_details": [{"type": "reasoning.summary", "summary": "b"}, {"data": "x"}]})),
        piece(json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "c"}]}]})),
        piece(json!({"content": [{"type": "reasoning", "text": "d"}, {"type": "text", "text": "e"}]})),
        piece(json!({"thinking": "f"})),
    ]);
    let told: Vec<_> = ["a", "b", "c", "d"].map(|text| Delta::Reasoning(text.into())).into();
    assert_eq!(deltas[..4], told);
    assert_eq!(deltas[4..], [Delta::Text("e".into()), Delta::Reasoning("f".into())]);
}

#[test]
fn the_chunks_of_each_provider_are_read_for_what_they_say() {
    let (deltas, mut decoder) = decode([
        // Azure judges the prompt before there is an answer.
        json!({"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}),
        // vLLM and OpenRouter.
        json!({"choices": [{"delta": {"role": "assistant", "reasoning": "hm"}, "stop_reason": null}]}),
        json!({"choices": [{"delta": {"content": "a"}, "token_ids": null, "content_filter_offsets": {}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": 151645}], "time_info": {}}),
    ]);
    assert_eq!(deltas, [Delta::Reasoning("hm".into()), Delta::Text("a".into())]);
    assert_eq!(decoder.progress.finish, Some(FinishReason::Stop));
    assert_eq!(decoder.carried().unwrap().as_str(), r#"{"reasoning":"hm"}"#);
    for (word, reason) in [
        ("eos_token", FinishReason::Stop),
        ("COMPLETE", FinishReason::Stop),
        ("MAX_TOKENS", FinishReason::Length),
        ("model_length", FinishReason::Length),
    ] {
        let (_, decoder) = decode([json!({"choices": [{"delta": {"content": "a"}, "finish_reason": word}]})]);
        assert_eq!(decoder.progress.finish, Some(reason), "{word}");
    }
}

#[test]
fn errors_in_the_middle_of_a_stream_are_told_by_kind() {
    let openrouter = json!({"id": "c", "error": {"code": "server_error", "message": "Provider disconnected"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]});
    assert!(matches!(failed([openrouter]), ModelError::Server { status: 500, .. }));
    let groq = json!({"error": {"message": "Failed to call a function.", "type": "invalid_request_error",
        "code": "tool_use_failed", "failed_generation": "<function=x>"}});
    assert!(failed([groq]).is_retryable(), "the model may write a better call");
    let azure = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter",
        "content_filter_results": {"hate": {"filtered": true}}}]});
    assert!(matches!(failed([azure]), ModelError::Filtered { .. }));
}

#[test]
fn the_usage_is_read_wherever_it_stands() {
    let expected = Usage {
        input_tokens: 9,
        output_tokens: 2,
        cached_input_tokens: 4,
        cache_write_tokens: 0,
        reasoning_tokens: 0,
    };
    let deepseek = json!({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4});
    let moonshot = json!({"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 4});
    let newer = json!({"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}});
    for chunk in [
        json!({"choices": [], "usage": deepseek}),
        json!({"choices": [{"delta": {}, "usage": moonshot}]}),
        json!({"choices": [], "x_groq": {"id": "r", "usage": newer}}),
    ] {
        assert_eq!(decode([chunk.clone()]).0, [Delta::Usage(expected)], "{chunk}");
    }
}

#[test]
fn what_was_thought_is_among_the_output_wherever_it_was_counted() {
    let read = |usage| {
        let (deltas, _) = decode([json!({"choices": [], "usage": usage})]);
        deltas.into_iter().find_map(|delta| if let Delta::Usage(usage) = delta { Some(usage) } else { None })
    };
    let openai = read(json!({
        "prompt_tokens": 9, "completion_tokens": 50, "total_tokens": 59,
        "completion_tokens_details": {"reasoning_tokens": 40},
        "prompt_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 3},
    }));
    let expected = Usage {
        input_tokens: 9,
        output_tokens: 50,
        cached_input_tokens: 2,
        cache_write_tokens: 3,
        reasoning_tokens: 40,
    };
    assert_eq!(openai, Some(expected));
    // xAI counts it beside the output, Gemini in the total alone.
    let xai = json!({
        "prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 59,
        "completion_tokens_details": {"reasoning_tokens": 40},
    });
    let gemini = json!({"prompt_tokens": 9, "completion_tokens": 10, "total_tokens": 59});
    for beside in [xai, gemini] {
        let usage = read(beside).unwrap();
        assert_eq!((usage.output_tokens, usage.reasoning_tokens), (50, 40));
    }
}
