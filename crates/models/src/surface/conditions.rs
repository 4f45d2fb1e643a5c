//! A filter from a list of conditions.

use kontor_core::{
    error::Issue,
    filter::{FieldPath, PartType},
    metadata::Object,
};
use serde_json::{Map, Value as Json, json};

use super::{Surface, kinds};

impl Surface {
    /// The filter of conditions as a model wrote them: a list of field, operator and value, or the filter language
    /// itself. What is wrong in a filter is found where the filter is read.
    ///
    /// # Errors
    /// Each condition that lacks a part, at its place in the list.
    pub(super) fn filter(
        &self,
        object: &Object,
        written: &Json,
        any: bool,
    ) -> Result<Option<Json>, Vec<Issue>> {
        let written = unwrapped(written);
        let list = match &written {
            Json::Null => return Ok(None),
            Json::Array(list) => list.as_slice(),
            Json::Object(map) if is_pair(map) => std::slice::from_ref(&written),
            filter => return Ok(Some(filter.clone())),
        };
        let (mut filters, mut issues) = (Vec::new(), Vec::new());
        for (index, condition) in list.iter().enumerate() {
            match self.condition(object, condition) {
                Ok(filter) => filters.push(filter),
                Err(issue) => issues.push(issue.within(&format!("where[{index}]"))),
            }
        }
        if !issues.is_empty() {
            return Err(issues);
        }
        Ok(match filters.len() {
            0 => None,
            1 => filters.pop(),
            _ => Some(if any { json!({"or": filters}) } else { json!({"and": filters}) }),
        })
    }

    fn condition(&self, object: &Object, written: &Json) -> Result<Json, Issue> {
        let Json::Object(map) = written else {
            let expected = "expected a condition: {\"field\": …, \"operator\": …, \"value\": …}";
            return Err(Issue::new("", "wrong_type", expected));
        };
        if !is_pair(map) {
            return Ok(written.clone());
        }
        let field = map.get("field").and_then(Json::as_str).unwrap_or_default().trim();
        let operator = match ["operator", "op"].into_iter().find_map(|name| map.get(name)?.as_str()) {
            None => "eq",
            Some(word) => operator(word.trim()),
        };
        let value = map.get("value").unwrap_or(&Json::Null);
        let (field, ty) = match self.path(object, field) {
            Some((text, ty)) => (text, Some(ty)),
            // Refused where the filter is read, which knows the nearest name.
            None => (field.to_owned(), None),
        };
        let mut condition = Map::new();
        condition.insert(operator.to_owned(), operand(operator, ty, value));
        let mut filter = Map::new();
        filter.insert(field, condition.into());
        Ok(filter.into())
    }

    /// A path of the object, or of a record it points to, as filters spell it, and what it leads to.
    fn path(&self, object: &Object, path: &str) -> Option<(String, PartType)> {
        let spelt = |path: &FieldPath, field: &Object| {
            let is_first = field.field(&path.field).is_some_and(|field| field.kind.first_part() == path.part);
            if is_first { path.field.to_string() } else { path.text() }
        };
        if let Ok(path) = FieldPath::parse(path, object, &*self.grants) {
            return Some((spelt(&path, object), path.ty));
        }
        let (relation, rest) = path.split_once('.')?;
        let related = self.schema.object(object.field(relation)?.kind.relation()?)?;
        let path = FieldPath::parse(rest, related, &*self.grants).ok()?;
        Some((format!("{relation}.{}", spelt(&path, related)), path.ty))
    }
}

fn is_pair(map: &Map<String, Json>) -> bool {
    map.get("field").is_some_and(Json::is_string)
}

/// The filter language's word for an operator.
fn operator(word: &str) -> &str {
    match word {
        "=" | "==" | "equals" | "is" => "eq",
        "!=" | "<>" | "ne" | "not" | "not_eq" => "neq",
        ">" => "gt",
        ">=" | "ge" => "gte",
        "<" => "lt",
        "<=" | "le" => "lte",
        "nin" => "not_in",
        other => other,
    }
}

fn operand(operator: &str, ty: Option<PartType>, value: &Json) -> Json {
    let is_list = matches!(operator, "in" | "not_in");
    let is_truth = operator == "is_empty" || ty == Some(PartType::Boolean);
    let one = |value: &Json| match value {
        Json::String(text) if is_truth => {
            kinds::boolean(text.trim()).map_or_else(|| value.clone(), Json::from)
        }
        // Options are kept in upper case, whichever case they are asked for in.
        Json::String(text) if ty == Some(PartType::Option) => {
            text.trim().replace([' ', '-'], "_").to_uppercase().into()
        }
        other => other.clone(),
    };
    match unwrapped(value) {
        Json::Array(values) => values.iter().map(one).collect(),
        Json::String(text) if is_list => {
            text.split(',').map(|text| one(&text.trim().into())).filter(|value| value != "").collect()
        }
        other if is_list => Json::Array(vec![one(&other)]),
        Json::Null if operator == "is_empty" => true.into(),
        other => one(&other),
    }
}

/// What was written as a text that holds JSON.
fn unwrapped(written: &Json) -> Json {
    let Json::String(text) = written else { return written.clone() };
    let text = text.trim();
    if text.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(text)
    {
        return json;
    }
    written.clone()
}
