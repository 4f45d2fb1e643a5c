//! What the reader lets software do for them, and withdrawing it.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_http::Services;
use kontor_identity::Delegation;

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact, instant},
};

#[derive(Template)]
#[template(path = "delegations.html")]
struct DelegationsPage {
    assets: &'static str,
    shell: Shell,
    delegations: Vec<DelegationView>,
    notice: &'static str,
}

struct DelegationView {
    id: String,
    name: String,
    scopes: Vec<String>,
    since: Shown,
    used: Shown,
    ends: Shown,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, &caller);
    let view = |one: Delegation| DelegationView {
        id: one.id.to_string(),
        name: one.name,
        scopes: one.scopes.iter().map(str::to_owned).collect(),
        since: exact(one.created_at, clock),
        used: instant(one.used_at, clock),
        ends: exact(one.expires_at, clock),
    };
    let delegations = state.identity.own_delegations(&caller).await?;
    page(&DelegationsPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, "Connected programs", "settings/programs").await?,
        delegations: delegations.into_iter().map(view).collect(),
        notice: match query.get("done") {
            "withdrawn" => "Withdrawn. It can do nothing in your name any more within five seconds.",
            _ => "",
        },
    })
}

pub(crate) async fn withdraw(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.identity.end_own_delegation(&sent.caller, id).await?;
    Ok(Redirect::to("/settings/programs?done=withdrawn"))
}
