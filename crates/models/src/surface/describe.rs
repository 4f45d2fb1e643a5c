//! An object or an operation in full.

use kontor_core::{
    error::{Issue, Problem},
    grants::Action,
    metadata::{Field, Object},
    text,
};
use serde_json::{Map, Value as Json, json};

use super::{Surface, kinds, read::plain};

impl Surface {
    /// Tells an object or an operation: `{"object": "deal"}`, `{"operation": "deal.update"}`.
    ///
    /// # Errors
    /// One that there is not, with the nearest name; neither of the two given.
    pub fn describe(&self, arguments: &Json) -> Result<Json, Problem> {
        let given =
            |name: &str| arguments.get(name).and_then(Json::as_str).filter(|word| !word.trim().is_empty());
        if let Some(word) = given("operation") {
            return self.describe_operation(word);
        }
        let Some(word) = given("object") else {
            let objects: Vec<_> = self.outline.iter().map(|object| object.name.as_str()).collect();
            return Ok(json!({
                "objects": objects,
                "operations": self.operations.keys().collect::<Vec<_>>(),
            }));
        };
        let Some(object) = self.object(word) else {
            let names = self.outline.iter().map(|object| object.name.as_str());
            let near = text::suggestion(word, names);
            let message = format!("there is no object {:?}.{near}", text::excerpt(word, 60));
            return Err(Problem::invalid(vec![Issue::new("object", "unknown_object", message)]));
        };
        Ok(self.describe_object(object))
    }

    fn describe_operation(&self, word: &str) -> Result<Json, Problem> {
        let wanted = plain(word);
        let found = self.operations.values().find(|definition| plain(&definition.name) == wanted);
        found.map(|definition| json!(definition)).ok_or_else(|| {
            let near = text::suggestion(word, self.operations.keys().map(String::as_str));
            let message = format!("there is no operation {:?} you may call.{near}", text::excerpt(word, 80));
            Problem::invalid(vec![Issue::new("operation", "unknown_operation", message)])
        })
    }

    fn describe_object(&self, object: &Object) -> Json {
        let written: Vec<_> =
            self.grants.writable_fields(&self.schema, object).map(|field| &field.name).collect();
        let may_write = !object.is_read_only
            && [Action::Create, Action::Update]
                .iter()
                .any(|action| self.grants.allows(&object.name, *action));
        let fields: Vec<_> = self
            .grants
            .shown_fields(object)
            .map(|field| self.describe_field(field, may_write && written.contains(&&field.name)))
            .collect();
        let prefix = format!("{}.", object.name);
        let verbs: Vec<_> = self.operations.keys().filter_map(|name| name.strip_prefix(&prefix)).collect();
        json!({
            "object": object.name,
            "label": object.label_plural,
            "path": format!("/records/{}", object.plural),
            "fields": fields,
            "verbs": verbs,
        })
    }

    fn describe_field(&self, field: &Field, is_writable: bool) -> Json {
        let mut told = Map::new();
        told.insert("field".to_owned(), json!(field.name));
        told.insert("label".to_owned(), json!(field.label));
        let kind = match field.kind.options() {
            [] => kinds::kind(&field.kind, |object| self.grants.sees(&self.schema, object)),
            // All of them, with what they are called.
            options => {
                let options: Vec<_> =
                    options.iter().map(|option| format!("{} ({})", option.value, option.label)).collect();
                options.join(" | ")
            }
        };
        if !kind.is_empty() {
            told.insert("holds".to_owned(), kind.into());
        }
        if !field.description.is_empty() {
            told.insert("about".to_owned(), json!(field.description));
        }
        if field.is_required && field.default.is_none() {
            told.insert("required".to_owned(), true.into());
        }
        if !is_writable {
            told.insert("read_only".to_owned(), true.into());
        }
        told.into()
    }
}
