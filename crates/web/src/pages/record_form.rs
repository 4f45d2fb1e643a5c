//! A record's form: what was sent in it as a write, what keeps it from being written, and its page.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    filter::Readable as _,
    metadata::{Object, Schema},
    text::hex,
    value::Value,
};
use kontor_crm::records::{ListQuery, Record, RecordWrite};
use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_operations::RequestKey;
use sha2::{Digest as _, Sha256};

use super::chat::context_of;
use crate::{
    assets,
    error::{PageError, Result, page, status_again},
    form::Fields,
    records::{
        Control, Held, Input, Names, Problems, Submitted, Trouble, UNREADABLE, Wanted, inputs, submitted,
    },
    shell::{Shell, viewer},
    show::{Place, Viewer, as_sentence, without_ids},
};

/// The records whose currencies a form proposes first.
const LATEST: u32 = 50;

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
    /// The record from whose page a new one is begun, as object and id, to be led back to.
    from: Option<String>,
    inputs: Vec<Input>,
    problem: Option<String>,
    is_conflict: bool,
    /// Holds what was sent and is not saved.
    is_unsaved: bool,
}

/// The form of an object's records, for whom and with what it is shown.
pub(super) struct RecordForm<'a> {
    state: &'a Services,
    caller: &'a Caller,
    csrf: &'a Csrf,
    schema: &'a Arc<Schema>,
    object: &'a Object,
    viewer: Viewer,
}

impl<'a> RecordForm<'a> {
    pub(super) fn new(
        state: &'a Services,
        caller: &'a Caller,
        csrf: &'a Csrf,
        schema: &'a Arc<Schema>,
        object: &'a Object,
    ) -> Self {
        Self { state, caller, csrf, schema, object, viewer: viewer(state, caller, schema) }
    }

