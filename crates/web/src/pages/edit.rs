//! Forms on which records are made and changed by hand.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _, Problem},
    grants::Action,
    metadata::{DefaultOfMoment, Object, Schema},
    text::hex,
    value::{TargetReference, Value},
};
use kontor_crm::records::{Record, RecordWrite};
use kontor_http::Services;
use kontor_operations::RequestKey;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{
    chat::context_of,
    record::found,
    record_form::{FormState, RecordForm, page_of},
};
use crate::{
    error::{PageError, Result},
    form::Fields,
    records::{Held, Problems, Submitted, UNREADABLE},
    session::{OTHER_SESSION, Sent, SignedIn, Written},
};

/// An empty form, with defaults and with what the address says already.
pub(crate) async fn new(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(plural): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let schema = state.crm.schema(caller.workspace).await?;
    let object = creatable(&schema, &caller, &plural)?;
    let member = state.identity.me(&caller).await?.member;
    let (mut held, mut from) = (Held::default(), None);
    for field in &object.fields {
        if let Some(default) = &field.default {
            let (now, me) = (state.environment.now(), member.id.as_uuid().into());
            let (value, name) = match field.kind.default_of_moment(default) {
                Some(DefaultOfMoment::Now) => (Value::DateTime(now), None),
                Some(DefaultOfMoment::Today) => (Value::Date(caller.today(now)), None),
                Some(DefaultOfMoment::Me) => (Value::Relation(me), Some(member.name.clone())),
                None => (field.kind.shown_as(default).unwrap_or(Value::Null), None),
            };
            held.set(&field.name, value, name);
        }
        if field.kind.targets().is_some()
            && let Some(target) = target(&state, &caller, &schema, query.get(&field.name)).await?
        {
            held.set(&field.name, Value::Target(Box::new(target)), None);
            from = Some(query.get(&field.name).to_owned());
        }
    }
    let form = RecordForm::new(&state, &caller, &csrf, &schema, object);
    let carried = FormState { from, ..FormState::default() };
    form.page(None, &held, None, Problems::default(), carried).await
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path((plural, id)): Path<(String, String)>,
) -> Result<Html<String>> {
    let (schema, object, id) = found(&state, &caller, &plural, &id).await?;
    let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
    if object.is_read_only || !caller.grants.allows(&object.name, Action::Update) {
        let message = "You may not change this record.";
        return Err(PageError::Problem(Problem::new(ErrorKind::Forbidden, "not_allowed", message)));
    }
    let form = RecordForm::new(&state, &caller, &csrf, &schema, &object);
    form.page(Some(&record), &Held::of(&record), None, Problems::default(), FormState::default()).await
}

pub(crate) async fn create(
    State(state): State<Services>,
    Path(plural): Path<String>,
    written: Written,
) -> Result<Response> {
    let Written { sent: Sent { caller, csrf, mut fields }, is_ours } = written;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = creatable(&schema, &caller, &plural)?;
    let form = RecordForm::new(&state, &caller, &csrf, &schema, object);
    if !is_ours {
        let problems = Problems::general(OTHER_SESSION);
        let page = form.page(None, &Held::default(), Some(&fields), problems, FormState::default()).await?;
        return Ok((StatusCode::FORBIDDEN, page).into_response());
    }
    let key = form_key(&fields);
    let from = Some(fields.get("from").to_owned()).filter(|from| page_of(&schema, &caller, from).is_some());
    let (mut read, wanted) = form.read(None, &mut fields).await?;
    if read.problems.is_empty() && !wanted.is_empty() {
        let problems = form.make(&wanted, &mut fields, key.as_deref()).await?;
        (read, _) = form.read(None, &mut fields).await?;
        read.problems.add(problems);
    }
    let Submitted { fields: given, mut problems } = read;
    let request = key.clone().map(|key| RequestKey {
        key,
        fingerprint: hex(&Sha256::digest(format!("{} {}", object.name, json!(given)))),
    });
    let made = |records: &[Record]| records.first().map(|record| record.id);
    let (status, found) = if problems.is_empty() || holds_unreadable(&given) {
        let write = RecordWrite::Create(given);
        match state.crm.write_once(&caller, &object.name, write, request, made).await {
            Ok(made) => {
                let id = made.ok_or_else(PageError::not_found)?;
                let page = match from.as_ref().and_then(|from| page_of(&schema, &caller, from)) {
                    Some(page) => format!("{page}?done=added"),
                    None => format!("/records/{plural}/{id}?done=created"),
                };
                return Ok(Redirect::to(&page).into_response());
            }
            Err(error) => form.problems(error)?,
        }
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, Problems::default())
    };
    problems.add(found.without(&wanted));
    let key = key.filter(|_| status != StatusCode::CONFLICT);
    let carried = FormState { key, from, ..FormState::default() };
    let page = form.page(None, &Held::default(), Some(&fields), problems, carried).await?;
    Ok((status, page).into_response())
}

