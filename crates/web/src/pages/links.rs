//! Links that let somebody in who is not signed in: an invitation, and a new password.

use std::net::SocketAddr;

use askama::Template;
use axum::{
    extract::{ConnectInfo, Path, Request, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::error::ErrorKind;
use kontor_http::Services;
use kontor_identity::{Acceptance, InvitationView};

use crate::{
    assets,
    error::{Result, page, refused},
    form::Wrong,
    session::{keep, known_browser, read_fields},
};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    assets: &'static str,
    token: String,
    invitation: InvitationView,
    name: String,
    wrong: Wrong,
}

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    assets: &'static str,
    token: String,
    email: String,
    wrong: Wrong,
}

/// What a person reads of an invitation, with a form that takes it.
pub(crate) async fn invitation(State(state): State<Services>, Path(token): Path<String>) -> Result<Response> {
    let shown = invitation_page(&state, token).await?;
    Ok(page(&shown)?.into_response())
}

async fn invitation_page(state: &Services, token: String) -> Result<InvitationPage> {
    let invitation = state.identity.look_at_invitation(&token).await?;
    Ok(InvitationPage {
        assets: &assets::BASE,
        token,
        name: invitation.name.clone().unwrap_or_default(),
        invitation,
        wrong: Wrong::default(),
    })
}

pub(crate) async fn accept(
    State(state): State<Services>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response> {
    let remote = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.map(str::to_owned);
    let known_browser = known_browser(&state, request.headers());
    let fields = read_fields(request, &state).await?;
    let acceptance = Acceptance {
        name: fields.get("name").to_owned(),
        password: fields.find("password").unwrap_or_default().to_owned(),
        remote,
        user_agent,
        known_browser,
    };
    let error = match state.identity.accept_invitation_in_browser(&token, acceptance).await {
        Ok(session) => return Ok(keep(&state, &session, Redirect::to("/chat"))),
        Err(error) => error,
    };
    let (status, mut problem) = refused(error)?;
    if problem.kind == ErrorKind::Unauthenticated {
        "The password is wrong.".clone_into(&mut problem.message);
    }
    let mut again = invitation_page(&state, token).await?;
    fields.get("name").clone_into(&mut again.name);
    again.wrong = Wrong::of_problem(&problem, str::to_owned);
    Ok((status, page(&again)?).into_response())
}

/// A form for a new password.
pub(crate) async fn reset(State(state): State<Services>, Path(token): Path<String>) -> Result<Response> {
    let email = state.identity.look_at_reset_link(&token).await?.email;
    let shown = ResetPage { assets: &assets::BASE, token, email, wrong: Wrong::default() };
    Ok(page(&shown)?.into_response())
}

pub(crate) async fn set_password(
    State(state): State<Services>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response> {
    let fields = read_fields(request, &state).await?;
    let password = fields.find("password").unwrap_or_default();
    let Err(error) = state.identity.reset_password(&token, password).await else {
        return Ok(Redirect::to("/sign-in?done=password").into_response());
    };
    let (status, problem) = refused(error)?;
    let email = state.identity.look_at_reset_link(&token).await?.email;
    let wrong = Wrong::of_problem(&problem, str::to_owned);
    let shown = ResetPage { assets: &assets::BASE, token, email, wrong };
    Ok((status, page(&shown)?).into_response())
}
