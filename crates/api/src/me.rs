//! The caller, as identity knows them, and what they set for themselves.

use aide::axum::{
    ApiRouter,
    routing::{delete_with, get_with},
};
use axum::{extract::State, http::StatusCode};
use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::Action,
    metadata::{Name, Schema},
    scope::Patterns,
};
use kontor_http::Services;
use kontor_identity::{AgentAccount, Credential, Delegation, Me, MeKey};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    extract::{ActingBy, Json, NoParameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
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
    let delegations = get_with(delegations, |op| {
        op.is("list_own_delegations", "What the caller lets software do, what was used last first")
            .tag("Sign-in")
    });
    let delegation = delete_with(withdraw, |op| {
        op.is("end_own_delegation", "Withdraws what the caller let software do")
            .tag("Sign-in")
            .answers::<204, ()>()
    });
    ApiRouter::new()
        .api_route("/me", me)
        .api_route("/me/delegations", delegations)
        .api_route("/me/delegations/{delegation}", delegation)
}

/// Who asks, for whom, and what they may do here.
#[derive(Serialize, JsonSchema)]
struct Whoami {
    /// `member`, `agent` for software that acts for one, or `api_key` for a service account.
    r#type: &'static str,
    #[serde(flatten)]
    member: Option<Me>,
    #[serde(flatten)]
    key: Option<MeKey>,
    /// Who acts for the member, by a token of which scope and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<AgentAccount>,
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
    ActingBy(caller, credential): ActingBy,
    _: NoParameters,
) -> Result<axum::Json<Whoami>> {
    let agent = match &credential {
        Credential::AccessToken(token) if caller.agent.is_some() => {
            state.identity.agent_account(token).await?
        }
        _ => None,
    };
    let schema = state.crm.schema(caller.workspace).await?;
    let (member, key) = match caller.principal {
        Principal::ApiKey { .. } => (None, Some(state.identity.me_by_key(&caller).await?)),
        _ => (Some(state.identity.me(&caller).await?), None),
    };
    Ok(axum::Json(Whoami {
        r#type: if agent.is_some() { "agent" } else { caller.principal.kind() },
        agent,
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

async fn delegations(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<axum::Json<Whole<Delegation>>> {
    Ok(page::whole(state.identity.own_delegations(&caller).await?))
}

async fn withdraw(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<StatusCode> {
    state.identity.end_own_delegation(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
