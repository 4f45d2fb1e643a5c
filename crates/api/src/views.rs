//! Views: saved ways to look at an object's records.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_core::ids::ViewId;
use kontor_crm::views::{NewView, View, ViewChanges};
use kontor_http::Services;

use crate::{
    extract::{Holds, IfMatch, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

const KNOWN: [Parameter; 1] =
    [Parameter::new("object", Holds::Text, "Only those of the object of this name or plural.")];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_views", "The views that the caller may see, in their order").tag("Views").queries(&KNOWN)
    })
    .post_with(create, |op| {
        op.is("create_view", "Makes a view: a table, a board or a calendar")
            .tag("Views")
            .answers::<201, Answer<View>>()
    });
    let one = get_with(show, |op| op.is("get_view", "A view").tag("Views"))
        .patch_with(change, |op| {
            op.is("change_view", "Changes what is given of a view; null empties it").tag("Views")
        })
        .delete_with(delete, |op| {
            op.is("delete_view", "Deletes a view for good").tag("Views").answers::<204, ()>()
        });
    ApiRouter::new().api_route("/views", all).api_route("/views/{id}", one)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Whole<View>>> {
    let object = parameters.knowing(&KNOWN)?.owned("object");
    Ok(page::whole(state.crm.views(&caller, object.as_deref()).await?))
}

async fn create(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(new): Json<NewView>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<View>)> {
    let made = state.crm.create_view(&caller, new).await?;
    let location = format!("/api/views/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(made)))
}

async fn show(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<ViewId>,
) -> Result<Answer<View>> {
    let (_, view) = state.crm.view(&caller, id).await?;
    Ok(Answer(view))
}

async fn change(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(id): Segments<ViewId>,
    IfMatch(if_match): IfMatch,
    _: NoParameters,
    Json(changes): Json<ViewChanges>,
) -> Result<Answer<View>> {
    let changes = ViewChanges { version: changes.version.or(if_match), ..changes };
    Ok(Answer(state.crm.change_view(&caller, id, changes).await?))
}

async fn delete(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(id): Segments<ViewId>,
    IfMatch(if_match): IfMatch,
    _: NoParameters,
) -> Result<StatusCode> {
    state.crm.delete_view(&caller, id, if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
