//! What a form or a query says, and what is wrong with it.

use axum::extract::Request;
use kontor_core::error::{Issue, Problem};

use crate::show::as_sentence;

/// Names and values in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` (WHATWG URL, section 5); what is not UTF-8 is replaced.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// What stands in a request's query.
    pub(crate) fn of_query(request: &Request) -> Self {
        Self::parse(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// The first value of a name, or nothing.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name, trimmed; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default().trim()
    }

    /// Replaces all values of a name by one.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.replace_all(name, [value.into()]);
    }

    /// Replaces all values of a name by others.
    pub(crate) fn replace_all(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.0.retain(|(key, _)| key != name);
        self.0.extend(values.into_iter().map(|value| (name.to_owned(), value)));
    }

    /// All of them but those of some names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(key, _)| !names.contains(&key.as_str())).cloned().collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What is wrong with a form, by the input it is about.
#[derive(Debug, Default)]
pub(crate) struct Wrong(Vec<(String, String)>);

impl Wrong {
    /// Issues, each at the input that its path stands for.
    pub(crate) fn of(issues: &[Issue], input: impl Fn(&str) -> String) -> Self {
        Self(issues.iter().map(|issue| (input(&issue.path), as_sentence(&issue.message))).collect())
    }

    /// What a refusal says, at the inputs that its paths stand for; where it names none, at the one that the empty
    /// path stands for, which may be the form as a whole.
    pub(crate) fn of_problem(problem: &Problem, input: impl Fn(&str) -> String) -> Self {
        match problem.issues.as_slice() {
            [] => Self(vec![(input(""), problem.message.clone())]),
            issues => Self::of(issues, input),
        }
    }

    /// All that is wrong, in the order of the inputs.
    pub(crate) fn list(wrong: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(wrong.into_iter().map(|(input, message)| (input.to_owned(), message)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with an input, or with the form as a whole, which has no name.
    pub(crate) fn at(&self, input: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == input).map(|(_, message)| message.as_str())
    }

    /// Whether an input is the first that is wrong.
    pub(crate) fn begins_at(&self, input: &str) -> bool {
        self.0.first().is_some_and(|(name, _)| name == input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let fields = Fields::parse("a=1+2&b=%C3%A9%26&a=3&c&d=50%&e=%zz".as_bytes());
        assert_eq!(fields.get("a"), "1 2");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1 2", "3"]);
        assert_eq!(fields.get("b"), "é&");
        assert_eq!(fields.find("c"), Some(""));
        assert_eq!((fields.get("d"), fields.get("e")), ("50%", "%zz"));
        assert_eq!(fields.find("f"), None);
    }
}
