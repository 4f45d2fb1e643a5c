//! A prompt tried: the chat on it in a copy of the workspace, with what it would have changed beside it. What the chat
//! is made of is answered as in any, by the services of the copy.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use futures::{FutureExt as _, future};
use kontor_agents::NewTrial;
use kontor_core::{caller::Caller, grants::Action, reading::readable};
use kontor_evals::trials::{Trial, TrialChange};
use kontor_http::{Admission, Services};
use kontor_identity::Csrf;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    agents::{
        href,
        prompt::{not_tried, written_trial},
    },
    answers,
    chat::{Unsent, show_in},
    events, turns,
};
use crate::{
    chat::Room,
    error::{PageError, Result, refused},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn, Written},
    shell::{Shell, viewer},
    show::{ChangeView, Clock, Shown, changes, instant},
};

/// What stands beside the chat of a trial.
pub(crate) struct TrialAside {
    /// The address of its page.
    pub(crate) page: String,
    /// That of the prompt's editor.
    pub(crate) editor: String,
    pub(crate) agent: String,
    /// For whom the agent acts, where that is not the reader.
    pub(crate) member: Option<String>,
    /// How much was copied, in words.
    pub(crate) copied: String,
    pub(crate) expires: Shown,
    pub(crate) changes: Vec<TriedChange>,
}

pub(crate) struct TriedChange {
    pub(crate) words: &'static str,
    pub(crate) label: String,
    pub(crate) object: String,
    pub(crate) fields: Vec<ChangeView>,
}

/// A trial of the reader's, with the services of its copy and who acts there.
struct Found {
    trial: Arc<Trial>,
    services: Services,
    acting: Caller,
    page: String,
}

impl Found {
    async fn new(state: &Services, caller: &Caller, name: &str, trial: &str) -> Result<Self> {
        let id: Uuid = parsed(trial)?;
        let trial = state.trials.find(caller, name, id).await?;
        let page = page_of(name, &trial);
        Ok(Self { services: state.within(&trial), acting: trial.caller().clone(), page, trial })
    }

    fn room(&self) -> Room {
        Room::Trial(self.page.clone())
    }

    /// A form as it was sent, from who acts in the copy.
    fn sent(&self, sent: Sent) -> Sent {
        Sent { caller: self.acting.clone(), ..sent }
    }

    /// An answer of the chat, which leads back to where the chat is.
    fn stay(&self, answer: Response) -> Response {
        if answer.status().is_redirection() { Redirect::to(&self.page).into_response() } else { answer }
    }

    async fn page(
        &self,
        state: &Services,
        caller: &Caller,
        csrf: &Csrf,
        query: &Fields,
        unsent: Option<Unsent>,
    ) -> Result<Response> {
        let schema = state.crm.schema(caller.workspace).await?;
        let title = format!("Trial of {}", self.trial.agent().label);
        let shell = Shell::new(state, caller, csrf, &schema, title, "settings/agents").await?;
        let around = Some((self.aside(caller).await?, shell));
        let session = self.trial.session();
        let page = show_in(&self.services, &self.acting, csrf, session, query, unsent, around).await?;
        Ok(page.into_response())
    }

    async fn aside(&self, caller: &Caller) -> Result<TrialAside> {
        let trial = &self.trial;
        let summary = trial.summary();
        let clock = Clock::of(&self.services.environment, caller);
        let records = readable(&summary.copied.records.to_string());
        let copied = match summary.copied.is_whole {
            true => format!("It has all {records} records."),
            false => format!("It has {records} of the records, the newest."),
        };
        let is_other = Some(trial.member()) != caller.member();
        let member = self.services.identity.me(&self.acting).await?.member.name;
        Ok(TrialAside {
            page: self.page.clone(),
            editor: format!("{}/prompt", href(&trial.agent().name)),
            agent: trial.agent().label.clone(),
            member: is_other.then_some(member),
            copied,
            expires: instant(summary.expires_at, clock),
            changes: self.changes().await?,
        })
    }

