use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kontor_core::{
    environment::{Environment, ManualClock, SystemRandom},
    ids::{ApprovalId, FieldId, MemberId, ObjectId, RecordId, TurnId},
    json::JsonText,
    metadata::{Field, FieldKind, Name, Object, Schema},
    operation::Effect,
    turn::{
        AnsweredBy, ApprovalDetail, ApprovalQuestion, ApprovalReason, ApprovalRecord, InsteadOf, Sequence,
        ToolOutcome, TurnEvent,
    },
};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::show::Viewer;

/// A page as the browser's script keeps it.
#[derive(Debug, Default, Clone, PartialEq)]
struct Page {
    turns: BTreeMap<String, (String, String)>,
    blocks: BTreeMap<(String, u64), Vec<String>>,
    calls: BTreeMap<(String, u64, u64), String>,
    notes: BTreeMap<String, String>,
    thoughts: BTreeMap<(String, u64), String>,
}

impl Page {
    fn apply(&mut self, message: &Message) {
        let data = &message.data;
        let turn = data["turn"].as_str().unwrap_or_default().to_owned();
        let step = data["step"].as_u64().unwrap_or_default();
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        match message.name {
            "turn" => {
                self.turns.insert(turn, (text("state"), text("foot")));
            }
            "blocks" => {
                let count = usize::try_from(data["count"].as_u64().unwrap()).unwrap();
                let blocks = self.blocks.entry((turn, step)).or_default();
                for block in data["blocks"].as_array().unwrap() {
                    let index = usize::try_from(block[0].as_u64().unwrap()).unwrap();
                    if blocks.len() <= index {
                        blocks.resize(index + 1, String::new());
                    }
                    block[1].as_str().unwrap().clone_into(&mut blocks[index]);
                }
                blocks.truncate(count);
            }
            "call" => {
                self.calls.insert((turn, step, data["index"].as_u64().unwrap()), text("html"));
            }
            "note" => {
                self.notes.insert(turn, text("html"));
            }
            "thought" => {
                let thought = self.thoughts.entry((turn, step)).or_default();
                let from = usize::try_from(data["from"].as_u64().unwrap()).unwrap();
                let kept: Vec<u16> = thought.encode_utf16().take(from).collect();
                *thought = String::from_utf16(&kept).unwrap() + &text("text");
            }
            "seen" => {}
            other => panic!("the page knows no {other}"),
        }
    }
}

/// What the workspace is made of: one object, with these fields.
fn visits(fields: Vec<Field>) -> Arc<Schema> {
    let object = Object {
        id: ObjectId(Uuid::nil()),
        name: Name::literal("visit"),
        plural: Name::literal("visits"),
        label: "Visit".to_owned(),
        label_plural: "Visits".to_owned(),
        description: String::new(),
        icon: "calendar".to_owned(),
        label_field: Name::literal("on"),
        is_custom: true,
        is_read_only: false,
        pipeline: None,
        fields,
    };
    Arc::new(Schema::new(2, vec![object]))
}

/// What the turn machine gives: logged events, and deltas between them.
#[expect(clippy::large_enum_variant, reason = "a test has few of them")]
enum Given {
    Logged(TurnEvent),
    Text(u32, &'static str),
    Thought(u32, &'static str),
}

fn turn() -> TurnId {
    TurnId(Uuid::from_u128(7))
}

fn script() -> Vec<Given> {
    use Given::{Logged, Text, Thought};
    let turn = turn();
    let approval = ApprovalId(Uuid::from_u128(9));
    vec![
        Logged(TurnEvent::TurnStarted { turn, message: "Delete <it>".to_owned(), by: None }),
        Logged(TurnEvent::StepStarted { turn, step: 1 }),
        Logged(TurnEvent::HistorySummarized {
            turn,
            step: 1,
            through: 0,
            text: "They **sell** sails.".to_owned(),
            model: "m".to_owned(),
            agent: None,
        }),
        Thought(1, "Hm"),
        Text(1, "This is vo"),
        Logged(TurnEvent::StepRestarted {
            turn,
            step: 1,
            reason: "cut".to_owned(),
            taken_over: false,
            epoch: None,
        }),
        Text(1, "Let me look.\n\n"),
        Text(1, "| a | b |\n|---|---|\n"),
        Text(1, "| 1 | 2 |\n"),
        Logged(TurnEvent::MessageCompleted {
            turn,
            step: 1,
            text: "Let me look.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".to_owned(),
            reasoning: String::new(),
            interrupted: false,
            answered_by: None,
        }),
        Logged(TurnEvent::ToolCalled {
            written: None,
            turn,
            step: 1,
            index: 0,
            call: "c1".to_owned(),
            operation: "deal.delete".to_owned(),
            arguments: json!({"id": "x"}),
            effect: Some(Effect::Destructive),
            records: None,
            answered_by: None,
        }),
        Logged(TurnEvent::ApprovalRequested {
            turn,
            step: 1,
            index: 0,
            approval,
            operation: "deal.delete".to_owned(),
            arguments: json!({"id": "x"}),
            question: ApprovalQuestion::default(),
        }),
        Logged(TurnEvent::ApprovalResolved {
            turn,
            step: 1,
            index: 0,
            approval,
            approved: true,
            by: MemberId(Uuid::from_u128(3)),
            by_name: "Ada".to_owned(),
            comment: String::new(),
        }),
        Logged(TurnEvent::ToolResult {
            turn,
            step: 1,
            index: 0,
            call: "c1".to_owned(),
            operation: "deal.delete".to_owned(),
            outcome: ToolOutcome::Succeeded { result: JsonText::new(&json!({"deleted": true})).unwrap() },
            duration_ms: 3,
        }),
        Logged(TurnEvent::StepStarted { turn, step: 2 }),
        Thought(2, "It worked: "),
        Thought(2, "gut 🦀"),
        Text(2, "It is **go"),
        Text(2, "ne**."),
        Logged(TurnEvent::MessageCompleted {
            turn,
            step: 2,
            text: "It is **gone**.".to_owned(),
            reasoning: "It worked: gut 🦀".to_owned(),
            interrupted: false,
            answered_by: None,
        }),
        Logged(TurnEvent::TurnCompleted { turn }),
    ]
}

fn fragments() -> Fragments {
    fragments_at(Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())))
}

