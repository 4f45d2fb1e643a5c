//! The records that a relation in a form can be given.

use axum::{
    Json,
    extract::{Request, State},
};
use kontor_crm::records::ListQuery;
use serde_json::{Value, json};

use crate::{error::Result, form::Fields, session::SignedIn, state::WebState};

const SHOWN: u32 = 12;

pub(crate) async fn find(
    State(state): State<WebState>,
    SignedIn { caller, .. }: SignedIn,
    request: Request,
) -> Result<Json<Value>> {
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes());
    let objects: Vec<String> =
        query.get("objects").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let schema = state.crm.schema(caller.workspace).await?;
    let mut items = Vec::new();
    match (query.get("q"), objects.as_slice()) {
        // Nothing written yet: the records last made.
        ("", [object]) => {
            let label_field = schema.object(object).map(|object| vec![object.label_field.to_string()]);
            let page = ListQuery { fields: label_field, limit: SHOWN, ..ListQuery::default() };
            for record in state.crm.list(&caller, object, page).await?.records {
                items.push(json!({
                    "object": record.object.name, "id": record.id, "label": record.label,
                    "kind": record.object.label,
                }));
            }
        }
        ("", _) => {}
        (words, _) => {
            for hit in state.crm.search(&caller, words, Some(objects), SHOWN).await? {
                items.push(json!({
                    "object": hit.object.name, "id": hit.id, "label": hit.label, "kind": hit.object.label,
                }));
            }
        }
    }
    Ok(Json(json!({ "items": items })))
}
