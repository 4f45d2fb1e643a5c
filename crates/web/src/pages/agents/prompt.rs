//! The editor of a prompt: what is written, how it looks to a model, what differs from what is used, and the versions.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_agents::{
    AgentSummary, NewPreview, NewPrompt, NewTryout, Preview, PreviewRecord, PromptVersion, Review,
    ReviewStatus, Variable, compare_lines,
};
use kontor_core::{
    caller::Caller,
    error::{Fault as _, Problem},
    grants::Permission,
    ids::RecordId,
    reading::readable,
};
use kontor_http::Services;
use kontor_identity::Csrf;

use super::{
    comparison::{DiffView, shortened},
    drafts::Unsaved,
    href,
    labels::{self, LabelView},
    may_write, number,
};
use crate::pages::evaluations;
use crate::{
    assets,
    error::{PageError, Result, page, refused},
    form::Fields,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, instant},
};

#[derive(Template)]
#[template(path = "agent_prompt.html")]
struct PromptPage {
    assets: &'static str,
    shell: Shell,
    label: String,
    href: String,
    body: String,
    note: String,
    /// The version that the text was begun from.
    based_on: i64,
    /// The version that live traffic uses.
    production: i64,
    /// A later version than the one that a draft was begun from, and who wrote it.
    overtaken: Option<String>,
    draft_saved: Option<Shown>,
    /// The reader has a draft, and a version is shown.
    draft_hidden: Option<Shown>,
    /// The reader's tryouts that have not ended.
    tryouts: Vec<TryoutView>,
    members: Vec<(String, String)>,
    member: String,
    record: String,
    shown: Option<PreviewView>,
    /// Why there is no preview.
    problem: Option<String>,
    diff: Vec<DiffView>,
    /// The version that the text is compared with, where it is not what live traffic uses.
    against: Option<i64>,
    /// The latest version that whoever writes has been told of.
    latest: i64,
    variables: Vec<Variable>,
    versions: Vec<VersionView>,
    labels: Vec<LabelView>,
    /// The datasets that it may be run on.
    datasets: Vec<String>,
    may_publish: bool,
    reviews: Vec<ReviewView>,
    may_write: bool,
    done: &'static str,
    /// Why something else than the text was refused.
    refused: Option<String>,
}

