//! Labels, and the reviews by which protected ones move.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with, put_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_agents::{Label, LabelMove, NewReview, Review, ReviewAnswer};
use kontor_core::ids::ReviewId;
use kontor_http::Services;

use crate::{
    extract::{Json, NoParameters, Segments, SignedIn, WritesPrompts},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| op.is("list_labels", "The labels of an agent's prompt").tag("Agents"));
    let single = put_with(place, |op| {
        op.is("move_label", "Moves a label from where it is believed to be to another version").tag("Agents")
    })
    .delete_with(remove, |op| {
        op.is("remove_label", "Removes a label that is not production").tag("Agents").answers::<204, ()>()
    });
    let reviews = get_with(reviews, |op| {
        op.is("list_reviews", "What a second person was asked about an agent's labels").tag("Agents")
    })
    .post_with(request, |op| {
        op.is("request_review", "Asks a second person whether a label may move")
            .tag("Agents")
            .answers::<201, Answer<Review>>()
    });
    let answer = post_with(answer, |op| {
        op.is("answer_review", "Approves a move, which takes place then, refuses it or takes it back")
            .tag("Agents")
    });
    ApiRouter::new()
        .api_route("/agents/{name}/labels", all)
        .api_route("/agents/{name}/labels/{label}", single)
        .api_route("/agents/{name}/reviews", reviews)
        .api_route("/agents/{name}/reviews/{id}", answer)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<Label>>> {
    Ok(page::whole(state.agents.labels(&caller, &name).await?))
}

async fn place(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments((name, label)): Segments<(String, String)>,
    Json(to): Json<LabelMove>,
) -> Result<Answer<Label>> {
    Ok(Answer(state.agents.move_label(&caller, &name, &label, to).await?))
}

async fn remove(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, label)): Segments<(String, String)>,
) -> Result<StatusCode> {
    state.agents.remove_label(&caller, &name, &label).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reviews(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<Review>>> {
    Ok(page::whole(state.agents.reviews(&caller, &name).await?))
}

async fn request(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewReview>,
) -> Result<(StatusCode, Answer<Review>)> {
    Ok((StatusCode::CREATED, Answer(state.agents.request_review(&caller, &name, new).await?)))
}

async fn answer(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments((name, id)): Segments<(String, ReviewId)>,
    Json(answer): Json<ReviewAnswer>,
) -> Result<Answer<Review>> {
    Ok(Answer(state.agents.answer_review(&caller, &name, id, answer).await?))
}
