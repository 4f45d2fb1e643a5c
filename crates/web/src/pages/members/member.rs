//! One member: name, role, whether they may act and who gets their records, where they are signed in, and a link for a
//! new password.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, ids::MemberId};
use kontor_http::Services;
use kontor_identity::{Credential, Csrf, HandOverState, MemberPatch, MemberStatus, MemberSummary};

use super::{HREF, ShownLink, SignInView};
use crate::{
    assets,
    error::{PageError, Result, page, refused},
    form::{Fields, Wrong},
    link::parsed,
    session::{Sent, SentFrom, SignedIn},
    shell::Shell,
    show::{Clock, exact},
};

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    assets: &'static str,
    shell: Shell,
    id: String,
    email: String,
    name: String,
    role: String,
    version: i64,
    is_active: bool,
    is_reader: bool,
    roles: Vec<String>,
    /// Who may get the records.
    others: Vec<(String, String)>,
    hand_over: Option<HandOverView>,
    sign_ins: Vec<SignInView>,
    link: Option<ShownLink>,
    notice: &'static str,
    /// What somebody else has made of it meanwhile, by inputs.
    newer: Fields,
    wrong: Wrong,
}

impl MemberPage {
    fn sign_ins_href(&self) -> String {
        format!("{HREF}/{}/sign-ins", self.id)
    }
}

struct HandOverView {
    to: String,
    is_running: bool,
    /// How many, where the reader is told.
    handed_over: Option<i64>,
    left_over: i64,
    has_hidden: bool,
    problem: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, credential }: SignedIn,
    Path(id): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let mut shown = member_page(&state, (&caller, &csrf, &credential), parsed(&id)?).await?;
    shown.notice = match query.get("done") {
        "saved" => "Saved.",
        "deactivated" => "Deactivated, and signed out everywhere.",
        "activated" => "Activated.",
        "handed-over" => "Their records are being handed over.",
        "ended" => "Signed out.",
        _ => "",
    };
    page(&shown)
}

