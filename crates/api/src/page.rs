//! The one shape of lists.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;

/// A page of a list that goes on where there is a next cursor. The total is there where it was asked for.
pub(crate) fn page<T: Serialize>(data: Vec<T>, next: Option<String>, total: Option<u64>) -> Json<Page<T>> {
    Json(Page { data, page: Place { has_more: next.is_some(), next, total } })
}

/// The first of a list that cannot be gone on with.
pub(crate) fn first<T: Serialize>(data: Vec<T>, has_more: bool) -> Json<Page<T>> {
    Json(Page { data, page: Place { has_more, next: None, total: None } })
}

/// A list that is always whole.
pub(crate) fn whole<T: Serialize>(data: Vec<T>) -> Json<Whole<T>> {
    Json(Whole { data })
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct Page<T> {
    data: Vec<T>,
    page: Place,
}

/// Where a page stands in its list.
#[derive(Serialize, JsonSchema)]
struct Place {
    has_more: bool,
    /// The cursor of the next page, to be given as `after`.
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
pub(crate) struct Whole<T> {
    pub(crate) data: Vec<T>,
}
