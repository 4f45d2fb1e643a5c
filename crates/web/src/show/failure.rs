//! Why a tool call failed, in words for a person: what a model is told names operations, paths and ids.

use kontor_core::{
    error::{Issue, Problem},
    ids::RecordId,
    metadata::Object,
};

use super::{Viewer, results::sentence};

/// A failure as a card shows it.
#[derive(Debug, PartialEq)]
pub(crate) struct Failure {
    pub message: String,
    /// What was wrong, by the label of the field it is about; empty where that is none.
    pub places: Vec<(String, String)>,
}

impl Failure {
    pub(crate) fn of(viewer: &Viewer, operation: &str, problem: &Problem) -> Self {
        let object = operation.split_once('.').and_then(|(name, _)| viewer.schema.object(name));
        let object = object.map(AsRef::as_ref);
        let thing = object.map_or_else(|| "record".to_owned(), |object| object.label.to_lowercase());
        let places: Vec<_> = problem.issues.iter().map(|issue| place(object, issue)).collect();
        let message = match (problem.code.as_ref(), places.as_slice()) {
            ("unknown_operation", _) => "The assistant has no tool for what it tried.".to_owned(),
            ("record_not_found", _) => format!("There is no such {thing} any more, or you may not see it."),
            (_, [(label, message)]) if !label.is_empty() => format!("{label}: {message}"),
            (_, [(_, message)]) => message.clone(),
            (_, [_, _, ..]) => "Several things did not fit.".to_owned(),
            _ => without_ids(&problem.message),
        };
        Self { message, places }
    }
}

/// An issue by the label of its field, its message as a sentence.
fn place(object: Option<&Object>, issue: &Issue) -> (String, String) {
    let name = issue.path.split(['.', '[']).next().unwrap_or_default();
    let label = object.and_then(|object| object.field(name)).map(|field| field.label.clone());
    (label.unwrap_or_else(|| sentence(name)), as_sentence(&without_ids(&issue.message)))
}

/// A message of an issue, which goes on after a path, as a sentence of its own.
pub(crate) fn as_sentence(message: &str) -> String {
    let mut characters = message.chars();
    let mut text: String =
        characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default();
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    text
}

/// A text without the ids of records in it, and without the brackets that held one.
pub(crate) fn without_ids(text: &str) -> String {
    let words = text.split(' ').filter_map(|word| {
        let end = word.trim_end_matches(['.', ',', ';', '?', '!']);
        let inner = end.trim_start_matches(['(', '"']).trim_end_matches([')', '"']);
        let is_id = inner.len() == 36 && inner.parse::<RecordId>().is_ok();
        if is_id { word.strip_prefix(end).filter(|rest| !rest.is_empty()) } else { Some(word) }
    });
    words.fold(String::new(), |mut out, word| {
        let is_mark = word.chars().all(|c| ".,;?!".contains(c));
        if !out.is_empty() && !is_mark {
            out.push(' ');
        }
        out.push_str(word);
        out
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kontor_core::{environment::Environment, error::ErrorKind, metadata::Schema};

    use super::*;

    const ID: &str = "018f2b6e-7c1a-7000-8000-000000000001";

    #[test]
    fn ids_are_taken_out_of_what_a_person_reads() {
        for (text, expected) in [
            (format!("Another contact ({ID}) has the same email."), "Another contact has the same email."),
            (format!("There is no deal {ID}."), "There is no deal."),
            ("Nothing to take out, here.".to_owned(), "Nothing to take out, here."),
        ] {
            assert_eq!(without_ids(&text), expected);
        }
    }

    #[test]
    fn a_card_names_no_operation_path_or_id() {
        let viewer = Viewer {
            schema: Arc::new(Schema::default()),
            environment: Environment::system(),
            zone: kontor_core::locale::TimeZone::UTC,
            dates: Default::default(),
        };
        let told = |code: &'static str, message: String, issues: Vec<Issue>| {
            let problem = Problem { issues, ..Problem::new(ErrorKind::Invalid, code, message) };
            Failure::of(&viewer, "deal.find", &problem).message
        };
        let unknown = "There is no operation \"deal.list\" you may call. Did you mean deal.delete?";
        assert_eq!(
            told("unknown_operation", unknown.to_owned(), vec![]),
            "The assistant has no tool for what it tried."
        );
        let missing = told("record_not_found", format!("There is no deal {ID}."), vec![]);
        assert_eq!(missing, "There is no such record any more, or you may not see it.");
        let issue = || Issue::new("close_date", "wrong_type", "\"soon\" is not a date");
        assert_eq!(
            told("invalid_input", String::new(), vec![issue()]),
            "Close date: \"soon\" is not a date."
        );
        assert_eq!(
            told("invalid_input", String::new(), vec![issue(), issue()]),
            "Several things did not fit."
        );
    }
}
