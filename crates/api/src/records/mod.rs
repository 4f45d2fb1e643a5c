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

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use kontor_core::reference::RecordReference;
use kontor_crm::records::Record;

use kontor_http::Services;

pub(crate) use self::written::Written;
use crate::{openapi::Describe as _, page::Whole};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list::list, |op| {
        op.is("list_records", "A page of records").tag("Records").queries(&list::KNOWN)
    })
    .post_with(create::create, |op| {
        op.is("create_record", "Makes a record").tag("Records").answers::<201, Single>()
    });
    let batch = post_with(batch::batch, |op| {
        op.is("write_records", "Makes, changes or deletes up to 200 records, all or none")
            .tag("Records")
            .answers::<200, Whole<Record>>()
    });
    let group = get_with(group::group, |op| {
        op.is("group_records", "Counts and totals of records").tag("Records").queries(&group::KNOWN)
    });
    let duplicates = get_with(duplicates::of_record, |op| {
        op.is("find_duplicates", "The records that may stand for the same as one that is there")
            .tag("Records")
            .queries(&duplicates::KNOWN)
    })
    .post_with(duplicates::of_fields, |op| {
        op.is("find_duplicates_of", "The records that may stand for the same as one of these fields would")
            .tag("Records")
    });
    let one = get_with(get::get, |op| op.is("get_record", "A record").tag("Records").queries(&get::KNOWN))
        .patch_with(update::update, |op| {
            op.is("update_record", "Changes the fields that are given; null empties one")
                .tag("Records")
                .answers::<200, Single>()
        })
        .delete_with(delete::delete, |op| {
            op.is("delete_record", "Deletes a record, which can be restored")
                .tag("Records")
                .answers::<204, ()>()
        });
    let restore = post_with(restore::restore, |op| {
        op.is("restore_record", "Restores a deleted record").tag("Records").answers::<200, Single>()
    });
    let destroy = post_with(destroy::destroy, |op| {
        op.is("destroy_record", "Removes a record for good").tag("Records").answers::<204, ()>()
    });
    let timeline = get_with(timeline::timeline, |op| {
        op.is("list_timeline", "What happened to a record, the latest first")
            .tag("Records")
            .queries(&timeline::KNOWN)
    });
    ApiRouter::new()
        .api_route("/records/{plural}", all)
        .api_route("/records/{plural}/batch", batch)
        .api_route("/records/{plural}/group", group)
        .api_route("/records/{plural}/duplicates", duplicates)
        .api_route("/records/{plural}/{id}", one)
        .api_route("/records/{plural}/{id}/restore", restore)
        .api_route("/records/{plural}/{id}/destroy", destroy)
        .api_route("/records/{plural}/{id}/timeline", timeline)
}

/// What may stand for the same.
type Similar = Json<Whole<RecordReference>>;

/// One record, bare, with its version as entity tag for a later `If-Match`.
pub(crate) struct Single(Record);

impl IntoResponse for Single {
    fn into_response(self) -> Response {
        let mut response = Json(&self.0).into_response();
        if let Ok(tag) = HeaderValue::try_from(tag(self.0.version)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// A version as entity tag.
fn tag(version: i64) -> String {
    format!("\"{version}\"")
}
