//! What may be used up in a turn and in a day.

use aide::axum::{
    ApiRouter,
    routing::{get_with, put_with},
};
use axum::{Json, extract::State, http::StatusCode};
use kontor_agents::{Budget, BudgetScope, NewBudget};
use kontor_http::Services;

use crate::{
    extract::{self, Acting, ChangesSettings, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed = get_with(list, |op| op.is("list_budgets", "What may be used up").tag("Agents"));
    let of_all = put_with(set_of_all, |op| {
        op.is("set_budget", "Sets the budget of a turn or the workspace, or of each agent or member")
            .tag("Agents")
    })
    .delete_with(remove_of_all, |op| {
        op.is("remove_budget", "Removes such a budget").tag("Agents").answers::<204, ()>()
    });
    let of_one = put_with(set_of_one, |op| {
        op.is("set_budget_of", "Sets the budget of one agent or member").tag("Agents")
    })
    .delete_with(remove_of_one, |op| {
        op.is("remove_budget_of", "Removes the budget of one agent or member")
            .tag("Agents")
            .answers::<204, ()>()
    });
    ApiRouter::new()
        .api_route("/budgets", listed)
        .api_route("/budgets/{scope}", of_all)
        .api_route("/budgets/{scope}/{subject}", of_one)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<Whole<Budget>>> {
    Ok(page::whole(state.agents.budgets(&caller).await?))
}

async fn set_of_all(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    _: NoParameters,
    Segments(scope): Segments<String>,
    extract::Json(new): extract::Json<NewBudget>,
) -> Result<Json<Budget>> {
    Ok(Json(state.agents.set_budget(&caller, known(&scope)?, None, new).await?))
}

async fn remove_of_all(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(scope): Segments<String>,
) -> Result<StatusCode> {
    state.agents.remove_budget(&caller, known(&scope)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_of_one(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    _: NoParameters,
    Segments((scope, subject)): Segments<(String, String)>,
    extract::Json(new): extract::Json<NewBudget>,
) -> Result<Json<Budget>> {
    Ok(Json(state.agents.set_budget(&caller, known(&scope)?, Some(&subject), new).await?))
}

async fn remove_of_one(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments((scope, subject)): Segments<(String, String)>,
) -> Result<StatusCode> {
    state.agents.remove_budget(&caller, known(&scope)?, Some(&subject)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn known(scope: &str) -> Result<BudgetScope> {
    BudgetScope::from_word(scope).ok_or_else(ApiError::not_found)
}
