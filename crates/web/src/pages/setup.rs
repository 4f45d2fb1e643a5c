//! The first workspace and its admin, made through the one-time link that the server prints.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::error::Problem;
use kontor_http::Services;
use kontor_identity::{NewWorkspace, SignIn};

use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    session::{keep, read_fields},
};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    assets: &'static str,
    wrong: Wrong,
    token: String,
    workspace: String,
    name: String,
    email: String,
}

impl SetupPage {
    fn of(fields: &Fields, problem: Option<&Problem>) -> Self {
        let text = |name| fields.get(name).to_owned();
        Self {
            assets: &assets::BASE,
            wrong: problem.map(|problem| Wrong::of_problem(problem, input_of)).unwrap_or_default(),
            token: text("token"),
            workspace: text("workspace"),
            name: text("name"),
            email: text("email"),
        }
    }
}

/// The input that a path of a new workspace stands for.
fn input_of(path: &str) -> String {
    match path {
        "name" => "workspace",
        "admin_name" => "name",
        other => other,
    }
    .to_owned()
}

pub(crate) async fn show(State(state): State<Services>, request: Request) -> Result<Response> {
    let query = Fields::of_query(&request);
    state.identity.check_setup_token(query.get("token")).await?;
    Ok(page(&SetupPage::of(&query, None))?.into_response())
}

pub(crate) async fn set_up(State(state): State<Services>, request: Request) -> Result<Response> {
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
        let (status, problem) = refused(error)?;
        return Ok((status, page(&SetupPage::of(&fields, Some(&problem)))?).into_response());
    }
    let known_browser = String::new();
    let input = SignIn { email, password, workspace: None, remote: None, user_agent: None, known_browser };
    let session = state.identity.start_browser_session(input).await?;
    Ok(keep(&state, &session, Redirect::to("/chat")))
}
