//! What an operation was asked and what it gave, for a person to read.

use kontor_core::{
    metadata::{Field, Object},
    text::excerpt,
};
use serde_json::{Map, Value as Json};

use super::{
    ChangeView, Head, Place, Shown, Table, Viewer, changes, condition::condition_words, instant,
    json::untyped, table::heads,
};
use crate::link;

/// The columns of a table of records in a card, after the record's name.
const MAX_COLUMNS: usize = 6;
/// The longest JSON a card shows as it is.
const MAX_JSON: usize = 4_000;

/// A result taken apart: whatever of it is there is shown, in this order.
#[derive(Default)]
pub(crate) struct ResultView {
    pub table: Option<Table>,
    pub record: Option<Shown>,
    pub changes: Vec<ChangeView>,
    pub fields: Vec<(String, Shown)>,
    pub note: Option<String>,
    pub json: Option<String>,
}

impl ResultView {
    pub(crate) fn of(viewer: &Viewer, result: &Json) -> Self {
        let object = result.get("object").and_then(Json::as_str).and_then(|name| viewer.schema.object(name));
        let view = result.as_object().and_then(|parts| {
            let list = |key: &str| parts.get(key).and_then(Json::as_array);
            if let (Some(object), Some(records)) = (object, list("records")) {
                Some(found(viewer, object, records, parts))
            } else if let (Some(object), Some(record)) = (object, parts.get("record")) {
                Some(one(viewer, object, record.as_object()?, parts.get("changes").and_then(Json::as_object)))
            } else if let (Some(object), Some(groups)) = (object, list("groups")) {
                Some(Self { table: Some(grouped(viewer, object, groups)), ..Self::default() })
            } else if let Some(entries) = list("entries") {
                Some(Self { table: Some(history(viewer, entries)), ..Self::default() })
            } else {
                let results = list("results")?;
                Some(Self { table: Some(hits(viewer, results)), ..Self::default() })
            }
        });
        view.unwrap_or_else(|| {
            let json = serde_json::to_string_pretty(result).unwrap_or_default();
            Self { json: Some(excerpt(&json, MAX_JSON)), ..Self::default() }
        })
    }
}

fn found(viewer: &Viewer, object: &Object, records: &[Json], parts: &Map<String, Json>) -> ResultView {
    let records: Vec<_> = records.iter().filter_map(Json::as_object).collect();
    if records.is_empty() {
        return ResultView { note: Some("Nothing was found.".to_owned()), ..ResultView::default() };
    }
    let fields: Vec<&Field> = object
        .fields
        .iter()
        .filter(|field| field.name != object.label_field && field.name.as_str() != "id")
        .filter(|field| records.iter().any(|record| record.contains_key(field.name.as_str())))
        .take(MAX_COLUMNS)
        .collect();
    let has_more = parts.get("has_more").and_then(Json::as_bool).unwrap_or(false);
    let note = match parts.get("total").and_then(Json::as_u64) {
        Some(total) if has_more => Some(format!("{} of {total} shown.", records.len())),
        _ if has_more => Some("There are more.".to_owned()),
        _ => None,
    };
    let rows = records.into_iter().map(|record| {
        let cells = fields.iter().map(|field| {
            record.get(field.name.as_str()).map_or(Shown::Empty, |json| viewer.json(field, json, Place::Cell))
        });
        std::iter::once(record_link(object, record)).chain(cells).collect()
    });
    let table = Table { heads: heads(object, &fields), rows: rows.collect() };
    ResultView { table: Some(table), note, ..ResultView::default() }
}

fn one(
    viewer: &Viewer,
    object: &Object,
    record: &Map<String, Json>,
    changed: Option<&Map<String, Json>>,
) -> ResultView {
    let link = Some(record_link(object, record));
    match changed {
        Some(changed) => {
            let changes = changes(viewer, object, changed);
            let note = changes.is_empty().then(|| "Nothing changed.".to_owned());
            ResultView { record: link, changes, note, ..ResultView::default() }
        }
        None => {
            ResultView { record: link, fields: named(viewer, Some(object), record), ..Default::default() }
        }
    }
}

/// A record's name as a link to its page.
fn record_link(object: &Object, record: &Map<String, Json>) -> Shown {
    let text = |key: &str| record.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let label = text("label").unwrap_or("Untitled").to_owned();
    match text("id").and_then(|id| link::record(&object.plural, id)) {
        Some(href) => Shown::Link { href, label },
        None => Shown::Text(label),
    }
}

/// `-amount,name` as "Amount descending, Name".
fn order_words(object: &Object, sort: &str) -> Option<String> {
    let words = sort.split(',').map(|part| {
        let (name, direction) =
            part.trim().strip_prefix('-').map_or((part.trim(), ""), |name| (name, " descending"));
        let (name, part) = name.split_once('.').map_or((name, String::new()), |(n, p)| (n, format!(" {p}")));
        Some(format!("{}{part}{direction}", object.field(name)?.label))
    });
    Some(words.collect::<Option<Vec<_>>>()?.join(", "))
}

