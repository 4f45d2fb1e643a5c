//! What a run has to show before a label of an agent's prompt moves.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_evals::evaluations::{GateStanding, GateView, NewGate};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    extract::{Holds, Json, NoParameters, Parameter, Parameters, Publishes, Segments, SignedIn},
    openapi::Describe as _,
    problem::Result,
};

const KNOWN: [Parameter; 1] = [Parameter::new(
    "version",
    Holds::Number { least: 1, most: u32::MAX },
    "The version of the prompt of which it is told whether it could be published now.",
)];

pub(crate) fn routes() -> ApiRouter<Services> {
    let gate = get_with(one, |op| {
        op.is("get_gate", "What a run has to show before a label moves, and whether one does")
            .tag("Agents")
            .queries(&KNOWN)
    })
    .put_with(set, |op| op.is("set_gate", "Sets what a run has to show before a label moves").tag("Agents"))
    .delete_with(remove, |op| {
        op.is("remove_gate", "Has a label move without a run").tag("Agents").answers::<204, ()>()
    });
    ApiRouter::new().api_route("/agents/{name}/labels/{label}/gate", gate)
}

/// A gate, with whether a version passes it where one is named.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gate")]
struct Told {
    #[serde(flatten)]
    gate: GateView,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<GateStanding>,
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments((name, label)): Segments<(String, String)>,
    parameters: Parameters,
) -> Result<Answer<Told>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let gate = state.evaluations.gate(&caller, &name, &label).await?;
    let standing = match parameters.number("version", 1..=u32::MAX)? {
        None => None,
        Some(version) => {
            Some(state.evaluations.gate_standing(&caller, &name, &label, i64::from(version)).await?)
        }
    };
    Ok(Answer(Told { gate, standing }))
}

async fn set(
    State(state): State<Services>,
    Publishes(caller): Publishes,
    _: NoParameters,
    Segments((name, label)): Segments<(String, String)>,
    Json(new): Json<NewGate>,
) -> Result<Answer<GateView>> {
    Ok(Answer(state.evaluations.set_gate(&caller, &name, &label, new).await?))
}

async fn remove(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, label)): Segments<(String, String)>,
) -> Result<StatusCode> {
    state.evaluations.remove_gate(&caller, &name, &label).await?;
    Ok(StatusCode::NO_CONTENT)
}
