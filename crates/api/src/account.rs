//! The caller's own account: where they are signed in, and their password, also by a link.

use aide::axum::{
    ApiRouter,
    routing::{delete_with, get_with, post_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_core::ids::SignInId;
use kontor_http::Services;
use kontor_identity::{PasswordChange, ResetView, SeenSignIn};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    extract::{Json, NoParameters, PeerAddress, Segments, SignedIn, StreamCaller},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let sign_ins =
        get_with(sign_ins, |op| op.is("list_sign_ins", "Where the caller is signed in").tag("Sign-in"))
            .delete_with(end_others, |op| {
                op.is("end_other_sign_ins", "Ends all of the caller's sign-ins but the one that asks")
                    .tag("Sign-in")
                    .answers::<204, ()>()
            });
    let sign_in = delete_with(end_one, |op| {
        op.is("end_sign_in", "Ends one of the caller's sign-ins").tag("Sign-in").answers::<204, ()>()
    });
    let password = post_with(change_password, |op| {
        op.is("change_password", "Changes the caller's password and ends their other sign-ins")
            .tag("Sign-in")
            .answers::<204, ()>()
    });
    let reset = get_with(look, |op| {
        op.is("look_at_reset_link", "Whose password a link sets").tag("Sign-in").public()
    })
    .post_with(reset, |op| {
        op.is("reset_password", "Sets a password by a link and ends every sign-in of its user")
            .tag("Sign-in")
            .public()
            .answers::<204, ()>()
    });
    ApiRouter::new()
        .api_route("/me/sign-ins", sign_ins)
        .api_route("/me/sign-ins/{sign_in}", sign_in)
        .api_route("/me/password", password)
        .api_route("/password-resets/{token}", reset)
}

async fn sign_ins(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    _: NoParameters,
) -> Result<Answer<Whole<SeenSignIn>>> {
    Ok(page::whole(state.identity.own_sign_ins(&caller, &credential).await?))
}

async fn end_others(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    _: NoParameters,
) -> Result<StatusCode> {
    state.identity.end_other_sign_ins(&caller, &credential).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<SignInId>,
) -> Result<StatusCode> {
    state.identity.end_own_sign_in(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current_password: String,
    new_password: String,
}

async fn change_password(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    PeerAddress(remote): PeerAddress,
    _: NoParameters,
    Json(given): Json<NewPassword>,
) -> Result<StatusCode> {
    let change = PasswordChange { current: given.current_password, new: given.new_password, remote };
    state.identity.change_own_password(&caller, &credential, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn look(
    State(state): State<Services>,
    _: NoParameters,
    Segments(token): Segments<String>,
) -> Result<Answer<ResetView>> {
    Ok(Answer(state.identity.look_at_reset_link(&token).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    password: String,
}

async fn reset(
    State(state): State<Services>,
    _: NoParameters,
    Segments(token): Segments<String>,
    Json(given): Json<Reset>,
) -> Result<StatusCode> {
    state.identity.reset_password(&token, &given.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
