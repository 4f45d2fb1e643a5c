//! What it cannot do, and what it says of words that it does not understand.

use kontor_core::text;

use super::{
    ask,
    catalogue::Object,
    kind::Kind,
    query::lower,
    turn::{Interpreter, Stop},
    words::Phrase,
};

/// Wishes that are no commands, by how they begin, with what is said to them.
const IMPOSSIBLE: [(&[&str], &str); 9] = [
    (
        &[
            "send",
            "email",
            "e-mail",
            "mail",
            "write an email",
            "write a mail",
            "write email",
            "write mail",
            "draft",
            "reply",
            "forward",
            "write to",
            "compose",
            "answer",
        ],
        "I cannot write or send email. **log an email with “Name”: what it said** keeps what was sent.",
    ),
    (&["export", "download", "print", "save as"], "I cannot export records."),
    (&["import", "upload"], "I cannot import records; I create them one at a time."),
    (
        &[
            "chart",
            "graph",
            "plot",
            "draw",
            "visualize",
            "visualise",
            "make a chart",
            "make a graph",
            "create a chart",
        ],
        "I cannot draw charts. **count deals by stage** and **total amount of deals by stage** give the figures.",
    ),
    (&["merge", "combine", "deduplicate", "dedupe"], "I cannot merge records."),
    (
        &["undo", "revert", "take that back", "roll back"],
        "I cannot take back a change. **history of “Name”** shows what it was before, and it can be set again; **restore it** brings back what was deleted.",
    ),
    (
        &["schedule", "book", "invite", "arrange", "set up a meeting", "set up a call", "plan a meeting"],
        "I keep no calendar. **remind me to … on tuesday at 10:00** makes a task of it.",
    ),
    (
        &["call", "dial", "phone", "text", "ring"],
        "I cannot make calls. **remind me to call “Name” tomorrow** makes a task, **log a call with “Name”: what was said** keeps one.",
    ),
    (&["convert"], "I cannot convert leads."),
];
/// Words that ask for a picture or a file wherever they stand.
const PICTURES: [&str; 12] = [
    "chart",
    "charts",
    "graph",
    "graphs",
    "diagram",
    "dashboard",
    "pdf",
    "csv",
    "excel",
    "spreadsheet",
    "xlsx",
    "powerpoint",
];
/// Words of the grammar that a misspelt word may stand for.
const KEYWORDS: [&str; 52] = [
    "show",
    "list",
    "find",
    "search",
    "count",
    "total",
    "average",
    "create",
    "delete",
    "update",
    "change",
    "rename",
    "assign",
    "move",
    "mark",
    "restore",
    "remind",
    "history",
    "help",
    "open",
    "closed",
    "lost",
    "overdue",
    "without",
    "biggest",
    "largest",
    "smallest",
    "newest",
    "oldest",
    "latest",
    "highest",
    "lowest",
    "sorted",
    "first",
    "closing",
    "created",
    "updated",
    "owned",
    "between",
    "before",
    "after",
    "today",
    "tomorrow",
    "yesterday",
    "month",
    "week",
    "quarter",
    "year",
    "negotiation",
    "everything",
    "pipeline",
    "many",
];

/// Words that are spelt right wherever they stand.
const SMALL: [&str; 20] = [
    "in", "at", "of", "for", "with", "on", "to", "by", "from", "is", "are", "my", "our", "and", "or", "not",
    "as", "that", "this", "were",
];

impl Interpreter {
    /// What is said to a wish that no command can fulfil.
    pub(super) fn impossible(&self, phrase: Phrase<'_>) -> Option<String> {
        // "email of Jane" and "phone number of Jane" ask for a field.
        let is_field = self.catalogue.objects.iter().any(|object| {
            object.field_at(phrase).is_some_and(|(_, words)| {
                words == phrase.len() || matches!(phrase.at(words), "of" | "for" | "with" | "from")
            })
        });
        let begins = IMPOSSIBLE
            .iter()
            .filter(|_| !is_field)
            .find(|(beginnings, _)| phrase.strip(beginnings).is_some());
        if let Some((_, said)) = begins {
            return Some((*said).to_owned());
        }
        let asks = phrase.position(&PICTURES)?;
        let is_text = phrase.position(&[":"]).is_some_and(|colon| colon < asks);
        let writes = ["note", "log", "remind", "create", "add", "set", "had", "called", "rename"];
        if is_text || writes.contains(&phrase.at(0)) || self.names_something(phrase.from(asks)) {
            return None;
        }
        Some(match phrase.at(asks) {
            "chart" | "charts" | "graph" | "graphs" | "diagram" | "dashboard" => IMPOSSIBLE[3].1.to_owned(),
            _ => IMPOSSIBLE[1].1.to_owned(),
        })
    }

