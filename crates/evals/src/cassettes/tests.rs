use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use kontor_models::{
    Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason, Message, ModelError,
    RequestSettings, ToolDefinition,
};
use serde_json::json;

use super::*;

/// Answers with how often it was asked; breaks off where it is told to.
#[derive(Default)]
struct Counting(std::sync::atomic::AtomicUsize);

impl ChatModel for Counting {
    fn name(&self) -> &str {
        "lab/m"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { context_window: Some(9_000), ..Capabilities::LANGUAGE }
    }

    fn stream(&self, request: ChatRequest) -> DeltaStream {
        let count = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let breaks = matches!(request.messages.last(), Some(Message::User(text)) if text.contains("break"));
        let end = if breaks {
            Err(ModelError::CutShort { detail: "x".to_owned() })
        } else {
            Ok(Delta::Finish(FinishReason::Stop))
        };
        futures::stream::iter([Ok(Delta::Text(format!("answer {count}"))), end]).boxed()
    }
}

fn request(prompt: &str, message: &str, tools: &[&str]) -> ChatRequest {
    let tool = |name: &&str| ToolDefinition {
        name: (*name).to_owned(),
        description: "A tool.".to_owned(),
        parameters: Arc::new(json!({"type": "object"})),
    };
    ChatRequest::new(
        vec![Message::System(prompt.into()), Message::User(message.into())],
        tools.iter().map(tool).collect::<Vec<_>>(),
    )
}

fn asked(model: &dyn ChatModel, request: ChatRequest) -> Result<Vec<Delta>, ModelError> {
    model.stream(request).collect::<Vec<_>>().now_or_never().unwrap().into_iter().collect()
}

/// A cassette of two takes, read from its file.
fn recorded() -> (Arc<Cassette>, Vec<Vec<Delta>>) {
    let model: Arc<dyn ChatModel> = Arc::new(Counting::default());
    let recording = Recording::default();
    let mut answers = Vec::new();
    for take in ["b", "a"] {
        let recorder = Recorder::new(model.clone(), take, &recording);
        for message in ["Hello", "Hello", "Bye"] {
            answers.push(asked(&recorder, request("Be brief.", message, &["find", "update"])).unwrap());
        }
        assert!(asked(&recorder, request("Be brief.", "break", &[])).is_err());
    }
    let written = recording.cassette().write();
    assert!(!written.contains("Be brief") && !written.contains("Hello"), "{written}");
    (Arc::new(Cassette::parse(&written).unwrap()), answers)
}

fn replay(cassette: &Arc<Cassette>, take: &str) -> Arc<dyn ChatModel> {
    Replay::models(cassette, take).remove(0)
}

#[test]
fn what_was_recorded_is_answered_again_take_by_take() {
    let (cassette, answers) = recorded();
    for (take, answers) in ["b", "a"].into_iter().zip(answers.chunks(3)) {
        for _ in 0..2 {
            let model = replay(&cassette, take);
            assert_eq!((model.name(), model.capabilities().context_window), ("lab/m", Some(9_000)));
            for (message, answer) in ["Hello", "Hello", "Bye"].into_iter().zip(answers) {
                let again = asked(&*model, request("Be brief.", message, &["find", "update"])).unwrap();
                assert_eq!(again, *answer);
            }
        }
    }
    // The same recording is the same file.
    assert_eq!(Cassette::parse(&cassette.write()).unwrap().write(), cassette.write());
}