/// The key of a new record's form.
fn form_key(sent: &Fields) -> Option<String> {
    let key = sent.get("key");
    let is_ours = key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| key.to_owned())
}

/// Writes what the form says otherwise than the record. Where that was changed meanwhile, the form comes back
/// with what was written into it and what the record holds now.
pub(crate) async fn update(
    State(state): State<Services>,
    Path((plural, id)): Path<(String, String)>,
    written: Written,
) -> Result<Response> {
    let Written { sent: Sent { caller, csrf, mut fields }, is_ours } = written;
    let (schema, object, id) = found(&state, &caller, &plural, &id).await?;
    let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
    let held = Held::of(&record);
    let form = RecordForm::new(&state, &caller, &csrf, &schema, &object);
    if !is_ours {
        let problems = Problems::general(OTHER_SESSION);
        let carried = FormState { version: fields.get("version").parse().ok(), ..FormState::default() };
        let page = form.page(Some(&record), &held, Some(&fields), problems, carried).await?;
        return Ok((StatusCode::FORBIDDEN, page).into_response());
    }
    let is_current = fields.get("version") == record.version.to_string();
    let (mut read, wanted) = form.read(Some(&held), &mut fields).await?;
    if is_current && read.problems.is_empty() && !wanted.is_empty() {
        let problems = form.make(&wanted, &mut fields, Some(&format!("{id} {}", record.version))).await?;
        (read, _) = form.read(Some(&held), &mut fields).await?;
        read.problems.add(problems);
    }
    let Submitted { fields: patch, mut problems } = read;
    let back = format!("/records/{plural}/{id}");
    if patch.is_empty() && problems.is_empty() && wanted.is_empty() {
        // Where a second click sends the form again, the first has saved it.
        let done = if is_current { "unchanged" } else { "saved" };
        return Ok(Redirect::to(&format!("{back}?done={done}")).into_response());
    }
    if !is_current {
        problems.add(conflict());
        return form.stale(&record, &fields, problems).await;
    }
    let (status, found) = if problems.is_empty() || holds_unreadable(&patch) {
        let write = RecordWrite::Update { id, fields: patch, if_match: Some(record.version) };
        match state.crm.write_record(&caller, &object.name, write).await {
            Ok(_) => return Ok(Redirect::to(&format!("{back}?done=saved")).into_response()),
            Err(kontor_crm::Error::StaleVersion { .. }) => {
                let record = state.crm.get(&caller, &object.name, id, None, Vec::new()).await?;
                problems.add(conflict());
                return form.stale(&record, &fields, problems).await;
            }
            Err(error) => form.problems(error)?,
        }
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, Problems::default())
    };
    problems.add(found.without(&wanted));
    let page = form.page(Some(&record), &held, Some(&fields), problems, FormState::default()).await?;
    Ok((status, page).into_response())
}

fn conflict() -> Problems {
    let message = "This record was changed meanwhile. Compare below, then save again to keep what you wrote.";
    Problems::general(message)
}

fn holds_unreadable(given: &Map<String, Json>) -> bool {
    given.values().any(|value| *value == UNREADABLE)
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
async fn target(
    state: &Services,
    caller: &Caller,
    schema: &Schema,
    about: &str,
) -> Result<Option<TargetReference>> {
    let Some(context) = context_of(schema, caller, about) else { return Ok(None) };
    match state.crm.get(caller, &context.object, context.id, None, Vec::new()).await {
        Ok(record) => {
            let (object, id) = (record.object.name.clone(), Some(context.id));
            Ok(Some(TargetReference { object, id, name: record.label }))
        }
        Err(error) if error.problem().kind == ErrorKind::Internal => Err(error.into()),
        Err(_) => Ok(None),
    }
}
