//! Roles, for those who manage them: what there is, and each as a matrix of objects and actions.

mod authority;
mod draft;

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    grants::{Grants, Permission},
};
use kontor_http::Services;
use kontor_identity::{Csrf, Error, NewRole, RoleChanges, RoleHolders, ToldRole};
use serde_json::json;

pub(crate) use self::authority::show as authority;
use self::draft::{Draft, input_of};
use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    link,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact},
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
    /// When it was changed, and by whom.
    changed: Option<(Shown, String)>,
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
        changed: role
            .changed_at
            .zip(role.changed_by.as_ref())
            .map(|(at, by)| (exact(at, clock), by.to_string())),
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
    let about = match &error {
        Error::RoleExists { .. } => "name",
        Error::RoleBeyondCaller { .. } => "copy_of",
        _ => "",
    };
    let (status, problem) = refused(error)?;
    let mut again = roles_page(&state, &sent.caller, &sent.csrf, form).await?;
    let input = |path: &str| match path {
        "" => about.to_owned(),
        "grants" => "copy_of".to_owned(),
        other => other.to_owned(),
    };
    again.wrong = Wrong::of_problem(&problem, input);
    Ok((status, page(&again)?).into_response())
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
    let is_overtaken = matches!(error, Error::RoleChanged { .. });
    let (status, mut problem) = refused(error)?;
    if is_overtaken {
        let role = &again.role;
        let stored = json!({ "label": role.label, "description": role.description, "grants": role.grants });
        again.stored = serde_json::to_string_pretty(&stored).unwrap_or_default();
        problem
            .message
            .push_str(" What you have set is below; saving it again puts it in the place of theirs.");
    }
    again.refused = match problem.issues.as_slice() {
        [] => format!("Not saved. {}", problem.message),
        issues => {
            again.wrong = Wrong::of(issues, input_of);
            "Not saved: something in it is wrong.".to_owned()
        }
    };
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
        Err(error) => error,
    };
    let (status, problem) = refused(error)?;
    let mut again = role_page(state, &sent.caller, &sent.csrf, name).await?;
    again.refused = problem.message;
    Ok((status, page(&again)?).into_response())
}
