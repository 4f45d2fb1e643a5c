//! What somebody has written and not saved: the draft of a prompt, kept for them, and what stands in the editor beside
//! it, which addresses carry.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{NewDraft, PromptDraft};
use kontor_http::Services;

use super::{
    href, number,
    prompt::{not_taken, written},
};
use crate::{
    error::{Result, refused},
    form::Fields,
    link::with_query,
    session::Sent,
};

/// What stands in the editor beside the prompt.
#[derive(Default)]
pub(crate) struct Unsaved {
    /// The version that is shown in place of the draft.
    pub(super) version: Option<i64>,
    pub(super) member: String,
    pub(super) record: String,
    pub(super) note: String,
}

impl Unsaved {
    pub(crate) fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).to_owned();
        let [member, record, note] = ["member", "record", "note"].map(text);
        Self { version: number(fields, "version"), member, record, note }
    }

    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let version = self.version.map(|version| version.to_string()).unwrap_or_default();
        let all = [
            ("version", version),
            ("member", self.member.clone()),
            ("record", self.record.clone()),
            ("note", self.note.clone()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// A page that carries it, with what was done before.
    pub(crate) fn after(&self, path: &str, done: &str) -> String {
        let done = Some(("done", done)).filter(|(_, done)| !done.is_empty());
        let pairs = self.pairs();
        with_query(path, done.into_iter().chain(pairs.iter().map(|(name, value)| (*name, value.as_str()))))
    }
}

pub(crate) async fn keep(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    match kept(&state, &sent, &name).await {
        Ok(_) => {
            let page = Unsaved::of(&sent.fields).after(&format!("{}/prompt", href(&name)), "draft");
            Ok(Redirect::to(&page).into_response())
        }
        Err(error) => {
            let why = refused(error)?;
            not_taken(&state, &name, sent, why).await
        }
    }
}

async fn kept(
    state: &Services,
    sent: &Sent,
    name: &str,
) -> std::result::Result<PromptDraft, kontor_agents::Error> {
    let (body, based_on) = written(&sent.fields);
    state.agents.keep_draft(&sent.caller, name, NewDraft { body, based_on }).await
}

/// Keeps what is tried as the draft, unless it is what a version says; what is to stand in the editor afterwards.
pub(crate) async fn keep_tried(state: &Services, sent: &Sent, name: &str) -> Result<Unsaved> {
    let mut unsaved = Unsaved::of(&sent.fields);
    let (body, based_on) = written(&sent.fields);
    if let Some(version) = based_on
        && state.agents.prompt(&sent.caller, name, version).await.is_ok_and(|saved| saved.body == body)
    {
        unsaved.version = Some(version);
        return Ok(unsaved);
    }
    kept(state, sent, name).await?;
    Ok(unsaved)
}

pub(crate) async fn discard(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.agents.discard_draft(&sent.caller, &name).await?;
    Ok(Redirect::to(&format!("{}/prompt?done=discarded", href(&name))))
}
