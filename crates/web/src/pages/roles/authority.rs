//! What somebody may do, and whether they might do one thing.

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Html,
};
use kontor_agents::{
    AskedFor, Authority, AuthorityOfField, AuthorityOfObject, Explanation, Layer, Question, Subject,
};
use kontor_core::{
    caller::Caller,
    error::{Fault as _, Issue},
    grants::{Action, Permission},
    ids::{MemberId, RecordId},
};
use kontor_http::Services;

use crate::{
    assets,
    error::{PageError, Result, page},
    form::{Fields, Wrong},
    session::SignedIn,
    shell::Shell,
};

#[derive(Template)]
#[template(path = "authority.html")]
struct AuthorityPage {
    assets: &'static str,
    shell: Shell,
    /// What may be asked about: members and roles, as the form names them.
    members: Vec<(String, String)>,
    roles: Vec<(String, String)>,
    agents: Vec<(String, String)>,
    objects: Vec<(String, String)>,
    operations: Vec<String>,
    form: Form,
    told: Option<Explanation>,
    whole: Option<Authority>,
    wrong: Wrong,
    refused: String,
}

#[derive(Default)]
struct Form {
    of: String,
    agent: String,
    object: String,
    action: String,
    record: String,
    fields: String,
    operation: String,
    arguments: String,
}

impl AuthorityPage {
    fn actions(&self) -> [Action; 6] {
        Action::ALL
    }

    /// The fields of an object that cannot be read.
    fn hidden(&self, object: &AuthorityOfObject) -> String {
        labels(object, |field| !field.read)
    }

    /// Those that can be read and not be written.
    fn read_only(&self, object: &AuthorityOfObject) -> String {
        labels(object, |field| field.read && !field.write && field.decided_by != Layer::Granted)
    }
}

fn labels(object: &AuthorityOfObject, is_meant: impl Fn(&AuthorityOfField) -> bool) -> String {
    let meant = object.fields.iter().filter(|field| is_meant(field));
    meant.map(|field| field.label.as_str()).collect::<Vec<_>>().join(", ")
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let text = |name: &str| query.get(name).to_owned();
    let form = Form {
        of: text("of"),
        agent: text("agent"),
        object: text("object"),
        action: text("action"),
        record: text("record"),
        fields: text("fields"),
        operation: text("operation"),
        arguments: text("arguments"),
    };
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Check access", "settings/authority").await?;
    let objects = caller.grants.readable(&schema);
    let mut shown = AuthorityPage {
        assets: &assets::BASE,
        shell,
        members: members(&state, &caller).await?,
        roles: roles(&state, &caller).await?,
        agents: state
            .agents
            .agents(&caller)
            .await?
            .into_iter()
            .map(|agent| (agent.name, agent.definition.label))
            .collect(),
        objects: objects.map(|object| (object.name.to_string(), object.label.clone())).collect(),
        operations: state.operations.definitions(&caller).await?.into_iter().map(|one| one.name).collect(),
        form,
        told: None,
        whole: None,
        wrong: Wrong::default(),
        refused: String::new(),
    };
    let subject = match subject(&shown.form) {
        Ok(subject) => subject,
        Err(issue) => {
            shown.wrong = Wrong::of(&[issue], str::to_owned);
            return page(&shown);
        }
    };
    match state.agents.authority(&caller, subject.clone()).await {
        Ok(whole) => shown.whole = Some(whole),
        Err(error) => refuse(&mut shown, error)?,
    }
    match asked(&shown.form) {
        Ok(None) => {}
        Ok(Some(request)) => match state.agents.explain(&caller, Question { caller: subject, request }).await
        {
            Ok(told) => shown.told = Some(told),
            Err(error) => refuse(&mut shown, error)?,
        },
        Err(issues) => shown.wrong = Wrong::of(&issues, str::to_owned),
    }
    page(&shown)
}

/// A question that cannot be answered is told beside its form.
fn refuse(shown: &mut AuthorityPage, error: kontor_agents::Error) -> Result<()> {
    let problem = error.problem();
    if problem.kind == kontor_core::error::ErrorKind::Internal {
        return Err(PageError::from(error));
    }
    shown.refused = problem.message;
    Ok(())
}

async fn members(state: &Services, caller: &Caller) -> Result<Vec<(String, String)>> {
    if !caller.grants.permits(Permission::Members) {
        return Ok(Vec::new());
    }
    let all = state.identity.members(caller).await?;
    Ok(all.into_iter().map(|member| (format!("member/{}", member.id), member.name)).collect())
}

async fn roles(state: &Services, caller: &Caller) -> Result<Vec<(String, String)>> {
    if !caller.grants.permits(Permission::Members) && !caller.grants.permits(Permission::Roles) {
        return Ok(Vec::new());
    }
    let all = state.identity.roles(caller).await?;
    Ok(all.into_iter().map(|role| (format!("role/{}", role.name), role.label)).collect())
}

fn subject(form: &Form) -> std::result::Result<Subject, Issue> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (mut member, mut role) = (None, None);
    match form.of.split_once('/') {
        Some(("member", id)) => {
            let id = id.parse().map_err(|_| Issue::new("of", "wrong_type", "choose whom it is about"))?;
            member = Some(MemberId(id));
        }
        Some((_, name)) => role = given(name),
        None => {}
    }
    Ok(Subject { member, role, agent: given(&form.agent), scope: None })
}

fn asked(form: &Form) -> std::result::Result<Option<AskedFor>, Vec<Issue>> {
    let mut issues = Vec::new();
    let mut asked = AskedFor::default();
    if !form.operation.is_empty() {
        asked.operation = Some(form.operation.clone());
        if !form.arguments.is_empty() {
            match serde_json::from_str(&form.arguments) {
                Ok(arguments) => asked.arguments = arguments,
                Err(error) => {
                    let message = format!("expected a JSON object: {error}");
                    issues.push(Issue::new("arguments", "malformed_json", message));
                }
            }
        }
    } else if form.object.is_empty() {
        return Ok(None);
    } else {
        asked.object = Some(form.object.clone());
        asked.action = Action::ALL.into_iter().find(|action| action.verb() == form.action);
        if asked.action.is_none() {
            issues.push(Issue::new("action", "required", "choose what would be done"));
        }
        asked.fields =
            form.fields.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if !form.record.is_empty() {
            match form.record.parse() {
                Ok(id) => asked.record = Some(RecordId(id)),
                Err(_) => issues.push(Issue::new("record", "wrong_type", "expected the id of a record")),
            }
        }
    }
    if issues.is_empty() { Ok(Some(asked)) } else { Err(issues) }
}