#[test]
fn a_request_that_was_not_recorded_is_told_what_differs() {
    let (cassette, _) = recorded();
    let told = |request: ChatRequest| match asked(&*replay(&cassette, "a"), request) {
        Err(error @ ModelError::NotRecorded(_)) => {
            assert!(!error.is_retryable() && !error.is_of_the_model());
            error.to_string()
        }
        other => panic!("{other:?}"),
    };
    let before = "this request was not recorded: lab/m in a: ";
    let nearest = format!("{before}beside the nearest recorded request, ");
    let end = ". Record it anew with --record.";
    let tools = ["find", "update"];
    assert_eq!(told(request("Be long.", "Bye", &tools)), format!("{nearest}the prompt changed{end}"));
    assert_eq!(
        told(request("Be brief.", "Bye", &["find", "delete"])),
        format!("{nearest}the tools changed (added: delete; gone: update){end}")
    );
    assert_eq!(
        told(request("Be brief.", "Bye", &["update", "find"])),
        format!("{nearest}the tools are in another order{end}")
    );
    assert_eq!(
        told(request("Be brief.", "Good-bye", &tools)),
        format!("{nearest}message 1 (the member's message) differs{end}")
    );
    let warm = RequestSettings { temperature: Some(1.0), ..RequestSettings::default() };
    assert_eq!(
        told(request("Be brief.", "Bye", &tools).with_settings(warm)),
        format!("{nearest}the settings changed{end}")
    );
    let mut longer = request("Be brief.", "Bye", &tools);
    let mut messages = longer.messages.to_vec();
    messages.push(Message::User("And?".into()));
    longer.messages = messages.into();
    assert_eq!(told(longer), format!("{nearest}2 messages instead of 1{end}"));
    // What broke off was not recorded.
    assert!(told(request("Be brief.", "break", &[])).contains("the tools changed (gone: find, update)"));
    let nothing = asked(&*replay(&cassette, "c"), request("Be brief.", "Bye", &tools)).unwrap_err();
    assert!(nothing.to_string().contains("lab/m in c: nothing was recorded of this take"));
}

#[test]
fn what_is_asked_more_often_than_it_was_recorded_is_an_error() {
    let (cassette, _) = recorded();
    let model = replay(&cassette, "a");
    let bye = || request("Be brief.", "Bye", &["find", "update"]);
    assert!(asked(&*model, bye()).is_ok());
    let told = asked(&*model, bye()).unwrap_err().to_string();
    assert!(told.contains("it was asked 1 times and is asked once more"), "{told}");
}

#[test]
fn a_take_that_is_begun_again_is_recorded_anew() {
    let recording = Recording::default();
    let recorder = Recorder::new(Arc::new(Counting::default()), "a", &recording);
    let ask = || asked(&recorder, request("Be brief.", "Hello", &[])).unwrap();
    ask();
    recording.forget("a");
    let second = ask();
    let cassette = Arc::new(recording.cassette());
    assert_eq!(asked(&*replay(&cassette, "a"), request("Be brief.", "Hello", &[])).unwrap(), second);
}

#[test]
fn a_recording_that_goes_on_has_what_is_done_and_nothing_of_what_was_cut_off() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tape.jsonl");
    let model: Arc<dyn ChatModel> = Arc::new(Counting::default());
    let record = |recording: &Recording, take: &str| {
        recording.forget(take);
        let recorder = Recorder::new(model.clone(), take, recording);
        let answer = asked(&recorder, request("Be brief.", "Hello", &[])).unwrap();
        recording.ended(take).unwrap();
        answer
    };
    let done = |takes: &[&str]| takes.iter().map(|take| (*take).to_owned()).collect();
    let first = Recording::default();
    first.name("smart", "lab/m");
    first.keep_in(&path, &done(&[])).unwrap();
    let kept = record(&first, "b");
    record(&first, "c");
    // Killed in the middle of a line: "c" was recorded, and its trial was not kept.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{{\"kind\": \"ans")).unwrap();
    let second = Recording::default();
    second.keep_in(&path, &done(&["b"])).unwrap();
    let anew = [record(&second, "c"), record(&second, "a")];
    second.finish().unwrap();
    let cassette = Arc::new(Cassette::parse(&std::fs::read_to_string(&path).unwrap()).unwrap());
    assert_eq!(
        (cassette.takes.len(), cassette.id_of("smart"), cassette.id_of("fast")),
        (3, Some("lab/m"), None)
    );
    for (take, answer) in [("b", &kept), ("c", &anew[0]), ("a", &anew[1])] {
        assert_eq!(asked(&*replay(&cassette, take), request("Be brief.", "Hello", &[])).unwrap(), *answer);
    }
    let told = Recording::default().keep_in(&path, &done(&["d"])).unwrap_err().to_string();
    assert!(told.contains("nothing is there of d"), "{told}");
}

#[test]
fn a_line_that_cannot_be_read_is_told_by_its_number() {
    let written = recorded().0.write() + "\n{\"kind\": \"answer\"}\n";
    let lines = written.lines().count();
    let told = Cassette::parse(&written).unwrap_err().to_string();
    assert!(
        told.starts_with(&format!("line {lines} of the cassette cannot be read: missing field")),
        "{told}"
    );
}
