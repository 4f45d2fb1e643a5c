//! What the words of a message tell of the agent that it is for.

use std::collections::HashSet;

use kontor_core::{
    grants::Action,
    text::{whole_text, words},
};

use super::{Candidate, Spoken};

/// Words of a message that are looked at.
const MOST_WORDS: usize = 400;
/// So many words of its own an agent shares at least with a message that it is for, more than any other.
const AHEAD: usize = 2;
/// Shorter words tell nothing.
const SHORTEST: usize = 4;

/// Words that stand in any description and any message.
const COMMON: [&str; 65] = [
    "about", "above", "after", "again", "agent", "all", "also", "always", "answer", "answers", "any",
    "because", "been", "before", "being", "below", "between", "both", "could", "data", "does", "doing",
    "each", "every", "from", "have", "help", "helps", "here", "into", "just", "more", "most", "need",
    "nothing", "only", "other", "over", "please", "question", "record", "records", "same", "should", "some",
    "such", "than", "that", "their", "them", "then", "there", "these", "they", "this", "those", "under",
    "until", "very", "want", "what", "when", "which", "with", "your",
];

/// How a message begins that is for the one it names.
const ASKING: [&str; 6] = ["ask the ", "ask ", "let the ", "let ", "hey ", "@"];

/// What somebody wants done, by the word that a message begins with.
const VERBS: [(Action, &[&str]); 3] = [
    (Action::Create, &["create", "add"]),
    (Action::Update, &["update", "change", "rename", "move", "set", "assign", "mark"]),
    (Action::Delete, &["delete", "remove"]),
];

/// The agent that a message speaks to.
pub(super) fn named(message: &str, candidates: &[Candidate]) -> Option<(usize, String)> {
    let said = message.trim_start().to_lowercase();
    let is_named = |candidate: &Candidate| {
        let names = [candidate.agent.name.to_lowercase(), candidate.label().to_lowercase()];
        names.iter().any(|name| speaks_to(&said, name))
    };
    let at = only(candidates, is_named)?;
    Some((at, "The message asks for it by name.".to_owned()))
}

fn speaks_to(said: &str, name: &str) -> bool {
    let after = |text: &str| text.strip_prefix(name).map(|rest| rest.chars().next());
    if matches!(after(said), Some(Some(',' | ':'))) {
        return true;
    }
    let is_end = |next: Option<char>| next.is_none_or(|next| !next.is_alphanumeric() && next != '-');
    ASKING.iter().any(|asking| said.strip_prefix(asking).and_then(after).is_some_and(is_end))
}

/// The agent that proposes this very question.
pub(super) fn proposed(message: &str, candidates: &[Candidate]) -> Option<(usize, String)> {
    let said = whole_text(message);
    let proposes = |candidate: &Candidate| {
        candidate.agent.definition.suggested_questions.iter().any(|question| whole_text(question) == said)
    };
    let at = only(candidates, proposes)?;
    Some((at, "It is one of the questions that it proposes.".to_owned()))
}

/// What a message wants done to records, and of which object.
pub(super) struct Wanted {
    action: Action,
    /// Places among the objects; none where the message names none.
    objects: Vec<usize>,
}

impl Wanted {
    pub(super) fn is_possible_for(&self, candidate: &Candidate, objects: &[Spoken]) -> bool {
        let can = |object: &Spoken| candidate.can(&object.name, self.action);
        match self.objects.as_slice() {
            [] => objects.iter().any(can),
            named => named.iter().filter_map(|at| objects.get(*at)).any(can),
        }
    }

    /// In words: `create tasks`.
    pub(super) fn words(&self, objects: &[Spoken]) -> String {
        let does = match self.action {
            Action::Create => "create",
            Action::Update => "change",
            _ => "delete",
        };
        let named = self.objects.iter().filter_map(|at| objects.get(*at));
        let named: Vec<_> = named.map(|object| object.label_plural.to_lowercase()).collect();
        if named.is_empty() { format!("{does} records") } else { format!("{does} {}", named.join(" or ")) }
    }
}

/// What a message that begins with a verb wants done.
pub(super) fn wanted(message: &str, objects: &[Spoken]) -> Option<Wanted> {
    let said = words(message, MOST_WORDS);
    let verb = said.iter().find(|word| *word != "please")?;
    let (action, _) = VERBS.iter().find(|(_, verbs)| verbs.contains(&verb.as_str()))?;
    let is_said = |name: &String| {
        let name = words(name, MOST_WORDS);
        !name.is_empty() && name.iter().all(|word| said.contains(word))
    };
    let is_named = |object: &Spoken| {
        [&object.name, &object.plural, &object.label, &object.label_plural].into_iter().any(is_said)
    };
    let named = objects.iter().enumerate().filter(|(_, object)| is_named(object));
    Some(Wanted { action: *action, objects: named.map(|(at, _)| at).collect() })
}

/// The agent of whose own words a message has clearly more than of any other's.
pub(super) fn ahead(message: &str, candidates: &[Candidate]) -> Option<(usize, String)> {
    let vocabularies: Vec<HashSet<String>> = candidates.iter().map(vocabulary).collect();
    // What several speak of tells nothing.
    let is_own = |word: &&String| vocabularies.iter().filter(|all| all.contains(*word)).count() == 1;
    let said = stems(message);
    let own = |vocabulary: &HashSet<String>| -> Vec<String> {
        let mut shared: Vec<_> = said.intersection(vocabulary).filter(is_own).cloned().collect();
        shared.sort();
        shared
    };
    let mut shared: Vec<(usize, Vec<String>)> = vocabularies.iter().map(own).enumerate().collect();
    shared.sort_by_key(|(at, words)| (std::cmp::Reverse(words.len()), *at));
    let second = shared.get(1).map_or(0, |(_, words)| words.len());
    let (at, words) = shared.into_iter().next().filter(|(_, words)| words.len() >= second + AHEAD)?;
    let told: Vec<_> = words.iter().take(4).map(|word| format!("“{word}”")).collect();
    Some((at, format!("It is for what the message speaks of: {}.", told.join(", "))))
}

/// The words in which an agent says what it is for. Its name is none of them: it may be what people are.
fn vocabulary(candidate: &Candidate) -> HashSet<String> {
    let definition = &candidate.agent.definition;
    let questions = definition.suggested_questions.iter().map(String::as_str);
    questions.chain([definition.description.as_str()]).flat_map(stems).collect()
}

/// The words of a text that tell something, each without the ending of its plural.
fn stems(text: &str) -> HashSet<String> {
    let tells = |word: &String| word.chars().count() >= SHORTEST && !COMMON.contains(&word.as_str());
    let stem = |word: String| match word.strip_suffix('s') {
        Some(one) if !one.ends_with('s') => one.to_owned(),
        _ => word,
    };
    words(text, MOST_WORDS).into_iter().filter(tells).map(stem).collect()
}

/// The place of the one for which something holds.
fn only(candidates: &[Candidate], holds: impl Fn(&Candidate) -> bool) -> Option<usize> {
    let mut found = candidates.iter().enumerate().filter(|(_, candidate)| holds(candidate)).map(|(at, _)| at);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
