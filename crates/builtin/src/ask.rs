//! The questions we ask, recognised again when they are answered, and what answers them.

use super::words::Phrase;

/// What a question wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// One of the records shown.
    Which,
    /// A text to go on with, after a colon.
    What,
    /// A value to set, after "to".
    Value,
    /// Yes to this sentence in place of what was said.
    Rather(String),
    /// Yes to what was said, although there is a record of that name.
    Another,
}

pub(super) const WHICH: &str = "Which one do you mean?";
pub(super) const WHAT_ABOUT: &str = "What was it about?";
pub(super) const WHAT_NAME: &str = "What should it be called?";
pub(super) const WHAT_TEXT: &str = "What should it say?";
pub(super) const WHAT_VALUE: &str = "What should it be changed to?";
pub(super) const ANOTHER: &str = "Should I create another one?";
const RATHER: (&str, &str) = ("Did you mean “", "”?");

pub(super) fn rather(sentence: &str) -> String {
    format!("{}{sentence}{}", RATHER.0, RATHER.1)
}

/// The question an answer of ours ends with.
pub(super) fn question_in(answer: &str) -> Option<Question> {
    let answer = answer.trim_end();
    if let Some((_, sentence)) = answer.strip_suffix(RATHER.1).and_then(|text| text.rsplit_once(RATHER.0)) {
        return Some(Question::Rather(sentence.to_owned()));
    }
    [
        (WHICH, Question::Which),
        (WHAT_ABOUT, Question::What),
        (WHAT_NAME, Question::What),
        (WHAT_TEXT, Question::What),
        (WHAT_VALUE, Question::Value),
        (ANOTHER, Question::Another),
    ]
    .into_iter()
    .find(|(text, _)| answer.ends_with(text))
    .map(|(_, question)| question)
}

/// "never mind", "no", "forget it": nothing is to be done.
pub(super) fn is_refusal(phrase: Phrase<'_>) -> bool {
    const REFUSALS: [&str; 31] = [
        "never mind",
        "nevermind",
        "no",
        "nope",
        "nah",
        "nothing",
        "none",
        "neither",
        "forget it",
        "forget about it",
        "forget that",
        "cancel",
        "cancel that",
        "cancel it",
        "stop",
        "skip it",
        "skip that",
        "skip",
        "leave it",
        "drop it",
        "drop that",
        "don't",
        "not now",
        "not yet",
        "no thanks",
        "abort",
        "do not",
        "do nothing",
        "scratch that",
        "no thank you",
        "rather not",
    ];
    let said = bare(phrase);
    said.strip(&REFUSALS).is_some_and(|rest| rest.skip(&["it", "that", "mind"]).is_empty())
        || said.strip(&["no", "oh"]).is_some_and(|rest| !rest.is_empty() && is_refusal(rest.skip(&[","])))
}

/// "yes", "do it".
pub(super) fn is_consent(phrase: Phrase<'_>) -> bool {
    const CONSENTS: [&str; 18] = [
        "yes",
        "yep",
        "yeah",
        "y",
        "sure",
        "ok",
        "okay",
        "right",
        "correct",
        "exactly",
        "do it",
        "do that",
        "please do",
        "of course",
        "that one",
        "go ahead",
        "create it",
        "ja",
    ];
    let said = bare(phrase);
    said.strip(&CONSENTS).is_some_and(|rest| rest.is_empty() || is_consent(rest.skip(&[","])))
}

fn bare(phrase: Phrase<'_>) -> Phrase<'_> {
    let polite = ["please", "thanks", ",", "anyway", "then", "now", "i", "meant", "do"];
    let said = phrase.trim_end(&polite);
    if said.is_empty() { phrase } else { said }
}
