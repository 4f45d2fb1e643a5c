//! What a request says that its body is.

use axum::http::{HeaderMap, header};

/// The media type of a body and its parameters, in the form that the header has them.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaType<'h> {
    /// In lower case: `application/json`.
    pub essence: String,
    parameters: &'h str,
}

impl<'h> MediaType<'h> {
    /// From `Content-Type`; none where it is missing, given more than once or no text.
    pub fn of(headers: &'h HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let (essence, parameters) =
            value.to_str().ok()?.split_once(';').unwrap_or((value.to_str().ok()?, ""));
        Some(Self { essence: essence.trim().to_ascii_lowercase(), parameters })
    }

    /// Whether the text of the body is in UTF-8, as far as the header says something else.
    pub fn is_utf8(&self) -> bool {
        self.parameters.split(';').filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    }
}

/// Whether a body is sent as it is, not compressed.
pub fn is_uncoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_media_type_is_told_once_and_its_charset_is_utf_8() {
        let read = |values: &[&'static str]| {
            let headers = headers(values);
            MediaType::of(&headers).map(|it| (it.essence.clone(), it.is_utf8()))
        };
        let json = |is_utf8| Some(("application/json".to_owned(), is_utf8));
        assert_eq!(read(&["Application/JSON"]), json(true));
        assert_eq!(read(&["application/json ; Charset=\"UTF-8\"; x=y"]), json(true));
        assert_eq!(read(&["application/json;charset=utf-16"]), json(false));
        assert_eq!(read(&["application/json", "text/plain"]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_compressed_body_is_known_by_its_header() {
        let mut headers = HeaderMap::new();
        assert!(is_uncoded(&headers));
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
        assert!(is_uncoded(&headers));
        headers.append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!is_uncoded(&headers));
    }
}
