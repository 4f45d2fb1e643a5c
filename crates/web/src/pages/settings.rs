//! What the reader has set for themselves, and the workspace for everyone.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, error::Fault as _, grants::Permission, locale::TimeZone};
use kontor_http::Services;
use kontor_identity::{Csrf, Error};
use serde_json::{Map, Value as Json, json};

use crate::{
    assets,
    error::{PageError, Result, page},
    form::{Fields, Wrong},
    session::{Sent, SignedIn},
    shell::Shell,
};

/// What is kept for a time only, as the inputs and the settings name it, and in words.
const KEPT: [(&str, &str); 4] = [
    ("events", "events of changes"),
    ("audit", "the audit"),
    ("chats", "expired chats"),
    ("calls", "calls outside and failed jobs"),
];

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    assets: &'static str,
    shell: Shell,
    zones: Vec<&'static str>,
    own_zone: String,
    workspace: WorkspaceForm,
    may_change_workspace: bool,
    is_saved: bool,
    wrong: Wrong,
}

struct WorkspaceForm {
    time_zone: String,
    currency: String,
    /// Name, label and days of what is kept for a time.
    kept: Vec<(&'static str, &'static str, String)>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes());
    let mut shown = settings_page(&state, &caller, &csrf).await?;
    shown.is_saved = query.get("done") == "saved";
    page(&shown)
}

async fn settings_page(state: &Services, caller: &Caller, csrf: &Csrf) -> Result<SettingsPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let own = state.identity.member_settings(caller).await?;
    let set = state.identity.workspace_settings(caller).await?;
    let days = |days: Option<u32>| days.map(|days| days.to_string()).unwrap_or_default();
    let retention =
        [set.retention.events, set.retention.audit, set.retention.chats, set.retention.calls].map(days);
    Ok(SettingsPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Settings", "settings").await?,
        zones: TimeZone::names().collect(),
        own_zone: own.time_zone.map(|zone| zone.to_string()).unwrap_or_default(),
        workspace: WorkspaceForm {
            time_zone: set.time_zone.map(|zone| zone.to_string()).unwrap_or_default(),
            currency: set.currency.0.code().to_owned(),
            kept: KEPT.into_iter().zip(retention).map(|((name, label), days)| (name, label, days)).collect(),
        },
        may_change_workspace: caller.grants.permits(Permission::Settings),
        is_saved: false,
        wrong: Wrong::default(),
    })
}

pub(crate) async fn change_own(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let zone = sent.fields.get("time_zone").trim().to_owned();
    let changes = Map::from_iter([("time_zone".to_owned(), text(&zone))]);
    let Err(error) = state.identity.change_member_settings(&sent.caller, &changes).await else {
        return Ok(Redirect::to("/settings?done=saved").into_response());
    };
    let mut again = settings_page(&state, &sent.caller, &sent.csrf).await?;
    again.own_zone = zone;
    refused(again, error, "own_")
}

/// Sets the reader's time zone to the one that their browser says, unless one is set.
pub(crate) async fn offer_zone(State(state): State<Services>, sent: Sent) -> Result<StatusCode> {
    state.identity.offer_time_zone(&sent.caller, sent.fields.get("time_zone")).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn change_workspace(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let fields = &sent.fields;
    let days = |name: &str| match fields.get(name).trim() {
        "" => Json::Null,
        days => days.parse::<u64>().map_or_else(|_| json!(days), |days| json!(days)),
    };
    let retention: Map<_, _> = KEPT.iter().map(|(name, _)| ((*name).to_owned(), days(name))).collect();
    let changes = Map::from_iter([
        ("time_zone".to_owned(), text(fields.get("time_zone"))),
        ("currency".to_owned(), text(fields.get("currency"))),
        ("retention".to_owned(), retention.into()),
    ]);
    let Err(error) = state.identity.change_workspace_settings(&sent.caller, &changes).await else {
        return Ok(Redirect::to("/settings?done=saved").into_response());
    };
    let mut again = settings_page(&state, &sent.caller, &sent.csrf).await?;
    again.workspace = WorkspaceForm {
        time_zone: fields.get("time_zone").to_owned(),
        currency: fields.get("currency").to_owned(),
        kept: KEPT.into_iter().map(|(name, label)| (name, label, fields.get(name).to_owned())).collect(),
    };
    refused(again, error, "")
}

/// The page with what is wrong beside its inputs, whose names begin with `prefix`.
fn refused(mut shown: SettingsPage, error: Error, prefix: &str) -> Result<Response> {
    shown.wrong = Wrong::of(&error.problem().issues, |path| {
        format!("{prefix}{}", path.trim_start_matches("retention."))
    });
    if shown.wrong.is_empty() {
        return Err(PageError::from(error));
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}

/// A text as a setting, none where it is empty.
fn text(text: &str) -> Json {
    Some(text.trim()).filter(|text| !text.is_empty()).map_or(Json::Null, Json::from)
}
