//! API keys, for those who manage them: service accounts by which programs act.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, error::Issue};
use kontor_http::Services;
use kontor_identity::{ApiKey, Csrf, NewApiKey};
use serde_json::json;

use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact, instant},
};

const HREF: &str = "/settings/keys";
/// What stands in a configuration for a key that is not told.
const SOME_KEY: &str = "YOUR_API_KEY";
/// The lives that a form offers, in days; none is for ever.
const LIVES: [(&str, &str); 5] =
    [("30", "30 days"), ("90", "90 days"), ("180", "180 days"), ("365", "A year"), ("", "Never")];

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    assets: &'static str,
    shell: Shell,
    keys: Vec<KeyView>,
    roles: Vec<String>,
    lives: [(&'static str, &'static str); 5],
    form: KeyForm,
    /// The key that has just been made.
    made: Option<MadeKey>,
    clients: Vec<ClientSetting>,
    notice: &'static str,
    wrong: Wrong,
}

struct KeyForm {
    name: String,
    role: String,
    scopes: String,
    days: String,
    networks: String,
}

struct KeyView {
    id: String,
    name: String,
    hint: String,
    role: String,
    scopes: Vec<String>,
    networks: String,
    by: String,
    used: Option<Shown>,
    ends: Option<Shown>,
    is_expired: bool,
}

struct MadeKey {
    name: String,
    key: String,
}

/// How a client of the Model Context Protocol is told of this server.
struct ClientSetting {
    id: &'static str,
    client: &'static str,
    /// Where it is written.
    place: &'static str,
    text: String,
    lines: usize,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let mut shown = keys_page(&state, &caller, &csrf, KeyForm::new()).await?;
    shown.notice = match query.get("done") {
        "revoked" => "The key is revoked. It works nowhere any more within five seconds.",
        _ => "",
    };
    page(&shown)
}

pub(crate) async fn create(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let text = |name: &str| sent.fields.get(name).to_owned();
    let form = KeyForm {
        name: text("name"),
        role: text("role"),
        scopes: text("scopes"),
        days: text("expires_in_days"),
        networks: text("networks"),
    };
    let words = |text: &str| {
        text.split([' ', ',', '\n', '\r']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let days = match form.days.as_str() {
        "" => Ok(None),
        days => days.parse().map(Some),
    };
    let made = match days {
        Ok(expires_in_days) => {
            let new = NewApiKey {
                name: form.name.clone(),
                role: form.role.clone(),
                scopes: words(&form.scopes),
                expires_in_days,
                networks: Some(words(&form.networks)),
            };
            state.identity.create_api_key(&sent.caller, new).await
        }
        Err(_) => {
            let issue = Issue::new("expires_in_days", "wrong_type", "A number of days is expected here.");
            Err(kontor_identity::Error::Input(vec![issue]))
        }
    };
    match made {
        Ok((key, secret)) => {
            let mut shown = keys_page(&state, &sent.caller, &sent.csrf, KeyForm::new()).await?;
            shown.clients = clients(&state.public_url, secret.as_str());
            shown.made = Some(MadeKey { name: key.name, key: secret.as_str().to_owned() });
            Ok(page(&shown)?.into_response())
        }
        Err(error) => {
            let (status, problem) = refused(error)?;
            let mut again = keys_page(&state, &sent.caller, &sent.csrf, form).await?;
            // An entry of a list is wrong at the input that holds them all.
            let input = |path: &str| path.split('[').next().unwrap_or_default().to_owned();
            again.wrong = Wrong::of_problem(&problem, input);
            Ok((status, page(&again)?).into_response())
        }
    }
}

pub(crate) async fn revoke(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.identity.revoke_api_key(&sent.caller, id).await?;
    Ok(Redirect::to(&format!("{HREF}?done=revoked")))
}

impl KeyForm {
    fn new() -> Self {
        let empty = String::new;
        Self { name: empty(), role: empty(), scopes: empty(), days: LIVES[1].0.to_owned(), networks: empty() }
    }
}

async fn keys_page(state: &Services, caller: &Caller, csrf: &Csrf, form: KeyForm) -> Result<KeysPage> {
    let keys = state.identity.api_keys(caller).await?;
    let roles = state.identity.roles_to_give(caller).await?;
    let usual = roles.iter().find(|role| *role == "Member").or(roles.last()).cloned();
    let role = if form.role.is_empty() { usual.unwrap_or_default() } else { form.role };
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    Ok(KeysPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "API keys", "settings/keys").await?,
        keys: keys.into_iter().map(|key| key_view(key, clock)).collect(),
        roles,
        lives: LIVES,
        form: KeyForm { role, ..form },
        made: None,
        clients: clients(&state.public_url, SOME_KEY),
        notice: "",
        wrong: Wrong::default(),
    })
}

fn key_view(key: ApiKey, clock: Clock) -> KeyView {
    KeyView {
        id: key.id.to_string(),
        name: key.name,
        hint: key.hint,
        role: key.role,
        scopes: key.scopes.iter().map(str::to_owned).collect(),
        networks: key.networks.join(", "),
        by: key.created_by.to_string(),
        used: key.last_used_at.map(|at| instant(at, clock)),
        ends: key.expires_at.map(|at| exact(at, clock)),
        is_expired: key.is_expired,
    }
}

/// What clients are told, each in its own words.
fn clients(public_url: &str, key: &str) -> Vec<ClientSetting> {
    let (url, bearer) = (format!("{public_url}/mcp"), format!("Bearer {key}"));
    let server = json!({ "type": "http", "url": url, "headers": { "Authorization": bearer } });
    let pretty = |value| serde_json::to_string_pretty(&value).unwrap_or_default();
    let setting = |id, client, place, text: String| ClientSetting {
        id,
        client,
        place,
        lines: text.lines().count(),
        text,
    };
    vec![
        setting(
            "claude",
            "Claude Code",
            "a command",
            format!("claude mcp add --transport http kontor {url} --header \"Authorization: {bearer}\""),
        ),
        setting(
            "cursor",
            "Cursor and others",
            "mcp.json",
            pretty(json!({ "mcpServers": { "kontor": server } })),
        ),
        setting(
            "vscode",
            "Visual Studio Code",
            ".vscode/mcp.json",
            pretty(json!({ "servers": { "kontor": server } })),
        ),
        setting(
            "codex",
            "Codex",
            "config.toml",
            format!(
                "[mcp_servers.kontor]\nurl = \"{url}\"\nhttp_headers = {{ Authorization = \"{bearer}\" }}"
            ),
        ),
    ]
}
