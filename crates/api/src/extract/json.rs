use axum::{
    extract::{FromRequest, Request},
    http::HeaderMap,
};
use kontor_core::{error::ErrorKind, text};
use kontor_http::MediaType;
use serde::{
    Deserialize as _,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{body, strict::Strict};
use crate::problem::ApiError;

/// A JSON body, which is an object. What does not fit is told with its path.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
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

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        // What is no JSON at all is told as that.
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let whole = IgnoredAny::deserialize(&mut deserializer).and_then(|_| deserializer.end());
        return Err(match whole {
            Ok(()) => unfit("", "a JSON object is expected here"),
            Err(error) => malformed(&error),
        });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(Strict(&mut deserializer)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { unfit(&path, &inner.to_string()) } else { malformed(&inner) }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorKind::Invalid, "malformed_json", format!("The body is not valid JSON: {error}."))
}

/// JSON of another shape. serde tells the sort of mistake by the beginning of its message only.
fn unfit(path: &str, message: &str) -> ApiError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let sorts = [
        ("missing field", "required"),
        ("unknown field", "unknown_field"),
        ("unknown variant", "invalid_value"),
    ];
    let sort = sorts.iter().find(|(beginning, _)| message.starts_with(beginning));
    let code = sort.map_or("wrong_type", |(_, code)| code);
    let path = if path == "." { "" } else { path };
    let mut sentence = text::excerpt(&in_words(message), 400);
    sentence.push('.');
    ApiError::issue(path, code, sentence)
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

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "items")]
        _items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[serde(rename = "id")]
        _id: u32,
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path() {
        let cases = [
            ("{\"items\":[{\"id\":1},{\"id\":\"x\"}]}", "items[1].id", "wrong_type"),
            ("{\"items\":[{}]}", "items[0]", "required"),
            ("{\"items\":[{\"id\":1,\"ix\":2}]}", "items[0].ix", "unknown_field"),
            ("{\"items\":{}}", "items", "wrong_type"),
            ("{}", "", "required"),
        ];
        for (body, path, code) in cases {
            let error = parse::<Body>(body.as_bytes()).unwrap_err();
            let issue = &error.problem().issues[0];
            assert_eq!((issue.path.as_str(), issue.code.as_ref()), (path, code), "{body}");
        }
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