struct PreviewView {
    prompt: String,
    tools: Vec<(String, String)>,
    tokens: [(&'static str, String); 3],
}

struct TryoutView {
    href: String,
    when: Shown,
}

struct VersionView {
    number: i64,
    note: String,
    by: String,
    when: Shown,
    labels: Vec<String>,
}

struct ReviewView {
    id: String,
    label: String,
    version: i64,
    expected: Option<i64>,
    note: String,
    by: String,
    when: Shown,
    is_pending: bool,
    is_own: bool,
    outcome: String,
}

/// What stands in the editor.
#[derive(Default)]
struct Written {
    body: String,
    based_on: Option<i64>,
    beside: Unsaved,
    against: Option<i64>,
    latest: Option<i64>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(name): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    page(&opened(&state, &caller, &csrf, &name, &Fields::of_query(&request)).await?)
}

/// The page with what was not done, and why.
pub(super) async fn not_done(
    state: &Services,
    sent: &Sent,
    name: &str,
    error: kontor_agents::Error,
) -> Result<Response> {
    let (status, problem) = refused(error)?;
    Ok((status, told_of(state, (&sent.caller, &sent.csrf), name, problem).await?).into_response())
}

/// The page with a problem that is not of the text.
pub(crate) async fn told_of(
    state: &Services,
    (caller, csrf): (&Caller, &Csrf),
    name: &str,
    problem: Problem,
) -> Result<Html<String>> {
    let mut shown = opened(state, caller, csrf, name, &Fields::default()).await?;
    shown.refused = Some(problem.message);
    page(&shown)
}

async fn opened(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    name: &str,
    query: &Fields,
) -> Result<PromptPage> {
    let agent = state.agents.agent_by_name(caller, name).await?;
    let (mut body, mut based_on) = (agent.prompt.clone().unwrap_or_default(), Some(agent.prompt_version));
    let (mut draft_saved, mut draft_hidden) = (None, None);
    let clock = Clock::of(&state.environment, caller);
    let beside = Unsaved::of(query);
    let draft = match may_write(caller) {
        true => state.agents.prompt_draft(caller, name).await?,
        false => None,
    };
    if let Some(version) = beside.version {
        body = state.agents.prompt(caller, name, version).await?.body;
        based_on = Some(version);
        draft_hidden = draft.map(|draft| instant(draft.saved_at, clock));
    } else if let Some(draft) = draft {
        (body, based_on, draft_saved) = (draft.body, draft.based_on, Some(instant(draft.saved_at, clock)));
    }
    let written = Written { body, based_on, beside, ..Written::default() };
    let mut shown = prompt_page(state, caller, csrf, agent, written).await?;
    (shown.draft_saved, shown.draft_hidden) = (draft_saved, draft_hidden);
    shown.done = match query.get("done") {
        "saved" => "Saved as a version. Agents use it when production stands at it.",
        "beside" => "Saved as a version. Somebody else saved one at the same moment: both are below.",
        "draft" => "Your draft is kept.",
        "ended" => "The tryout has ended, and its copy of the workspace is gone.",
        "discarded" => "Your draft is gone.",
        "moved" => "The label has moved. Chats use it from their next message on.",
        "asked" => "A second person is asked.",
        "gate" => "What the label takes is set.",
        "answered" => "The review is answered.",
        _ => "",
    };
    Ok(shown)
}

/// The editor as it was sent, with its preview.
pub(crate) async fn preview(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Html<String>> {
    let agent = state.agents.agent_by_name(&sent.caller, &name).await?;
    page(&prompt_page(&state, &sent.caller, &sent.csrf, agent, Written::of(&sent.fields)).await?)
}

pub(crate) async fn save(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let was = Written::of(&sent.fields);
    if let Some(theirs) = saved_meanwhile(&state, &sent.caller, &name, was.latest).await? {
        return both(&state, &sent, &name, was, theirs).await;
    }
    let new = NewPrompt { body: was.body.clone(), note: was.beside.note.clone() };
    let error = match state.agents.save_prompt(&sent.caller, &name, new).await {
        Ok(saved) => {
            let is_next = was.latest.is_none_or(|latest| saved.version == latest + 1);
            let done = if is_next { "saved" } else { "beside" };
            return Ok(Redirect::to(&format!("{}/prompt?done={done}#versions", href(&name))).into_response());
        }
        Err(error) => error,
    };
    let (status, problem) = refused(error)?;
    let agent = state.agents.agent_by_name(&sent.caller, &name).await?;
    let mut shown = prompt_page(&state, &sent.caller, &sent.csrf, agent, was).await?;
    shown.problem = Some(told(&problem));
    Ok((status, page(&shown)?).into_response())
}

/// The last version that somebody else saved after the one that whoever writes has been told of.
async fn saved_meanwhile(
    state: &Services,
    caller: &Caller,
    name: &str,
    told_of: Option<i64>,
) -> Result<Option<PromptVersion>> {
    let Some(told_of) = told_of else { return Ok(None) };
    let versions = state.agents.prompts(caller, name).await?;
    let is_news =
        |known: &PromptVersion| known.version > told_of && known.author.principal != caller.principal;
    Ok(versions.into_iter().find(is_news))
}

/// The editor with what was written, compared with what somebody else saved meanwhile. Sent again it is saved beside
/// theirs.
async fn both(
    state: &Services,
    sent: &Sent,
    name: &str,
    mut was: Written,
    theirs: PromptVersion,
) -> Result<Response> {
    (was.latest, was.against) = (None, Some(theirs.version));
    let agent = state.agents.agent_by_name(&sent.caller, name).await?;
    let mut shown = prompt_page(state, &sent.caller, &sent.csrf, agent, was).await?;
    shown.overtaken = None;
    shown.refused = Some(format!(
        "Not saved yet: {} saved version {} while you were writing. How yours differs from it is shown beside what you \
         wrote. Save again to keep yours as a version of its own.",
        theirs.author, theirs.version
    ));
    Ok((StatusCode::CONFLICT, page(&shown)?).into_response())
}

/// What is tried of what was sent.
pub(crate) fn written_tryout(fields: &Fields) -> NewTryout {
    let ((body, _), Unsaved { member, record, .. }) = (written(fields), Unsaved::of(fields));
    let member = Some(member).filter(|member| !member.is_empty());
    NewTryout { version: None, body: Some(body), member, record: record_of(&record) }
}

/// The editor as it was sent, with why that is not done with it which was asked for.
pub(crate) async fn not_taken(
    state: &Services,
    name: &str,
    sent: Sent,
    (status, problem): (StatusCode, Problem),
) -> Result<Response> {
    let agent = state.agents.agent_by_name(&sent.caller, name).await?;
    let mut shown = prompt_page(state, &sent.caller, &sent.csrf, agent, Written::of(&sent.fields)).await?;
    if problem.issues.is_empty() {
        shown.refused = Some(problem.message);
    } else {
        shown.problem = Some(told(&problem));
    }
    Ok((status, page(&shown)?).into_response())
}

/// The prompt that was sent and the version that it was begun from; browsers send line breaks as CR LF.
pub(super) fn written(fields: &Fields) -> (String, Option<i64>) {
    (fields.find("body").unwrap_or_default().replace("\r\n", "\n"), number(fields, "based_on"))
}

impl Written {
    fn of(fields: &Fields) -> Self {
        let (body, based_on) = written(fields);
        let (against, latest) = (number(fields, "against"), number(fields, "latest"));
        Self { body, based_on, beside: Unsaved::of(fields), against, latest }
    }
}

async fn prompt_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    agent: AgentSummary,
    written: Written,
) -> Result<PromptPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    let name = agent.name.clone();
    let title = format!("Prompt of {}", agent.definition.label);
    let versions = state.agents.prompts(caller, &name).await?;
    let reviews = state.agents.reviews(caller, &name).await?;
    let (preview, problem) = match previewed(state, caller, &name, &written).await {
        Ok(preview) => (Some(shown(preview)), None),
        Err(error) => {
            let problem = error.problem();
            if problem.issues.is_empty() {
                return Err(PageError::from(error));
            }
            (None, Some(told(&problem)))
        }
    };
    // Only later ones that somebody else wrote are news.
    let latest = versions.first().filter(|latest| {
        written.based_on.is_some_and(|based_on| latest.version > based_on)
            && latest.author.principal != caller.principal
    });
    let overtaken = latest.map(|latest| format!("{} saved version {} since", latest.author, latest.version));
    let tryouts = match may_write(caller) {
        true => state.tryouts.list(caller, &name).await?,
        false => Vec::new(),
    };
    let members = match caller.grants.permits(Permission::Members) {
        true => state.identity.members(caller).await?,
        false => Vec::new(),
    };
    let compared = match written.against {
        Some(version) => state.agents.prompt(caller, &name, version).await?.body,
        None => agent.prompt.unwrap_or_default(),
    };
    let diff = compare_lines(&compared, &written.body);
    let newest = versions.first().map_or(0, |newest| newest.version);
    Ok(PromptPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, title, "settings/agents").await?,
        href: href(&name),
        label: agent.definition.label,
        based_on: written.based_on.unwrap_or(agent.prompt_version),
        production: agent.prompt_version,
        overtaken,
        draft_saved: None,
        draft_hidden: None,
        tryouts: tryouts
            .into_iter()
            .map(|tryout| TryoutView {
                href: format!("{}/tryouts/{}", href(&name), tryout.id),
                when: instant(tryout.created_at, clock),
            })
            .collect(),
        members: members.into_iter().map(|member| (member.id.to_string(), member.name)).collect(),
        member: written.beside.member,
        record: written.beside.record,
        shown: preview,
        problem,
        diff: shortened(diff),
        against: written.against,
        latest: written.latest.unwrap_or(newest),
        variables: state.agents.prompt_variables(caller)?,
        versions: versions
            .into_iter()
            .map(|version| VersionView {
                number: version.version,
                note: version.note,
                by: version.author.to_string(),
                when: instant(version.created_at, clock),
                labels: version.labels,
            })
            .collect(),
        labels: labels::of(state, caller, &name, clock).await?,
        datasets: evaluations::list::datasets_of(state, caller).await?,
        may_publish: evaluations::gate::may_publish(caller),
        reviews: reviews.into_iter().map(|review| review_view(review, caller, clock)).collect(),
        body: written.body,
        note: written.beside.note,
        may_write: may_write(caller),
        done: "",
        refused: None,
    })
}

