//! A call as the operation that it means.

use kontor_core::{
    error::{Issue, Problem},
    metadata::Object,
    text,
};
use serde_json::{Map, Value as Json, json};

use super::{DESCRIBE, READ_MORE, Surface, kinds, verbs};

/// What a call of a model means.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The operation's name, [`DESCRIBE`] or [`READ_MORE`]; as the model wrote it where it means none.
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
        if let Some(own) = [DESCRIBE, READ_MORE].into_iter().find(|own| *own == name) {
            return Reading { operation: own.to_owned(), arguments, problem: None };
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

    /// An operation by its own name.
    fn direct(&self, operation: &str, arguments: Json) -> Reading {
        let Json::Object(mut map) = arguments else {
            return Reading { operation: operation.to_owned(), arguments, problem: None };
        };
        let verb = verbs::verb_of(operation).and_then(|(name, verb)| Some((self.schema.object(name)?, verb)));
        let Some((object, verb)) = verb else {
            let schema = self.operations.get(operation).map(|definition| &*definition.parameters);
            for (name, value) in &mut map {
                let ty = schema.and_then(|schema| schema.pointer(&format!("/properties/{name}/type")));
                if let Json::String(text) = value
                    && ty.is_some_and(|ty| ty == "object")
                    && let Some(json) = kinds::unwrapped(text)
                {
                    // Shown as a text, since it is an object of whatever properties.
                    *value = json;
                }
            }
            return reading(operation, Ok(map.into()));
        };
        // The object is said twice by whoever mixes the two forms.
        let is_itself = map.get("object").and_then(Json::as_str).and_then(|word| self.object(word));
        if object.field("object").is_none() && is_itself.is_some_and(|named| named.name == object.name) {
            map.remove("object");
        }
        self.on_object(object, verb.name, map)
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
        self.on_object(object, verb, map)
    }

    fn on_object(&self, object: &Object, verb: &str, map: Map<String, Json>) -> Reading {
        let read = match verb {
            "create" | "update" | "upsert" => self.given(object, map, verb == "update"),
            "find" | "group" => self.filtered(object, map),
            _ => Ok(map.into()),
        };
        reading(&format!("{}.{verb}", object.name), read)
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
    fn filtered(&self, object: &Object, mut map: Map<String, Json>) -> Read {
        // What is not said is often written as nothing.
        map.retain(|_, value| !value.is_null() && value != "");
        for name in ["any", "total", "deleted"] {
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
        if let Some(sort) = map.get("sort").and_then(sorted) {
            map.insert("sort".to_owned(), sort.into());
        }
        if let Some(Json::String(text)) = map.get("limit")
            && let Ok(limit) = text.trim().parse::<u32>()
        {
            map.insert("limit".to_owned(), limit.into());
        }
        let wrong = |path: &str, message: &str| vec![Issue::new(path, "wrong_type", message)];
        let any = match map.get("any") {
            None => false,
            Some(Json::Bool(any)) => *any,
            Some(_) => return Err((map.into(), wrong("any", "expected true or false"))),
        };
        if any && map.contains_key("where") && map.contains_key("filter") {
            let message = "with any, give the conditions in where alone";
            return Err((map.into(), wrong("filter", message)));
        }
        let mut filters = Vec::new();
        for name in ["where", "filter"] {
            let Some(written) = map.get(name) else { continue };
            match self.filter(object, written, any) {
                Ok(filter) => filters.extend(filter),
                Err(issues) => return Err((map.into(), issues)),
            }
        }
        for name in ["any", "where", "filter"] {
            map.remove(name);
        }
        let filter = if filters.len() > 1 { Some(json!({"and": filters})) } else { filters.pop() };
        map.extend(filter.map(|filter| ("filter".to_owned(), filter)));
        Ok(map.into())
    }

    /// The fields of a record that is made or changed.
    fn given(&self, object: &Object, mut map: Map<String, Json>, has_id: bool) -> Read {
        let as_written: Json = map.clone().into();
        let mut given = Given { read: Map::new(), issues: Vec::new() };
        let id = if has_id { map.remove("id") } else { None };
        // A field may have the name of what holds the fields.
        let holder = ["values", "fields"].into_iter().find(|name| object.field(name).is_none());
        let mut pairs = Vec::new();
        if let Some((name, values)) = holder.and_then(|name| map.remove_entry(name)) {
            let text = values.as_str().and_then(kinds::unwrapped);
            match text.unwrap_or(values) {
                Json::Array(entries) => {
                    for (index, entry) in entries.into_iter().enumerate() {
                        match pair(entry) {
                            Ok(fields) => pairs.extend(fields),
                            Err(issue) => given.issues.push(issue.within(&format!("{name}[{index}]"))),
                        }
                    }
                }
                Json::Object(fields) => pairs.extend(fields),
                other => pairs.push((name, other)),
            }
        }
        // Fields that stand beside `values` are meant as if they stood in it.
        pairs.extend(map);
        for (path, written) in pairs {
            match &id {
                Some(id) if path == "id" && *id == written => {}
                Some(_) if path == "id" => {
                    let message = "the id stands beside the values, and no record gets another";
                    given.issues.push(Issue::new("values.id", "read_only", message));
                }
                _ => self.give(object, &mut given, path, written),
            }
        }
        if let Some(id) = id {
            given.read.insert("id".to_owned(), id);
        }
        if given.issues.is_empty() { Ok(given.read.into()) } else { Err((as_written, given.issues)) }
    }

    fn give(&self, object: &Object, given: &mut Given, path: String, written: Json) {
        let (name, part) =
            path.split_once('.').map_or((path.as_str(), None), |(name, part)| (name, Some(part)));
        let mut writable = self.grants.writable_fields(&self.schema, object);
        let Some(field) = writable.find(|field| field.name == name) else {
            // Refused by the operation, which knows the nearest name.
            given.read.insert(path, written);
            return;
        };
        let read = match part {
            None => kinds::value(field, &written),
            Some(part) => kinds::part(field, part, &written),
        };
        let value = match read {
            Ok(value) => value,
            Err(issue) => return given.issues.push(issue.within(&path)),
        };
        let is_new = match (given.read.get_mut(name), part) {
            (None, None) => given.read.insert(path.clone(), value).is_none(),
            (None, Some(part)) => {
                let composite = Map::from_iter([(part.to_owned(), value)]);
                given.read.insert(name.to_owned(), composite.into()).is_none()
            }
            (Some(Json::Object(composite)), Some(part)) if !composite.contains_key(part) => {
                composite.insert(part.to_owned(), value).is_none()
            }
            (Some(known), None) => *known == value,
            (Some(known), Some(part)) => known.get(part).is_some_and(|known| *known == value),
        };
        if !is_new {
            let message = format!("{name} is given twice; give it once, as a whole or in parts");
            given.issues.push(Issue::new(path, "given_twice", message));
        }
    }
}

/// Arguments as an operation takes them; as they were written, with what is wrong.
type Read = Result<Json, (Json, Vec<Issue>)>;

/// The fields that are read so far.
struct Given {
    read: Map<String, Json>,
    issues: Vec<Issue>,
}

/// The fields that one entry of `values` gives: a field with its value, or fields by their names.
fn pair(entry: Json) -> Result<Vec<(String, Json)>, Issue> {
    let wrong = || Issue::new("", "wrong_type", "expected {\"field\": …, \"value\": …}");
    let Json::Object(mut map) = entry else { return Err(wrong()) };
    if !map.contains_key("field") {
        return Ok(map.into_iter().collect());
    }
    match (map.remove("field"), map.remove("value"), map.is_empty()) {
        (Some(Json::String(field)), Some(value), true) => Ok(vec![(field.trim().to_owned(), value)]),
        _ => Err(wrong()),
    }
}

/// An order as the operation takes it, from a list of fields; `None` where it is one already, or not understood.
fn sorted(written: &Json) -> Option<String> {
    let one = |entry: &Json| match entry {
        Json::String(field) => Some(field.trim().to_owned()),
        Json::Object(map) if map.len() <= 2 => {
            let field = map.get("field")?.as_str()?.trim();
            let direction = ["direction", "order"].into_iter().find_map(|name| map.get(name));
            match direction.map(|direction| direction.as_str().unwrap_or_default().to_lowercase()).as_deref()
            {
                Some("desc" | "descending") => Some(format!("-{field}")),
                Some("asc" | "ascending") => Some(field.to_owned()),
                None if map.len() == 1 => Some(field.to_owned()),
                _ => None,
            }
        }
        _ => None,
    };
    let fields: Option<Vec<String>> = written.as_array()?.iter().map(one).collect();
    Some(fields?.join(","))
}

fn reading(operation: &str, read: Read) -> Reading {
    let operation = operation.to_owned();
    match read {
        Ok(arguments) => Reading { operation, arguments, problem: None },
        Err((arguments, issues)) => Reading { operation, arguments, problem: Some(Problem::invalid(issues)) },
    }
}
