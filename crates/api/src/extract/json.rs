use axum::{
    extract::{FromRequest, Request},
    http::HeaderMap,
};
use kontor_core::{
    error::{ErrorKind, Issue, Problem, join_path},
    text,
};
use kontor_http::MediaType;
use schemars::JsonSchema;
use serde::{
    Deserialize as _,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{body, shape, strict::Strict};
use crate::problem::ApiError;

/// A JSON body, which is an object. What does not fit is told with its path, and what is missing all at once.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + JsonSchema> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let unsupported = |message| ApiError::new(ErrorKind::Invalid, "unsupported_media_type", message);
        if !is_json(request.headers()) {
            return Err(unsupported(
                "The body must be JSON, with the header Content-Type: application/json.",
            ));
        }
        if !kontor_http::is_uncoded(request.headers()) {
            return Err(unsupported("The body must not be compressed: send no Content-Encoding."));
        }
        parse(&body::read(request.into_body()).await?).map(Self)
    }
}

/// Whether the body is said to be JSON, in the one encoding that JSON has (RFC 8259, section 8.1).
fn is_json(headers: &HeaderMap) -> bool {
    MediaType::of(headers).is_some_and(|given| {
        let essence = &given.essence;
        let is_json = essence == "application/json"
            || essence.starts_with("application/") && essence.ends_with("+json");
        is_json && given.is_utf8()
    })
}

fn parse<T: DeserializeOwned + JsonSchema>(body: &[u8]) -> Result<T, ApiError> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        // What is no JSON at all is told as that.
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let whole = IgnoredAny::deserialize(&mut deserializer).and_then(|_| deserializer.end());
        return Err(match whole {
            Ok(()) => refused(vec![unfit("", "a JSON object is expected here")]),
            Err(error) => malformed(&error),
        });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict(&mut deserializer)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { misfit::<T>(body, unfit(&path, &inner.to_string())) } else { malformed(&inner) }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorKind::Invalid, "malformed_json", format!("The body is not valid JSON: {error}."))
}

/// JSON of another shape: all that is missing and does not belong there, with what serde stopped at.
fn misfit<T: JsonSchema>(body: &[u8], stopped_at: Issue) -> ApiError {
    let mut issues =
        serde_json::from_slice(body).map_or_else(|_| Vec::new(), |value| shape::issues::<T>(&value));
    if !issues.iter().any(|issue| (&issue.path, &issue.code) == (&stopped_at.path, &stopped_at.code)) {
        issues.insert(0, stopped_at);
    }
    refused(issues)
}

fn refused(issues: Vec<Issue>) -> ApiError {
    ApiError::of(Problem::invalid(issues))
}

/// The place that serde stopped at. serde tells the sort of mistake by the beginning of its message only.
fn unfit(path: &str, message: &str) -> Issue {
    let message = message.split(" at line ").next().unwrap_or(message);
    let sorts = [("unknown field", "unknown_field"), ("unknown variant", "invalid_value")];
    let sort = sorts.iter().find(|(beginning, _)| message.starts_with(beginning));
    let code = sort.map_or("wrong_type", |(_, code)| code);
    let path = if path == "." { "" } else { path };
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return shape::missing(&join_path(path, name));
    }
    let mut sentence = text::excerpt(&in_words(message), 400);
    sentence.push('.');
    Issue::new(path, code, sentence)
}

