//! Roles: what members and agents may do.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_http::Services;
use kontor_identity::{NewRole, Role, RoleChanges, RoleHolders, ToldRole};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    extract::{Acting, IfMatch, Json, ManagesRoles, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| op.is("list_roles", "The workspace’s roles, by name").tag("Roles"))
        .post_with(create, |op| {
            op.is("create_role", "Makes a role, with grants of its own or those of another")
                .tag("Roles")
                .answers::<201, Answer<Role>>()
        });
    let one = get_with(show, |op| op.is("get_role", "A role, and who has it").tag("Roles"))
        .patch_with(change, |op| {
            op.is("change_role", "Changes what it names; grants are set anew as a whole").tag("Roles")
        })
        .delete_with(delete, |op| {
            op.is("delete_role", "Removes a role that nobody has").tag("Roles").answers::<204, ()>()
        });
    let again =
        post_with(reset, |op| op.is("reset_role", "Gives a standard role its grants back").tag("Roles"));
    ApiRouter::new()
        .api_route("/roles", all)
        .api_route("/roles/{name}", one)
        .api_route("/roles/{name}/reset", again)
}

/// A role, and who has it.
#[derive(Serialize, JsonSchema)]
struct RoleWithHolders {
    #[serde(flatten)]
    role: ToldRole,
    held_by: RoleHolders,
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Answer<Whole<ToldRole>>> {
    Ok(page::whole(state.identity.roles(&caller).await?))
}

async fn create(
    State(state): State<Services>,
    ManagesRoles(caller): ManagesRoles,
    _: NoParameters,
    Json(new): Json<NewRole>,
) -> Result<(StatusCode, Answer<Role>)> {
    Ok((StatusCode::CREATED, Answer(state.identity.create_role(&caller, new).await?)))
}

async fn show(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<RoleWithHolders>> {
    let (role, held_by) = state.identity.role(&caller, &name).await?;
    Ok(Answer(RoleWithHolders { role, held_by }))
}

async fn change(
    State(state): State<Services>,
    ManagesRoles(caller): ManagesRoles,
    Segments(name): Segments<String>,
    IfMatch(if_match): IfMatch,
    _: NoParameters,
    Json(changes): Json<RoleChanges>,
) -> Result<Answer<Role>> {
    let changes = RoleChanges { version: changes.version.or(if_match), ..changes };
    Ok(Answer(state.identity.change_role(&caller, &name, changes).await?))
}

async fn delete(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<StatusCode> {
    state.identity.delete_role(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Role>> {
    Ok(Answer(state.identity.reset_role(&caller, &name).await?))
}