/// Values by the labels of the object's fields, those of no field by their own name.
fn named(viewer: &Viewer, object: Option<&Object>, values: &Map<String, Json>) -> Vec<(String, Shown)> {
    values
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "id" | "label" | "version"))
        .map(|(name, json)| match object.and_then(|object| object.field(name)) {
            Some(field) => (field.label.clone(), viewer.json(field, json, Place::Cell)),
            None => {
                let words = object.and_then(|object| match name.as_str() {
                    "filter" => condition_words(viewer, object, json),
                    "sort" => order_words(object, json.as_str()?),
                    _ => None,
                });
                let shown = words.map_or_else(|| untyped(json, Place::Cell), Shown::Text);
                (sentence(name), shown)
            }
        })
        .collect()
}

fn grouped(viewer: &Viewer, object: &Object, groups: &[Json]) -> Table {
    const FUNCTIONS: [(&str, &str); 4] =
        [("sum", "Sum of"), ("avg", "Average"), ("min", "Lowest"), ("max", "Highest")];
    let first = groups.first();
    let keys = |part: &str| -> Vec<String> {
        let object = first.and_then(|group| group.get(part)).and_then(Json::as_object);
        object.map(|object| object.keys().cloned().collect()).unwrap_or_default()
    };
    // A date is grouped by `close_date:month`.
    let field = |name: &str| object.field(name.split(':').next().unwrap_or(name));
    let label = |name: &str| field(name).map_or_else(|| sentence(name), |field| field.label.clone());
    let by = keys("by");
    let mut heads: Vec<_> =
        by.iter().map(|name| Head { name: name.clone(), label: label(name), is_number: false }).collect();
    heads.push(Head { name: "count".to_owned(), label: "Count".to_owned(), is_number: true });
    let counted: Vec<String> = first
        .and_then(Json::as_object)
        .map(|group| group.keys().filter(|key| key.starts_with("count.")).cloned().collect())
        .unwrap_or_default();
    for key in &counted {
        let label = format!("With {}", label(key.trim_start_matches("count.")).to_lowercase());
        heads.push(Head { name: key.clone(), label, is_number: true });
    }
    let mut columns = Vec::new();
    for (function, word) in FUNCTIONS {
        for name in keys(function) {
            let label = format!("{word} {}", label(&name).to_lowercase());
            heads.push(Head { name: format!("{function}:{name}"), label, is_number: true });
            columns.push((function, name));
        }
    }
    let rows = groups
        .iter()
        .map(|group| {
            let key = |name: &String| {
                let json = &group["by"][name.as_str()];
                match field(name) {
                    // The start of a month is no date to a reader, so it stays as it is given.
                    Some(field) if !name.contains(':') => viewer.json(field, json, Place::Cell),
                    _ => untyped(json, Place::Cell),
                }
            };
            let figure = |(function, name): &(&str, String)| match &group[*function][name.as_str()] {
                Json::Array(amounts) => {
                    Shown::List(amounts.iter().map(|amount| untyped(amount, Place::Cell)).collect())
                }
                single => untyped(single, Place::Cell),
            };
            let count = |key: &str| untyped(&group[key], Place::Cell);
            let counts = std::iter::once("count").chain(counted.iter().map(String::as_str)).map(count);
            by.iter().map(key).chain(counts).chain(columns.iter().map(figure)).collect()
        })
        .collect();
    Table { heads, rows }
}

fn history(viewer: &Viewer, entries: &[Json]) -> Table {
    let text = |json: &Json| Shown::Text(json.as_str().unwrap_or_default().to_owned());
    let heads = ["When", "What", "Who", "Changed"]
        .map(|label| Head { name: label.to_owned(), label: label.to_owned(), is_number: false })
        .into();
    let rows = entries
        .iter()
        .map(|entry| {
            let happened = entry["happened_at"].as_str().and_then(|at| at.parse().ok());
            let changed = entry["changes"].as_object().map(|map| map.keys().map(|name| sentence(name)));
            vec![
                happened.map_or(Shown::Empty, |at| instant(at, viewer.clock())),
                Shown::Text(event_words(entry["name"].as_str().unwrap_or_default())),
                text(&entry["by"]),
                Shown::Text(changed.into_iter().flatten().collect::<Vec<_>>().join(", ")),
            ]
        })
        .collect();
    Table { heads, rows }
}

fn hits(viewer: &Viewer, results: &[Json]) -> Table {
    let heads = ["Name", "Kind"]
        .map(|label| Head { name: label.to_owned(), label: label.to_owned(), is_number: false })
        .into();
    let rows = results
        .iter()
        .filter_map(|hit| {
            let object = viewer.schema.object(hit.get("object")?.as_str()?)?;
            Some(vec![record_link(object, hit.as_object()?), Shown::Text(object.label.clone())])
        })
        .collect();
    Table { heads, rows }
}

