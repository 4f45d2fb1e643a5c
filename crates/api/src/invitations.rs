//! Invitations: links by which people come to the workspace.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use kontor_http::Services;
use kontor_identity::{Acceptance, Invitation, InvitationView, NewInvitation, Tokens};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    extract::{Acting, Json, ManagesMembers, NoParameters, PeerAddress, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_invitations", "Invitations that were neither taken nor revoked").tag("Members")
    })
    .post_with(create, |op| {
        op.is("create_invitation", "Invites somebody by a link, which is told once")
            .tag("Members")
            .answers::<201, Answer<ToldInvitation>>()
    });
    let one = get_with(look, |op| {
        op.is("look_at_invitation", "What an invitation is, for whoever has its link").tag("Members").public()
    })
    .delete_with(revoke, |op| {
        op.is("revoke_invitation", "Makes an invitation's link useless").tag("Members").answers::<204, ()>()
    });
    let accept = post_with(accept, |op| {
        op.is("accept_invitation", "Takes an invitation and signs in").tag("Members").public()
    });
    ApiRouter::new()
        .api_route("/invitations", all)
        .api_route("/invitations/{invitation}", one)
        .api_route("/invitations/{invitation}/accept", accept)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Answer<Whole<Invitation>>> {
    Ok(page::whole(state.identity.invitations(&caller).await?))
}

/// An invitation with its link.
#[derive(Serialize, JsonSchema)]
struct ToldInvitation {
    #[serde(flatten)]
    invitation: Invitation,
    /// Where the person goes; it is not told again.
    link: String,
    /// What it ends in.
    token: String,
}

async fn create(
    State(state): State<Services>,
    ManagesMembers(caller): ManagesMembers,
    _: NoParameters,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Answer<ToldInvitation>)> {
    let invited = state.identity.invite(&caller, new).await?;
    let token = invited.token.as_str().to_owned();
    let link = format!("{}/invitations/{token}", state.public_url);
    Ok((StatusCode::CREATED, Answer(ToldInvitation { invitation: invited.invitation, link, token })))
}

async fn look(
    State(state): State<Services>,
    _: NoParameters,
    Segments(token): Segments<String>,
) -> Result<Answer<InvitationView>> {
    Ok(Answer(state.identity.look_at_invitation(&token).await?))
}

async fn revoke(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<StatusCode> {
    state.identity.revoke_invitation(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// Of somebody who is new here.
    #[serde(default)]
    name: String,
    /// The one of their account, or a new one.
    password: String,
}

async fn accept(
    State(state): State<Services>,
    PeerAddress(remote): PeerAddress,
    _: NoParameters,
    Segments(token): Segments<String>,
    headers: HeaderMap,
    Json(accepted): Json<Accepted>,
) -> Result<Answer<Tokens>> {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let acceptance = Acceptance {
        name: accepted.name,
        password: accepted.password,
        remote,
        user_agent: user_agent.map(str::to_owned),
        known_browser: String::new(),
    };
    Ok(Answer(state.identity.accept_invitation(&token, acceptance).await?))
}