async fn previewed(
    state: &Services,
    caller: &Caller,
    name: &str,
    written: &Written,
) -> Result<Preview, kontor_agents::Error> {
    let asked = NewPreview {
        version: None,
        body: Some(written.body.clone()),
        member: Some(written.beside.member.clone()).filter(|member| !member.is_empty()),
        record: record_of(&written.beside.record),
    };
    state.agents.preview(caller, name, asked).await
}

/// The record that an address or an id names; what is no id is told as a record that is not there.
fn record_of(text: &str) -> Option<PreviewRecord> {
    if text.is_empty() {
        return None;
    }
    let mut parts = text.trim_end_matches('/').rsplit('/');
    let id: RecordId = parts.next().and_then(|id| id.parse().ok()).unwrap_or(RecordId(uuid::Uuid::nil()));
    Some(match parts.next() {
        Some(object) if !object.is_empty() => PreviewRecord::Of { object: object.to_owned(), id },
        _ => PreviewRecord::Id(id),
    })
}

fn told(problem: &Problem) -> String {
    problem.issues.iter().map(|issue| issue.message.clone()).collect::<Vec<_>>().join(" ")
}

fn shown(preview: Preview) -> PreviewView {
    let number = |count: usize| readable(&count.to_string());
    let tokens = preview.tokens;
    PreviewView {
        prompt: preview.prompt,
        tools: preview.tools.into_iter().map(|tool| (tool.name, tool.description)).collect(),
        tokens: [
            ("Prompt", number(tokens.prompt)),
            ("Tools", number(tokens.tools)),
            ("Together", number(tokens.total)),
        ],
    }
}

