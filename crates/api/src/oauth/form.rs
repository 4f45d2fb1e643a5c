//! A form as OAuth's endpoints read it.

use std::collections::HashMap;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use kontor_http::MediaType;
use url::form_urlencoded;

use super::Refusal;
use crate::extract;

const FORM: &str = "application/x-www-form-urlencoded";

/// What a form says, each parameter once; an empty one is as if it were left out (RFC 6749, section 3.2).
#[derive(Debug)]
pub(super) struct Form(HashMap<String, String>);

impl Form {
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let is_form = MediaType::of(headers).is_some_and(|given| given.essence == FORM);
        let is_other = headers.contains_key(header::CONTENT_TYPE) && !is_form;
        if is_other || !kontor_http::is_uncoded(headers) {
            let message = "The body must be application/x-www-form-urlencoded.";
            return Err(Refusal::error("invalid_request", message));
        }
        Self::parse(&extract::body::read(body).await.map_err(Refusal::Problem)?)
    }

    pub(super) fn parse(form: &[u8]) -> Result<Self, Refusal> {
        let mut all = HashMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            // What is not known is ignored later; what is given twice is refused, since which counts is not to be guessed.
            if all.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(Refusal::error("invalid_request", "A parameter is given more than once."));
            }
        }
        all.retain(|_, value| !value.is_empty());
        Ok(Self(all))
    }

    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    pub(super) fn require(&self, name: &str) -> Result<&str, Refusal> {
        self.find(name)
            .ok_or_else(|| Refusal::error("invalid_request", format!("The parameter {name} is missing.")))
    }
}
