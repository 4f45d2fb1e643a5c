//! The editor of a dataset.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, error::Problem};
use kontor_evals::evaluations::{DatasetChanges, NewDataset};
use kontor_http::Services;
use kontor_identity::Csrf;

use super::{PLACE, of_dataset};
use crate::{
    assets,
    error::{Result, page, refused},
    form::Fields,
    session::{Sent, SignedIn},
    shell::Shell,
    show::as_sentence,
};

/// What a new dataset begins with.
const STARTER: &str = "description: What the agent must be able to do.
fixture:
  members:
    - {id: mira, name: Mira Kolb, role: Member}
  records:
    - {id: hellwig, object: account, values: {name: Hellwig GmbH, owner: $ref(mira)}}
defaults: {member: mira}
cases:
  - name: an account is found
    turns: [\"find account Hellwig\"]
    expect:
      reply: {contains: [\"Hellwig GmbH\"]}
      state: {unchanged: true}
";

#[derive(Template)]
#[template(path = "dataset.html")]
struct DatasetPage {
    assets: &'static str,
    shell: Shell,
    /// The address of what is changed; none of one that is new.
    href: Option<String>,
    name: String,
    source: String,
    version: i64,
    cases: Vec<(String, String)>,
    /// Each with its line and what is wrong there.
    faults: Vec<(Option<u32>, String)>,
    refused: Option<String>,
}

pub(crate) async fn new(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
) -> Result<Html<String>> {
    caller.require(kontor_core::grants::Permission::Evaluations)?;
    page(&editor(&state, &caller, &csrf, None, String::new(), STARTER.to_owned(), 0).await?)
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(name): Path<String>,
) -> Result<Html<String>> {
    let dataset = state.evaluations.dataset(&caller, &name).await?;
    let (name, source) = (dataset.content.name.clone(), dataset.source);
    let href = Some(of_dataset(&name));
    let mut shown = editor(&state, &caller, &csrf, href, name, source, dataset.version).await?;
    let case = |case: &kontor_evals::dataset::Case| (case.name.clone(), case.tags.join(", "));
    shown.cases = dataset.content.cases.iter().map(case).collect();
    page(&shown)
}

async fn editor(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    href: Option<String>,
    name: String,
    source: String,
    version: i64,
) -> Result<DatasetPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let title = if href.is_some() { format!("Dataset {name}") } else { "New dataset".to_owned() };
    Ok(DatasetPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, title, "settings/evaluations").await?,
        href,
        name,
        source,
        version,
        cases: Vec::new(),
        faults: Vec::new(),
        refused: None,
    })
}

pub(crate) async fn add(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let (name, source) = (sent.fields.get("name").to_owned(), text(&sent.fields));
    let new = NewDataset { name: name.clone(), source: Some(source.clone()), ..NewDataset::default() };
    match state.evaluations.add_dataset(&sent.caller, new).await {
        Ok(added) => Ok(Redirect::to(&of_dataset(&added.content.name)).into_response()),
        Err(error) => {
            let why = refused(error)?;
            let shown = editor(&state, &sent.caller, &sent.csrf, None, name, source, 0).await?;
            answered(shown, why)
        }
    }
}

pub(crate) async fn change(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let source = text(&sent.fields);
    let version = sent.fields.get("version").parse().ok();
    let changes = DatasetChanges { version, source: Some(source.clone()), ..DatasetChanges::default() };
    match state.evaluations.change_dataset(&sent.caller, &name, changes, true).await {
        Ok(changed) => Ok(Redirect::to(&of_dataset(&changed.content.name)).into_response()),
        Err(error) => {
            let why = refused(error)?;
            let href = Some(of_dataset(&name));
            let version = version.unwrap_or_default();
            let shown = editor(&state, &sent.caller, &sent.csrf, href, name, source, version).await?;
            answered(shown, why)
        }
    }
}

pub(crate) async fn remove(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.evaluations.remove_dataset(&sent.caller, &name).await?;
    Ok(Redirect::to(PLACE))
}

/// The editor with what is wrong.
fn answered(mut shown: DatasetPage, (status, problem): (StatusCode, Problem)) -> Result<Response> {
    if problem.issues.is_empty() {
        shown.refused = Some(problem.message);
    } else {
        let fault = |issue: &kontor_core::error::Issue| {
            (issue.position.map(|position| position.line), as_sentence(&issue.to_string()))
        };
        shown.faults = problem.issues.iter().map(fault).collect();
    }
    Ok((status, page(&shown)?).into_response())
}

/// What was sent; browsers send line breaks as CR LF.
fn text(fields: &Fields) -> String {
    fields.find("source").unwrap_or_default().replace("\r\n", "\n")
}
