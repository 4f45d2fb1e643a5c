//! What is done with a chat as a whole: renaming, pinning, forking, exporting, sharing, deleting.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::header,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_agents::{Access, MemberName, NewFork, NewShare, Session, SessionPatch, ShareAccess};
use kontor_core::{
    error::{ErrorKind, Problem},
    ids::{MemberId, SessionId},
};
use kontor_http::Services;

use super::chat::title;
use crate::{
    assets,
    chat::rendered,
    error::{PageError, Result, page, refused},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
};

#[derive(Template)]
#[template(path = "fragments/chat_menu.html")]
struct Menu<'a> {
    session: &'a Session,
    title: String,
    is_own: bool,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage {
    assets: &'static str,
    shell: Shell,
    session: Session,
    title: String,
    members: Vec<MemberName>,
    problem: Option<String>,
}

/// The menu of a chat.
pub(super) fn menu(session: &Session, csrf: &str) -> String {
    let is_own = session.access == Access::Owner;
    rendered(&Menu { session, title: title(session), is_own, csrf })
}

fn to(session: SessionId) -> Redirect {
    Redirect::to(&format!("/chat/{session}"))
}

pub(crate) async fn rename(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let patch = SessionPatch { title: Some(sent.fields.get("title").to_owned()), ..SessionPatch::default() };
    state.agents.update_session(&sent.caller, session, patch).await?;
    Ok(to(session))
}

pub(crate) async fn pin(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let patch = SessionPatch { pinned: Some(sent.fields.get("pinned") == "true"), ..SessionPatch::default() };
    state.agents.update_session(&sent.caller, session, patch).await?;
    Ok(to(session))
}

pub(crate) async fn fork(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    Ok(to(state.agents.fork_session(&sent.caller, session, NewFork::default()).await?.id))
}

pub(crate) async fn delete(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    state.agents.delete_session(&sent.caller, session, false).await?;
    Ok(Redirect::to(&format!("/chat?deleted={session}")))
}

pub(crate) async fn restore(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    state.agents.restore_session(&sent.caller, session).await?;
    Ok(to(session))
}

/// The chat as a file.
pub(crate) async fn export(
    State(state): State<Services>,
    SignedIn { caller, .. }: SignedIn,
    Path(session): Path<String>,
    request: Request,
) -> Result<Response> {
    let session: SessionId = parsed(&session)?;
    let query = Fields::of_query(&request);
    let export = state.agents.export_session(&caller, session).await?;
    let (kind, ending, text) = match query.get("format") {
        "json" => {
            let text = serde_json::to_string_pretty(&export).map_err(|error| {
                tracing::error!(%error, "a chat cannot be written");
                PageError::Problem(Problem::internal())
            })?;
            ("application/json", "json", text)
        }
        _ => ("text/markdown; charset=utf-8", "md", export.markdown()),
    };
    let kind = [(header::CONTENT_TYPE, kind)];
    Ok((kind, kontor_http::saved_as(&export.file_name(ending)), text).into_response())
}

pub(crate) async fn share_page(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(session): Path<String>,
) -> Result<Html<String>> {
    let session: SessionId = parsed(&session)?;
    sharing(&state, &Sent { caller, csrf, fields: Fields::default() }, session, None).await
}

async fn sharing(
    state: &Services,
    sent: &Sent,
    session: SessionId,
    problem: Option<String>,
) -> Result<Html<String>> {
    let members = state.agents.members_to_share_with(&sent.caller, session).await?;
    let session = state.agents.session(&sent.caller, session).await?;
    let schema = state.crm.schema(sent.caller.workspace).await?;
    let shell = Shell::new(state, &sent.caller, &sent.csrf, &schema, "Share a chat", "chat").await?;
    let title = title(&session);
    page(&SharePage { assets: &assets::BASE, shell, title, session, members, problem })
}

pub(crate) async fn share(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let session: SessionId = parsed(&session)?;
    let access = match sent.fields.get("access") {
        "take_part" => ShareAccess::TakePart,
        _ => ShareAccess::Read,
    };
    let shared = match sent.fields.get("member").parse::<MemberId>() {
        Err(_) => {
            let message = "Choose a member to share it with.";
            Err(PageError::Problem(Problem::new(ErrorKind::Invalid, "no_member", message)))
        }
        Ok(member) => {
            let new = NewShare { access };
            state.agents.share_session(&sent.caller, session, member, new).await.map_err(PageError::from)
        }
    };
    let Err(error) = shared else {
        return Ok(Redirect::to(&format!("/chat/{session}/share")).into_response());
    };
    let (status, problem) = refused(error)?;
    Ok((status, sharing(&state, &sent, session, Some(problem.message)).await?).into_response())
}

pub(crate) async fn unshare(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let member: MemberId = parsed(sent.fields.get("member"))?;
    state.agents.unshare_session(&sent.caller, session, member).await?;
    Ok(Redirect::to(&format!("/chat/{session}/share")))
}
