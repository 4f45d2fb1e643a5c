//! Records of every object. `{plural}` names the object: `/api/records/deals`.
//!
//! A file per use case; what they share, the way a record looks and its headers, is here.

mod batch;
mod create;
mod delete;
mod destroy;
mod duplicates;
mod get;
mod group;
mod list;
mod restore;
mod timeline;
mod update;
mod written;

use axum::{
    Json, Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kontor_crm::records::Record;

use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/records/{plural}", get(list::list).post(create::create))
        .route("/records/{plural}/batch", post(batch::batch))
        .route("/records/{plural}/group", get(group::group))
        .route("/records/{plural}/duplicates", get(duplicates::of_record).post(duplicates::of_fields))
        .route("/records/{plural}/{id}", get(get::get).patch(update::update).delete(delete::delete))
        .route("/records/{plural}/{id}/restore", post(restore::restore))
        .route("/records/{plural}/{id}/destroy", post(destroy::destroy))
        .route("/records/{plural}/{id}/timeline", get(timeline::timeline))
}

/// One record, bare, with its version as entity tag for a later `If-Match`.
fn single(record: &Record) -> Response {
    let mut response = Json(record).into_response();
    if let Ok(tag) = HeaderValue::try_from(tag(record.version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A version as entity tag.
fn tag(version: i64) -> String {
    format!("\"{version}\"")
}
