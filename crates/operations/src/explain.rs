//! What a JSON Schema finds wrong, said so that a model or a person can put it right.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use kontor_core::{
    error::{Issue, join_path},
    text,
};
use serde_json::Value as Json;

/// The issues of one validation error, each at the place it is about.
pub fn issues(error: &ValidationError<'_>, schema: &Json) -> Vec<Issue> {
    let path = instance_path(error);
    let owner = error.schema_path().as_str().rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known: Vec<_> = property_names(owner).collect();
            unexpected.iter().map(|name| unknown(&path, name, &known)).collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Issue::new(join_path(&path, name), "required", format!("{name} is required"))]
        }
        ValidationErrorKind::Enum { options } => vec![not_an_option(path, error.instance(), options)],
        ValidationErrorKind::Type { .. } => {
            let expected = owner.and_then(|owner| owner.get("type")).map(type_names).unwrap_or_default();
            let given = text::excerpt(&error.instance().to_string(), 60);
            vec![Issue::new(path, "wrong_type", format!("expected {expected}, got {given}"))]
        }
        ValidationErrorKind::Format { format } => {
            let given = text::excerpt(&error.instance().to_string(), 60);
            vec![Issue::new(path, "wrong_format", format!("expected {}, got {given}", format_name(format)))]
        }
        _ => vec![Issue::new(path, "invalid_argument", text::excerpt(&error.to_string(), 400))],
    }
}

fn instance_path(error: &ValidationError<'_>) -> String {
    let segments = error.instance_path().as_str().split('/').skip(1);
    segments.fold(String::new(), |path, segment| match segment.parse::<usize>() {
        Ok(index) => join_path(&path, &format!("[{index}]")),
        Err(_) => join_path(&path, &segment.replace("~1", "/").replace("~0", "~")),
    })
}

fn property_names(schema: Option<&Json>) -> impl Iterator<Item = &str> {
    schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys().map(String::as_str))
}

fn unknown(path: &str, name: &str, known: &[&str]) -> Issue {
    let near = text::suggestion(name, known.iter().copied());
    let name = text::excerpt(name, 60);
    // Where nothing is near, a short list of what there is helps more than nothing.
    let hint = if near.is_empty() && !known.is_empty() {
        text::excerpt(&format!(" Known are: {}.", known.join(", ")), 300)
    } else {
        near
    };
    Issue::new(join_path(path, &name), "unknown_field", format!("there is no {name:?} here.{hint}"))
}

fn not_an_option(path: String, given: &Json, options: &Json) -> Issue {
    let values: Vec<_> = options.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let near = text::suggestion(given.as_str().unwrap_or_default(), values.iter().copied());
    let given = text::excerpt(&given.to_string(), 60);
    let known = text::excerpt(&values.join(", "), 400);
    Issue::new(path, "unknown_option", format!("{given} is not one of {known}.{near}"))
}

fn type_names(types: &Json) -> String {
    match types {
        Json::Array(types) => types.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" or "),
        one => one.as_str().unwrap_or_default().to_owned(),
    }
}

fn format_name(format: &str) -> &str {
    match format {
        "uuid" => "an id such as \"018f2b6e-7c1a-7000-8000-000000000001\"",
        "date" => "a date such as \"2026-03-01\"",
        "date-time" => "a timestamp such as \"2026-03-01T09:30:00Z\"",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(arguments: &Json) -> Vec<(String, String)> {
        let schema = json!({
            "type": "object",
            "properties": {
                "filter": {
                    "type": "object",
                    "properties": {
                        "and": {"type": "array", "items": {"$ref": "#/properties/filter"}},
                        "stage": {"type": "object", "properties": {"eq": {"enum": ["LEAD", "PROPOSAL"]}}},
                        "amount": {"$ref": "#/$defs/number"},
                    },
                    "additionalProperties": false,
                },
                "id": {"type": "string", "format": "uuid"},
            },
            "required": ["id"],
            "additionalProperties": false,
            "$defs": {"number": {
                "type": "object",
                "properties": {"gte": {"type": ["number", "null"]}},
                "additionalProperties": false,
            }},
        });
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let issues: Vec<_> =
            validator.iter_errors(arguments).flat_map(|error| issues(&error, &schema)).collect();
        issues.into_iter().map(|issue| (issue.path, issue.message)).collect()
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_one_at_its_place() {
        let id = "018f2b6e-7c1a-7000-8000-000000000001";
        let wrong =
            json!({"id": id, "filter": {"and": [{"stagee": {"eq": "LEAD"}}, {"amount": {"get": 1}}]}});
        assert_eq!(
            found(&wrong),
            [
                (
                    "filter.and[0].stagee".to_owned(),
                    "there is no \"stagee\" here. Did you mean stage?".to_owned()
                ),
                (
                    "filter.and[1].amount.get".to_owned(),
                    "there is no \"get\" here. Known are: gte.".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn a_wrong_value_is_answered_with_what_was_expected() {
        let wrong = json!({"id": "42", "filter": {"stage": {"eq": "PROPOSALS"}, "amount": {"gte": "much"}}});
        let mut messages: Vec<_> =
            found(&wrong).into_iter().map(|(path, message)| format!("{path}: {message}")).collect();
        messages.sort();
        assert_eq!(
            messages,
            [
                "filter.amount.gte: expected number or null, got \"much\"",
                "filter.stage.eq: \"PROPOSALS\" is not one of LEAD, PROPOSAL. Did you mean PROPOSAL?",
                "id: expected an id such as \"018f2b6e-7c1a-7000-8000-000000000001\", got \"42\"",
            ]
        );
    }

    #[test]
    fn a_missing_argument_is_named() {
        assert_eq!(found(&json!({})), [("id".to_owned(), "id is required".to_owned())]);
    }
}
