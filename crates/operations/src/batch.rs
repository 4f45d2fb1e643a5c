//! Several operations as one: all of them or none, in one transaction, with references from one to what an earlier one
//! answered.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use kontor_core::{
    error::{ErrorKind, Issue, Problem},
    operation::{Definition, Effect},
};
use serde_json::{Map, Value as Json, json};

use crate::{InTransaction, Work, registry::Entry};

/// The name of the operation.
pub const BATCH: &str = "batch";
/// Operations of a batch.
const MOST: usize = 50;
/// Bytes that each result may have at least.
const LEAST_ROOM: usize = 600;
/// The argument that has a batch undone.
pub(crate) const DRY_RUN: &str = "dry_run";

/// Whether an operation is for programs, which say what they want as a whole, and is not shown to the agents of chats,
/// whose calls are asked about one by one.
pub fn is_for_programs(operation: &str) -> bool {
    matches!(operation, BATCH | "figures") || operation.ends_with(".upsert")
}

/// `batch`: up to fifty operations within one transaction.
pub(crate) struct Batch {
    definition: Definition,
    members: BTreeMap<String, Arc<Entry>>,
}

impl Batch {
    pub(crate) fn new(members: BTreeMap<String, Arc<Entry>>) -> Self {
        let definition = Definition {
            name: BATCH.to_owned(),
            description: format!(
                "Do up to {MOST} operations as one: all of them, or none where one fails. A text such as \"$1.id\" stands \
                 for what the first of them answered: a value of its record, or of its result."
            ),
            parameters: Arc::new(json!({
                "type": "object",
                "properties": {
                    "operations": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST,
                        "items": {
                            "type": "object",
                            "properties": {
                                "operation": {"type": "string", "description": "Such as contact.create."},
                                "arguments": {"type": ["object", "string"], "description": "What the operation takes."},
                            },
                            "required": ["operation"],
                            "additionalProperties": false,
                        },
                    },
                    DRY_RUN: {"type": "boolean", "description": "Tell what would come of it, and do nothing."},
                },
                "required": ["operations"],
                "additionalProperties": false,
            })),
            effect: Effect::Write,
        };
        Self { definition, members }
    }

    /// The entries of the operations that arguments name, and what they are given.
    fn named<'b>(&'b self, arguments: &'b Json) -> impl Iterator<Item = (Option<&'b Arc<Entry>>, &'b Json)> {
        let items = arguments.get("operations").and_then(Json::as_array).into_iter().flatten();
        items.map(|item| {
            let name = item.get("operation").and_then(Json::as_str).unwrap_or_default();
            (self.members.get(name), item.get("arguments").unwrap_or(&Json::Null))
        })
    }
}

impl InTransaction for Batch {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    /// That of the gravest.
    fn effect(&self, arguments: &Json) -> Effect {
        let effects = self.named(arguments).filter_map(|(entry, given)| Some(entry?.operation.effect(given)));
        effects.max().unwrap_or(Effect::Write).max(Effect::Write)
    }

    fn records(&self, arguments: &Json) -> u32 {
        let records =
            self.named(arguments).filter_map(|(entry, given)| Some(entry?.operation.records(given)));
        records.fold(0, u32::saturating_add)
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let items =
                json.get("operations").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
            let room = work.room;
            work.room = (room / items.len().max(1)).max(LEAST_ROOM);
            let mut results: Vec<Json> = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                let done = self.one(work, item, &results).await;
                results.push(done.map_err(|problem| within(problem, index))?);
            }
            work.room = room;
            Ok(json!({"results": results}))
        })
    }
}

