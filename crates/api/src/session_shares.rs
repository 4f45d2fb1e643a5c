//! With whom a session is shared, and a session as a file.

use aide::axum::{
    ApiRouter,
    routing::{get_with, put_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kontor_agents::{NewShare, SessionExport, Share};
use kontor_core::ids::{MemberId, SessionId};
use kontor_http::Services;

use crate::{
    extract::{Holds, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

const KNOWN: [Parameter; 1] =
    [Parameter::new("format", Holds::Word(&["json", "markdown"]), "JSON, unless Markdown is asked for.")];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| op.is("list_session_shares", "With whom a session is shared").tag("Chat"));
    let one = put_with(share, |op| {
        op.is("share_session", "Shares a session with a member, to be read or to take part in").tag("Chat")
    })
    .delete_with(unshare, |op| {
        op.is("unshare_session", "Takes a share back").tag("Chat").answers::<204, ()>()
    });
    let export = get_with(export, |op| {
        op.is("export_session", "A session with all that was said in it, as a file")
            .tag("Chat")
            .queries(&KNOWN)
    });
    ApiRouter::new()
        .api_route("/sessions/{id}/shares", all)
        .api_route("/sessions/{id}/shares/{member}", one)
        .api_route("/sessions/{id}/export", export)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(session): Segments<SessionId>,
) -> Result<Answer<Whole<Share>>> {
    Ok(page::whole(state.agents.session_shares(&caller, session).await?))
}

async fn share(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((session, member)): Segments<(SessionId, MemberId)>,
    Json(new): Json<NewShare>,
) -> Result<Answer<Share>> {
    Ok(Answer(state.agents.share_session(&caller, session, member, new).await?))
}

async fn unshare(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((session, member)): Segments<(SessionId, MemberId)>,
) -> Result<StatusCode> {
    state.agents.unshare_session(&caller, session, member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session as a file.
pub(crate) enum SessionFile {
    Json(Box<SessionExport>),
    Markdown(Box<SessionExport>),
}

impl IntoResponse for SessionFile {
    fn into_response(self) -> Response {
        match self {
            Self::Json(export) => {
                let name = export.file_name("json");
                (kontor_http::saved_as(&name), Answer(export)).into_response()
            }
            Self::Markdown(export) => {
                let kind = [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")];
                (kind, kontor_http::saved_as(&export.file_name("md")), export.markdown()).into_response()
            }
        }
    }
}

async fn export(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
    Segments(session): Segments<SessionId>,
) -> Result<SessionFile> {
    let parameters = parameters.knowing(&KNOWN)?;
    let file: fn(Box<SessionExport>) -> SessionFile = match parameters.text("format") {
        None | Some("json") => SessionFile::Json,
        Some("markdown") => SessionFile::Markdown,
        Some(_) => {
            return Err(ApiError::issue("format", "invalid_value", "json or markdown is expected here."));
        }
    };
    Ok(file(Box::new(state.agents.export_session(&caller, session).await?)))
}
