//! Answers that a browser saves as a file.

use axum::http::{HeaderName, HeaderValue, header};

/// The header by which an answer is saved under a name; nothing where no header can carry the name.
pub fn saved_as(name: &str) -> Option<[(HeaderName, HeaderValue); 1]> {
    let value = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).ok()?;
    Some([(header::CONTENT_DISPOSITION, value)])
}