pub(crate) async fn change(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Response> {
    let text = |name: &str| Some(from.sent.fields.get(name).to_owned());
    let patch = MemberPatch {
        name: text("name"),
        role: text("role").filter(|role| !role.is_empty()),
        version: from.sent.fields.get("version").parse().ok(),
        ..MemberPatch::default()
    };
    apply(&state, &from, &id, patch, "saved").await
}

pub(crate) async fn deactivate(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Response> {
    let patch = MemberPatch {
        status: Some(MemberStatus::Inactive),
        hand_over_to: heir(&from.sent)?,
        ..MemberPatch::default()
    };
    apply(&state, &from, &id, patch, "deactivated").await
}

pub(crate) async fn hand_over(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Response> {
    let patch = MemberPatch { hand_over_to: heir(&from.sent)?, ..MemberPatch::default() };
    apply(&state, &from, &id, patch, "handed-over").await
}

pub(crate) async fn activate(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Response> {
    let patch = MemberPatch { status: Some(MemberStatus::Active), ..MemberPatch::default() };
    apply(&state, &from, &id, patch, "activated").await
}

/// Who gets the records, where somebody was chosen.
fn heir(sent: &Sent) -> Result<Option<MemberId>> {
    match sent.fields.get("hand_over_to") {
        "" => Ok(None),
        id => parsed(id).map(Some),
    }
}

async fn apply(
    state: &Services,
    from: &SentFrom,
    id: &str,
    patch: MemberPatch,
    done: &str,
) -> Result<Response> {
    let id = parsed(id)?;
    let (name, role) = (patch.name.clone(), patch.role.clone());
    let Err(error) = state.agents.change_member(&from.sent.caller, id, patch).await else {
        return Ok(Redirect::to(&format!("{HREF}/{id}?done={done}")).into_response());
    };
    let is_overtaken =
        matches!(error, kontor_agents::Error::Identity(kontor_identity::Error::StaleMember { .. }));
    let (status, problem) = refused(error)?;
    let mut again = member_page(state, (&from.sent.caller, &from.sent.csrf, &from.credential), id).await?;
    again.wrong = Wrong::of_problem(&problem, str::to_owned);
    for (input, written, now) in [("name", name, &mut again.name), ("role", role, &mut again.role)] {
        let Some(written) = written else { continue };
        if is_overtaken && written != *now {
            again.newer.set(input, now.as_str());
        }
        *now = written;
    }
    Ok((status, page(&again)?).into_response())
}

pub(crate) async fn end_sign_in(
    State(state): State<Services>,
    Path((id, sign_in)): Path<(String, String)>,
    from: SentFrom,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    let sign_in = parsed(&sign_in)?;
    state.identity.end_sign_in_of(&from.sent.caller, id, sign_in).await?;
    Ok(Redirect::to(&format!("{HREF}/{id}?done=ended#sign-ins")))
}

pub(crate) async fn end_sign_ins(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.identity.end_sign_ins_of(&from.sent.caller, id).await?;
    Ok(Redirect::to(&format!("{HREF}/{id}?done=ended#sign-ins")))
}

pub(crate) async fn reset_link(
    State(state): State<Services>,
    Path(id): Path<String>,
    from: SentFrom,
) -> Result<Response> {
    let id = parsed(&id)?;
    let made = state.identity.make_reset_link(&from.sent.caller, id).await;
    let who = (&from.sent.caller, &from.sent.csrf, &from.credential);
    match made {
        Ok(made) => {
            let mut shown = member_page(&state, who, id).await?;
            shown.link = Some(ShownLink {
                what: format!("{} sets a new password", shown.email),
                href: format!("{}/reset/{}", state.public_url, made.token),
                until: exact(made.expires_at, Clock::of(&state.environment, &from.sent.caller)),
            });
            Ok(page(&shown)?.into_response())
        }
        Err(error) => {
            let (status, problem) = refused(error)?;
            let mut again = member_page(&state, who, id).await?;
            again.wrong = Wrong::of_problem(&problem, str::to_owned);
            Ok((status, page(&again)?).into_response())
        }
    }
}

async fn member_page(
    state: &Services,
    (caller, csrf, credential): (&Caller, &Csrf, &Credential),
    id: MemberId,
) -> Result<MemberPage> {
    let all = state.identity.members(caller).await?;
    let others = all
        .iter()
        .filter(|other| other.id != id && other.status == MemberStatus::Active)
        .map(|other| (other.id.to_string(), other.name.clone()))
        .collect();
    let member = all.into_iter().find(|member| member.id == id).ok_or_else(PageError::not_found)?;
    let mut roles = state.identity.roles_to_give(caller).await?;
    if !roles.contains(&member.role) {
        roles.insert(0, member.role.clone());
    }
    let sign_ins = state.identity.sign_ins_of(caller, id, Some(credential)).await?;
    let clock = Clock::of(&state.environment, caller);
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(state, caller, csrf, &schema, member.name.clone(), "settings/members").await?;
    Ok(MemberPage {
        assets: &assets::BASE,
        shell,
        id: id.to_string(),
        hand_over: hand_over_view(&member),
        is_active: member.status == MemberStatus::Active,
        is_reader: caller.member() == Some(id),
        email: member.email,
        name: member.name,
        role: member.role,
        version: member.version,
        roles,
        others,
        sign_ins: sign_ins.into_iter().map(|seen| SignInView::of(seen, clock)).collect(),
        link: None,
        notice: "",
        newer: Fields::default(),
        wrong: Wrong::default(),
    })
}

fn hand_over_view(member: &MemberSummary) -> Option<HandOverView> {
    member.hand_over.as_ref().map(|hand_over| HandOverView {
        to: hand_over.to_name.clone(),
        is_running: hand_over.state == HandOverState::Running,
        handed_over: hand_over.handed_over,
        left_over: hand_over.left_over.unwrap_or_default(),
        has_hidden: hand_over.has_hidden,
        problem: hand_over.problem.clone().unwrap_or_default(),
    })
}