    async fn changes(&self) -> Result<Vec<TriedChange>> {
        let schema = self.services.crm.schema(self.acting.workspace).await?;
        let viewer = viewer(&self.services, &self.acting, &schema);
        let changed = self.trial.changes().await?;
        let views = changed.into_iter().filter_map(|change| {
            let TrialChange { object, label, action, changes: fields, .. } = change;
            let object = viewer.schema.object(&object)?;
            let fields = match serde_json::to_value(fields) {
                Ok(Json::Object(fields)) => changes(&viewer, object, &fields),
                _ => Vec::new(),
            };
            Some(TriedChange { words: words(&action), label, object: object.label.clone(), fields })
        });
        Ok(views.collect())
    }
}

fn words(action: &str) -> &'static str {
    match action {
        action if action == Action::Create.verb() => "Created",
        action if action == Action::Delete.verb() => "Deleted",
        action if action == Action::Restore.verb() => "Restored",
        action if action == Action::Destroy.verb() => "Removed for good",
        _ => "Changed",
    }
}

fn page_of(name: &str, trial: &Trial) -> String {
    format!("{}/trials/{}", href(name), trial.id())
}

/// Begins a trial of what stands in the editor.
pub(crate) async fn begin(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let new: NewTrial = written_trial(&sent.fields);
    match state.trials.begin(&sent.caller, &name, new).await {
        Ok(trial) => Ok(Redirect::to(&page_of(&name, &trial)).into_response()),
        Err(error) => {
            let why = refused(error)?;
            not_tried(&state, &name, sent, why).await
        }
    }
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path((name, trial)): Path<(String, String)>,
    request: Request,
) -> Result<Response> {
    let query = Fields::of_query(&request);
    let found = Found::new(&state, &caller, &name, &trial).await?;
    found.page(&state, &caller, &csrf, &query, None).await
}

pub(crate) async fn start(
    State(state): State<Services>,
    Path((name, trial)): Path<(String, String)>,
    headers: HeaderMap,
    Written { sent, is_ours }: Written,
) -> Result<Response> {
    let (caller, csrf) = (sent.caller.clone(), sent.csrf.clone());
    let found = Found::new(&state, &caller, &name, &trial).await?;
    let written = Written { sent: found.sent(sent), is_ours };
    let session = found.trial.session();
    match turns::send(&found.services, session, &headers, written, &found.room()).await? {
        Ok(answer) => Ok(answer),
        Err((status, unsent)) => {
            let page = found.page(&state, &caller, &csrf, &Fields::default(), Some(unsent)).await?;
            Ok((status, page).into_response())
        }
    }
}

pub(crate) async fn stream(
    State(state): State<Services>,
    SignedIn { caller, csrf, credential }: SignedIn,
    Path((name, trial)): Path<(String, String)>,
    request: Request,
) -> Result<Response> {
    let after = events::position(&request);
    let found = Found::new(&state, &caller, &name, &trial).await?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(PageError::Problem)?;
    let ended = future::select(ended, state.trials.until_over(&found.trial)).map(drop).boxed();
    let (room, session) = (found.room(), found.trial.session());
    let Found { services, acting, .. } = found;
    events::follow(services, acting, csrf, session, after, Admission { place, ended }, &room).await
}

/// What is done in the chat of a trial, by who acts in its copy.
async fn within<Doing: Future<Output = Result<Response>>>(
    state: &Services,
    name: &str,
    trial: &str,
    sent: Sent,
    act: impl FnOnce(State<Services>, Sent) -> Doing,
) -> Result<Response> {
    let found = Found::new(state, &sent.caller, name, trial).await?;
    let answer = act(State(found.services.clone()), found.sent(sent)).await?;
    Ok(found.stay(answer))
}

pub(crate) async fn cancel(
    State(state): State<Services>,
    Path((name, trial, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &trial, sent, |copy, sent| turns::cancel(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn go_on(
    State(state): State<Services>,
    Path((name, trial, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &trial, sent, |copy, sent| turns::go_on(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn retry(
    State(state): State<Services>,
    Path((name, trial, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &trial, sent, |copy, sent| answers::retry(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn resolve(
    State(state): State<Services>,
    Path((name, trial, approval)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &trial, sent, |copy, sent| turns::resolve(copy, Path(approval), headers, sent))
        .await
}

/// Ends a trial, which leads back to the prompt.
pub(crate) async fn end(
    State(state): State<Services>,
    Path((name, trial)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let id: Uuid = parsed(&trial)?;
    state.trials.end(&sent.caller, &name, id).await?;
    Ok(Redirect::to(&format!("{}/prompt", href(&name))))
}
