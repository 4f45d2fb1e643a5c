//! The caller, as identity knows them, and what they set for themselves.

use aide::axum::{ApiRouter, routing::get_with};
use axum::extract::State;
use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::Action,
    metadata::{Name, Schema},
    scope::Patterns,
};
use kontor_http::Services;
use kontor_identity::{Me, MeKey};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    extract::{Acting, Json, NoParameters, SignedIn},
    openapi::Describe as _,
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let me = get_with(me, |op| {
        op.is("get_me", "Who and where the caller is, and what holds for them").tag("Sign-in")
    })
    .patch_with(change, |op| {
        op.is("change_me", "Changes what the caller has set for themselves; null takes it back")
            .tag("Sign-in")
    });
    ApiRouter::new().api_route("/me", me)
}

/// Who asks, for whom, and what they may do here.
#[derive(Serialize, JsonSchema)]
struct Whoami {
    /// `member`, or `api_key` for a service account.
    r#type: &'static str,
    #[serde(flatten)]
    member: Option<Me>,
    #[serde(flatten)]
    key: Option<MeKey>,
    /// The operations that the key or token may call, as names and patterns; left out for a member in person.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Patterns>,
    /// What may be done with the records of each object that may be read.
    objects: Vec<RightsOnObject>,
}

#[derive(Serialize, JsonSchema)]
struct RightsOnObject {
    object: Name,
    label: String,
    actions: Vec<Action>,
}

async fn me(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<axum::Json<Whoami>> {
    let schema = state.crm.schema(caller.workspace).await?;
    let (member, key) = match caller.principal {
        Principal::ApiKey { .. } => (None, Some(state.identity.me_by_key(&caller).await?)),
        _ => (Some(state.identity.me(&caller).await?), None),
    };
    Ok(axum::Json(Whoami {
        r#type: caller.principal.kind(),
        member,
        key,
        scopes: caller.scope.as_patterns(),
        objects: rights(&caller, &schema),
    }))
}

/// The rights of a caller on each object, as far as their grants and their scope both allow.
fn rights(caller: &Caller, schema: &Schema) -> Vec<RightsOnObject> {
    let rights = schema.objects().iter().map(|object| RightsOnObject {
        object: object.name.clone(),
        label: object.label.clone(),
        actions: caller.actions_on(object),
    });
    rights.filter(|one| !one.actions.is_empty()).collect()
}

async fn change(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(changes): Json<Map<String, Value>>,
) -> Result<axum::Json<Me>> {
    state.identity.change_member_settings(&caller, &changes).await?;
    let renewed = match caller.member() {
        Some(member) => state.identity.caller_of_member(caller.workspace, member).await?,
        None => caller,
    };
    Ok(axum::Json(state.identity.me(&renewed).await?))
}
