//! What members think of answers.

use aide::axum::{
    ApiRouter,
    routing::{get_with, put_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_agents::{Feedback, FeedbackQuery, NewFeedback, Rating};
use kontor_core::ids::TurnId;
use kontor_http::Services;

use crate::{
    extract::{Holds, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Page},
    problem::{ApiError, Result},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

const KNOWN: [Parameter; 4] = [
    Parameter::new("rating", Holds::Word(&["up", "down"]), "Only that with this rating."),
    Parameter::new("agent", Holds::Text, "Only that on answers of the agent of this name."),
    Parameter::limit(MAX_LIMIT),
    Parameter::after(),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let of_turn = put_with(set, |op| {
        op.is(
            "set_feedback",
            "Says what the caller thinks of an answer, in the place of what they said before",
        )
        .tag("Chat")
    })
    .delete_with(remove, |op| op.is("remove_feedback", "Takes that back").tag("Chat").answers::<204, ()>());
    let all = get_with(list, |op| {
        op.is("list_feedback", "What members think of answers, the latest first")
            .tag("Agents")
            .queries(&KNOWN)
    });
    ApiRouter::new().api_route("/turns/{id}/feedback", of_turn).api_route("/feedback", all)
}

async fn set(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
    Json(new): Json<NewFeedback>,
) -> Result<Answer<Feedback>> {
    Ok(Answer(state.agents.set_feedback(&caller, turn, new).await?))
}

async fn remove(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<StatusCode> {
    state.agents.remove_feedback(&caller, turn).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Page<Feedback>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let rating = match parameters.text("rating") {
        None => None,
        Some(word) => Some(
            Rating::from_word(word)
                .ok_or_else(|| ApiError::issue("rating", "invalid_value", "up or down is expected here."))?,
        ),
    };
    let query = FeedbackQuery {
        rating,
        agent: parameters.owned("agent"),
        limit: parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        after: parameters.owned("after"),
    };
    let found = state.agents.feedback(&caller, query).await?;
    Ok(page::page(found.feedback, found.next, None))
}
