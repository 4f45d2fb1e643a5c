//! The first workspace and its admin, made through the one-time link that the server prints.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::error::{ErrorKind, Fault as _, Problem};
use kontor_http::Services;
use kontor_identity::{NewWorkspace, SignIn};

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    session::{keep, read_fields},
    show::as_sentence,
};

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    assets: &'static str,
    /// What is wrong, by the input it is about; with no input, what is wrong with the whole.
    wrong: Vec<(&'static str, String)>,
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
            wrong: problem.map(wrong).unwrap_or_default(),
            token: text("token"),
            workspace: text("workspace"),
            name: text("name"),
            email: text("email"),
        }
    }
}

impl SetupPage {
    fn wrong_at(&self, input: &str) -> Option<&str> {
        self.wrong.iter().find(|(name, _)| *name == input).map(|(_, message)| message.as_str())
    }

    /// Whether an input is where a page begins: the first that is wrong, or else the first.
    fn begins_at(&self, input: &str) -> bool {
        let wrong = INPUTS.iter().find(|name| self.wrong_at(name).is_some());
        *wrong.unwrap_or(&INPUTS[0]) == input
    }
}

/// The inputs in their order.
const INPUTS: [&str; 4] = ["workspace", "name", "email", "password"];

/// What a problem is about, by the names of the inputs.
fn wrong(problem: &Problem) -> Vec<(&'static str, String)> {
    if problem.issues.is_empty() {
        return vec![("", problem.message.clone())];
    }
    let input = |path: &str| match path {
        "name" => "workspace",
        "admin_name" => "name",
        "email" => "email",
        "password" => "password",
        _ => "",
    };
    problem.issues.iter().map(|issue| (input(&issue.path), as_sentence(&issue.message))).collect()
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
        let problem = error.problem();
        return match problem.kind {
            ErrorKind::Invalid => {
                let shown = SetupPage::of(&fields, Some(&problem));
                Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
            }
            _ => Err(error.into()),
        };
    }
    let known_browser = String::new();
    let input = SignIn { email, password, workspace: None, remote: None, user_agent: None, known_browser };
    let session = state.identity.start_browser_session(input).await?;
    Ok(keep(&state, &session, Redirect::to("/chat")))
}
