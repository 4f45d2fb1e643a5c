//! The first workspace and its admin, made through the one-time link that the server prints.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::error::{ErrorKind, Fault as _};
use kontor_identity::{NewWorkspace, SignIn};

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    session::read_fields,
    state::WebState,
};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    assets: &'static str,
    problem: Option<String>,
    token: String,
    workspace: String,
    name: String,
    email: String,
}

impl SetupPage {
    fn of(fields: &Fields, problem: Option<String>) -> Self {
        let text = |name| fields.get(name).to_owned();
        Self {
            assets: &assets::BASE,
            problem,
            token: text("token"),
            workspace: text("workspace"),
            name: text("name"),
            email: text("email"),
        }
    }
}

pub(crate) async fn show(State(state): State<WebState>, request: Request) -> Result<Response> {
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes());
    state.identity.check_setup_token(query.get("token")).await?;
    Ok(page(&SetupPage::of(&query, None))?.into_response())
}

pub(crate) async fn set_up(State(state): State<WebState>, request: Request) -> Result<Response> {
    let fields = read_fields(request, &state).await?;
    let (email, password) =
        (fields.get("email").to_owned(), fields.find("password").unwrap_or_default().to_owned());
    let new = NewWorkspace {
        name: fields.get("workspace").to_owned(),
        admin_name: fields.get("name").to_owned(),
        email: email.clone(),
        password: password.clone(),
    };
    if let Err(error) = state.identity.set_up(fields.get("token"), new).await {
        let problem = error.problem();
        return match problem.kind {
            ErrorKind::Invalid => {
                let shown = SetupPage::of(&fields, Some(problem.message));
                Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
            }
            _ => Err(error.into()),
        };
    }
    let known_browser = String::new();
    let input = SignIn { email, password, workspace: None, remote: None, user_agent: None, known_browser };
    let session = state.identity.start_browser_session(input).await?;
    Ok(state.keep(&session, Redirect::to("/chat")))
}
