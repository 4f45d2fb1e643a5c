//! The members of the workspace, as those manage them who may.

use aide::axum::{
    ApiRouter,
    routing::{delete_with, get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_core::{
    ids::{MemberId, SignInId},
    time::Timestamp,
};
use kontor_http::Services;
use kontor_identity::{MemberPatch, MemberSummary, NewMember, SeenSignIn};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    extract::{Acting, Json, ManagesMembers, NoParameters, Segments, StreamCaller},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| op.is("list_members", "The members, by name").tag("Members")).post_with(
        create,
        |op| {
            op.is("create_member", "Adds somebody who has no account yet, with a password to begin with")
                .tag("Members")
                .answers::<201, Answer<MemberSummary>>()
        },
    );
    let one = get_with(get, |op| op.is("get_member", "A member").tag("Members")).patch_with(change, |op| {
        op.is("update_member", "Changes a member: name, role, whether they may act, who gets their records")
            .tag("Members")
    });
    let sign_ins =
        get_with(sign_ins, |op| op.is("list_sign_ins_of", "Where a member is signed in").tag("Members"))
            .delete_with(end_all, |op| {
                op.is("end_sign_ins_of", "Signs a member out everywhere").tag("Members").answers::<204, ()>()
            });
    let sign_in = delete_with(end_one, |op| {
        op.is("end_sign_in_of", "Ends one sign-in of a member").tag("Members").answers::<204, ()>()
    });
    let reset = post_with(reset, |op| {
        op.is("create_reset_link", "A link by which a member sets a new password, told once")
            .tag("Members")
            .answers::<201, Answer<ToldLink>>()
    });
    ApiRouter::new()
        .api_route("/members", all)
        .api_route("/members/{id}", one)
        .api_route("/members/{id}/sign-ins", sign_ins)
        .api_route("/members/{id}/sign-ins/{sign_in}", sign_in)
        .api_route("/members/{id}/reset-link", reset)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Answer<Whole<MemberSummary>>> {
    Ok(page::whole(state.identity.members(&caller).await?))
}

async fn create(
    State(state): State<Services>,
    ManagesMembers(caller): ManagesMembers,
    _: NoParameters,
    Json(new): Json<NewMember>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<MemberSummary>)> {
    let id = state.identity.add_member(&caller, new).await?;
    let member = state.identity.member(&caller, id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/members/{id}"))], Answer(member)))
}

async fn get(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(id): Segments<MemberId>,
) -> Result<Answer<MemberSummary>> {
    Ok(Answer(state.identity.member(&caller, id).await?))
}

async fn change(
    State(state): State<Services>,
    ManagesMembers(caller): ManagesMembers,
    _: NoParameters,
    Segments(id): Segments<MemberId>,
    Json(patch): Json<MemberPatch>,
) -> Result<Answer<MemberSummary>> {
    Ok(Answer(state.agents.change_member(&caller, id, patch).await?))
}

async fn sign_ins(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    _: NoParameters,
    Segments(id): Segments<MemberId>,
) -> Result<Answer<Whole<SeenSignIn>>> {
    Ok(page::whole(state.identity.sign_ins_of(&caller, id, Some(&credential)).await?))
}

async fn end_all(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(id): Segments<MemberId>,
) -> Result<StatusCode> {
    state.identity.end_sign_ins_of(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_one(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments((id, sign_in)): Segments<(MemberId, SignInId)>,
) -> Result<StatusCode> {
    state.identity.end_sign_in_of(&caller, id, sign_in).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link that is told once.
#[derive(Serialize, JsonSchema)]
struct ToldLink {
    /// Where its owner goes.
    link: String,
    /// What it ends in.
    token: String,
    expires_at: Timestamp,
}

async fn reset(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(id): Segments<MemberId>,
) -> Result<(StatusCode, Answer<ToldLink>)> {
    let made = state.identity.make_reset_link(&caller, id).await?;
    let link = format!("{}/reset/{}", state.public_url, made.token);
    Ok((StatusCode::CREATED, Answer(ToldLink { link, token: made.token, expires_at: made.expires_at })))
}
