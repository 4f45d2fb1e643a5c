//! The home of the settings: where each of them is, what the reader has set for themselves, and the workspace for
//! everyone.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    grants::Permission,
    locale::{DateLanguage, TimeZone},
    time::Date,
};
use kontor_http::Services;
use kontor_identity::{Csrf, Error};
use serde_json::{Map, Value as Json, json};

use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    session::{Sent, SignedIn},
    settings_pages::{SettingsPage as SettingsPageLink, own_pages},
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
    /// The other pages about the reader.
    own_pages: Vec<SettingsPageLink>,
    zones: Vec<&'static str>,
    languages: Vec<(&'static str, String)>,
    own: OwnForm,
    workspace: WorkspaceForm,
    may_change_workspace: bool,
    is_saved: bool,
    wrong: Wrong,
}

/// What the reader sets for themselves.
struct OwnForm {
    name: String,
    time_zone: String,
    /// Empty where it is as in the workspace.
    date_language: String,
}

struct WorkspaceForm {
    time_zone: String,
    date_language: String,
    currency: String,
    /// Name, label and days of what is kept for a time.
    kept: Vec<(&'static str, &'static str, String)>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
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
        own_pages: own_pages(&caller.grants).collect(),
        zones: TimeZone::names().collect(),
        languages: languages(state.environment.now().date()),
        own: OwnForm {
            name: caller.principal.name().to_owned(),
            time_zone: own.time_zone.map(|zone| zone.to_string()).unwrap_or_default(),
            date_language: own.date_language.map(|dates| dates.to_string()).unwrap_or_default(),
        },
        workspace: WorkspaceForm {
            time_zone: set.time_zone.map(|zone| zone.to_string()).unwrap_or_default(),
            date_language: set.date_language.map(|dates| dates.to_string()).unwrap_or_default(),
            currency: set.currency.0.code().to_owned(),
            kept: KEPT.into_iter().zip(retention).map(|((name, label), days)| (name, label, days)).collect(),
        },
        may_change_workspace: caller.grants.permits(Permission::Settings),
        is_saved: false,
        wrong: Wrong::default(),
    })
}

pub(crate) async fn change_own(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let fields = &sent.fields;
    let mut changes = Map::from_iter([("time_zone".to_owned(), text(fields.get("time_zone")))]);
    // What a form does not have stays as it is.
    changes.extend(fields.find("name").map(|name| ("name".to_owned(), name.into())));
    changes.extend(fields.find("date_language").map(|dates| ("date_language".to_owned(), text(dates))));
    let Err(error) = state.identity.change_member_settings(&sent.caller, &changes).await else {
        return Ok(Redirect::to("/settings?done=saved").into_response());
    };
    let mut again = settings_page(&state, &sent.caller, &sent.csrf).await?;
    again.own.time_zone = fields.get("time_zone").to_owned();
    again.own.date_language = fields.find("date_language").map_or(again.own.date_language, str::to_owned);
    again.own.name = fields.find("name").map_or(again.own.name, str::to_owned);
    shown_again(again, error, "own_")
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
        ("date_language".to_owned(), text(fields.get("date_language"))),
        ("currency".to_owned(), text(fields.get("currency"))),
        ("retention".to_owned(), retention.into()),
    ]);
    let Err(error) = state.identity.change_workspace_settings(&sent.caller, &changes).await else {
        return Ok(Redirect::to("/settings?done=saved").into_response());
    };
    let mut again = settings_page(&state, &sent.caller, &sent.csrf).await?;
    again.workspace = WorkspaceForm {
        time_zone: fields.get("time_zone").to_owned(),
        date_language: fields.get("date_language").to_owned(),
        currency: fields.get("currency").to_owned(),
        kept: KEPT.into_iter().map(|(name, label)| (name, label, fields.get(name).to_owned())).collect(),
    };
    shown_again(again, error, "")
}

/// The page with what is wrong beside its inputs, whose names begin with `prefix`.
fn shown_again(mut shown: SettingsPage, error: Error, prefix: &str) -> Result<Response> {
    let (status, problem) = refused(error)?;
    shown.wrong = Wrong::of_problem(&problem, |path| match path {
        "" => String::new(),
        path => format!("{prefix}{}", path.trim_start_matches("retention.")),
    });
    Ok((status, page(&shown)?).into_response())
}

/// The languages of dates, each with how it writes a day.
fn languages(day: Date) -> Vec<(&'static str, String)> {
    DateLanguage::all()
        .map(|dates| (dates.tag(), format!("{}: {}", dates.label(), dates.date(day))))
        .collect()
}

/// A text as a setting, none where it is empty.
fn text(text: &str) -> Json {
    Some(text.trim()).filter(|text| !text.is_empty()).map_or(Json::Null, Json::from)
}