fn fragments_at(clock: Arc<ManualClock>) -> Fragments {
    let environment = Environment::new(clock, Arc::new(SystemRandom));
    Fragments::new(
        Viewer {
            schema: Arc::new(Schema::default()),
            environment,
            zone: kontor_core::locale::TimeZone::UTC,
            dates: Default::default(),
        },
        "token",
    )
}

/// What a page that knows the log up to `after` is sent, the text in flight from its beginning, as the
/// session's stream gives it; and where each message left off.
fn connect(after: Sequence) -> Vec<Message> {
    let mut transcript = Transcript::default();
    let mut sequence = 0;
    let mut given = Vec::new();
    for item in script() {
        if let Given::Logged(event) = &item {
            sequence += 1;
            if sequence <= after {
                transcript.apply(event);
                given.clear();
                continue;
            }
        }
        given.push((sequence, item));
    }
    let mut encoder = Encoder::new(transcript, after, fragments());
    let mut messages = Vec::new();
    for (sequence, item) in given {
        match item {
            Given::Text(step, text) => {
                messages.extend(encoder.text(turn(), step, text));
                messages.extend(encoder.flush());
            }
            Given::Thought(step, text) => {
                messages.extend(encoder.thought(turn(), step, text));
                messages.extend(encoder.flush());
            }
            Given::Logged(event) => messages.extend(encoder.logged(sequence, &event)),
        }
    }
    messages
}

#[test]
fn a_page_that_drops_after_any_message_ends_as_one_that_stayed() {
    let whole = connect(0);
    let mut stayed = Page::default();
    whole.iter().for_each(|message| stayed.apply(message));
    assert_eq!(stayed.blocks[&(turn().to_string(), 2)], ["<p>It is <strong>gone</strong>.</p>\n"]);
    assert_eq!(stayed.turns[&turn().to_string()].0, "completed");
    assert_eq!(stayed.thoughts[&(turn().to_string(), 1)], "", "what was void is gone");
    assert_eq!(stayed.thoughts[&(turn().to_string(), 2)], "It worked: gut 🦀");

    for dropped_after in 0..whole.len() {
        let mut page = Page::default();
        let mut last = 0;
        for message in &whole[..dropped_after] {
            page.apply(message);
            last = message.id;
        }
        for message in connect(last) {
            page.apply(&message);
        }
        assert_eq!(page, stayed, "dropped after {dropped_after} messages");
    }
}

#[test]
fn a_page_that_drops_at_every_message_loses_and_repeats_nothing() {
    let mut stayed = Page::default();
    connect(0).iter().for_each(|message| stayed.apply(message));
    let mut page = Page::default();
    let mut last = 0;
    // Each connection is cut after one message that carries it further.
    loop {
        let messages = connect(last);
        let Some(next) = messages.iter().position(|message| message.id > last) else { break };
        messages[..=next].iter().for_each(|message| page.apply(message));
        last = messages[next].id;
    }
    assert_eq!(page, stayed);
}

#[test]
fn a_loaded_page_shows_what_the_stream_would_have() {
    let mut transcript = Transcript::default();
    for item in script() {
        if let Given::Logged(event) = item {
            transcript.apply(&event);
        }
    }
    transcript.render();
    let html = fragments().turn(&transcript.turns()[0]);
    let mut page = Page::default();
    connect(0).iter().for_each(|message| page.apply(message));
    for blocks in page.blocks.values() {
        for block in blocks {
            assert!(html.contains(block.as_str()), "{block} in {html}");
        }
    }
    for card in page.calls.values().chain(page.notes.values()) {
        assert!(html.contains(card.as_str()));
    }
    assert!(html.contains("They <strong>sell</strong> sails."), "{html}");
    assert!(html.contains("Delete &#60;it&#62;"), "{html}");
}

