//! Forms on which records are made and changed by hand.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _, Problem},
    grants::Action,
    metadata::{FieldKind, Object, Schema},
};
use kontor_crm::{
    RequestKey,
    records::{Record, RecordWrite},
};
use kontor_identity::Csrf;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::record::found;
use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    records::{CURRENCIES, Control, Input, Problems, inputs, submitted},
    session::{Sent, SignedIn},
    shell::{Shell, viewer},
    show::Place,
    state::WebState,
};

const SENT_ALREADY: &str = "This form made a record already. Send it again to make another one.";

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    assets: &'static str,
    shell: Shell,
    list_href: String,
    object_plural: String,
    action: String,
    back_href: String,
    submit: &'static str,
    /// The version the form was made of; absent for a new record.
    version: Option<i64>,
    /// Under which a new record is made once, however often the form is sent; absent for one that is there.
    key: Option<String>,
    inputs: Vec<Input>,
    problem: Option<String>,
    is_conflict: bool,
    currencies: [&'static str; 10],
}

/// What a form is shown for.
struct Shown<'a> {
    state: &'a WebState,
    caller: &'a Caller,
    csrf: &'a Csrf,
    schema: &'a std::sync::Arc<Schema>,
    object: &'a Object,
}

impl Shown<'_> {
    async fn form(
        &self,
        record: Option<&Record>,
        held: &Json,
        sent: Option<&Fields>,
        problems: Problems,
        is_conflict: bool,
    ) -> Result<Html<String>> {
        let mut inputs = inputs(self.schema, self.caller, self.object, held, sent, &problems);
        if let Some(sent) = sent.filter(|_| is_conflict) {
            let differing = submitted(&self.caller.grants, self.object, held, sent);
            let viewer = viewer(self.state, self.caller, self.schema);
            for input in inputs.iter_mut().filter(|input| differing.contains_key(&input.name)) {
                let field = self.object.field(&input.name);
                let json = held.get(&input.name).unwrap_or(&Json::Null);
                input.newer = field.map(|field| viewer.value(field, json, Place::Cell));
            }
        }
        let plural = &self.object.plural;
        let list_href = format!("/records/{plural}");
        let (title, action) = match record {
            Some(record) => (format!("Edit {}", record.label), format!("{list_href}/{}", record.id)),
            None => (format!("New {}", self.object.label.to_lowercase()), list_href.clone()),
        };
        let shell =
            Shell::new(self.state, self.caller, self.csrf, self.schema, title, plural.as_str()).await?;
        page(&EditPage {
            assets: &assets::BASE,
            shell,
            object_plural: self.object.label_plural.clone(),
            back_href: action.clone(),
            action,
            list_href,
            submit: if record.is_some() { "Save" } else { "Create" },
            version: record.map(|record| record.version),
            key: record.is_none().then(|| hexadecimal(&self.state.environment.random::<16>())),
            inputs,
            problem: problems.general,
            is_conflict,
            currencies: CURRENCIES,
        })
    }
}

/// An empty form, with defaults and with what the address says already.
pub(crate) async fn new(
    State(state): State<WebState>,
    SignedIn { caller, csrf }: SignedIn,
    Path(plural): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes());
    let schema = state.crm.schema(caller.workspace).await?;
    let object = creatable(&schema, &caller, &plural)?;
    let member = state.identity.me(&caller).await?.member;
    let me = json!({ "id": member.id, "label": member.name });
    let mut held = Map::new();
    for field in &object.fields {
        if let Some(default) = &field.default {
            let default = match &field.kind {
                FieldKind::DateTime if default == "now" => json!(state.environment.now()),
                FieldKind::Relation { .. } if default == "$me" => me.clone(),
                _ => default.clone(),
            };
            held.insert(field.name.to_string(), default);
        }
        if let FieldKind::Target { .. } = field.kind
            && let Some(target) = target(&state, &caller, &schema, query.get(&field.name)).await?
        {
            held.insert(field.name.to_string(), target);
        }
    }
    let shown = Shown { state: &state, caller: &caller, csrf: &csrf, schema: &schema, object };
    shown.form(None, &Json::Object(held), None, Problems::default(), false).await
}

pub(crate) async fn show(
    State(state): State<WebState>,
    SignedIn { caller, csrf }: SignedIn,
    Path((plural, id)): Path<(String, String)>,
) -> Result<Html<String>> {
    let (schema, object, id) = found(&state, &caller, &plural, &id).await?;
    let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
    if object.is_read_only || !caller.grants.allows(&object.name, Action::Update) {
        let message = "You may not change this record.";
        return Err(PageError::Problem(Problem::new(ErrorKind::Forbidden, "not_allowed", message)));
    }
    let shown = Shown { state: &state, caller: &caller, csrf: &csrf, schema: &schema, object: &object };
    shown.form(Some(&record), &record.to_json(), None, Problems::default(), false).await
}

