//! A call as the operation that it means.

use kontor_core::{
    error::{ErrorKind, Issue, Problem},
    metadata::Object,
    text,
};
use serde_json::{Map, Value as Json};

use super::{DESCRIBE, Surface, kinds, verbs};

/// What a call of a model means.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The operation's name, or [`DESCRIBE`]; as the model wrote it where it means none.
    pub operation: String,
    /// As the operation takes them; as they were written where something is wrong.
    pub arguments: Json,
    pub problem: Option<Problem>,
}

/// Prefixes that some servers put before the names of tools.
const PREFIXES: [&str; 4] = ["functions_", "default_api_", "tools_", "tool_"];

/// A name without what does not tell it from others: case, blanks, and the signs between words.
pub(super) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['.', '-', ':', ' '], "_")
}

impl Surface {
    /// What a call means: a verb with its object, or an operation by its own name, which is taken whether it was shown
    /// or not, since models repeat what they read earlier in a conversation.
    pub fn read(&self, written: &str, arguments: Json) -> Reading {
        if self.operations.contains_key(written) {
            return self.direct(written, arguments);
        }
        // What a chat template left behind the name is no part of it.
        let name = plain(written.split("<|").next().unwrap_or_default());
        let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(&name);
        if name == DESCRIBE {
            return Reading { operation: DESCRIBE.to_owned(), arguments, problem: None };
        }
        if let Some(verb) = verbs::VERBS.iter().find(|verb| verb.name == name) {
            return self.verb(verb.name, arguments);
        }
        let mut meant = self
            .operations
            .values()
            .filter(|definition| plain(&definition.name) == name || verbs::name(definition) == name);
        match (meant.next(), meant.next()) {
            (Some(definition), None) => self.direct(&definition.name, arguments),
            // What may be either of two is neither.
            _ => Reading { operation: written.to_owned(), arguments, problem: None },
        }
    }

    /// An operation by its own name: conditions become its filter.
    fn direct(&self, operation: &str, arguments: Json) -> Reading {
        let object = verbs::verb_of(operation).and_then(|(object, _)| self.schema.object(object));
        let read = match (object, arguments) {
            (Some(object), Json::Object(map)) if map.contains_key("where") => self.filtered(object, map),
            (_, arguments) => Ok(arguments),
        };
        reading(operation, read)
    }

    fn verb(&self, verb: &str, arguments: Json) -> Reading {
        let Json::Object(mut map) = arguments else {
            return Reading { operation: verb.to_owned(), arguments, problem: None };
        };
        let word = match map.get("object") {
            Some(Json::String(word)) => word.clone(),
            _ => return self.without_object(verb, map, None),
        };
        let Some(object) = self.object(&word) else { return self.without_object(verb, map, Some(&word)) };
        map.remove("object");
        let operation = format!("{}.{verb}", object.name);
        let read = match verb {
            "create" | "update" => self.given(object, map, verb == "update"),
            "find" | "group" => self.filtered(object, map),
            _ => Ok(map.into()),
        };
        reading(&operation, read)
    }

    fn without_object(&self, verb: &str, map: Map<String, Json>, word: Option<&str>) -> Reading {
        let names = || self.outline.iter().map(|object| object.name.as_str());
        let known = text::excerpt(&names().collect::<Vec<_>>().join(", "), 400);
        let message = match word {
            None => format!("object is required: one of {known}"),
            Some(word) => {
                let near = text::suggestion(word, names());
                format!("there is no object {:?}.{near} There are: {known}.", text::excerpt(word, 60))
            }
        };
        let code = if word.is_some() { "unknown_object" } else { "required" };
        let problem = Problem::invalid(vec![Issue::new("object", code, message)]);
        Reading { operation: verb.to_owned(), arguments: map.into(), problem: Some(problem) }
    }

