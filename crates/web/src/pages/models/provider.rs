//! The form of a provider that a workspace brings itself: its kind first, of which the rest follows.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{ModelProvider, NewModelProvider};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
};
use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_models::ProviderKind;

use super::{HREF, kinds};
use crate::{
    assets,
    error::{PageError, Result, page, refused},
    form::{Fields, Wrong},
    link::with_query,
    session::{Sent, SignedIn},
    shell::Shell,
};

/// The kinds to choose from.
#[derive(Template)]
#[template(path = "provider_kinds.html")]
struct KindsPage {
    assets: &'static str,
    shell: Shell,
    kinds: Vec<KindLink>,
}

struct KindLink {
    href: String,
    label: &'static str,
    address: &'static str,
}

#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage {
    assets: &'static str,
    shell: Shell,
    action: String,
    /// Where another kind is chosen.
    kinds_href: String,
    kind: ProviderKind,
    /// The provider that is changed, where none is added.
    before: Option<ModelProvider>,
    name: String,
    base_url: String,
    api_version: String,
    wrong: Wrong,
}

impl ProviderPage {
    fn word(&self) -> String {
        kinds::word(self.kind)
    }

    fn example_address(&self) -> &'static str {
        kinds::example_address(self.kind)
    }

    fn about_address(&self) -> String {
        kinds::about_address(self.kind)
    }

    fn about_key(&self) -> String {
        // A key that is kept was meant for the kind it was given for.
        let kept = match self.before.as_ref().filter(|before| before.kind == self.kind) {
            Some(ModelProvider { key_ending: Some(ending), .. }) => {
                format!("Empty keeps the key that ends in {ending}. ")
            }
            Some(ModelProvider { has_key: true, .. }) => "Empty keeps the key there is. ".to_owned(),
            _ => String::new(),
        };
        format!("{kept}{}", kinds::about_key(self.kind))
    }

    fn asks_version(&self) -> bool {
        self.kind.takes_version() || !self.api_version.is_empty()
    }

    fn needs_address(&self) -> bool {
        self.kind.base_url().is_none()
    }

    fn needs_key(&self) -> bool {
        let has_key = |before: &ModelProvider| before.has_key && before.kind == self.kind;
        self.kind.needs_key() && !self.before.as_ref().is_some_and(has_key)
    }
}

/// The kinds, or the form of the one that the query names.
pub(crate) async fn new(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Response> {
    let query = Fields::of_query(&request);
    let all = state.agents.model_providers(&caller).await?;
    let Some(kind) = kinds::kind(query.get("kind")) else {
        return kinds_page(&state, &caller, &csrf, &format!("{HREF}/new")).await;
    };
    let fields = Fields::default();
    let mut shown = provider_page(&state, &caller, &csrf, kind, None, &fields).await?;
    let word = kinds::word(kind);
    let is_free = |name: &String| all.iter().all(|provider| provider.name != *name);
    let numbered = (2..).map(|number| format!("{word}-{number}"));
    shown.name = std::iter::once(word.clone()).chain(numbered).find(is_free).unwrap_or_default();
    Ok(page(&shown)?.into_response())
}

pub(crate) async fn add(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let name = sent.fields.get("name").to_owned();
    let all = state.agents.model_providers(&sent.caller).await?;
    if all.iter().any(|provider| provider.name == name) {
        let kind = sent_kind(&sent.fields)?;
        let mut shown = provider_page(&state, &sent.caller, &sent.csrf, kind, None, &sent.fields).await?;
        shown.wrong = Wrong::list([("name", "There is a provider of this name already.".to_owned())]);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response());
    }
    set(&state, sent, &name, None).await
}

/// The form of a provider, or the kinds that it may be where the query asks for another.
pub(crate) async fn edit(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response> {
    let query = Fields::of_query(&request);
    let before = find(&state, &caller, &name).await?;
    let kind = match query.find("kind") {
        None => before.kind,
        Some(word) => match kinds::kind(word) {
            Some(kind) => kind,
            None => return kinds_page(&state, &caller, &csrf, &href(&name)).await,
        },
    };
    let mut fields = Fields::default();
    if kind == before.kind {
        fields.set("base_url", before.base_url.as_deref().unwrap_or_default());
        fields.set("api_version", before.api_version.as_deref().unwrap_or_default());
    }
    Ok(page(&provider_page(&state, &caller, &csrf, kind, Some(before), &fields).await?)?.into_response())
}

pub(crate) async fn change(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let before = find(&state, &sent.caller, &name).await?;
    set(&state, sent, &name, Some(before)).await
}

async fn set(state: &Services, sent: Sent, name: &str, before: Option<ModelProvider>) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let kind = sent_kind(&fields)?;
    let text = |field: &str| Some(fields.get(field).to_owned()).filter(|text| !text.is_empty());
    let new = NewModelProvider {
        kind,
        base_url: text("base_url"),
        api_version: text("api_version"),
        api_key: text("api_key"),
    };
    let Err(error) = state.agents.set_model_provider(&caller, name, new).await else {
        return Ok(Redirect::to(&format!("{HREF}?done=saved#provider-{name}")).into_response());
    };
    let (status, problem) = refused(error)?;
    let wrong = Wrong::of_problem(&problem, str::to_owned);
    let shown = ProviderPage { wrong, ..provider_page(state, &caller, &csrf, kind, before, &fields).await? };
    Ok((status, page(&shown)?).into_response())
}

/// The form with what was sent in it, without the key, which is never written into a page.
async fn provider_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    kind: ProviderKind,
    before: Option<ModelProvider>,
    fields: &Fields,
) -> Result<ProviderPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let title = match &before {
        Some(before) => format!("Change {}", before.name),
        None => format!("Add {}", kind.label()),
    };
    let action = before.as_ref().map_or_else(|| format!("{HREF}/new"), |before| href(&before.name));
    Ok(ProviderPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, title, "settings/models").await?,
        kinds_href: with_query(&action, [("kind", "")]),
        action,
        kind,
        before,
        name: fields.get("name").to_owned(),
        base_url: fields.get("base_url").to_owned(),
        api_version: fields.get("api_version").to_owned(),
        wrong: Wrong::default(),
    })
}

/// The kinds, each with the way to its form at `form`.
async fn kinds_page(state: &Services, caller: &Caller, csrf: &Csrf, form: &str) -> Result<Response> {
    let schema = state.crm.schema(caller.workspace).await?;
    let kinds = ProviderKind::ALL.iter().map(|kind| KindLink {
        href: with_query(form, [("kind", kinds::word(*kind).as_str())]),
        label: kind.label(),
        address: kind.base_url().unwrap_or("At an address of your own"),
    });
    let shown = KindsPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Which provider?", "settings/models").await?,
        kinds: kinds.collect(),
    };
    Ok(page(&shown)?.into_response())
}

async fn find(state: &Services, caller: &Caller, name: &str) -> Result<ModelProvider> {
    let all = state.agents.model_providers(caller).await?;
    let found = all.into_iter().find(|provider| provider.name == name);
    found.ok_or_else(|| {
        let message = "There is no provider of this name any more.";
        PageError::Problem(Problem::new(ErrorKind::NotFound, "model_provider_not_found", message))
    })
}

/// The kind that stands in the form, which no person writes.
fn sent_kind(fields: &Fields) -> Result<ProviderKind> {
    kinds::kind(fields.get("kind")).ok_or_else(|| {
        let message = "There is no such kind of provider. Begin again with the kinds there are.";
        PageError::Problem(Problem::new(ErrorKind::Invalid, "unknown_kind", message))
    })
}

fn href(name: &str) -> String {
    format!("{HREF}/providers/{name}")
}
