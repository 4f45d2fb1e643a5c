//! The one shape of lists.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

/// A page of a list that goes on where there is a next cursor. The total is there where it was asked for.
pub(crate) fn page(data: impl Serialize, next: Option<String>, total: Option<u64>) -> Response {
    Json(Page { data, page: Place { has_more: next.is_some(), next, total } }).into_response()
}

/// The first of a list that cannot be gone on with.
pub(crate) fn first(data: impl Serialize, has_more: bool) -> Response {
    Json(Page { data, page: Place { has_more, next: None, total: None } }).into_response()
}

/// A list that is always whole.
pub(crate) fn whole(data: impl Serialize) -> Response {
    Json(Whole { data }).into_response()
}

#[derive(Serialize)]
struct Page<T> {
    data: T,
    page: Place,
}

#[derive(Serialize)]
struct Place {
    has_more: bool,
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Serialize)]
pub(crate) struct Whole<T> {
    pub(crate) data: T,
}