    /// Arguments with conditions as their filter, and what was meant as a number, a truth or a list as one.
    fn filtered(&self, object: &Object, mut map: Map<String, Json>) -> Result<Json, (Json, Vec<Issue>)> {
        let any = map.remove("any").is_some_and(|any| match any {
            Json::Bool(any) => any,
            Json::String(text) => kinds::boolean(text.trim()) == Some(true),
            _ => false,
        });
        for name in ["total", "deleted"] {
            if let Some(Json::String(text)) = map.get(name)
                && let Some(truth) = kinds::boolean(text.trim())
            {
                map.insert(name.to_owned(), truth.into());
            }
        }
        for name in ["fields", "by"] {
            if let Some(Json::String(text)) = map.get(name) {
                let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                let names: Json = names.collect();
                map.insert(name.to_owned(), names);
            }
        }
        if let Some(Json::Array(names)) = map.get("sort") {
            let names: Vec<_> = names.iter().filter_map(Json::as_str).collect();
            map.insert("sort".to_owned(), names.join(",").into());
        }
        if let Some(Json::String(text)) = map.get("limit")
            && let Ok(limit) = text.trim().parse::<u32>()
        {
            map.insert("limit".to_owned(), limit.into());
        }
        // What is not said is often written as nothing.
        map.retain(|_, value| !value.is_null() && value != "");
        let mut filters = Vec::new();
        for name in ["where", "filter"] {
            let Some(written) = map.get(name) else { continue };
            match self.filter(object, written, any) {
                Ok(filter) => filters.extend(filter),
                Err(issues) => return Err((map.into(), issues)),
            }
        }
        map.remove("where");
        map.remove("filter");
        match filters.len() {
            0 => {}
            1 => map.extend(filters.pop().map(|filter| ("filter".to_owned(), filter))),
            _ => map.extend([("filter".to_owned(), serde_json::json!({"and": filters}))]),
        }
        Ok(map.into())
    }

    /// The fields of a record that is made or changed.
    fn given(
        &self,
        object: &Object,
        mut map: Map<String, Json>,
        has_id: bool,
    ) -> Result<Json, (Json, Vec<Issue>)> {
        let values = ["values", "fields"].into_iter().find_map(|name| map.remove(name));
        let mut read = Map::new();
        if has_id && let Some(id) = map.remove("id") {
            read.insert("id".to_owned(), id);
        }
        let mut pairs: Vec<(String, Json)> = match values {
            Some(Json::Array(pairs)) => pairs.into_iter().flat_map(pair).collect(),
            Some(Json::Object(map)) => map.into_iter().collect(),
            Some(Json::String(text)) => match serde_json::from_str(&text) {
                Ok(Json::Array(pairs)) => pairs.into_iter().flat_map(pair).collect(),
                Ok(Json::Object(map)) => map.into_iter().collect(),
                _ => vec![("values".to_owned(), text.into())],
            },
            Some(other) => vec![("values".to_owned(), other)],
            None => Vec::new(),
        };
        // Fields that stand beside `values` are meant as if they stood in it.
        pairs.extend(map);
        let mut issues = Vec::new();
        for (path, written) in pairs {
            let (name, part) =
                path.split_once('.').map_or((path.as_str(), None), |(name, part)| (name, Some(part)));
            let Some(field) = object.field(name) else {
                // Refused by the operation, which knows the nearest name.
                read.insert(path, written);
                continue;
            };
            if let Some(part) = part {
                let composite = read.entry(name).or_insert_with(|| Map::new().into());
                if let Json::Object(composite) = composite {
                    composite.insert(part.to_owned(), written);
                }
                continue;
            }
            match kinds::value(field, &written) {
                Ok(value) => drop(read.insert(path, value)),
                Err(issue) => issues.push(issue.within(&path)),
            }
        }
        if issues.is_empty() { Ok(read.into()) } else { Err((read.into(), issues)) }
    }
}

/// The fields that one entry of `values` gives: a field with its value, or fields by their names.
fn pair(entry: Json) -> Vec<(String, Json)> {
    let Json::Object(mut map) = entry else { return vec![("values".to_owned(), entry)] };
    match map.get("field") {
        Some(Json::String(field)) if map.len() <= 2 => {
            let field = field.trim().to_owned();
            vec![(field, map.remove("value").unwrap_or(Json::Null))]
        }
        _ => map.into_iter().collect(),
    }
}

fn reading(operation: &str, read: Result<Json, (Json, Vec<Issue>)>) -> Reading {
    let operation = operation.to_owned();
    match read {
        Ok(arguments) => Reading { operation, arguments, problem: None },
        Err((arguments, issues)) => {
            let problem = Problem { kind: ErrorKind::Invalid, ..Problem::invalid(issues) };
            Reading { operation, arguments, problem: Some(problem) }
        }
    }
}
