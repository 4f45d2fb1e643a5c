//! What the scripted model finds in a prompt: rules of conduct, each by words that stand in one sentence.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use super::PromptRule;

/// The words by which a rule is found: an expression that a sentence matches, and one that it does not, whatever the
/// case. The table of docs/evaluations.md is this one.
pub const WORDS: [(PromptRule, &str, &str); 8] = [
    (PromptRule::LinkRecords, r"\blink (every|each|all|the) record", ""),
    (
        PromptRule::ConfirmWrites,
        r"\b(ask|confirm)\b.*\bbefore\b.*\b(chang|writ|creat|updat|delet|sav)|\bconfirm (every|each|all) (change|write)",
        r"\b(do not|don't|never|without)\b",
    ),
    (
        PromptRule::RecordsAreData,
        r"\bdata, not instructions\b|\b(do not|never) follow (commands|instructions)",
        "",
    ),
    (
        PromptRule::AskWhenAmbiguous,
        r"\bask\b.*\b(ambiguous|missing|meant|unclear)\b",
        r"\b(do not|don't|never) ask\b",
    ),
    (PromptRule::NeverInvent, r"\b(never|do not) (invent|guess|estimate)\b", ""),
    (PromptRule::NameCurrency, r"\bamounts? with (its|their|the) currency\b", ""),
    (PromptRule::ReadOnly, r"\b(cannot|do not|never) change anything\b|\byou only read\b|\bread-only\b", ""),
    (
        PromptRule::KeepConfidential,
        r"\bconfidential\b|\b(do not|never) (tell|reveal|disclose)\b",
        r"\bnothing is confidential\b",
    ),
];

/// A rule with its expressions.
type Compiled = (PromptRule, Regex, Option<Regex>);

static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "the expressions are literals, which tests compile")]
    let compiled = |words: &str| RegexBuilder::new(words).case_insensitive(true).build().unwrap();
    let pair = |(rule, says, unless): &(PromptRule, &str, &str)| {
        (*rule, compiled(says), (!unless.is_empty()).then(|| compiled(unless)))
    };
    WORDS.iter().map(pair).collect()
});

/// Whether a prompt says so, in one of its sentences.
pub fn says(prompt: &str, rule: PromptRule) -> bool {
    let Some((_, says, unless)) = COMPILED.iter().find(|(known, ..)| *known == rule) else { return false };
    let mut sentences = prompt.split(['\n', '.', '!', ';']);
    sentences.any(|sentence| {
        says.is_match(sentence) && !unless.as_ref().is_some_and(|unless| unless.is_match(sentence))
    })
}
