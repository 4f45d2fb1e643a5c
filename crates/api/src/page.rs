//! The one shape of lists.

use axum::Json;
use serde::Serialize;
use serde_json::{Value, json};

/// A page of a list that goes on where there is a next cursor. The total is there where it was asked for.
pub(crate) fn page(data: impl Serialize, next: Option<String>, total: Option<u64>) -> Json<Value> {
    let mut page = json!({"has_more": next.is_some(), "next": next});
    if let Some(total) = total {
        page["total"] = total.into();
    }
    Json(json!({"data": data, "page": page}))
}

/// A list that is always whole.
pub(crate) fn whole(data: impl Serialize) -> Json<Value> {
    Json(json!({"data": data}))
}
