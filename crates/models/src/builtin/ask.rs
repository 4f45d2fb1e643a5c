//! The questions we ask, recognised again when they are answered.

/// What a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// One of the records shown.
    Which,
    /// A text to go on with, after a colon.
    What,
    /// A value to set, after "to".
    Value,
}

pub(super) const WHICH: &str = "Which one do you mean?";
pub(super) const WHAT_ABOUT: &str = "What was it about?";
pub(super) const WHAT_NAME: &str = "What should it be called?";
pub(super) const WHAT_TEXT: &str = "What should it say?";
pub(super) const WHAT_VALUE: &str = "What should it be changed to?";

/// The question an answer of ours ends with.
pub(super) fn question_in(answer: &str) -> Option<Question> {
    let answer = answer.trim_end();
    [
        (WHICH, Question::Which),
        (WHAT_ABOUT, Question::What),
        (WHAT_NAME, Question::What),
        (WHAT_TEXT, Question::What),
        (WHAT_VALUE, Question::Value),
    ]
    .into_iter()
    .find(|(text, _)| answer.ends_with(text))
    .map(|(_, question)| question)
}
