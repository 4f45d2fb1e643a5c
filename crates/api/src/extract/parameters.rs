use std::{convert::Infallible, ops::RangeInclusive};

use axum::{extract::FromRequestParts, http::request::Parts};
use kontor_core::{
    error::{Issue, Problem},
    text,
};
use url::form_urlencoded;

use crate::problem::{ApiError, Result};

/// A query parameter that a handler knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    /// What it is for, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) is_required: bool,
}

/// What a query parameter holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    Text,
    /// Names, separated by commas.
    Names,
    /// A JSON text.
    Json,
    Flag,
    Number {
        least: u32,
        most: u32,
    },
    Word(&'static [&'static str]),
    /// A text of one form, as a regular expression.
    Form(&'static str),
    Id,
    Instant,
    Day,
}

impl Holds {
    /// Whether it takes any text; an empty one counts as absent then.
    const fn is_free(self) -> bool {
        matches!(self, Self::Text | Self::Names)
    }
}

impl Parameter {
    pub(crate) const fn new(name: &'static str, holds: Holds, about: &'static str) -> Self {
        Self { name, holds, about, is_required: false }
    }

    /// How many there are at most in an answer, up to `most`.
    pub(crate) const fn limit(most: u32) -> Self {
        Self::new("limit", Holds::Number { least: 1, most }, "How many are answered at most.")
    }

    /// Where a list goes on.
    pub(crate) const fn after() -> Self {
        Self::new("after", Holds::Text, "The cursor that the page before answered as `page.next`.")
    }

    pub(crate) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}

/// The query parameters of a request. A handler first names those it knows, so that a misspelt one is told
/// and not ignored.
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// That a request has no query parameters.
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        Parameters::parse(parts.uri.query().unwrap_or_default()).knowing(&[]).map(|_| Self)
    }
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// These parameters, each once and all of them known.
    pub(crate) fn knowing(self, known: &[Parameter]) -> Result<Self> {
        let is_known = |name: &str| known.iter().any(|known| known.name == name);
        let mut issues = Vec::new();
        for (index, (name, value)) in self.0.iter().enumerate() {
            let shown = text::excerpt(name, 60);
            if !is_known(name) {
                let near = text::suggestion(name, known.iter().map(|known| known.name));
                let message = format!("There is no query parameter {shown:?} here.{near}");
                issues.push(Issue::new(shown, "unknown_parameter", message));
            } else if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                issues.push(Issue::new(shown, "repeated_parameter", "It is given more than once."));
            } else if value.is_empty()
                && known.iter().any(|known| known.name == name && !known.holds.is_free())
            {
                issues.push(Issue::new(shown, "empty_parameter", "It is given without a value."));
            } else if value.contains('\0') {
                issues.push(Issue::new(shown, "wrong_characters", "NUL is in no text."));
            }
        }
        issues.truncate(10);
        if issues.is_empty() { Ok(self) } else { Err(ApiError::of(Problem::invalid(issues))) }
    }

    /// A parameter's text; an empty one of those that take any text counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A parameter that holds one thing of a type with a text form.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let parse = |text: &str| {
            let wrong = |_| ApiError::issue(name, "wrong_type", format!("{expected} is expected here."));
            text.parse().map_err(wrong)
        };
        self.text(name).map(parse).transpose()
    }

    pub(crate) fn number(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>> {
        let expected = format!("A whole number from {} to {}", range.start(), range.end());
        match self.parsed::<u32>(name, &expected)? {
            Some(number) if !range.contains(&number) => {
                Err(ApiError::issue(name, "out_of_range", format!("{expected} is expected here.")))
            }
            number => Ok(number),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        Ok(self.parsed(name, "true or false")?.unwrap_or(false))
    }

    /// A parameter that lists names, separated by commas.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.text(name).map(|text| text.split(',').map(|part| part.trim().to_owned()).collect())
    }

    pub(crate) fn json(&self, name: &str) -> Result<Option<serde_json::Value>> {
        let parse = |text: &str| {
            let wrong = |error| ApiError::issue(name, "malformed_json", format!("It is no JSON: {error}."));
            serde_json::from_str(text).map_err(wrong)
        };
        self.text(name).map(parse).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Parameter; 2] =
        [Parameter::new("filter", Holds::Json, ""), Parameter::new("sort", Holds::Text, "")];

    fn code<T>(result: Result<T>) -> String {
        result.err().unwrap().problem().issues[0].code.to_string()
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest_name() {
        let error = Parameters::parse("filtr=x").knowing(&KNOWN).err().unwrap();
        assert!(error.problem().message.contains("Did you mean filter?"), "{}", error.problem().message);
        assert_eq!(code(Parameters::parse("sort=a&sort=b").knowing(&KNOWN)), "repeated_parameter");
        assert_eq!(code(Parameters::parse("sort=%00").knowing(&KNOWN)), "wrong_characters");
    }

    #[test]
    fn values_are_read_by_their_type() {
        let parameters = Parameters::parse("limit=5&total=true&by=a,%20b&filter=%7B%7D&after=");
        assert_eq!(parameters.number("limit", 1..=10).unwrap(), Some(5));
        assert!(parameters.flag("total").unwrap() && !parameters.flag("deleted").unwrap());
        assert_eq!(parameters.list("by").unwrap(), ["a", "b"]);
        assert_eq!(parameters.json("filter").unwrap(), Some(serde_json::json!({})));
        assert_eq!(parameters.text("after"), None);
        assert_eq!(code(Parameters::parse("limit=0").number("limit", 1..=10)), "out_of_range");
        assert_eq!(code(Parameters::parse("limit=-1").number("limit", 1..=10)), "wrong_type");
        assert_eq!(code(Parameters::parse("total=yes").flag("total")), "wrong_type");
        assert_eq!(code(Parameters::parse("filter=%7B").json("filter")), "malformed_json");
    }
}
