//! The calls that wait for the reader's word, in whichever of their chats, and those that they have answered.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Html,
};
use kontor_agents::{AnyApproval, ApprovalStatus, ClientApproval, LONGEST_COMMENT, ListedApproval};
use kontor_core::ids::{ApprovalId, SessionId};
use kontor_http::Services;

use crate::{
    assets,
    chat::Asked,
    error::{Result, page},
    form::Fields,
    session::SignedIn,
    shell::{Shell, viewer},
    show::{Clock, Shown, Viewer, exact},
};

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    assets: &'static str,
    shell: Shell,
    /// Whether those that were answered are shown, too.
    is_all: bool,
    /// What was just said of one.
    done: &'static str,
    approvals: Vec<ApprovalView>,
    csrf: String,
    /// Characters of the comment on a decision.
    longest: usize,
}

struct ApprovalView {
    /// Where it waits: its id.
    waiting: Option<ApprovalId>,
    asked: Asked,
    /// What became of it, and the colour of that.
    state: (&'static str, &'static str),
    /// Who wants it.
    by: String,
    /// The chat it is wanted in; none of a program.
    chat: Option<(SessionId, String)>,
    at: Shown,
    expires: Shown,
    why: String,
    comment: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let is_all = query.get("status") == "all";
    let wanted = (!is_all).then_some(ApprovalStatus::Pending);
    let listed = state.agents.all_approvals(&caller, wanted).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Approvals", "approvals").await?;
    let (viewer, clock) = (viewer(&state, &caller, &schema), Clock::of(&state.environment, &caller));
    page(&ApprovalsPage {
        assets: &assets::BASE,
        shell,
        is_all,
        done: match query.get("done") {
            "approved" => "Approved. Whoever asked goes on with it.",
            "denied" => "Denied. Whoever asked is told so.",
            _ => "",
        },
        approvals: listed.into_iter().map(|listed| view(&viewer, clock, listed)).collect(),
        csrf: csrf.token().to_owned(),
        longest: LONGEST_COMMENT,
    })
}

fn view(viewer: &Viewer, clock: Clock, listed: AnyApproval) -> ApprovalView {
    match listed {
        AnyApproval::OfTurn(listed) => of_turn(viewer, clock, listed),
        AnyApproval::OfClient(approval) => of_client(viewer, clock, approval),
    }
}

fn of_turn(viewer: &Viewer, clock: Clock, listed: ListedApproval) -> ApprovalView {
    let ListedApproval { approval, title, agent } = listed;
    let asked = approval.question.asked_agent.as_ref().map(|asked| asked.label.as_str());
    ApprovalView {
        waiting: Some(approval.id).filter(|_| approval.status == ApprovalStatus::Pending),
        asked: Asked::of(
            viewer,
            (&approval.operation, &approval.arguments),
            asked,
            Some(&approval.question),
            None,
        ),
        state: state(approval.status),
        by: match asked {
            Some(asked) => format!("{asked}, asked by {}", agent.label),
            None => agent.label,
        },
        chat: Some((approval.session, title.unwrap_or_else(|| "a chat".to_owned()))),
        at: exact(approval.requested_at, clock),
        expires: exact(approval.expires_at, clock),
        why: approval.why,
        comment: approval.comment,
    }
}

fn of_client(viewer: &Viewer, clock: Clock, approval: ClientApproval) -> ApprovalView {
    let call = (approval.operation.as_str(), &approval.arguments);
    ApprovalView {
        waiting: Some(approval.id).filter(|_| approval.status == ApprovalStatus::Pending),
        asked: Asked::of(viewer, call, None, Some(&approval.question), None),
        state: state(approval.status),
        by: format!("A program for {}", approval.client),
        chat: None,
        at: exact(approval.requested_at, clock),
        expires: exact(approval.expires_at, clock),
        why: approval.why,
        comment: approval.comment,
    }
}

fn state(status: ApprovalStatus) -> (&'static str, &'static str) {
    match status {
        ApprovalStatus::Pending => ("waits for you", "orange"),
        ApprovalStatus::Approved => ("approved", "green"),
        ApprovalStatus::Denied => ("denied", "red"),
        ApprovalStatus::Expired => ("not answered in time", ""),
    }
}