fn review_view(review: Review, caller: &Caller, clock: Clock) -> ReviewView {
    let is_pending = review.status == ReviewStatus::Pending;
    let by = review.answered_by.as_ref().map(ToString::to_string).unwrap_or_default();
    let outcome = match review.status {
        ReviewStatus::Pending => "Waits for a second person".to_owned(),
        ReviewStatus::Approved => format!("Approved by {by}"),
        ReviewStatus::Refused => format!("Refused by {by}"),
        ReviewStatus::Withdrawn => "Taken back".to_owned(),
    };
    let outcome = match review.comment.as_str() {
        "" => outcome,
        comment => format!("{outcome}: {comment}"),
    };
    ReviewView {
        id: review.id.to_string(),
        label: review.label,
        version: review.version,
        expected: review.expected,
        note: review.note,
        is_own: review.requested_by.principal == caller.principal,
        by: review.requested_by.to_string(),
        when: instant(review.requested_at, clock),
        is_pending,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_address_or_its_id() {
        let id = uuid::Uuid::from_u128(7);
        let address = format!("https://crm.example.com/records/deals/{id}");
        assert!(
            matches!(record_of(&address), Some(PreviewRecord::Of { object, id: found }) if object == "deals" && found.0 == id)
        );
        assert!(matches!(record_of(&id.to_string()), Some(PreviewRecord::Id(found)) if found.0 == id));
        assert!(record_of("").is_none());
    }
}
