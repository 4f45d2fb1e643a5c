use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kontor_crm::records::Record;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::page::Whole;

/// What a write answers, in a form that can be kept for whoever sends the write again.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    status: u16,
    version: Option<i64>,
    location: Option<String>,
    body: Option<Box<RawValue>>,
}

impl Written {
    pub(super) fn created(records: &[Record]) -> Self {
        let location = records.first().map(|made| format!("/api/records/{}/{}", made.object.plural, made.id));
        Self { status: StatusCode::CREATED.as_u16(), location, ..Self::one(records) }
    }

    pub(super) fn one(records: &[Record]) -> Self {
        let record = records.first();
        Self {
            status: StatusCode::OK.as_u16(),
            version: record.map(|record| record.version),
            location: None,
            body: record.and_then(|record| to_raw_value(record).ok()),
        }
    }

    pub(super) fn all(records: &[Record]) -> Self {
        let body = to_raw_value(&Whole { data: records.iter().collect() }).ok();
        Self { status: StatusCode::OK.as_u16(), version: None, location: None, body }
    }

    pub(super) fn nothing(_: &[Record]) -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), version: None, location: None, body: None }
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = match self.body {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        };
        // Names, ids and numbers have no character that a header could not hold.
        let mut set = |name: HeaderName, text: Option<String>| {
            if let Some(Ok(value)) = text.map(HeaderValue::try_from) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::ETAG, self.version.map(super::tag));
        set(header::LOCATION, self.location);
        response
    }
}
