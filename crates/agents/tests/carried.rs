//! What came with an answer goes back with it for the rest of the conversation, and to nobody else.

use kontor_core::turn::TurnEvent;
use kontor_store::{both_engines, testing::TestStore};
use kontor_testkit::scripted::Script;
use serde_json::{Value, json};

use crate::house::{House, names};

/// A signed call, after a thought.
fn signed(id: &str) -> Script {
    let call = json!({
        "index": 0, "id": id, "type": "function",
        "function": {"name": "task_create", "arguments": "{\"title\":\"Ring\"}"},
        "extra_content": {"google": {"thought_signature": format!("signature+/{id}=")}},
    });
    Script::new()
        .delta(json!({"reasoning_content": "They \"want\"\n", "score": 0.1}))
        .delta(json!({"reasoning_content": "a task."}))
        .delta(json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "eA==", "index": 0, "w": 0.30000000000000004}]}))
        .delta(json!({"tool_calls": [call]}))
        .finish("tool_calls")
}

fn said(text: &str) -> Script {
    Script::new().delta(json!({"reasoning_content": "Done it is."})).text(text)
}

/// The messages of a request, as they were written.
fn messages(request: &Value) -> Vec<String> {
    request["messages"].as_array().unwrap().iter().map(Value::to_string).collect()
}

both_engines! {
    async fn thoughts_and_signatures_go_back_to_their_model_byte_for_byte_also_after_a_kill(store: TestStore) {
        let mut house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        for script in [signed("a"), said("First."), signed("b"), said("Second."), said("Third."), said("Fourth.")] {
            house.server.push(script);
        }
        house.first.ask(&house.ada, session, "one").await;
        house.first.ask(&house.ada, session, "two").await;
        house.first.ask(&house.ada, session, "three").await;
        house.kill().await;
        house.first.ask(&house.ada, session, "four").await;

        let requests: Vec<_> = house.server.requests().iter().map(messages).collect();
        for (earlier, later) in requests.iter().zip(&requests[1..]) {
            assert_eq!(&later[..earlier.len()], earlier, "what was sent before is sent again as it was");
        }
        let last = requests.last().unwrap();
        assert!(last[2].contains(r#""reasoning_content":"They \"want\"\na task.""#), "{}", last[2]);
        assert!(last[2].contains(r#"[{"type":"reasoning.encrypted","data":"eA==","index":0,"w":0.30000000000000004}]"#));
        assert!(last[2].contains(r#""extra_content":{"google":{"thought_signature":"signature+/a="}}"#));
        assert!(last[4].contains(r#""reasoning_content":"Done it is.""#), "{}", last[4]);
        house.check();
    }

    async fn nobody_who_follows_is_told_what_is_kept_for_the_model(store: TestStore) {
        let house = House::scripted(store).await;
        let session = house.first.session(&house.ada, "sales-assistant").await;
        house.server.push(signed("a"));
        house.server.push(said("Done."));
        let told = house.first.ask(&house.ada, session, "one").await;
        let from_log: Vec<TurnEvent> =
            house.first.log(&house.ada, session).await.iter().map(|logged| TurnEvent::clone(&logged.event)).collect();
        assert_eq!(told, from_log);
        assert_eq!(
            names(&told),
            [
                "turn.started", "step.started", "message.completed", "usage", "tool.called", "tool.result",
                "step.started", "message.completed", "usage", "turn.completed"
            ]
        );
        assert!(!serde_json::to_string(&told).unwrap().contains("signature+"));
    }
}
