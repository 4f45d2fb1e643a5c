//! The records that a relation in a form can be given.

use axum::{
    Json,
    extract::{Request, State},
};
use kontor_core::metadata::Name;
use kontor_http::Services;
use serde_json::{Value, json};

use crate::{error::Result, form::Fields, records::Names, session::SignedIn, shell::viewer};

const SHOWN: u32 = 12;

pub(crate) async fn find(
    State(state): State<Services>,
    SignedIn { caller, .. }: SignedIn,
    request: Request,
) -> Result<Json<Value>> {
    let query = Fields::of_query(&request);
    let objects: Vec<Name> = query.get("objects").split(',').filter_map(|name| name.parse().ok()).collect();
    let schema = state.crm.schema(caller.workspace).await?;
    let viewer = viewer(&state, &caller, &schema);
    let names = Names { state: &state, caller: &caller, viewer: &viewer };
    let found = match (query.get("q"), objects.as_slice()) {
        // Nothing written yet: the records last made.
        ("", [object]) => names.newest(object, SHOWN).await?,
        ("", _) | (_, []) => Vec::new(),
        (words, objects) => names.find(objects, words, SHOWN).await?,
    };
    let items = found.iter().map(|named| {
        json!({
            "object": named.object, "id": named.id, "label": named.label, "kind": named.kind,
            "detail": named.detail, "exact": named.is_exact,
        })
    });
    Ok(Json(json!({ "items": items.collect::<Vec<_>>() })))
}
