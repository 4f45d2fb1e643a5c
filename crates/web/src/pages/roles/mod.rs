//! Roles, for those who manage them: what there is, and each as a matrix of objects and actions.

mod authority;
mod draft;

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{Fault as _, Issue},
    grants::{Grants, Permission},
};
use kontor_http::Services;
use kontor_identity::{Csrf, Error, NewRole, RoleChanges, RoleHolders, ToldRole};

pub(crate) use self::authority::show as authority;
use self::draft::{Draft, input_of};
use crate::{
    assets,
    error::{PageError, Result, page},
    form::{Fields, Wrong},
    link,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, exact},
};

const PLACE: &str = "settings/roles";

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    assets: &'static str,
    shell: Shell,
    roles: Vec<RoleView>,
    may_edit: bool,
    form: NewForm,
    done: &'static str,
    wrong: Wrong,
}

struct RoleView {
    role: ToldRole,
    /// Its page.
    link: String,
    copy_link: String,
    changed: String,
}

#[derive(Default)]
struct NewForm {
    name: String,
    label: String,
    copy_of: String,
}

#[derive(Template)]
#[template(path = "role.html")]
struct RolePage {
    assets: &'static str,
    shell: Shell,
    role: ToldRole,
    link: String,
    copy_link: String,
    /// What it comes to.
    whole_link: String,
    label: String,
    description: String,
    draft: Draft,
    held_by: RoleHolders,
    agents: Vec<String>,
    may_edit: bool,
    /// Why what was sent is not kept, beside what is wrong at its inputs.
    refused: String,
    /// What somebody else has made of the role meanwhile, as JSON.
    stored: String,
    done: &'static str,
    wrong: Wrong,
}

fn done(request: &Request) -> &'static str {
    let query = Fields::of_query(request);
    match query.get("done") {
        "saved" => "Saved. It holds from the next thing that somebody does.",
        "made" => "Made. Say what it allows.",
        "reset" => "Reset to what it was shipped with.",
        "deleted" => "Deleted.",
        _ => "",
    }
}

pub(crate) async fn show_all(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let form = NewForm { copy_of: query.get("copy").to_owned(), ..NewForm::default() };
    let mut shown = roles_page(&state, &caller, &csrf, form).await?;
    shown.done = done(&request);
    page(&shown)
}

async fn roles_page(state: &Services, caller: &Caller, csrf: &Csrf, form: NewForm) -> Result<RolesPage> {
    let roles = state.identity.roles(caller).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    let view = |role: ToldRole| RoleView {
        link: of(&role.name),
        copy_link: copy_of(&role.name),
        changed: match (&role.changed_by, role.changed_at) {
            (Some(by), Some(at)) => format!("{} by {by}", exact(at, clock)),
            _ => String::new(),
        },
        role,
    };
    Ok(RolesPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Roles", PLACE).await?,
        roles: roles.into_iter().map(view).collect(),
        may_edit: caller.grants.permits(Permission::Roles),
        form,
        done: "",
        wrong: Wrong::default(),
    })
}

/// The page of a role.
fn of(name: &str) -> String {
    format!("/settings/roles/{}", link::segment(name))
}

/// The form that makes a copy of a role.
fn copy_of(name: &str) -> String {
    format!("{}#new", link::with_query("/settings/roles", [("copy", name)]))
}

pub(crate) async fn create(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let text = |name: &str| sent.fields.get(name).to_owned();
    let form = NewForm { name: text("name"), label: text("label"), copy_of: text("copy_of") };
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let new = NewRole {
        name: form.name.clone(),
        label: given(&form.label),
        copy_of: given(&form.copy_of),
        grants: form.copy_of.is_empty().then(|| serde_json::json!({})),
        ..NewRole::default()
    };
    let error = match state.identity.create_role(&sent.caller, new).await {
        Ok(role) => return Ok(Redirect::to(&format!("{}?done=made", of(&role.name))).into_response()),
        Err(error) => error,
    };
    let problem = error.problem();
    let issues = match &error {
        Error::InvalidRole(issues) => issues.clone(),
        Error::RoleExists { .. } => vec![Issue::new("name", "taken", problem.message)],
        Error::RoleBeyondCaller { .. } => vec![Issue::new("copy_of", "too_wide", problem.message)],
        _ => return Err(PageError::from(error)),
    };
    let mut again = roles_page(&state, &sent.caller, &sent.csrf, form).await?;
    again.wrong =
        Wrong::of(&issues, |path| if path == "grants" { "copy_of".into() } else { path.to_owned() });
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(name): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let mut shown = role_page(&state, &caller, &csrf, &name).await?;
    shown.done = done(&request);
    page(&shown)
}

