//! The cells of a record's columns: how values are taken from them, one after the other, and made into them.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::{filter::Scalar, text::fold};

/// The cells of a field's columns that are not folded. One that does not fit is taken as empty: the columns are
/// typed, so it cannot be met in practice.
pub(crate) struct Cells<C>(pub(super) C);

impl<C: Iterator<Item = Option<Scalar>>> Cells<C> {
    pub(super) fn next(&mut self) -> Option<Scalar> {
        self.0.next().flatten()
    }

    pub(super) fn text(&mut self) -> Option<String> {
        if let Some(Scalar::Text(text)) = self.next() { Some(text) } else { None }
    }

    pub(super) fn integer(&mut self) -> Option<i64> {
        if let Some(Scalar::Integer(value)) = self.next() { Some(value) } else { None }
    }

    pub(super) fn uuid(&mut self) -> Option<Uuid> {
        if let Some(Scalar::Uuid(id)) = self.next() { Some(id) } else { None }
    }

    pub(super) fn json(&mut self) -> Option<Box<Json>> {
        if let Some(Scalar::Json(json)) = self.next() { Some(json) } else { None }
    }

    pub(super) fn texts(&mut self) -> Vec<String> {
        self.json().and_then(|json| serde_json::from_value(*json).ok()).unwrap_or_default()
    }

    /// Five texts, unless all are empty.
    pub(super) fn parts(&mut self) -> Option<[String; 5]> {
        let parts: [Option<String>; 5] = std::array::from_fn(|_| self.text());
        parts.iter().any(Option::is_some).then(|| parts.map(Option::unwrap_or_default))
    }
}

/// A text; an empty one is no value.
pub(super) fn text(text: &str) -> Option<Scalar> {
    (!text.is_empty()).then(|| Scalar::Text(text.to_owned()))
}

/// The form in which a text is compared.
pub(super) fn folded(text: &str) -> Option<Scalar> {
    (!text.is_empty()).then(|| Scalar::Text(fold(text)))
}

pub(super) fn list(texts: &[String]) -> Option<Scalar> {
    (!texts.is_empty()).then(|| Scalar::Json(Box::new(texts.into())))
}

/// The parts of a composite as they are written and as they are compared.
pub(super) fn parts(parts: [&str; 5]) -> Vec<Option<Scalar>> {
    parts.into_iter().map(text).chain(parts.into_iter().map(folded)).collect()
}
