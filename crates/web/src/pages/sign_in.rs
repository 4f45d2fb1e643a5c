//! Signing in and out.

use std::net::SocketAddr;

use askama::Template;
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_http::{Services, sender_of_form};
use kontor_identity::{Error, SignIn};

use crate::{
    assets,
    error::{Result, page, refused},
    form::Fields,
    link,
    session::{self, Sent, read_fields},
};

#[derive(Template, Default)]
#[template(path = "sign_in.html")]
struct SignInPage {
    assets: &'static str,
    problem: Option<String>,
    notice: &'static str,
    next: String,
    email: String,
    workspace: String,
    asks_workspace: bool,
}

impl SignInPage {
    fn new(next: &str) -> Self {
        Self { assets: &assets::BASE, next: link::local(next).to_owned(), ..Self::default() }
    }
}

pub(crate) async fn show(request: Request) -> Result<Response> {
    let query = Fields::of_query(&request);
    let (mut parts, _) = request.into_parts();
    if let Ok(Some(_)) = sender_of_form(&mut parts) {
        return Ok(Redirect::to(link::local(query.get("next"))).into_response());
    }
    let mut shown = SignInPage::new(query.get("next"));
    if query.get("done") == "password" {
        shown.notice = "Your password is set. Sign in with it.";
    }
    Ok(page(&shown)?.into_response())
}

pub(crate) async fn sign_in(State(state): State<Services>, request: Request) -> Result<Response> {
    let remote = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    let user_agent = header_text(request.headers(), header::USER_AGENT.as_str());
    let known_browser = session::known_browser(&state, request.headers());
    let fields = read_fields(request, &state).await?;
    let workspace = fields.get("workspace");
    let input = SignIn {
        email: fields.get("email").to_owned(),
        password: fields.find("password").unwrap_or_default().to_owned(),
        workspace: (!workspace.is_empty()).then(|| workspace.to_owned()),
        remote,
        user_agent,
        known_browser,
    };
    match state.identity.start_browser_session(input).await {
        Ok(session) => Ok(session::keep(&state, &session, Redirect::to(link::local(fields.get("next"))))),
        Err(error) => {
            let asks_workspace = matches!(error, Error::WorkspaceRequired(_) | Error::NoMembership);
            let (status, problem) = refused(error)?;
            let shown = SignInPage {
                problem: Some(problem.message),
                email: fields.get("email").to_owned(),
                workspace: workspace.to_owned(),
                asks_workspace: asks_workspace || !workspace.is_empty(),
                ..SignInPage::new(fields.get("next"))
            };
            Ok((status, page(&shown)?).into_response())
        }
    }
}

pub(crate) async fn sign_out(State(state): State<Services>, headers: HeaderMap, _: Sent) -> Result<Response> {
    if let Some(cookie) = session::cookie_value(&state, &headers) {
        state.identity.sign_out(cookie).await?;
    }
    Ok(session::forget(&state, Redirect::to("/sign-in")))
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
