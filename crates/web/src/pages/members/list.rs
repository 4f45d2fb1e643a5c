//! Who belongs to the workspace, and who is invited.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_core::caller::Caller;
use kontor_http::Services;
use kontor_identity::{Csrf, Invitation, MemberStatus, MemberSummary, NewInvitation};

use super::{HREF, ShownLink};
use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact, instant},
};

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    assets: &'static str,
    shell: Shell,
    members: Vec<MemberView>,
    invitations: Vec<InvitationView>,
    roles: Vec<String>,
    form: InviteForm,
    /// The invitation that has just been made.
    link: Option<ShownLink>,
    notice: &'static str,
    wrong: Wrong,
}

#[derive(Default)]
struct InviteForm {
    email: String,
    name: String,
    role: String,
}

struct MemberView {
    id: String,
    name: String,
    email: String,
    role: String,
    is_active: bool,
    is_reader: bool,
    seen: Option<Shown>,
}

struct InvitationView {
    id: String,
    email: String,
    role: String,
    by: String,
    until: Shown,
    is_expired: bool,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let mut shown = members_page(&state, &caller, &csrf, InviteForm::default()).await?;
    shown.notice = match query.get("done") {
        "revoked" => "The invitation is revoked.",
        _ => "",
    };
    page(&shown)
}

pub(crate) async fn invite(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let text = |name: &str| sent.fields.get(name).to_owned();
    let form = InviteForm { email: text("email"), name: text("name"), role: text("role") };
    let new = NewInvitation {
        email: form.email.clone(),
        role: form.role.clone(),
        name: Some(form.name.clone()).filter(|name| !name.is_empty()),
    };
    match state.identity.invite(&sent.caller, new).await {
        Ok(invited) => {
            let mut shown = members_page(&state, &sent.caller, &sent.csrf, InviteForm::default()).await?;
            let clock = Clock::of(&state.environment, &sent.caller);
            shown.link = Some(ShownLink {
                what: format!("{} joins as {}", invited.invitation.email, invited.invitation.role),
                href: format!("{}/invitations/{}", state.public_url, invited.token.as_str()),
                until: exact(invited.invitation.expires_at, clock),
            });
            Ok(page(&shown)?.into_response())
        }
        Err(error) => {
            let (status, problem) = refused(error)?;
            let mut again = members_page(&state, &sent.caller, &sent.csrf, form).await?;
            again.wrong = Wrong::of_problem(&problem, str::to_owned);
            Ok((status, page(&again)?).into_response())
        }
    }
}

pub(crate) async fn revoke(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.identity.revoke_invitation(&sent.caller, id).await?;
    Ok(Redirect::to(&format!("{HREF}?done=revoked")))
}

async fn members_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    form: InviteForm,
) -> Result<MembersPage> {
    let members = state.identity.members(caller).await?;
    let invitations = state.identity.invitations(caller).await?;
    let roles = state.identity.roles_to_give(caller).await?;
    let usual = roles.iter().find(|role| *role == "Member").or(roles.last()).cloned();
    let role = if form.role.is_empty() { usual.unwrap_or_default() } else { form.role };
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    Ok(MembersPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, "Member accounts", "settings/members").await?,
        members: members.into_iter().map(|member| member_view(member, caller, clock)).collect(),
        invitations: invitations.into_iter().map(|invitation| invitation_view(invitation, clock)).collect(),
        roles,
        form: InviteForm { role, ..form },
        link: None,
        notice: "",
        wrong: Wrong::default(),
    })
}

fn member_view(member: MemberSummary, reader: &Caller, clock: Clock) -> MemberView {
    MemberView {
        id: member.id.to_string(),
        is_active: member.status == MemberStatus::Active,
        is_reader: reader.member() == Some(member.id),
        seen: member.last_seen_at.map(|at| instant(at, clock)),
        name: member.name,
        email: member.email,
        role: member.role,
    }
}

fn invitation_view(invitation: Invitation, clock: Clock) -> InvitationView {
    InvitationView {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role,
        by: invitation.invited_by.unwrap_or_else(|| "the operator".to_owned()),
        until: exact(invitation.expires_at, clock),
        is_expired: invitation.is_expired,
    }
}