/// serde's message without the names of our types.
fn in_words(message: &str) -> String {
    let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    else {
        return message.to_owned();
    };
    let expected = match expected {
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        struct_or_enum if struct_or_enum.starts_with("struct ") => "an object",
        other => other,
    };
    let found = match found {
        "map" => "an object",
        "sequence" => "a list",
        "unit value" | "null" | "Option value" => "null",
        other => other,
    };
    format!("{expected} is expected here, not {found}")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "items")]
        _items: Vec<Item>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[serde(rename = "id")]
        _id: u32,
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path() {
        let cases = [
            ("{\"items\":[{\"id\":1},{\"id\":\"x\"}]}", "items[1].id", "wrong_type"),
            ("{\"items\":[{}]}", "items[0].id", "required"),
            ("{\"items\":[{\"id\":1,\"ix\":2}]}", "items[0].ix", "unknown_field"),
            ("{\"items\":{}}", "items", "wrong_type"),
            ("{}", "items", "required"),
        ];
        for (body, path, code) in cases {
            let error = parse::<Body>(body.as_bytes()).unwrap_err();
            let issue = &error.problem().issues[0];
            assert_eq!((issue.path.as_str(), issue.code.as_ref()), (path, code), "{body}");
        }
    }

    #[test]
    fn all_that_is_missing_or_does_not_belong_there_is_told_at_once() {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only what is wrong is looked at")]
        struct New {
            name: String,
            role: String,
            #[serde(default)]
            label: Option<String>,
            #[serde(default)]
            first: Option<Item>,
            #[serde(default)]
            rest: Vec<Item>,
        }
        let body = r#"{"lable": "x", "first": {"ix": 1}, "rest": [{"id": 1}, {}, {"id": "x"}]}"#;
        let error = parse::<New>(body.as_bytes()).unwrap_err();
        let mut told: Vec<_> =
            error.problem().issues.iter().map(|issue| (issue.path.as_str(), issue.code.as_ref())).collect();
        told.sort_unstable();
        let expected = [
            ("first.id", "required"),
            ("first.ix", "unknown_field"),
            ("lable", "unknown_field"),
            ("name", "required"),
            ("rest[1].id", "required"),
            ("role", "required"),
        ];
        assert_eq!(told, expected);
        let near = error.problem().issues.iter().find(|issue| issue.path == "lable").unwrap();
        assert!(near.message.contains("Did you mean label?"), "{near}");

        // What is of another type stands beside what is missing.
        let error = parse::<New>(br#"{"name": 7}"#).unwrap_err();
        let told: Vec<_> =
            error.problem().issues.iter().map(|issue| (issue.path.as_str(), issue.code.as_ref())).collect();
        assert_eq!(told, [("name", "wrong_type"), ("role", "required")]);
    }

    #[test]
    fn a_list_is_no_object_at_any_depth() {
        let cases = [
            ("[]", ""),
            (" [[]]", ""),
            ("[[{\"id\":1}]]", ""),
            ("null", ""),
            ("\"items\"", ""),
            ("{\"items\":[[1]]}", "items[0]"),
            ("{\"items\":[{\"id\":1},[1]]}", "items[1]"),
        ];
        for (body, path) in cases {
            let error = parse::<Body>(body.as_bytes()).unwrap_err();
            let issue = &error.problem().issues[0];
            assert_eq!((issue.path.as_str(), issue.code.as_ref()), (path, "wrong_type"), "{body}");
            assert!(issue.message.contains("object is expected here"), "{body}: {issue}");
            assert!(!issue.message.contains("struct"), "{body}: {issue}");
        }
        for list in ["[]", "[1]", "[{}]"] {
            assert!(parse::<serde_json::Map<String, serde_json::Value>>(list.as_bytes()).is_err());
            assert!(parse::<serde_json::Value>(list.as_bytes()).is_err());
        }
    }

    #[test]
    fn only_json_in_utf_8_is_taken_for_json() {
        let is = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("content-type", axum::http::HeaderValue::from_static(value));
            }
            is_json(&headers)
        };
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"] {
            assert!(is(&[good]), "{good}");
        }
        for bad in ["text/plain", "application/json; charset=utf-16", "application/jsonp", "json", ""] {
            assert!(!is(&[bad]), "{bad}");
        }
        assert!(!is(&[]) && !is(&["application/json", "text/plain"]));
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        for body in ["", "{", "{\"items\":[]} x", "{\"items\":[]", "\u{0}", "nul"] {
            let error = parse::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(error.problem().code, "malformed_json", "{body:?}");
        }
        assert_eq!(parse::<Body>(b"\xff\xfe").unwrap_err().problem().code, "malformed_json");
    }

    #[test]
    fn a_body_nested_beyond_measure_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let error = parse::<serde_json::Value>(deep.as_bytes()).unwrap_err();
        assert_eq!(error.problem().code, "malformed_json");
    }
}
