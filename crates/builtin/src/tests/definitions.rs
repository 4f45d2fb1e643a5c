//! What the scene says a caller can see and do is all there is.

use std::sync::Arc;

use futures::TryStreamExt;
use kontor_core::{
    grants::{Action, FieldSet, Grants, ObjectGrant},
    metadata::Name,
};
use kontor_models::{ChatModel, ChatRequest, Definitions, Delta, Message};
use serde_json::json;

use super::{Chat, Did, catalogue};
use crate::Builtin;

/// The usual objects, with other grants on one of them.
fn granting(object: &'static str, grant: ObjectGrant) -> Arc<Definitions> {
    let known = catalogue::definitions();
    let grants = Grants::everything().with_object(Name::literal(object), grant);
    Arc::new(Definitions {
        schema: known.schema.clone(),
        grants: Arc::new(grants),
        operations: known.operations.clone(),
    })
}

fn but(field: &'static str) -> FieldSet {
    FieldSet::Except([Name::literal(field)].into())
}

#[test]
fn the_day_and_the_member_are_those_of_the_scene_and_not_of_the_prompt() {
    let mut chat = Chat::new();
    let Message::System(prompt) = &chat.messages[0] else { panic!("{:?}", chat.messages) };
    assert!(prompt.contains("2001-01-01") && prompt.contains("Bob"), "{prompt}");
    assert_eq!(chat.say("who am I?").text(), "You are Ada Brandt.");
    let (_, arguments) = chat.do_now("create task \"Call\", due today").call();
    assert_eq!(arguments["due_at"], "2026-11-22T09:00");
}

#[test]
fn a_field_that_may_not_be_read_does_not_exist() {
    let hidden = || {
        Chat::with(granting("deal", ObjectGrant::everything().reading(but("amount")))).looking_at(
            "deal",
            "Acme",
            "d1",
            "/records/deals",
        )
    };
    let names_it = |did: &Did| {
        let Did::Called(calls) = did else { return false };
        calls.iter().any(|(_, arguments)| arguments.to_string().contains("\"amount\""))
    };
    for said in ["show deals over 10k", "total amount of deals by stage", "set its amount to 5"] {
        let seen = Chat::new().looking_at("deal", "Acme", "d1", "/records/deals").say(said);
        assert!(names_it(&seen), "{said}: {seen:?}");
        let unseen = hidden().say(said);
        assert!(!names_it(&unseen), "{said}: {unseen:?}");
    }
    assert!(Chat::new().say("help").text().contains("amount"));
    assert!(!hidden().say("help").text().contains("amount"));
}

#[test]
fn a_field_that_may_not_be_written_is_read_and_not_set() {
    let mut chat = Chat::with(granting("deal", ObjectGrant::everything().updating(but("stage"))));
    assert_eq!(chat.do_now("deals in proposal").call().1["filter"], json!({"stage": {"eq": "PROPOSAL"}}));
    let mut chat = Chat::with(granting("deal", ObjectGrant::everything().updating(but("stage")))).looking_at(
        "deal",
        "Acme",
        "d1",
        "/records/deals",
    );
    chat.say("move it to negotiation").text();
}

#[test]
fn an_object_that_may_not_be_read_is_never_asked_about() {
    for said in ["show accounts", "create account Acme", "deals at Acme"] {
        let of_accounts = |did: &Did| {
            let Did::Called(calls) = did else { return false };
            calls.iter().any(|(operation, _)| operation.starts_with("account."))
        };
        assert!(of_accounts(&Chat::new().say(said)), "{said}");
        let unseen = Chat::with(granting("account", ObjectGrant::of([Action::Create]))).say(said);
        assert!(!of_accounts(&unseen), "{said}: {unseen:?}");
    }
}

#[tokio::test]
async fn a_catalogue_is_made_once_for_the_same_definitions_and_kept_while_they_are_used() {
    let builtin = Builtin::default();
    let ask = async |chat: &Chat| {
        let request = ChatRequest::new([Message::User("help".into())], []).in_scene(chat.scene.clone());
        let deltas: Vec<Delta> = builtin.stream(request).try_collect().await.unwrap();
        assert!(deltas.len() > 20);
    };
    let (one, other) = (Chat::new(), Chat::new());
    for chat in [&one, &one, &other, &one] {
        ask(chat).await;
    }
    assert_eq!(builtin.kept(), 2);
    drop(other);
    ask(&Chat::new()).await;
    assert_eq!(builtin.kept(), 2, "what nobody uses any more is given up");
}

#[tokio::test]
async fn without_a_scene_it_says_that_there_is_nothing_to_work_on() {
    let request = ChatRequest::new([Message::User("show deals".into())], []);
    let deltas: Vec<Delta> = Builtin::default().stream(request).try_collect().await.unwrap();
    let text: String = deltas
        .iter()
        .filter_map(|d| if let Delta::Text(text) = d { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(text, "These commands work on records, and there is no workspace here.");
}
