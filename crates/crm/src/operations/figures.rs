use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use kontor_core::{
    error::{Issue, Problem},
    grants::Grants,
    metadata::Schema,
    operation::{Definition, Effect},
};
use kontor_operations::{InTransaction, Operation};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    arguments,
    group::{Figure, aggregates},
    problem_of, render,
    schema::{self, View},
};
use crate::{
    Work,
    records::{self, GroupQuery},
};

/// Questions of a call.
const MOST: usize = 8;
const GROUPS: u32 = 200;
const DEFAULT: u32 = 100;

/// `figures`: counts and totals of several objects at one moment.
struct Figures {
    definition: Definition,
}

#[derive(Deserialize)]
struct Arguments {
    queries: Vec<Question>,
    #[serde(default)]
    join: bool,
}

#[derive(Deserialize)]
struct Question {
    name: Option<String>,
    object: String,
    #[serde(default)]
    by: Vec<String>,
    #[serde(default)]
    aggregates: Vec<Figure>,
    filter: Option<Json>,
    limit: Option<u32>,
}

/// The operation, for a caller who may read anything.
pub(super) fn operation(schema: &Schema, grants: &Grants) -> Option<Operation> {
    let is_seen =
        |object: &&Arc<kontor_core::metadata::Object>| View { schema, grants, object }.sees(&object.name);
    let objects: Vec<_> = schema.objects().iter().filter(is_seen).map(|object| &object.name).collect();
    if objects.is_empty() {
        return None;
    }
    let figure = json!({
        "type": "object",
        "properties": {
            "function": {"enum": ["count", "sum", "avg", "min", "max"]},
            "field": {"type": "string"},
        },
        "required": ["function"],
        "additionalProperties": false,
    });
    let question = schema::properties([
        (
            "name",
            json!({"type": "string", "maxLength": 60, "description": "What the answer calls it; the object unless given."}),
        ),
        ("object", json!({"enum": objects})),
        (
            "by",
            json!({
                "type": "array",
                "items": {"type": "string"},
                "maxItems": records::MAX_BY,
                "description": "Fields, also of related records (account.industry); dates with a span (close_date:month).",
            }),
        ),
        ("aggregates", json!({"type": "array", "items": figure, "maxItems": 8})),
        (
            "filter",
            json!({"type": ["object", "string"], "description": "Conditions as find takes them, also on related records."}),
        ),
        ("limit", schema::limit(GROUPS, DEFAULT)),
    ]);
    let properties = schema::properties([
        (
            "queries",
            json!({
                "type": "array",
                "minItems": 1,
                "maxItems": MOST,
                "items": schema::object(question, &["object"]),
            }),
        ),
        (
            "join",
            json!({
                "type": "boolean",
                "description": "Also put groups of the same values together, across the queries, in \"rows\".",
            }),
        ),
    ]);
    let definition = Definition {
        name: "figures".to_owned(),
        description: "Count and total records of several objects at one moment: each query filters, groups and adds up one \
                      object and what its records point to; money by currency."
            .to_owned(),
        parameters: Arc::new(schema::object(properties, &["queries"])),
        effect: Effect::Read,
    };
    Some(Operation::InTransaction(Arc::new(Figures { definition })))
}

impl InTransaction for Figures {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let Arguments { queries, join } = arguments(json)?;
            let room = work.room / queries.len().max(1);
            let mut answers: Vec<(String, Json)> = Vec::with_capacity(queries.len());
            for (index, question) in queries.into_iter().enumerate() {
                let name = question.name.clone().unwrap_or_else(|| question.object.clone());
                if answers.iter().any(|(known, _)| *known == name) {
                    let message = format!("{name:?} names two queries; give each a name of its own");
                    let path = format!("queries[{index}].name");
                    return Err(Problem::invalid(vec![Issue::new(path, "given_twice", message)]));
                }
                let answer = answer(work, question, room).await.map_err(|mut problem| {
                    let place = format!("queries[{index}]");
                    problem.issues = problem.issues.into_iter().map(|issue| issue.within(&place)).collect();
                    problem
                })?;
                answers.push((name, answer));
            }
            let mut result = Map::new();
            if join {
                result.insert("rows".to_owned(), rows(&answers));
            }
            let answers = answers.into_iter().map(|(name, mut answer)| {
                answer["name"] = json!(name);
                answer
            });
            result.insert("figures".to_owned(), answers.collect());
            Ok(result.into())
        })
    }
}

async fn answer(work: &mut Work<'_, '_>, question: Question, room: usize) -> Result<Json, Problem> {
    let object = work.schema.object(&question.object).cloned().ok_or_else(Problem::internal)?;
    let filter = match question.filter {
        // As some models write an object.
        Some(Json::String(text)) => Some(serde_json::from_str(&text).map_err(|_| {
            Problem::invalid(vec![Issue::new("filter", "wrong_type", "expected an object of conditions")])
        })?),
        filter => filter,
    };
    let query = GroupQuery {
        by: question.by,
        aggregates: aggregates(question.aggregates)?,
        filter,
        limit: question.limit.unwrap_or(DEFAULT).min(GROUPS),
    };
    let found = records::group(work, &object, &query).await.map_err(problem_of)?;
    let mut groups: Vec<Json> = found.groups.iter().map(records::Group::to_json).collect();
    groups.truncate(render::fitting(&groups, room).max(1));
    let has_more = found.has_more || groups.len() < found.groups.len();
    Ok(json!({"object": object.name, "groups": groups, "has_more": has_more}))
}

/// Groups of the same values in one row: the values by their place, and the figures by the query.
fn rows(answers: &[(String, Json)]) -> Json {
    let mut rows: Vec<Map<String, Json>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (name, answer) in answers {
        for group in answer["groups"].as_array().into_iter().flatten() {
            let by: Vec<_> =
                group["by"].as_object().into_iter().flatten().map(|(_, value)| value.clone()).collect();
            let place = *places.entry(json!(by).to_string()).or_insert_with(|| {
                rows.push(Map::from_iter([("by".to_owned(), json!(by))]));
                rows.len() - 1
            });
            let figures = group.as_object().into_iter().flatten().filter(|(key, _)| *key != "by");
            let figures: Map<_, _> = figures.map(|(key, value)| (key.clone(), value.clone())).collect();
            rows[place].insert(name.clone(), figures.into());
        }
    }
    json!(rows)
}
