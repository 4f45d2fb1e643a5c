//! What a label takes, set on the page of an agent's prompt.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_core::{caller::Caller, grants::Permission};
use kontor_evals::evaluations::{GateView, NewGate};
use kontor_http::Services;

use crate::{
    error::{Result, refused},
    form::Fields,
    pages::agents::{href, prompt::not_taken},
    session::Sent,
};

/// What the row of a label says of its gate.
pub(crate) struct GateOfLabel {
    pub(crate) dataset: String,
    pub(crate) min_score: String,
    pub(crate) no_regression: bool,
    pub(crate) flaky_tags: String,
    pub(crate) version: i64,
    /// In a sentence.
    pub(crate) words: String,
}

/// The gate of a label, for those who may see it.
pub(crate) async fn of_label(
    state: &Services,
    caller: &Caller,
    agent: &str,
    label: &str,
) -> Result<Option<GateOfLabel>> {
    let found = state.evaluations.find_gate(caller, agent, label).await?;
    Ok(found.map(|GateView { gate, version, .. }| {
        let mut words = format!("Needs a run of {}", gate.dataset);
        if let Some(least) = gate.min_score {
            words.push_str(&format!(" with a score of {least} at least"));
        }
        if gate.no_regression {
            words.push_str(", no case worse than now");
        }
        if !gate.no_flaky_tags.is_empty() {
            words.push_str(&format!(", none flaky of {}", gate.no_flaky_tags.join(", ")));
        }
        GateOfLabel {
            dataset: gate.dataset,
            min_score: gate.min_score.map(|least| least.to_string()).unwrap_or_default(),
            no_regression: gate.no_regression,
            flaky_tags: gate.no_flaky_tags.join(", "),
            version,
            words,
        }
    }))
}

/// Whether the reader may see what labels take.
pub(crate) fn may_see(caller: &Caller) -> bool {
    let any = [Permission::Prompts, Permission::Evaluations, Permission::Publishing];
    any.iter().any(|permission| caller.grants.permits(*permission))
}

/// Whether the reader may set gates, and publish without what they require.
pub(crate) fn may_publish(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Publishing)
}

pub(crate) async fn set(
    State(state): State<Services>,
    Path((name, label)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response> {
    let outcome = match sent.fields.get("remove").is_empty() {
        false => state.evaluations.remove_gate(&sent.caller, &name, &label).await,
        true => {
            let gate = wanted(&sent.fields);
            state.evaluations.set_gate(&sent.caller, &name, &label, gate).await.map(drop)
        }
    };
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("{}/prompt?done=gate#labels", href(&name))).into_response()),
        Err(error) => {
            let why = refused(error)?;
            not_taken(&state, &name, Sent { fields: Fields::default(), ..sent }, why).await
        }
    }
}

fn wanted(fields: &Fields) -> NewGate {
    let tags = fields.get("flaky_tags").split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let least = fields.get("min_score");
    NewGate {
        dataset: fields.get("dataset").to_owned(),
        // What is no number is out of range, which is said.
        min_score: Some(least)
            .filter(|least| !least.is_empty())
            .map(|least| least.parse().unwrap_or(f64::NAN)),
        no_regression: !fields.get("no_regression").is_empty(),
        no_flaky_tags: tags.map(str::to_owned).collect(),
        version: fields.get("version").parse().ok(),
    }
}
