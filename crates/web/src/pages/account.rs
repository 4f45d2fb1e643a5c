//! The reader's own account: where they are signed in, and their password.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_http::Services;
use kontor_identity::PasswordChange;

use super::members::SignInView;
use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    link::parsed,
    session::{Sent, SentFrom, SignedIn},
    shell::Shell,
    show::Clock,
};

#[derive(Template)]
#[template(path = "sign_ins.html")]
struct SignInsPage {
    assets: &'static str,
    shell: Shell,
    sign_ins: Vec<SignInView>,
    is_ended: bool,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    assets: &'static str,
    shell: Shell,
    email: String,
    is_saved: bool,
    wrong: Wrong,
}

pub(crate) async fn sign_ins(
    State(state): State<Services>,
    SignedIn { caller, csrf, credential }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let seen = state.identity.own_sign_ins(&caller, &credential).await?;
    let clock = Clock::of(&state.environment, &caller);
    let schema = state.crm.schema(caller.workspace).await?;
    page(&SignInsPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, "Sign-ins", "settings/sign-ins").await?,
        sign_ins: seen.into_iter().map(|seen| SignInView::of(seen, clock)).collect(),
        is_ended: query.get("done") == "ended",
    })
}

pub(crate) async fn end_sign_in(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.identity.end_own_sign_in(&sent.caller, id).await?;
    Ok(Redirect::to("/settings/sign-ins?done=ended"))
}

pub(crate) async fn end_others(State(state): State<Services>, from: SentFrom) -> Result<Redirect> {
    state.identity.end_other_sign_ins(&from.sent.caller, &from.credential).await?;
    Ok(Redirect::to("/settings/sign-ins?done=ended"))
}

pub(crate) async fn password(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let schema = state.crm.schema(caller.workspace).await?;
    page(&PasswordPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, "Password", "settings/password").await?,
        email: state.identity.me(&caller).await?.user.email,
        is_saved: query.get("done") == "saved",
        wrong: Wrong::default(),
    })
}

pub(crate) async fn change_password(
    State(state): State<Services>,
    SentFrom { sent, credential, remote }: SentFrom,
) -> Result<Response> {
    let given = |name: &str| sent.fields.find(name).unwrap_or_default().to_owned();
    let change = PasswordChange { current: given("current_password"), new: given("new_password"), remote };
    let changed = state.identity.change_own_password(&sent.caller, &credential, change).await;
    let Err(error) = changed else {
        return Ok(Redirect::to("/settings/password?done=saved").into_response());
    };
    let (status, problem) = refused(error)?;
    let (caller, csrf) = (&sent.caller, &sent.csrf);
    let schema = state.crm.schema(caller.workspace).await?;
    let shown = PasswordPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, caller, csrf, &schema, "Password", "settings/password").await?,
        email: state.identity.me(caller).await?.user.email,
        is_saved: false,
        wrong: Wrong::of_problem(&problem, str::to_owned),
    };
    Ok((status, page(&shown)?).into_response())
}
