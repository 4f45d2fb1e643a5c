//! The JSON Schema of datasets, made from their types and published as `evals/dataset.schema.json`.

use std::sync::LazyLock;

use schemars::{JsonSchema, generate::SchemaSettings, transform::Transform};
use serde_json::{Map, Value as Json};

use super::{Dataset, Fixture};

/// The schema of a whole dataset.
pub static DATASET: LazyLock<Json> = LazyLock::new(|| {
    let mut schema = of::<Dataset>();
    if let Some(members) = schema.as_object_mut() {
        members.insert("title".to_owned(), "A dataset of Kontor's evaluations".into());
    }
    schema
});
/// The schema of a file with a fixture.
pub static FIXTURE: LazyLock<Json> = LazyLock::new(of::<Fixture>);

fn of<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with_transform(Plain);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Makes a schema say what an author needs and no more: what is absent is left out rather than null, and words are one
/// list, so that whoever writes a wrong one is told the right ones.
#[derive(Debug, Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        schemars::transform::transform_subschemas(self, schema);
        let Some(members) = schema.as_object_mut() else { return };
        if let Some(Json::Array(types)) = members.get_mut("type") {
            types.retain(|name| name != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                members.insert("type".to_owned(), one);
            }
        }
        if let Some(Json::Array(kinds)) = members.get_mut("anyOf") {
            kinds.retain(|kind| kind.get("type").is_none_or(|name| name != "null"));
            if let [Json::Object(one)] = kinds.as_slice() {
                let one = one.clone();
                members.remove("anyOf");
                members.extend(one);
            }
        }
        one_list_of_words(members);
        // What an absent member stands for is said in its description.
        members.remove("default");
    }
}

/// `oneOf` constants, each described, as one `enum` whose description tells them.
fn one_list_of_words(members: &mut Map<String, Json>) {
    let Some(Json::Array(words)) = members.get("oneOf") else { return };
    let all: Option<Vec<(Json, String)>> = words
        .iter()
        .map(|word| {
            let about = word.get("description").and_then(Json::as_str).unwrap_or_default();
            Some((word.get("const")?.clone(), about.to_owned()))
        })
        .collect();
    let Some(all) = all else { return };
    let told: Vec<_> =
        all.iter().map(|(word, about)| format!("{}: {about}", word.as_str().unwrap_or_default())).collect();
    let before = members.get("description").and_then(Json::as_str).unwrap_or_default();
    let description = format!("{before} {}", told.join(" ")).trim().to_owned();
    members.remove("oneOf");
    members.insert("description".to_owned(), description.into());
    members.insert("type".to_owned(), "string".into());
    members.insert("enum".to_owned(), all.into_iter().map(|(word, _)| word).collect());
}
