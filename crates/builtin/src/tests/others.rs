//! Other agents.

use std::sync::Arc;

use kontor_models::{Colleague, Message, Scene, surface::HANDED_OVER};
use serde_json::json;

use super::{Chat, Did};

fn analyst() -> Arc<[Colleague]> {
    let [name, label, description] = ["number-cruncher", "Number cruncher", ""].map(str::to_owned);
    [Colleague { name, label, description }].into()
}

fn chat() -> Chat {
    let mut chat = Chat::new();
    let scene = Scene { colleagues: analyst(), successors: analyst(), ..(*chat.scene).clone() };
    chat.scene = Arc::new(scene);
    chat
}

#[test]
fn another_agent_is_asked_and_its_answer_passed_on() {
    for said in ["ask number-cruncher: how many deals?", "Ask the Number Cruncher : how many deals?"] {
        let mut chat = chat();
        let asked = json!({"agent": "number-cruncher", "question": "how many deals?"});
        assert_eq!(chat.say(said), Did::Called(vec![("ask_agent".to_owned(), asked)]));
        let answered = chat.result(json!({"agent": "number-cruncher", "answer": "There are **7**."}));
        assert_eq!(answered, Did::Said("Number cruncher answers:\n\nThere are **7**.".to_owned()));
    }
    let mut chat = chat();
    chat.say("ask number-cruncher: how many deals?").call();
    let failed =
        chat.result(json!({"error": {"code": "agent_failed", "message": "The agent gave no answer."}}));
    assert!(matches!(failed, Did::Said(told) if told.contains("The agent gave no answer.")));
}

#[test]
fn who_has_nobody_to_ask_takes_it_for_any_sentence() {
    let Did::Said(told) = Chat::new().say("ask number-cruncher: how many deals?") else { panic!() };
    assert!(!told.contains("answers"), "{told}");
}

#[test]
fn a_conversation_is_handed_over_with_what_is_wanted() {
    let mut chat = chat();
    let handed = json!({"agent": "number-cruncher", "why": "how many deals are there?"});
    let did = chat.say("hand over to number-cruncher: how many deals are there?");
    assert_eq!(did, Did::Called(vec![("hand_over".to_owned(), handed)]));

    // The one that has it then does what was wanted.
    let mut next = Chat::new();
    next.messages.push(Message::User(format!("{HANDED_OVER} {{}}").into()));
    let noted =
        Message::Assistant { text: "(I have read it.)".into(), tool_calls: Vec::new(), carried: None };
    next.messages.push(noted);
    let (tool, _) = next.say("hand over to number-cruncher: how many deals are there?").call();
    assert_eq!(tool, "deal.group");
}
