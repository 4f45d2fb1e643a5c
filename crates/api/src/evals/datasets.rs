//! Datasets: as JSON or as the text of a file.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_evals::evaluations::{
    DatasetChanges, DatasetSummary, DatasetView, Error, NewCase, NewDataset, ShippedDataset, shipped,
};
use kontor_http::Services;

use crate::{
    extract::{Evaluates, Json, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all =
        get_with(list, |op| op.is("list_datasets", "The workspace's datasets, by name").tag("Evaluations"))
            .post_with(add, |op| {
                op.is("add_dataset", "Adds a dataset: as JSON, as the text of a file, or one that ships")
                    .tag("Evaluations")
                    .answers::<201, Answer<DatasetView>>()
            });
    let single =
        get_with(one, |op| op.is("get_dataset", "A dataset with its cases and its text").tag("Evaluations"))
            .put_with(replace, |op| {
                op.is("replace_dataset", "Changes a dataset; members that are absent are gone")
                    .tag("Evaluations")
            })
            .patch_with(change, |op| {
                op.is("change_dataset", "Changes a dataset; members that are absent stay").tag("Evaluations")
            })
            .delete_with(remove, |op| {
                op.is("remove_dataset", "Removes a dataset; runs that were made of it stay")
                    .tag("Evaluations")
                    .answers::<204, ()>()
            });
    let shipped = get_with(ship, |op| {
        op.is("list_shipped_datasets", "The datasets that ship with Kontor, to be added by name")
            .tag("Evaluations")
    });
    let cases = post_with(add_case, |op| {
        op.is("add_case", "Adds a turn of a chat to a dataset as a case")
            .tag("Evaluations")
            .answers::<201, Answer<DatasetView>>()
    });
    ApiRouter::new()
        .api_route("/evals/datasets", all)
        .api_route("/evals/datasets/{name}", single)
        .api_route("/evals/datasets/{name}/cases", cases)
        .api_route("/evals/shipped", shipped)
}

async fn list(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
) -> Result<Answer<Whole<DatasetSummary>>> {
    Ok(page::whole(state.evaluations.datasets(&caller).await?))
}

async fn add(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Json(new): Json<NewDataset>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<DatasetView>)> {
    let added = state.evaluations.add_dataset(&caller, new).await?;
    let location = format!("/api/evals/datasets/{}", added.content.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(added)))
}

async fn one(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<DatasetView>> {
    Ok(Answer(state.evaluations.dataset(&caller, &name).await?))
}

async fn replace(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(changes): Json<DatasetChanges>,
) -> Result<Answer<DatasetView>> {
    Ok(Answer(state.evaluations.change_dataset(&caller, &name, changes, true).await?))
}

async fn change(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(changes): Json<DatasetChanges>,
) -> Result<Answer<DatasetView>> {
    Ok(Answer(state.evaluations.change_dataset(&caller, &name, changes, false).await?))
}

async fn add_case(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewCase>,
) -> Result<(StatusCode, Answer<DatasetView>)> {
    Ok((StatusCode::CREATED, Answer(state.evaluations.add_case(&caller, &name, new).await?)))
}

async fn remove(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<StatusCode> {
    state.evaluations.remove_dataset(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ship(Evaluates(_): Evaluates, _: NoParameters) -> Result<Answer<Whole<ShippedDataset>>> {
    Ok(page::whole(shipped().map_err(Error::from)?))
}
