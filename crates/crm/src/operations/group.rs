use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    metadata::{FieldKind, Object, TextFormat},
    operation::{Definition, Effect, Operation},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    arguments, definition, render,
    schema::{self, View},
    told,
};
use crate::{
    Work, WorkFamily,
    records::{self, Aggregate, Function, GroupQuery},
};

const MOST: u32 = 100;
const DEFAULT: u32 = 60;
const BUCKETS: [&str; 5] = ["day", "week", "month", "quarter", "year"];

/// `deal.group`: counts and totals.
pub(super) struct GroupBy {
    definition: Definition,
    object: Arc<Object>,
}

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    aggregates: Vec<Figure>,
    filter: Option<Json>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
struct Figure {
    function: Function,
    field: Option<String>,
}

impl GroupBy {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let many = view.many();
        let description = format!(
            "Count and total {many}, also by groups. Without \"by\" all {many} that match are one group; money \
             is totalled by currency."
        );
        Self { definition: definition(&object, "group", Effect::Read, description, parameters(view)), object }
    }
}

impl Operation<WorkFamily> for GroupBy {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let arguments: Arguments = arguments(json)?;
            let query = GroupQuery {
                by: arguments.by,
                aggregates: arguments
                    .aggregates
                    .into_iter()
                    .map(|Figure { function, field }| Aggregate { function, field })
                    .collect(),
                filter: arguments.filter,
                limit: arguments.limit.unwrap_or(DEFAULT).min(MOST),
            };
            let groups = records::group(work, &self.object, &query).await.map_err(told)?;
            let mut shown: Vec<Json> = groups.iter().map(|group| group.to_json()).collect();
            let found = shown.len();
            let fitting = render::fitting(&shown);
            shown.truncate(fitting);
            let mut result = json!({"object": self.object.name, "groups": shown});
            if fitting < found {
                result["truncated"] =
                    json!(format!("Only {fitting} of {found} groups fit; narrow the filter."));
            }
            Ok(result)
        })
    }
}

fn parameters(view: View<'_>) -> Json {
    let (filter, definitions) = schema::filter(view);
    let by = groupable(view);
    let numbers: Vec<_> =
        view.readable().filter(|field| can_aggregate(&field.kind)).map(|field| &field.name).collect();
    let properties = schema::properties([
        (
            "by",
            json!({
                "type": "array",
                "items": {"type": "string", "enum": by},
                "maxItems": 2,
                "title": "By",
                "description": "The fields to group by, two at most.",
            }),
        ),
        (
            "aggregates",
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "function": {"type": "string", "enum": ["count", "sum", "avg", "min", "max"]},
                        "field": {"type": "string", "enum": numbers},
                    },
                    "required": ["function"],
                    "additionalProperties": false,
                },
                "maxItems": 8,
                "title": "Aggregates",
                "description": "What to compute of each group beside the count. Every function but count needs \
                                a field; dates have only min and max.",
            }),
        ),
        ("filter", filter),
        ("limit", schema::limit(MOST, DEFAULT)),
    ]);
    let mut parameters = schema::object(properties, &[]);
    parameters["$defs"] = definitions;
    parameters
}

fn groupable(view: View<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for field in view.readable() {
        match &field.kind {
            FieldKind::Select { .. }
            | FieldKind::Boolean
            | FieldKind::Relation { .. }
            | FieldKind::Text { format: TextFormat::Line } => names.push(field.name.to_string()),
            FieldKind::Date | FieldKind::DateTime => {
                names.extend(BUCKETS.iter().map(|bucket| format!("{}:{bucket}", field.name)));
            }
            _ => {}
        }
    }
    names
}

fn can_aggregate(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Number { .. } | FieldKind::Currency | FieldKind::Date | FieldKind::DateTime)
}
