//! The pieces of a transcript as HTML: the same in a page as it is loaded and in the stream that follows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use askama::Template;
use kontor_agents::{LONGEST_COMMENT, NOBODY_ANSWERED};
use kontor_core::{
    ids::{ApprovalId, RecordId},
    metadata::Schema,
    turn::ToolOutcome,
};
use serde_json::Value as Json;

use super::{
    answer::Around,
    asked::{Asked, call_label},
    room::Room,
    transcript::{Arrival, Call, CallState, Note, Turn, TurnState},
};
use crate::show::{Failure, ResultView, Viewer, brief};

/// Renders pieces for one person: their objects, and the token that their forms carry.
pub(crate) struct Fragments {
    viewer: Viewer,
    csrf: String,
    /// The names of records that calls are about, read from the records themselves: a name that a model or a
    /// record's text gives must not be what a person approves by.
    names: Mutex<HashMap<(String, RecordId), String>>,
    around: Around,
    room: Room,
}

#[derive(Template)]
#[template(path = "fragments/turn.html")]
struct TurnFragment<'a> {
    turn: &'a Turn,
    fragments: &'a Fragments,
}

#[derive(Template)]
#[template(path = "fragments/note.html")]
struct NoteFragment<'a> {
    /// The first agent that the chat has, chosen with this turn.
    chosen: Option<&'a Arrival>,
    note: Option<&'a Note>,
}

#[derive(Template)]
#[template(path = "fragments/arrivals.html")]
struct ArrivalsFragment<'a> {
    arrivals: Vec<&'a Arrival>,
}

#[derive(Template)]
#[template(path = "fragments/foot.html")]
struct FootFragment<'a> {
    turn: &'a Turn,
    csrf: &'a str,
    /// What the addresses of turns begin with.
    acts: &'a str,
    /// Whether it is the reader who is asked for approvals.
    is_asked: bool,
    /// What can be done with the answer.
    tools: String,
}

#[derive(Template)]
#[template(path = "fragments/call.html")]
struct CallFragment<'a> {
    call: &'a Call,
    state: &'static str,
    asked: Asked,
    brief: String,
    took: Option<String>,
    result: Option<ResultView>,
    failure: Option<Failure>,
    remark: Option<String>,
    waiting: Option<ApprovalId>,
    /// Why a person is asked.
    why: String,
    /// Characters of the comment on a decision.
    longest: usize,
    csrf: &'a str,
    /// What the addresses of approvals begin with.
    acts: &'a str,
}

impl Fragments {
    pub(crate) fn new(viewer: Viewer, csrf: &str) -> Self {
        Self {
            viewer,
            csrf: csrf.to_owned(),
            names: Mutex::default(),
            around: Around::default(),
            room: Room::default(),
        }
    }

    /// With what is around the answers of their session.
    pub(crate) fn with(self, around: Around) -> Self {
        Self { around, ..self }
    }

    /// Of a chat that is there.
    pub(crate) fn at(self, room: &Room) -> Self {
        Self { room: room.clone(), ..self }
    }

    /// Who wrote a turn's message, where that is not the reader.
    pub(crate) fn writer(&self, turn: &Turn) -> Option<&str> {
        self.around.writer(turn)
    }

    /// Takes up what the workspace's objects have become.
    pub(crate) fn know(&mut self, schema: Arc<Schema>) {
        self.viewer.schema = schema;
    }

    /// The record that a call is about, unless its name is known.
    pub(crate) fn unnamed(&self, operation: &str, arguments: &Json) -> Option<(String, RecordId)> {
        let record = record_of(operation, arguments)?;
        let is_object = self.viewer.schema.object(&record.0).is_some();
        (is_object && !self.names().contains_key(&record)).then_some(record)
    }

    /// The record that a call is about, unless its name is known or its result tells it.
    pub(crate) fn unnamed_in(&self, call: &Call) -> Option<(String, RecordId)> {
        if done_to(call).is_some() { None } else { self.unnamed(&call.operation, &call.arguments) }
    }

    pub(crate) fn name(&self, record: (String, RecordId), name: String) {
        self.names().insert(record, name);
    }