impl Batch {
    async fn one(&self, work: &mut Work<'_, '_>, item: &Json, done: &[Json]) -> Result<Json, Problem> {
        let name = item.get("operation").and_then(Json::as_str).unwrap_or_default();
        let entry = self.members.get(name).filter(|_| work.caller.scope.allows(name));
        let Some(entry) = entry else {
            let message = format!(
                "There is no operation {:?} that you may call in a batch.",
                kontor_core::text::excerpt(name, 80)
            );
            return Err(Problem::new(ErrorKind::NotFound, "unknown_operation", message));
        };
        let given = match item.get("arguments") {
            None | Some(Json::Null) => Json::Object(Map::new()),
            // As some models write an object.
            Some(Json::String(text)) => serde_json::from_str(text).map_err(|_| {
                Problem::invalid(vec![Issue::new("arguments", "wrong_type", "expected an object")])
            })?,
            Some(given) => given.clone(),
        };
        let mut issues = Vec::new();
        let given = resolved(given, "arguments", done, &mut issues);
        if !issues.is_empty() {
            return Err(Problem::invalid(issues));
        }
        entry.check(&given).map_err(|problem| at(problem, "arguments"))?;
        let crate::Operation::InTransaction(operation) = &entry.operation else {
            return Err(Problem::internal());
        };
        operation.run(work, &given).await.map_err(|problem| at(problem, "arguments"))
    }
}

/// A problem with its place in the batch.
fn within(problem: Problem, index: usize) -> Problem {
    let place = format!("operations[{index}]");
    let message = format!("Operation {}: {} Nothing was done.", index + 1, problem.message);
    Problem { message, ..at(problem, &place) }
}

fn at(mut problem: Problem, place: &str) -> Problem {
    problem.issues = problem.issues.into_iter().map(|issue| issue.within(place)).collect();
    problem
}

/// Arguments with what references stand for.
fn resolved(json: Json, path: &str, done: &[Json], issues: &mut Vec<Issue>) -> Json {
    match json {
        Json::String(text) => match reference(&text) {
            None => Json::String(text),
            Some((number, place)) => {
                let found = number
                    .checked_sub(1)
                    .and_then(|index| done.get(index))
                    .and_then(|result| look(result, &place));
                found.cloned().unwrap_or_else(|| {
                    let message = format!("{text} stands for nothing that an earlier operation answered");
                    issues.push(Issue::new(path, "unknown_reference", message));
                    Json::Null
                })
            }
        },
        Json::Array(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| resolved(item, &format!("{path}[{index}]"), done, issues)).collect()
        }
        Json::Object(map) => map
            .into_iter()
            .map(|(name, value)| {
                let value = resolved(value, &format!("{path}.{name}"), done, issues);
                (name, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// `$1.id` as the number of an operation and the place in what it answered.
fn reference(text: &str) -> Option<(usize, Vec<String>)> {
    let (number, place) = text.strip_prefix('$')?.split_once('.')?;
    let is_name = |name: &&str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let place: Vec<_> = place.split('.').collect();
    (place.len() <= 4 && place.iter().all(is_name)).then_some(())?;
    Some((number.parse().ok()?, place.into_iter().map(str::to_owned).collect()))
}

/// What stands at a place of a result: of the record that it is about, or of the result itself.
fn look<'j>(result: &'j Json, place: &[String]) -> Option<&'j Json> {
    let within = |json: &'j Json| place.iter().try_fold(json, |json, name| json.get(name));
    result.get("record").and_then(within).or_else(|| within(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_stands_for_what_an_earlier_operation_answered() {
        let done = [json!({"record": {"id": "a", "amount": {"amount": 5}}, "has_more": true})];
        let read = |json: Json| {
            let mut issues = Vec::new();
            let read = resolved(json, "arguments", &done, &mut issues);
            if issues.is_empty() {
                read
            } else {
                json!(issues.iter().map(|issue| &issue.path).collect::<Vec<_>>())
            }
        };
        assert_eq!(
            read(json!({"x": ["$1.id", "$1.amount.amount", "$1.has_more"]})),
            json!({"x": ["a", 5, true]})
        );
        for text in ["$1", "$1.50", "$me.region", "costs $1.id", "$x.id"] {
            assert_eq!(read(json!(text)), json!(text));
        }
        assert_eq!(read(json!({"x": ["$2.id"], "y": "$0.id"})), json!(["arguments.x[0]", "arguments.y"]));
        assert_eq!(read(json!({"y": "$1.nothing"})), json!(["arguments.y"]));
    }
}