#[test]
fn a_message_removed_from_the_queue_disappears() {
    let mut encoder = Encoder::new(Transcript::default(), 0, fragments());
    let messages = encoder.logged(1, &TurnEvent::TurnCancelled { turn: turn(), by: None });
    assert_eq!(messages[0].name, "turn");
    assert_eq!(messages[0].data["state"], "gone");
}

#[test]
fn an_open_stream_shows_the_fields_and_the_time_of_the_moment() {
    let called = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
    let mut encoder = Encoder::new(Transcript::default(), 0, fragments_at(called.clone()));
    let turn = turn();
    encoder.logged(1, &TurnEvent::TurnStarted { turn, message: "Show it".to_owned(), by: None });
    encoder.logged(2, &TurnEvent::StepStarted { turn, step: 1 });
    let card = |encoder: &mut Encoder, sequence| {
        let event = TurnEvent::ToolCalled {
            written: None,
            turn,
            step: 1,
            index: u32::try_from(sequence).unwrap(),
            call: "c".to_owned(),
            operation: "visit.create".to_owned(),
            arguments: json!({"on": "2026-11-23"}),
            effect: Some(Effect::Write),
            records: None,
            answered_by: None,
        };
        let messages = encoder.logged(sequence, &event);
        messages[0].data["html"].as_str().unwrap().to_owned()
    };
    assert!(card(&mut encoder, 3).contains("2026-11-23"), "nobody knows what a visit is");

    called.advance(Duration::from_secs(2 * 86_400));
    let field = Field::new(FieldId(Uuid::nil()), Name::literal("on"), "Day of the visit", FieldKind::Date);
    encoder.fragments_mut().know(visits(vec![field]));
    let html = card(&mut encoder, 4);
    assert!(html.contains("Day of the visit") && html.contains(">yesterday<"), "{html}");
}

#[test]
fn an_approval_says_why_it_is_asked_and_names_the_record_as_it_was() {
    let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
    let mut encoder = Encoder::new(Transcript::default(), 0, fragments_at(clock));
    let turn = turn();
    encoder.fragments_mut().know(visits(Vec::new()));
    encoder.logged(1, &TurnEvent::TurnStarted { turn, message: "Tidy up".to_owned(), by: None });
    encoder.logged(2, &TurnEvent::StepStarted { turn, step: 1 });
    let id = RecordId(Uuid::from_u128(5));
    // The name that the record has by now is what the agent gave it.
    encoder.fragments().name(("visit".to_owned(), id), "Test record".to_owned());
    let record = ApprovalRecord {
        object: "visit".to_owned(),
        id,
        name: "Bob".to_owned(),
        renamed_to: Some("Test record".to_owned()),
        is_new: false,
        details: vec![ApprovalDetail { label: "City".to_owned(), value: "Łódź <b>".to_owned() }],
    };
    let reason = ApprovalReason::ManyChanges { changed: 10, allows: 10 };
    let messages = encoder.logged(
        3,
        &TurnEvent::ApprovalRequested {
            turn,
            step: 1,
            index: 0,
            approval: ApprovalId(Uuid::from_u128(9)),
            operation: "visit.update".to_owned(),
            arguments: json!({"id": id}),
            question: ApprovalQuestion { reason, record: Some(record), asked_agent: None },
        },
    );
    let html = messages[0].data["html"].as_str().unwrap();
    for shown in
        ["Bob (renamed by this turn to “Test record”)", "changes of 10 records", "City", "Łódź &#60;b&#62;"]
    {
        assert!(html.contains(shown), "{shown}: {html}");
    }
}

#[test]
fn a_model_that_answered_in_anothers_place_is_named_below_the_answer() {
    let turn = turn();
    let completed = |instead_of: Option<InsteadOf>| TurnEvent::MessageCompleted {
        turn,
        step: 1,
        text: "Two deals.".to_owned(),
        reasoning: String::new(),
        interrupted: false,
        answered_by: Some(AnsweredBy { model: "b/<y>".to_owned(), instead_of, sent: None }),
    };
    let foot = |event: TurnEvent| {
        let mut transcript = Transcript::default();
        transcript.apply(&TurnEvent::TurnStarted { turn, message: "Which?".to_owned(), by: None });
        transcript.apply(&event);
        transcript.apply(&TurnEvent::TurnCompleted { turn });
        fragments().foot(&transcript.turns()[0])
    };
    assert_eq!(foot(completed(None)).trim(), "");
    let other = InsteadOf { model: "a/x".to_owned(), because: "could not be reached".to_owned() };
    let html = foot(completed(Some(other)));
    assert!(html.contains("Answered by b/&#60;y&#62;, since a/x could not be reached"), "{html}");
}
