//! The pieces of a transcript as HTML: the same in a page as it is loaded and in the stream that follows.

use askama::Template;
use kontor_core::{error::Problem, ids::ApprovalId, turn::ToolOutcome};

use super::transcript::{Call, CallState, Turn, TurnState};
use crate::show::{ResultView, Shown, Viewer, arguments, brief, operation_label};

/// Renders pieces for one person: their objects, and the token that their forms carry.
pub(crate) struct Fragments {
    pub viewer: Viewer,
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "fragments/turn.html")]
struct TurnFragment<'a> {
    turn: &'a Turn,
    fragments: &'a Fragments,
}

#[derive(Template)]
#[template(path = "fragments/foot.html")]
struct FootFragment<'a> {
    turn: &'a Turn,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "fragments/call.html")]
struct CallFragment<'a> {
    call: &'a Call,
    state: &'static str,
    label: String,
    brief: String,
    took: Option<String>,
    arguments: Vec<(String, Shown)>,
    result: Option<ResultView>,
    problem: Option<&'a Problem>,
    remark: Option<String>,
    waiting: Option<ApprovalId>,
    csrf: &'a str,
}

impl Fragments {
    pub(crate) fn turn(&self, turn: &Turn) -> String {
        rendered(&TurnFragment { turn, fragments: self })
    }

    pub(crate) fn foot(&self, turn: &Turn) -> String {
        rendered(&FootFragment { turn, csrf: &self.csrf })
    }

    pub(crate) fn call_label(&self, call: &Call) -> String {
        operation_label(&self.viewer, &call.operation)
    }

    pub(crate) fn call(&self, call: &Call) -> String {
        let mut fragment = CallFragment {
            call,
            state: "running",
            label: self.call_label(call),
            brief: String::new(),
            took: None,
            arguments: arguments(&self.viewer, &call.operation, &call.arguments),
            result: None,
            problem: None,
            remark: None,
            waiting: None,
            csrf: &self.csrf,
        };
        match &call.state {
            CallState::Running => {}
            CallState::Waiting(approval) => {
                fragment.state = "waiting";
                "needs your approval".clone_into(&mut fragment.brief);
                fragment.waiting = Some(*approval);
            }
            CallState::Ended { outcome, duration_ms } => {
                fragment.took = Some(duration(*duration_ms));
                match outcome {
                    ToolOutcome::Succeeded { result } => {
                        fragment.state = "succeeded";
                        fragment.brief = brief(&self.viewer, result);
                        fragment.result = Some(ResultView::of(&self.viewer, result));
                    }
                    ToolOutcome::Failed { problem } => {
                        fragment.state = "failed";
                        fragment.brief.clone_from(&problem.message);
                        fragment.problem = Some(problem);
                    }
                    ToolOutcome::Denied { comment } => {
                        fragment.state = "denied";
                        "denied".clone_into(&mut fragment.brief);
                        fragment.took = None;
                        let comment = comment.trim();
                        fragment.remark = (!comment.is_empty()).then(|| comment.to_owned());
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
        }
        rendered(&fragment)
    }
}

fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0 => "<1 ms".to_owned(),
        1..1_000 => format!("{milliseconds} ms"),
        _ => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
    }
}

/// A fragment as text. Templates write to memory, which does not fail.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
