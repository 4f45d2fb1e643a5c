use axum::extract::State;
use kontor_core::{
    error::{Issue, Problem},
    ids::RecordId,
    text,
};
use kontor_crm::records::{BatchInput, BatchUpdate, RecordWrite};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::written::Written;
use crate::{
    extract::{Acting, IdempotencyKey, Json, NoParameters, Segments},
    problem::{ApiError, Result},
};

/// The body as it is sent: one of the three, all or nothing. What an item lacks is told of every item.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct Batch {
    /// Records to be made: up to 200 objects of fields.
    #[schemars(with = "Vec<Map<String, Value>>", default, length(max = 200))]
    create: Option<Vec<Value>>,
    /// Records to be changed: up to 200 objects of an `id` and fields.
    #[schemars(with = "Vec<Map<String, Value>>", default, length(max = 200))]
    update: Option<Vec<Value>>,
    /// The ids of up to 200 records to be deleted.
    #[schemars(with = "Vec<RecordId>", default, length(max = 200))]
    delete: Option<Vec<Value>>,
}

/// What a batch does, and the key it stands under.
fn read(batch: Batch) -> Result<(&'static str, BatchInput)> {
    Ok(match batch {
        Batch { create: Some(items), update: None, delete: None } => {
            ("create", BatchInput::Create(each("create", items, fields)?))
        }
        Batch { create: None, update: Some(items), delete: None } => {
            ("update", BatchInput::Update(each("update", items, update)?))
        }
        Batch { create: None, update: None, delete: Some(items) } => {
            ("delete", BatchInput::Delete(each("delete", items, |item| id(Some(&item), ""))?))
        }
        _ => {
            let message = "A batch has one of create, update and delete.";
            return Err(ApiError::issue("", "wrong_type", message));
        }
    })
}

fn each<T>(
    name: &str,
    items: Vec<Value>,
    read: impl Fn(Value) -> std::result::Result<T, Issue>,
) -> Result<Vec<T>> {
    // Too many are refused before each of them is.
    let refuse = |issue: Issue| ApiError::of(Problem::invalid(vec![issue.within(name)]));
    BatchInput::check_len(items.len()).map_err(refuse)?;
    let (mut read_items, mut issues) = (Vec::with_capacity(items.len()), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        match read(item) {
            Ok(item) => read_items.push(item),
            Err(issue) => issues.push(issue.within(&format!("{name}[{index}]"))),
        }
    }
    if issues.is_empty() { Ok(read_items) } else { Err(ApiError::of(Problem::invalid(issues))) }
}

fn fields(item: Value) -> std::result::Result<Map<String, Value>, Issue> {
    match item {
        Value::Object(fields) => Ok(fields),
        other => {
            let given = text::excerpt(&other.to_string(), 60);
            Err(Issue::new("", "wrong_type", format!("expected an object of fields, got {given}")))
        }
    }
}

fn update(item: Value) -> std::result::Result<BatchUpdate, Issue> {
    let mut fields = fields(item)?;
    let id = id(fields.remove("id").as_ref(), "id")?;
    Ok(BatchUpdate { id, fields })
}

fn id(given: Option<&Value>, path: &str) -> std::result::Result<RecordId, Issue> {
    let Some(given) = given else { return Err(Issue::new(path, "required", "id is required")) };
    given.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let given = text::excerpt(&given.to_string(), 60);
        Issue::new(path, "invalid_id", format!("expected the id of a record, got {given}"))
    })
}

pub(super) async fn batch(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    key: IdempotencyKey,
    _: NoParameters,
    Json(batch): Json<Batch>,
) -> Result<Written> {
    let key = key.over(&batch);
    let (name, input) = read(batch)?;
    let write = RecordWrite::Batch(input);
    let written = state.crm.write_once(&caller, &plural, write, key, Written::all).await;
    written.map_err(|error| ApiError::from(error).within(name))
}
