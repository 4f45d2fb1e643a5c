use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::{Issue, Problem},
    filter::{PartType, Readable as _},
    metadata::{FieldKind, Name, Object},
    operation::{Definition, Effect},
};
use kontor_operations::InTransaction;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    arguments, definition, problem_of, render,
    schema::{self, View},
};
use crate::{
    Work,
    kinds::{self, Grouping},
    records::{self, Aggregate, Function, Group, GroupQuery},
};

const MOST: u32 = 100;
const DEFAULT: u32 = 60;

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
pub(super) struct Figure {
    function: String,
    field: Option<String>,
}

impl GroupBy {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let many = view.many();
        let description = format!("Count and total {many}, by groups or all together; money by currency.");
        Self { definition: definition(&object, "group", Effect::Read, description, parameters(view)), object }
    }
}

impl InTransaction for GroupBy {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let arguments: Arguments = arguments(json)?;
            let query = GroupQuery {
                by: arguments.by,
                aggregates: aggregates(arguments.aggregates)?,
                filter: arguments.filter,
                limit: arguments.limit.unwrap_or(DEFAULT).min(MOST),
            };
            let found = records::group(work, &self.object, &query).await.map_err(problem_of)?;
            let mut shown: Vec<Json> = found.groups.iter().map(Group::to_json).collect();
            shown.truncate(render::fitting(&shown, work.room).max(1));
            let has_more = found.has_more || shown.len() < found.groups.len();
            let mut result = json!({"object": self.object.name, "groups": shown, "has_more": has_more});
            if has_more {
                let note = "There are more groups; narrow the filter, or group by something coarser.";
                result["truncated"] = json!(note);
            }
            Ok(result)
        })
    }
}

pub(super) fn aggregates(figures: Vec<Figure>) -> Result<Vec<Aggregate>, Problem> {
    let mut aggregates = Vec::new();
    for (index, Figure { function, field }) in figures.into_iter().enumerate() {
        let aggregate = Aggregate::parse(&function, field);
        let wrong = |issue: Issue| Problem::invalid(vec![issue.within(&format!("aggregates[{index}]"))]);
        aggregates.extend(aggregate.map_err(wrong)?);
    }
    Ok(aggregates)
}

fn parameters(view: View<'_>) -> Json {
    let measured: Vec<_> =
        view.readable().filter(|field| can_measure(&field.kind)).map(|field| field.name.as_str()).collect();
    let functions: Vec<_> = std::iter::once("count").chain(Function::ALL.map(Function::name)).collect();
    let figures = format!(
        "Figures beside the count of records. count takes any field and tells how many have a value of it, as \
         \"count.field\"; the others take {}, of which dates have only min and max.",
        measured.join(", ")
    );
    let properties = schema::properties([
        (
            "by",
            json!({
                "type": "array",
                "items": {"type": "string"},
                "maxItems": records::MAX_BY,
                "description": groupable(view),
            }),
        ),
        (
            "aggregates",
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "function": {"enum": functions},
                        "field": {"type": "string"},
                    },
                    "required": ["function"],
                    "additionalProperties": false,
                },
                "maxItems": 8,
                "description": figures,
            }),
        ),
        (
            "filter",
            json!({
                "type": "object",
                "description": format!("Conditions as in {}.find.", view.object.name),
            }),
        ),
        ("limit", schema::limit(MOST, DEFAULT)),
    ]);
    schema::object(properties, &[])
}

/// What records are grouped by, in words: a list of every date with every span would be most of the schema.
/// Grouping itself refuses what is not in it.
fn groupable(view: View<'_>) -> String {
    let (mut names, mut dates) = (Vec::new(), Vec::new());
    for field in view.readable() {
        if kinds::of(&field.kind).grouping == Grouping::Proposed {
            let is_date = matches!(field.kind.whole_type(), PartType::Date | PartType::DateTime);
            if is_date { &mut dates } else { &mut names }.push(field.name.as_str());
        }
    }
    let mut description = format!("Up to {} fields to group by", records::MAX_BY);
    if !names.is_empty() {
        description.push_str(&format!(": {}", names.join(", ")));
    }
    if let Some((relation, field)) = related_field(view) {
        description.push_str(&format!("; fields of related records, such as {relation}.{field}"));
    }
    if let Some(first) = dates.first() {
        let spans = "day, week, month, quarter or year";
        description.push_str(&format!("; dates by {spans}, such as {first}:month: {}", dates.join(", ")));
    }
    description.push('.');
    description
}

/// A field of a related record as example: the first that tells records apart.
fn related_field(view: View<'_>) -> Option<(&Name, &Name)> {
    view.readable().find_map(|relation| {
        let object = relation.kind.relation()?;
        let target = view.schema.object(object).filter(|_| view.sees(object))?;
        let field = target.fields.iter().find(|field| {
            let is_text = matches!(
                field.kind.whole_type(),
                PartType::Option | PartType::FoldedText | PartType::LowerText
            );
            let is_plain = is_text && field.kind.parts().is_empty();
            let is_grouped = kinds::of(&field.kind).grouping != Grouping::Never;
            is_plain
                && is_grouped
                && field.name != target.label_field
                && view.grants.can_read_field(object, &field.name)
        })?;
        Some((&relation.name, &field.name))
    })
}

fn can_measure(kind: &FieldKind) -> bool {
    kinds::measured_as(kind.whole_type()).is_some()
}