/// What an operation is called by a person: `deal.find` is "Find deals".
pub(crate) fn operation_label(viewer: &Viewer, name: &str) -> String {
    let Some((object, verb)) = name.split_once('.') else { return sentence(name) };
    let Some(object) = viewer.schema.object(object) else { return name.to_owned() };
    let (one, many) = (object.label.to_lowercase(), object.label_plural.to_lowercase());
    match verb {
        "find" => format!("Find {many}"),
        "get" => format!("Read {one}"),
        "create" => format!("Create {one}"),
        "update" => format!("Update {one}"),
        "delete" => format!("Delete {one}"),
        "restore" => format!("Restore {one}"),
        "group" => format!("Sum up {many}"),
        "timeline" => format!("Read timeline of {one}"),
        "log" => format!("Log {one}"),
        _ => name.to_owned(),
    }
}

/// An operation's arguments by the labels of the fields they name, the record it is about by its name where
/// that is known.
pub(crate) fn arguments(
    viewer: &Viewer,
    operation: &str,
    arguments: &Json,
    record: Option<String>,
) -> Vec<(String, Shown)> {
    let object = operation.split_once('.').and_then(|(name, _)| viewer.schema.object(name));
    match arguments {
        Json::Object(values) => {
            let mut named = named(viewer, object.map(AsRef::as_ref), values);
            if let (Some(object), Some(id)) = (object, values.get("id").and_then(Json::as_str)) {
                let label = record.unwrap_or_else(|| object.label.clone());
                // An id that a model made up names nothing, and leads nowhere.
                let shown = match link::record(&object.plural, id) {
                    Some(href) => Shown::Link { href, label },
                    None => Shown::Text(excerpt(id, 80)),
                };
                named.insert(0, ("Record".to_owned(), shown));
            }
            named
        }
        Json::Null => Vec::new(),
        // A model may write what is no JSON at all.
        other => vec![("As written".to_owned(), untyped(other, Place::Cell))],
    }
}

/// A result in a few words, for the card's closed form.
pub(crate) fn brief(viewer: &Viewer, result: &Json) -> String {
    let count = |key: &str| result.get(key).and_then(Json::as_array).map(Vec::len);
    let more = result.get("has_more").and_then(Json::as_bool).unwrap_or(false);
    let object = result.get("object").and_then(Json::as_str).and_then(|name| viewer.schema.object(name));
    if let Some(found) = count("records") {
        let words = match (object, found) {
            (Some(object), 1) => object.label.to_lowercase(),
            (Some(object), _) => object.label_plural.to_lowercase(),
            (None, _) => "records".to_owned(),
        };
        return match result.get("total").and_then(Json::as_u64) {
            Some(total) if more => format!("{found} of {total} {words}"),
            _ => format!("{found}{} {words}", if more { "+" } else { "" }),
        };
    }
    for (key, one, many) in
        [("groups", "group", "groups"), ("entries", "entry", "entries"), ("results", "result", "results")]
    {
        if let Some(found) = count(key) {
            return format!("{found} {}", if found == 1 { one } else { many });
        }
    }
    result.pointer("/record/label").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// The name of a timeline entry in words: `deal.updated` is "Deal updated".
pub(crate) fn event_words(name: &str) -> String {
    sentence(&name.replace('.', "_"))
}

/// `close_date` as "Close date".
pub(super) fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kontor_core::{
        environment::Environment,
        metadata::{Field, FieldKind, Name, Schema},
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn the_values_that_were_counted_have_a_column_of_their_own() {
        let environment = Environment::system();
        let amount = Field::new(environment.new_id(), Name::literal("amount"), "Amount", FieldKind::Currency);
        let deal = Object {
            id: environment.new_id(),
            name: Name::literal("deal"),
            plural: Name::literal("deals"),
            label: "Deal".to_owned(),
            label_plural: "Deals".to_owned(),
            description: String::new(),
            icon: String::new(),
            label_field: Name::literal("name"),
            is_custom: false,
            is_read_only: false,
            pipeline: None,
            fields: vec![amount],
        };
        let viewer = Viewer {
            schema: Arc::new(Schema::default()),
            environment,
            zone: kontor_core::locale::TimeZone::UTC,
            dates: Default::default(),
        };
        let groups = [
            json!({"by": {}, "count": 5, "count.amount": 3}),
            json!({"by": {}, "count": 2, "count.amount": 0}),
        ];
        let table = grouped(&viewer, &deal, &groups);
        let heads: Vec<_> = table.heads.iter().map(|head| (head.label.as_str(), head.is_number)).collect();
        assert_eq!(heads, [("Count", true), ("With amount", true)]);
        let figure = |number: u64| untyped(&json!(number), Place::Cell);
        assert_eq!(table.rows, [[figure(5), figure(3)], [figure(2), figure(0)]]);
    }
}