pub(crate) async fn create(
    State(state): State<WebState>,
    Path(plural): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = creatable(&schema, &caller, &plural)?;
    let given = submitted(&caller.grants, object, &Json::Null, &fields);
    let request = request_key(&fields, object, &given);
    let made = |records: &[Record]| records.first().map(|record| record.id);
    let write = RecordWrite::Create(given);
    match state.crm.write_once(&caller, &object.name, write, request, made).await {
        Ok(made) => {
            let id = made.ok_or_else(PageError::not_found)?;
            Ok(Redirect::to(&format!("/records/{plural}/{id}?done=created")).into_response())
        }
        Err(error) => {
            let (status, problems) = match error {
                kontor_crm::Error::KeyReused => (StatusCode::CONFLICT, Problems::general(SENT_ALREADY)),
                error => (StatusCode::UNPROCESSABLE_ENTITY, Problems::of(&correctable(error)?, object)),
            };
            let shown = Shown { state: &state, caller: &caller, csrf: &csrf, schema: &schema, object };
            let form = shown.form(None, &Json::Null, Some(&fields), problems, false).await?;
            Ok((status, form).into_response())
        }
    }
}

/// What makes one record of a form that is sent twice, by a second click or a page that was reloaded.
fn request_key(sent: &Fields, object: &Object, given: &Map<String, Json>) -> Option<RequestKey> {
    let key = sent.get("key");
    let is_ours = key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| RequestKey {
        key: key.to_owned(),
        fingerprint: hexadecimal(&Sha256::digest(format!("{} {}", object.name, json!(given)))),
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes what the form says otherwise than the record. Where that was changed meanwhile, the form comes back
/// with what was written into it and what the record holds now.
pub(crate) async fn update(
    State(state): State<WebState>,
    Path((plural, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let (schema, object, id) = found(&state, &caller, &plural, &id).await?;
    let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
    let held = record.to_json();
    let shown = Shown { state: &state, caller: &caller, csrf: &csrf, schema: &schema, object: &object };
    let is_current = fields.get("version") == record.version.to_string();
    let patch = submitted(&caller.grants, &object, &held, &fields);
    let back = format!("/records/{plural}/{id}");
    if patch.is_empty() {
        // Where a second click sends the form again, the first has saved it.
        let done = if is_current { "unchanged" } else { "saved" };
        return Ok(Redirect::to(&format!("{back}?done={done}")).into_response());
    }
    if !is_current {
        let form = shown.form(Some(&record), &held, Some(&fields), conflict(), true).await?;
        return Ok((StatusCode::CONFLICT, form).into_response());
    }
    match state.crm.update(&caller, &object.name, id, patch, Some(record.version)).await {
        Ok(_) => Ok(Redirect::to(&format!("{back}?done=saved")).into_response()),
        Err(kontor_crm::Error::StaleVersion { .. }) => {
            let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
            let form = shown.form(Some(&record), &record.to_json(), Some(&fields), conflict(), true).await?;
            Ok((StatusCode::CONFLICT, form).into_response())
        }
        Err(error) => {
            let problem = correctable(error)?;
            let problems = Problems::of(&problem, &object);
            let form = shown.form(Some(&record), &held, Some(&fields), problems, false).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response())
        }
    }
}

fn conflict() -> Problems {
    let message = "This record was changed meanwhile. Compare below, then save again to keep what you wrote.";
    Problems::general(message)
}

/// What the person who filled the form in can put right; every other failure is a page of its own.
fn correctable(error: kontor_crm::Error) -> Result<Problem> {
    let problem = error.problem();
    match problem.kind {
        ErrorKind::Invalid | ErrorKind::Conflict => Ok(problem),
        ErrorKind::Forbidden if !problem.issues.is_empty() => Ok(problem),
        _ => Err(error.into()),
    }
}

fn creatable<'a>(schema: &'a Schema, caller: &Caller, plural: &str) -> Result<&'a Object> {
    let object = schema.object_by_plural(plural).map(AsRef::as_ref);
    let object = object.filter(|object: &&Object| caller.grants.allows(&object.name, Action::Read));
    let object = object.ok_or_else(PageError::not_found)?;
    if object.is_read_only || !caller.grants.allows(&object.name, Action::Create) {
        let message = format!("You may not create {}.", object.label_plural.to_lowercase());
        return Err(PageError::Problem(Problem::new(ErrorKind::Forbidden, "not_allowed", message)));
    }
    Ok(object)
}

/// The record that the address wants the new one to be about.
async fn target(state: &WebState, caller: &Caller, schema: &Schema, about: &str) -> Result<Option<Json>> {
    let Some(context) = super::chat::context_of(schema, caller, about) else { return Ok(None) };
    match state.crm.get(caller, &context.object, context.id, None, Vec::new()).await {
        Ok(record) => Ok(Some(json!({ "object": context.object, "id": context.id, "name": record.label }))),
        Err(error) if error.problem().kind == ErrorKind::Internal => Err(error.into()),
        Err(_) => Ok(None),
    }
}
