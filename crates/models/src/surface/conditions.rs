//! A filter from a list of conditions.

use kontor_core::{
    error::Issue,
    filter::{FieldPath, PartType},
    metadata::{Object, SelectOption},
    reading::whole_amount,
    text,
};
use serde_json::{Map, Value as Json, json};

use super::{Surface, kinds};

impl Surface {
    /// The filter of conditions as a model wrote them: a list of field, operator and value, or the filter language
    /// itself. What is wrong in a filter is found where the filter is read.
    ///
    /// # Errors
    /// Each condition that has other parts than these, at its place in the list.
    pub(super) fn filter(
        &self,
        object: &Object,
        written: &Json,
        any: bool,
    ) -> Result<Option<Json>, Vec<Issue>> {
        let text = written.as_str().and_then(kinds::unwrapped);
        let written = text.as_ref().unwrap_or(written);
        let list = match written {
            Json::Null => return Ok(None),
            Json::Array(list) => list.as_slice(),
            Json::Object(map) if is_condition(map) => std::slice::from_ref(written),
            Json::Object(map) if any && map.len() > 1 => {
                let each = |(name, condition): (&String, &Json)| {
                    Json::Object(Map::from_iter([(name.clone(), condition.clone())]))
                };
                return Ok(Some(json!({"or": map.iter().map(each).collect::<Vec<_>>()})));
            }
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
        const EXPECTED: &str = "expected a condition: {\"field\": …, \"operator\": …, \"value\": …}";
        let wrong = || Issue::new("", "wrong_type", EXPECTED);
        let Json::Object(map) = written else { return Err(wrong()) };
        if !is_condition(map) {
            return Ok(written.clone());
        }
        let known = ["field", "operator", "op", "value"];
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let name = text::excerpt(name, 60);
            return Err(Issue::new(
                name.as_str(),
                "unknown_field",
                format!("there is no {name:?} here: {EXPECTED}"),
            ));
        }
        let word = ["operator", "op"].into_iter().find_map(|name| map.get(name)?.as_str());
        let (Some(field), Some(operator)) = (map.get("field").and_then(Json::as_str), word.map(operator))
        else {
            return Err(wrong());
        };
        let value = match map.get("value") {
            Some(value) => value,
            None if operator == "is_empty" => &Json::Bool(true),
            None => return Err(wrong()),
        };
        let (field, leads_to) = match self.path(object, field.trim()) {
            Some((text, leads_to)) => (text, Some(leads_to)),
            // Refused where the filter is read, which knows the nearest name.
            None => (field.to_owned(), None),
        };
        if let Some((number, code)) = leads_to.and_then(|leads_to| in_currency(operator, leads_to, value)) {
            let currency = format!("{field}.currency");
            return Ok(json!({"and": [{(field): {(operator): number}}, {(currency): {"eq": code}}]}));
        }
        Ok(json!({(field): {(operator): operand(operator, leads_to, value)}}))
    }

    /// A path of the object, or of a record it points to, as filters spell it, and what it leads to.
    fn path<'o>(&'o self, object: &'o Object, path: &str) -> Option<(String, LeadsTo<'o>)> {
        let spelt = |path: &FieldPath, object: &'o Object| {
            let field = object.field(&path.field)?;
            let is_first = field.kind.first_part() == path.part;
            let text = if is_first { path.field.to_string() } else { path.text() };
            let is_money = is_first && field.kind.is_money();
            Some((text, LeadsTo { ty: path.ty, options: field.kind.options(), is_money }))
        };
        if let Ok(path) = FieldPath::parse(path, object, &*self.grants) {
            return spelt(&path, object);
        }
        let (relation, rest) = path.split_once('.')?;
        let related = self.schema.object(object.field(relation)?.kind.relation()?)?;
        let path = FieldPath::parse(rest, related, &*self.grants).ok()?;
        let (text, leads_to) = spelt(&path, related)?;
        Some((format!("{relation}.{text}"), leads_to))
    }
}

/// What a path leads to.
#[derive(Clone, Copy)]
struct LeadsTo<'o> {
    ty: PartType,
    options: &'o [SelectOption],
    is_money: bool,
}

/// An amount that was written with its currency, as in a record's values: what is compared, and the currency that the
/// filter language asks for by itself.
fn in_currency(operator: &str, leads_to: LeadsTo<'_>, value: &Json) -> Option<(Json, &'static str)> {
    let text = value.as_str().filter(|_| leads_to.is_money)?;
    if !matches!(operator, "eq" | "gt" | "gte" | "lt" | "lte") {
        return None;
    }
    let amount = whole_amount(text).ok()?;
    Some((amount.number.to_json(), amount.currency?.code()))
}

fn is_condition(map: &Map<String, Json>) -> bool {
    map.get("field").is_some_and(Json::is_string)
}

/// The filter language's word for an operator.
fn operator(word: &str) -> &str {
    match word.trim() {
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

fn operand(operator: &str, leads_to: Option<LeadsTo<'_>>, value: &Json) -> Json {
    let is_list = matches!(operator, "in" | "not_in");
    let is_truth =
        operator == "is_empty" || leads_to.is_some_and(|leads_to| leads_to.ty == PartType::Boolean);
    let options = leads_to.map_or(&[][..], |leads_to| leads_to.options);
    let one = |value: &Json| match value {
        Json::String(text) if is_truth => {
            kinds::boolean(text.trim()).map_or_else(|| value.clone(), Json::from)
        }
        Json::String(text) => kinds::named_option(options, text).map_or_else(|| value.clone(), Json::from),
        other => other.clone(),
    };
    let list = value.as_str().filter(|_| is_list).and_then(kinds::unwrapped);
    match list.as_ref().unwrap_or(value) {
        Json::Array(values) => values.iter().map(one).collect(),
        Json::String(text) if is_list => {
            text.split(',').map(|text| one(&text.trim().into())).filter(|value| value != "").collect()
        }
        other if is_list => Json::Array(vec![one(other)]),
        other => one(other),
    }
}
