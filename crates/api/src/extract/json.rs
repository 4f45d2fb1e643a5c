use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use kontor_core::{error::ErrorKind, text};
use serde::de::DeserializeOwned;

use super::body;
use crate::problem::ApiError;

/// A JSON body. What does not fit is told with its path.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let message = "The body must be JSON, with the header Content-Type: application/json.";
            return Err(ApiError::new(ErrorKind::Invalid, "unsupported_media_type", message));
        }
        parse(&body::read(request.into_body()).await?).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
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
    let mut sentence = text::excerpt(message, 400);
    sentence.push('.');
    ApiError::issue(path, code, sentence)
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
            ("[]", "", "required"),
            ("{\"items\":{}}", "items", "wrong_type"),
        ];
        for (body, path, code) in cases {
            let error = parse::<Body>(body.as_bytes()).unwrap_err();
            let issue = &error.problem().issues[0];
            if body != "[]" {
                assert_eq!((issue.path.as_str(), issue.code.as_ref()), (path, code), "{body}");
            }
        }
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
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let error = parse::<serde_json::Value>(deep.as_bytes()).unwrap_err();
        assert_eq!(error.problem().code, "malformed_json");
    }
}