    fn names(&self) -> Names<'_> {
        Names { state: self.state, caller: self.caller, viewer: &self.viewer }
    }

    /// The day of whoever fills the form.
    fn today(&self) -> kontor_core::time::Date {
        self.caller.today(self.state.environment.now())
    }

    /// What the form says otherwise than the record, with all that it names settled; and the records that are to
    /// be made for it, where nothing is wrong so far.
    pub(super) async fn read(
        &self,
        held: Option<&Held>,
        sent: &mut Fields,
    ) -> Result<(Submitted, Vec<Wanted>)> {
        let (mut problems, wanted) = self.names().settle(self.object, sent).await?;
        let currencies = self.used_currencies().await?;
        let usual = self.usual_currency(&currencies);
        let mut submitted = submitted(self.caller, self.object, held, sent, self.today(), usual);
        problems.add(submitted.problems);
        for input in self.object.fields.iter().filter(|field| problems.at(&field.name).is_some()) {
            submitted.fields.insert(input.name.to_string(), UNREADABLE);
        }
        Ok((Submitted { problems, ..submitted }, wanted))
    }

    /// Makes the records that a form names and wants made, once for each occasion of sending it, and puts their
    /// ids into it. What keeps one from being made is a problem at its field.
    pub(super) async fn make(
        &self,
        wanted: &[Wanted],
        sent: &mut Fields,
        occasion: Option<&str>,
    ) -> Result<Problems> {
        let mut problems = Problems::default();
        for wanted in wanted {
            let request = occasion.map(|occasion| {
                let text = format!("{occasion} {} {}", wanted.field, wanted.name);
                let key = hex(&Sha256::digest(text));
                RequestKey { fingerprint: key.clone(), key }
            });
            let made = |records: &[Record]| records.first().map(|record| (record.id, record.label.clone()));
            let write = RecordWrite::Create(wanted.fields(self.schema));
            match self.state.crm.write_once(self.caller, &wanted.object, write, request, made).await {
                Ok(Some((id, label))) => {
                    sent.set(&wanted.field, id.to_string());
                    for part in ["label", "picked"] {
                        sent.set(&format!("{}.{part}", wanted.field), label.clone());
                    }
                    sent.set(&format!("{}.choice", wanted.field), "");
                }
                Ok(None) => return Err(PageError::not_found()),
                Err(error) => {
                    let problem = kontor_http::problem_of(&error);
                    let mut trouble = Trouble::new(format!("“{}” was not created.", wanted.name));
                    for issue in &problem.issues {
                        trouble.message.push(' ');
                        trouble.message.push_str(&as_sentence(&without_ids(&issue.message)));
                    }
                    problems.say(&wanted.field, trouble);
                }
            }
        }
        Ok(problems)
    }

    /// What a failed write was about, at the fields, and the status it is answered with; what no form can say is
    /// a page of its own.
    pub(super) fn problems(&self, error: kontor_crm::Error) -> Result<(StatusCode, Problems)> {
        if let kontor_crm::Error::Call(kontor_operations::Error::KeyReused) = error {
            return Ok((StatusCode::CONFLICT, Problems::general(SENT_ALREADY)));
        }
        let problem = correctable(error)?;
        Ok((status_again(&problem), Problems::of(&problem, self.object)))
    }

    /// The currency that the form of an amount shows where there is none yet.
    fn usual_currency<'c>(&self, used: &'c [String]) -> &'c str {
        used.first().map_or(self.caller.locale.currency.code(), String::as_str)
    }

    /// The currencies of the object's latest records, the most frequent first.
    async fn used_currencies(&self) -> Result<Vec<String>> {
        let fields: Vec<_> = self
            .object
            .fields
            .iter()
            .filter(|field| field.kind.is_money())
            .filter(|field| self.caller.grants.can_read_field(&self.object.name, &field.name))
            .map(|field| field.name.to_string())
            .collect();
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let query = ListQuery { fields: Some(fields.clone()), limit: LATEST, ..ListQuery::default() };
        let page = self.state.crm.list(self.caller, &self.object.name, query).await?;
        let mut counted = BTreeMap::<String, usize>::new();
        for record in &page.records {
            for field in &fields {
                if let Some(Value::Money(money)) = record.values.get(field) {
                    *counted.entry(money.currency.clone()).or_default() += 1;
                }
            }
        }
        let mut codes: Vec<_> = counted.into_iter().collect();
        codes.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        Ok(codes.into_iter().map(|(code, _)| code).collect())
    }

    /// The form of a record that was changed meanwhile, with what was written and what the record holds now.
    pub(super) async fn stale(&self, record: &Record, sent: &Fields, problems: Problems) -> Result<Response> {
        let state = FormState { is_conflict: true, ..FormState::default() };
        let form = self.page(Some(record), &Held::of(record), Some(sent), problems, state).await?;
        Ok((StatusCode::CONFLICT, form).into_response())
    }

    pub(super) async fn page(
        &self,
        record: Option<&Record>,
        held: &Held,
        sent: Option<&Fields>,
        problems: Problems,
        state: FormState,
    ) -> Result<Html<String>> {
        let currencies = self.used_currencies().await?;
        let mut inputs = inputs(self.schema, self.caller, self.object, held, sent, &problems, &currencies);
        if let Some(sent) = sent.filter(|_| state.is_conflict) {
            let usual = self.usual_currency(&currencies);
            let differing = submitted(self.caller, self.object, Some(held), sent, self.today(), usual).fields;
            for input in inputs.iter_mut().filter(|input| differing.contains_key(&input.name)) {
                let field = self.object.field(&input.name);
                input.newer = field
                    .map(|field| self.viewer.value(field, held.value(field), held.name(field), Place::Cell));
            }
        }
        let plural = &self.object.plural;
        let list_href = format!("/records/{plural}");
        let (title, action) = match record {
            Some(record) => (format!("Edit {}", record.label), format!("{list_href}/{}", record.id)),
            None => (format!("New {}", self.object.label.to_lowercase()), list_href.clone()),
        };
        let begun = state.from.as_ref().and_then(|from| page_of(self.schema, self.caller, from));
        let shell =
            Shell::new(self.state, self.caller, self.csrf, self.schema, title, plural.as_str()).await?;
        page(&EditPage {
            assets: &assets::BASE,
            shell,
            object_plural: self.object.label_plural.clone(),
            back_href: begun.unwrap_or_else(|| action.clone()),
            action,
            list_href,
            submit: if record.is_some() { "Save" } else { "Create" },
            version: state.version.or(record.map(|record| record.version)),
            key: record
                .is_none()
                .then(|| state.key.unwrap_or_else(|| hex(&self.state.environment.random::<16>()))),
            from: state.from,
            inputs,
            problem: problems.general,
            is_conflict: state.is_conflict,
            is_unsaved: sent.is_some(),
        })
    }
}

/// What a form carries along beside its fields.
#[derive(Default)]
pub(super) struct FormState {
    /// The record was changed since the form was made.
    pub is_conflict: bool,
    /// The key of a new record's form that comes back; a new one where there is none.
    pub key: Option<String>,
    pub from: Option<String>,
    /// The version that a form was made of which comes back unread; that of the record where there is none.
    pub version: Option<i64>,
}

/// The page of the record that `deal:<id>` names.
pub(super) fn page_of(schema: &Schema, caller: &Caller, about: &str) -> Option<String> {
    let context = context_of(schema, caller, about)?;
    let object = schema.object(&context.object)?;
    Some(format!("/records/{}/{}", object.plural, context.id))
}

/// A failure that the form comes back with, since what was written into it is still there to be sent; every other
/// is a page of its own.
fn correctable(error: kontor_crm::Error) -> Result<Problem> {
    let problem = kontor_http::problem_of(&error);
    match problem.kind {
        ErrorKind::Invalid
        | ErrorKind::Conflict
        | ErrorKind::Limited
        | ErrorKind::Unavailable
        | ErrorKind::Internal => Ok(problem),
        ErrorKind::Forbidden if !problem.issues.is_empty() => Ok(problem),
        ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Unauthenticated => {
            Err(PageError::Problem(problem))
        }
    }
}