async fn role_page(state: &Services, caller: &Caller, csrf: &Csrf, name: &str) -> Result<RolePage> {
    let (role, held_by) = state.identity.role(caller, name).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let agents = state.agents.agents(caller).await?;
    Ok(RolePage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, role.label.clone(), PLACE).await?,
        draft: Draft::of(role.grants.as_ref().unwrap_or(&Grants::default()), &schema),
        link: of(&role.name),
        copy_link: copy_of(&role.name),
        whole_link: link::with_query("/settings/authority", [("of", format!("role/{}", role.name).as_str())]),
        label: role.label.clone(),
        description: role.description.clone(),
        held_by,
        agents: agents.into_iter().map(|agent| agent.name).collect(),
        may_edit: !role.is_fixed && caller.grants.permits(Permission::Roles),
        role,
        refused: String::new(),
        stored: String::new(),
        done: "",
        wrong: Wrong::default(),
    })
}

pub(crate) async fn change(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let mut again = role_page(&state, &sent.caller, &sent.csrf, &name).await?;
    let draft = again.draft.read(&sent.fields);
    let changes = RoleChanges {
        label: Some(sent.fields.get("label").to_owned()),
        description: Some(sent.fields.get("description").to_owned()),
        grants: Some(draft.to_json()),
        version: sent.fields.get("version").parse().ok(),
    };
    let error = match state.identity.change_role(&sent.caller, &name, changes).await {
        Ok(role) => return Ok(Redirect::to(&format!("{}?done=saved", of(&role.name))).into_response()),
        Err(error) => error,
    };
    let problem = error.problem();
    let status = kontor_http::status(&problem);
    match &error {
        Error::InvalidRole(issues) => {
            again.wrong = Wrong::of(issues, input_of);
            "Not saved: something in it is wrong.".clone_into(&mut again.refused);
        }
        Error::RoleChanged { .. } => {
            again.stored = serde_json::to_string_pretty(&again.role.grants).unwrap_or_default();
            again.refused = format!(
                "Not saved. {} What you have set is below; saving it again puts it in the place of theirs.",
                problem.message
            );
        }
        Error::RoleBeyondCaller { .. } | Error::RoleFixed { .. } | Error::LastAdmin => {
            again.refused = format!("Not saved. {}", problem.message);
        }
        _ => return Err(PageError::from(error)),
    }
    again.draft = draft;
    sent.fields.get("label").clone_into(&mut again.label);
    sent.fields.get("description").clone_into(&mut again.description);
    Ok((status, page(&again)?).into_response())
}

pub(crate) async fn reset(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let outcome = state.identity.reset_role(&sent.caller, &name).await;
    told(&state, &sent, &name, outcome.map(|_| format!("{}?done=reset", of(&name)))).await
}

pub(crate) async fn delete(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let outcome = state.identity.delete_role(&sent.caller, &name).await;
    told(&state, &sent, &name, outcome.map(|()| "/settings/roles?done=deleted".to_owned())).await
}

/// Where it goes on; or the role's page, which says why it does not.
async fn told(
    state: &Services,
    sent: &Sent,
    name: &str,
    outcome: std::result::Result<String, Error>,
) -> Result<Response> {
    let error = match outcome {
        Ok(next) => return Ok(Redirect::to(&next).into_response()),
        Err(error @ (Error::RoleNotFound { .. } | Error::NotPermitted(_) | Error::Store(_))) => {
            return Err(PageError::from(error));
        }
        Err(error) => error,
    };
    let problem = error.problem();
    let mut again = role_page(state, &sent.caller, &sent.csrf, name).await?;
    again.refused.clone_from(&problem.message);
    Ok((kontor_http::status(&problem), page(&again)?).into_response())
}