    /// Whether the workspace has an object, a field or an option of this name.
    fn names_something(&self, phrase: Phrase<'_>) -> bool {
        let has = |object: &Object| object.field_at(phrase).is_some() || object.option_at(phrase).is_some();
        self.catalogue.named(phrase).is_some() || self.catalogue.objects.iter().any(has)
    }

    /// Every word of the sentence has a meaning by now, or there is why nothing is done.
    pub(super) fn all_understood(&self) -> Result<(), Stop> {
        let left = self.sentence.left();
        if left.is_empty() { Ok(()) } else { Err(self.not_understood(&left)) }
    }

    /// What is said of words without a meaning: what they may stand for, else what comes nearest.
    pub(super) fn not_understood(&self, left: &[Phrase<'_>]) -> Stop {
        let words: usize = left.iter().map(|run| run.len()).sum();
        let whole = self.sentence.phrase();
        let unknown: Vec<String> = left.iter().map(|run| format!("“{}”", run.raw())).collect();
        let said = format!("I do not understand {} here.", unknown.join(" and "));
        if let Some(corrected) = self.corrected(left) {
            return Stop::Say(format!("{said} {}", ask::rather(&corrected)));
        }
        let begins = left.first().is_some_and(|run| whole.upto(1).is_within(*run));
        if words == 0 || (begins && self.catalogue.first_named(whole).is_none()) {
            return Stop::Say(self.nothing_understood(whole));
        }
        Stop::Say(format!("{said} {}", self.nearest(whole)))
    }

    /// The sentence with each unknown word written as the one word that is near to it.
    pub(super) fn corrected(&self, left: &[Phrase<'_>]) -> Option<String> {
        let vocabulary = self.vocabulary();
        let is_right = |word: &str| SMALL.contains(&word) || vocabulary.iter().any(|known| known == word);
        let mut words: Vec<Phrase<'_>> = Vec::new();
        for run in left {
            let unknown = (0..run.len()).map(|at| run.from(at).upto(1));
            words.extend(unknown.filter(|word| !is_right(word.at(0))));
        }
        if words.is_empty() || words.len() > 2 || words.iter().any(|word| word.is_quoted(0)) {
            return None;
        }
        let near: Option<Vec<(Phrase<'_>, &str)>> = words
            .into_iter()
            .map(|word| {
                let near = text::nearest(word.at(0), vocabulary.iter().map(String::as_str))?;
                is_misspelt(word.at(0), near).then_some((word, near))
            })
            .collect();
        Some(self.sentence.with_all(&near?))
    }

    fn vocabulary(&self) -> Vec<String> {
        let mut words: Vec<String> = KEYWORDS.iter().map(|word| (*word).to_owned()).collect();
        for object in &self.catalogue.objects {
            words.extend([object.singular.clone(), object.plural.clone()]);
            for field in &object.fields {
                words.extend(field.phrases.iter().filter(|name| name.len() == 1).flatten().cloned());
                if let Kind::Select(choices) = &field.kind {
                    words.extend(choices.iter().map(|choice| lower(&choice.label)));
                }
            }
        }
        words.retain(|word| !word.contains(' '));
        words
    }

    /// The nearest that can be said of what the sentence is about.
    fn nearest(&self, phrase: Phrase<'_>) -> String {
        let Some((object, ..)) = self.catalogue.first_named(phrase) else {
            return "Say **help** for what I understand.".to_owned();
        };
        let fields: Vec<String> = object
            .fields
            .iter()
            .filter(|field| !["position", "version", "id"].contains(&field.name.as_str()))
            .take(8)
            .map(|field| lower(&field.label))
            .collect();
        let example = match object.fields.iter().find(|field| matches!(field.kind, Kind::Select(_))) {
            Some(field) => format!("count {} by {}", object.plural, lower(&field.label)),
            None => format!("show {} by {}", object.plural, fields.first().map_or("name", String::as_str)),
        };
        format!(
            "Of {} I know {}; say for example **{example}**, or **find {} “Name”** for one by its name.",
            object.plural,
            fields.join(", "),
            object.singular
        )
    }
}

/// Whether a word is likely to be another one with a slip: as long but for two letters, and mostly of the same ones.
pub(super) fn is_misspelt(word: &str, near: &str) -> bool {
    let (word, near): (Vec<char>, Vec<char>) = (word.chars().collect(), near.chars().collect());
    if word == near || word.len() < 4 || near.len().abs_diff(word.len()) > 2 || word.first() != near.first() {
        return false;
    }
    let mut rest = near.clone();
    let common = word
        .iter()
        .filter(|letter| match rest.iter().position(|other| other == *letter) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        })
        .count();
    common + 1 >= near.len().max(word.len()).saturating_sub(usize::from(near.len() > 8))
}