    fn names(&self) -> MutexGuard<'_, HashMap<(String, RecordId), String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn turn(&self, turn: &Turn) -> String {
        rendered(&TurnFragment { turn, fragments: self })
    }

    pub(crate) fn note(&self, turn: &Turn) -> String {
        let chosen = turn.arrivals.iter().find(|arrival| arrival.is_first);
        rendered(&NoteFragment { chosen, note: turn.note.as_ref() })
    }

    /// To whom the chat went after a turn.
    pub(crate) fn arrivals(&self, turn: &Turn) -> String {
        rendered(&ArrivalsFragment { arrivals: turn.arrivals.iter().filter(|it| !it.is_first).collect() })
    }

    /// The chat is with this agent from now on.
    pub(crate) fn goes_to(&mut self, agent: &str) {
        self.around.goes_to(agent);
    }

    pub(crate) fn foot(&self, turn: &Turn) -> String {
        let tools = self.around.tools(turn, &self.viewer, &self.csrf, &self.room);
        let acts = self.room.acts();
        rendered(&FootFragment { turn, csrf: &self.csrf, acts, is_asked: self.writer(turn).is_none(), tools })
    }

    pub(crate) fn call_label(&self, call: &Call) -> String {
        call_label(&self.viewer, &call.operation, call.by.as_deref())
    }

    pub(crate) fn call(&self, turn: &Turn, call: &Call) -> String {
        // Whoever is asked is whose turn it is.
        let is_asked = self.writer(turn).is_none();
        let record = record_of(&call.operation, &call.arguments);
        let record = record.and_then(|record| self.names().get(&record).cloned()).or_else(|| done_to(call));
        let (operation, question) = (&call.operation, call.question.as_ref());
        let mut asked =
            Asked::of(&self.viewer, (operation, &call.arguments), call.by.as_deref(), question, record);
        if !matches!(call.state, CallState::Waiting(_)) {
            // It helps to decide, and is in the way afterwards.
            asked.details.clear();
        }
        let mut fragment = CallFragment {
            call,
            state: "running",
            asked,
            brief: String::new(),
            took: None,
            why: String::new(),
            result: None,
            failure: None,
            remark: None,
            waiting: None,
            longest: LONGEST_COMMENT,
            csrf: &self.csrf,
            acts: self.room.acts(),
        };
        match &call.state {
            CallState::Running => {}
            CallState::Waiting(approval) => {
                fragment.state = "waiting";
                let asks = if is_asked { "needs your approval" } else { "needs another member's approval" };
                asks.clone_into(&mut fragment.brief);
                fragment.waiting = Some(*approval).filter(|_| is_asked);
                fragment.why = question.map(|question| question.reason.words()).unwrap_or_default();
            }
            CallState::Ended { outcome, duration_ms } => {
                fragment.took = Some(duration(*duration_ms));
                match outcome {
                    ToolOutcome::Succeeded { result } => {
                        fragment.state = "succeeded";
                        let result = result.to_value();
                        fragment.brief = brief(&self.viewer, &result);
                        fragment.result = Some(ResultView::of(&self.viewer, &result));
                    }
                    ToolOutcome::Failed { problem } => {
                        fragment.state = "failed";
                        let failure = Failure::of(&self.viewer, &call.operation, problem);
                        fragment.brief.clone_from(&failure.message);
                        fragment.failure = Some(failure);
                    }
                    ToolOutcome::Denied { comment } if comment == NOBODY_ANSWERED => {
                        fragment.state = "denied";
                        "not run: nobody answered in time".clone_into(&mut fragment.brief);
                        fragment.took = None;
                    }
                    ToolOutcome::Denied { comment } => {
                        fragment.state = "denied";
                        // One that was not asked about falls under an answer that was given before.
                        let what = if call.question.is_some() { "it" } else { "further changes" };
                        fragment.brief = format!("not run: you denied {what}");
                        fragment.took = None;
                        let comment = comment.trim();
                        fragment.remark = (!comment.is_empty()).then(|| format!("You said: “{comment}”"));
                    }
                    ToolOutcome::Unknown => {
                        fragment.state = "unknown";
                        "outcome not known".clone_into(&mut fragment.brief);
                        fragment.remark = Some(
                            "The server stopped while this ran. Check whether it took place.".to_owned(),
                        );
                    }
                }
            }
            CallState::NotRun { failed } => {
                fragment.state = "denied";
                let why = if *failed { "the reply failed first" } else { "stopped first" };
                fragment.brief = format!("not run: {why}");
            }
        }
        rendered(&fragment)
    }
}

/// The record that a call names, as object and id.
fn record_of(operation: &str, arguments: &Json) -> Option<(String, RecordId)> {
    let (object, _) = operation.split_once('.')?;
    Some((object.to_owned(), arguments.get("id")?.as_str()?.parse().ok()?))
}

/// The name of the record that a call was done to, as its result tells it.
fn done_to(call: &Call) -> Option<String> {
    let CallState::Ended { outcome: ToolOutcome::Succeeded { result }, .. } = &call.state else {
        return None;
    };
    let result = result.to_value();
    let record = result.get("record")?;
    let is_same = record.get("id").is_some() && record.get("id") == call.arguments.get("id");
    record.get("label").and_then(Json::as_str).filter(|label| is_same && !label.is_empty()).map(str::to_owned)
}

/// How long something took, as a person reads it.
pub(crate) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0 => "<1 ms".to_owned(),
        1..1_000 => format!("{milliseconds} ms"),
        _ => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
    }
}

/// A fragment as text. Templates write to memory, which does not fail.
pub(crate) fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
